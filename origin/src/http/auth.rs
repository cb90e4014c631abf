//! `POST /api/auth/register`, `POST /api/auth/login`, `GET /api/auth/me`.

use super::{
    extract::{Signed, read_json},
    reply::{Answer, created, json},
};
use crate::{
    accounts::{ClientIdentity, Principal, login::LoggedIn, login::login},
    app::{App, AppState},
    error::AppError,
    store::users::{self, NewUser, Taken},
};
use axum::extract::{Request, State};
use serde_json::value::RawValue;
use valora_shared::{
    account::{Email, Password, Role, Username},
    problem::{FieldError, Place, Problem},
    wire::{AuthAnswer, LoginRequest, Me, RegisterRequest},
};

/// Makes an account of role user and logs it in.
pub(crate) async fn register(State(app): State<AppState>, request: Request) -> Answer {
    let body: RegisterRequest = read_json(request, app.config.request.max_request_size.get()).await?;
    let (username, email, password) = read_registration(body)?;
    // Before the work of hashing; asked once more under the write lock.
    if let Some(taken) = users::taken(&mut *app.store.read().await?, &username, &email).await? {
        return Err(conflict(taken));
    }
    let password_hash = app.accounts.passwords.turn().await?.hash(password).await?;
    let mut db = app.store.write().await?;
    let at = app.clock.now();
    let user =
        NewUser { username: &username, email: &email, password_hash: &password_hash, role: Role::User };
    let user = users::insert(&mut db, &user, at).await?.map_err(conflict)?;
    db.commit().await?;
    created(&answer(&app, &LoggedIn { user, at })?)
}

/// Gives a token for a name and a password.
pub(crate) async fn log_in(State(app): State<AppState>, request: Request) -> Answer {
    let client = ClientIdentity::of(request.extensions());
    let body: LoginRequest = read_json(request, app.config.request.max_request_size.get()).await?;
    let (username, password) = read_login(body)?;
    json(&answer(&app, &login(&app, &username, password, client).await?)?)
}

/// The account that asks.
pub(crate) async fn me(Signed(principal): Signed) -> Answer {
    match principal {
        Principal::User(user) => json(&Me::from(user.to_wire())),
        Principal::AdminToken | Principal::Key(_) => {
            Err(AppError::forbidden("This credential belongs to no account."))
        }
    }
}

fn answer(app: &App, LoggedIn { user, at }: &LoggedIn) -> Result<AuthAnswer, AppError> {
    let access_token = app.accounts.tokens.issue(user.id, user.role, *at)?;
    Ok(AuthAnswer { access_token, token_type: "bearer", user: user.to_wire() })
}

fn conflict(taken: Taken) -> AppError {
    let field = match taken {
        Taken::Username => "username",
        Taken::Email => "email",
    };
    Problem::conflict(field, "is taken by another account").into()
}

fn read_registration(body: RegisterRequest) -> Result<(Username, Email, Password), Problem> {
    let mut faults = Vec::new();
    let username = read(&mut faults, "username", body.username, |text| Username::parse(&text));
    let email = read(&mut faults, "email", body.email, |text| Email::parse(&text));
    let password = read(&mut faults, "password", body.password, Password::choose);
    match (username, email, password) {
        (Some(username), Some(email), Some(password)) => Ok((username, email, password)),
        _ => Err(Problem::validation(faults)),
    }
}

/// Any name will do here: one that nobody can have is as wrong as one that nobody has.
fn read_login(body: LoginRequest) -> Result<(String, Password), Problem> {
    let mut faults = Vec::new();
    let username = read(&mut faults, "username", body.username, Ok::<_, std::convert::Infallible>);
    let password = read(&mut faults, "password", body.password, Password::offered);
    match (username, password) {
        (Some(username), Some(password)) => Ok((username, password)),
        _ => Err(Problem::validation(faults)),
    }
}

/// A field that must be a string; what is wrong with it goes to `faults`, never the value.
fn read<T, E: std::fmt::Display>(
    faults: &mut Vec<FieldError>,
    field: &'static str,
    value: Option<Box<RawValue>>,
    parse: impl FnOnce(String) -> Result<T, E>,
) -> Option<T> {
    let text = value
        .ok_or("is required")
        .and_then(|value| serde_json::from_str::<String>(value.get()).map_err(|_| "must be a string"));
    let read = text.map_err(str::to_owned).and_then(|text| parse(text).map_err(|error| error.to_string()));
    read.map_err(|message| faults.push(FieldError { field: field.into(), message, place: Place::Body })).ok()
}
