//! `GET /api/admin/users`, `POST /api/admin/users/{id}/activate`, `POST /api/admin/users/{id}/deactivate`.

use crate::{
    app::{App, AppState},
    error::AppError,
    http::{
        extract::{Admin, Query, Segment, cut, read_page},
        reply::{Answer, json},
    },
    store::users::{self, StoredUser},
};
use axum::extract::State;
use valora_shared::{
    account::UserId,
    problem::{ErrorCode, Place, Problem},
    wire::AccountsList,
};

/// The most accounts in one answer, and how many there are if nobody says.
const MAX_LIMIT: usize = 100;

/// A page of all accounts, in the order they were made.
pub(crate) async fn list(State(app): State<AppState>, _: Admin, query: Query) -> Answer {
    let (limit, after) = read_page(&query, MAX_LIMIT)?;
    // One more than asked for tells whether there is a next page.
    let mut found = users::page(&mut *app.store.read().await?, after.unwrap_or(0), limit + 1).await?;
    let next_cursor = cut(&mut found, limit, |last| last.id.0.to_string());
    json(&AccountsList { users: found.iter().map(StoredUser::to_wire).collect(), next_cursor })
}

/// Lets an account in again. Its old tokens stay revoked.
pub(crate) async fn activate(State(app): State<AppState>, _: Admin, id: Segment) -> Answer {
    set_active(&app, &id, true).await
}

/// Locks an account out, now: its tokens are revoked.
pub(crate) async fn deactivate(State(app): State<AppState>, _: Admin, id: Segment) -> Answer {
    set_active(&app, &id, false).await
}

async fn set_active(app: &App, Segment(id): &Segment, is_active: bool) -> Answer {
    let invalid = || Problem::invalid(Place::Path, "id", "must be the number of an account");
    let id = id.parse().ok().filter(|id| *id > 0).map(UserId).ok_or_else(invalid)?;
    let mut db = app.store.write().await?;
    let changed = users::set_active(&mut db, id, is_active, app.clock.now()).await?;
    let unknown = || Problem::new(ErrorCode::AccountNotFound, format!("There is no account {}.", id.0));
    let user = changed.ok_or_else(|| AppError::from(unknown()))?;
    db.commit().await?;
    json(&user.to_wire())
}
