//! Logging in. Neither the answer nor the time it takes tells whether an account exists: without one a hash is
//! verified all the same, and both failures take the same way through this file.

use super::ClientIdentity;
use crate::{
    app::App,
    clock::random_id,
    error::AppError,
    store::{
        login_attempts::{self, Limit},
        users::{self, StoredUser},
    },
};
use valora_shared::{account::Password, time::UnixMillis};

/// Failures count for this long (design: trust.md).
const WINDOW_MS: i64 = 15 * 60 * 1_000;
/// Of one account, from wherever.
const MOST_PER_ACCOUNT: i64 = 5;
/// From one address, for whatever accounts: several people may share it.
const MOST_PER_ADDRESS: i64 = 20;

/// Who logged in, and when: tokens are dated before the account was read, so that no token survives a deactivation
/// that came in between.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) user: StoredUser,
    pub(crate) at: UnixMillis,
}

/// Checks a name and a password.
///
/// # Errors
/// 401 where they are wrong or the account is deactivated, 429 after too many failures, 503 where the database does not
/// answer or too many wait.
pub(crate) async fn login(
    app: &App,
    username: &str,
    password: Password,
    client: ClientIdentity,
) -> Result<LoggedIn, AppError> {
    let account = app.accounts.pseudonym(&format!("account:{}", username.to_ascii_lowercase()));
    let address = app.accounts.pseudonym(&client.subject());
    let limits = [
        Limit { subject: &account, most: MOST_PER_ACCOUNT },
        Limit { subject: &address, most: MOST_PER_ADDRESS },
    ];
    // Whoever is over a limit takes no place from those who are not.
    refuse_over_limit(&mut *app.store.read().await?, &limits, app.clock.now()).await?;
    let turn = app.accounts.passwords.turn().await?;

    // The attempt counts before it is checked: of a hundred at once no more than the limit get that far, and one
    // whose client hangs up has still been made.
    let attempt = random_id();
    let mut db = app.store.write().await?;
    let at = app.clock.now();
    refuse_over_limit(&mut db, &limits, at).await?;
    login_attempts::note(&mut db, &attempt, &limits, WINDOW_MS, at).await?;
    let found = users::find_by_username(&mut db, username).await?;
    db.commit().await?;

    let hash = found.as_ref().map(|user| user.password_hash.clone());
    let is_right = turn.verify(password, hash).await?;
    let user = found.filter(|user| is_right && user.is_active).ok_or_else(AppError::invalid_login)?;
    let mut db = app.store.write().await?;
    login_attempts::forget(&mut db, &attempt).await?;
    db.commit().await?;
    Ok(LoggedIn { user, at })
}

async fn refuse_over_limit(
    db: &mut crate::store::Connection,
    limits: &[Limit<'_>],
    now: UnixMillis,
) -> Result<(), AppError> {
    match login_attempts::wait_ms(db, limits, WINDOW_MS, now).await? {
        Some(wait_ms) => Err(AppError::too_many_attempts(wait_ms)),
        None => Ok(()),
    }
}
