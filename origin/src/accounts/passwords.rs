//! Passwords: argon2id, off the threads that answer requests, a few at a time.

use crate::{clock::random_bytes, error::AppError};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use valora_shared::account::Password;

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Each takes a core and 19 MiB: more at once would not be faster, and would leave nothing for other requests.
const AT_ONCE: usize = 2;
/// With some 30 ms each, the last of these waits for about a second.
const MAX_WAITING: usize = 64;
/// Whoever waits longer is told to come back, before the edge gives up on us.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// What is verified where there is no account, so that it takes as long as where there is one. Nobody knows a password
/// for it: salt and hash are no output of argon2.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8tYWNjb3VudC1zYWx0IQ$\
    bm9ib2R5cy1wYXNzd29yZC1oYXMtdGhpcy1oYXNoLi4";

/// Hashes and verifies.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    queue: Semaphore,
}

/// Too many passwords wait already.
#[derive(Debug)]
pub(crate) struct Overloaded;

/// A place for one hash.
#[derive(Debug)]
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), queue: Semaphore::new(MAX_WAITING) }
    }
}

impl Passwords {
    /// Waits until there is room for one more.
    pub(crate) async fn turn(&self) -> Result<Turn, Overloaded> {
        let _waiting = self.queue.try_acquire().map_err(|_| Overloaded)?;
        let place = tokio::time::timeout(MAX_WAIT, Arc::clone(&self.places).acquire_owned()).await;
        place.ok().and_then(Result::ok).map(|place| Turn { _place: place }).ok_or(Overloaded)
    }
}

impl Turn {
    /// The hash of a new password, as a PHC string.
    pub(crate) async fn hash(self, password: Password) -> Result<String, AppError> {
        let salt: [u8; 16] = random_bytes()?;
        self.run(move || {
            let hash: Result<PasswordHash, _> = argon2id()?.hash_password_with_salt(password.expose(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| format!("cannot hash a password: {error}"))
        })
        .await
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash it takes as long and is `false`.
    pub(crate) async fn verify(self, password: Password, hash: Option<String>) -> Result<bool, AppError> {
        self.run(move || {
            let verified = PasswordVerifier::<str>::verify_password(
                &argon2id()?,
                password.expose(),
                hash.as_deref().unwrap_or(NOBODYS_HASH),
            );
            Ok(verified.is_ok() && hash.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, AppError> {
        // The place goes along: work whose client has gone still takes it.
        let worked = tokio::task::spawn_blocking(move || (work(), self)).await;
        let (done, _place) = worked.map_err(|error| AppError::internal(error.to_string()))?;
        done.map_err(AppError::internal)
    }
}

fn argon2id() -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::offered(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_hash_has_owasps_parameters_and_knows_its_password_only() {
        let passwords = Passwords::default();
        let hash = passwords.turn().await.unwrap().hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for (offered, is_right) in [("correct horse", true), ("correct horse ", false), ("", false)] {
            let turn = passwords.turn().await.unwrap();
            assert_eq!(turn.verify(password(offered), Some(hash.clone())).await.unwrap(), is_right);
        }
    }

    #[tokio::test]
    async fn nobodys_hash_is_verified_in_full() {
        // A hash that cannot be read would be refused at once, and the time would tell.
        let hash = PasswordHash::new(NOBODYS_HASH).unwrap();
        assert_eq!(Params::try_from(&hash).unwrap().m_cost(), MEMORY_KIB);
        assert_eq!(hash.hash.unwrap().len(), 32);
        let turn = Passwords::default().turn().await.unwrap();
        assert!(!turn.verify(password("x"), None).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_told_at_once() {
        let passwords = Passwords::default();
        let _queue = passwords.queue.try_acquire_many(MAX_WAITING.try_into().unwrap()).unwrap();
        assert!(passwords.turn().await.is_err());
    }
}
