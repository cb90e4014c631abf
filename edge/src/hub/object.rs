//! Inside the object: one call, one transaction. Its shell is the class `Hub` of js/entry.mjs, which holds the storage
//! and nothing else.

use super::{rooms, sql::Sql};
use crate::platform;
use valora_shared::{
    hub::{Call, Reply},
    time::UnixMillis,
};
use wasm_bindgen::JsValue;

/// The tables of every room, for an object that has none yet.
pub fn tables() -> String {
    [rooms::COUNTERS, rooms::REVOCATIONS, rooms::NONCES, rooms::AUDIT].concat()
}

/// Answers a call within the transaction that the shell has opened; an error undoes all of it.
///
/// # Errors
/// An `Error` named `HubError`: the call cannot be read, or the storage refuses.
pub fn answer(sql: &JsValue, call: &str) -> Result<String, JsValue> {
    #[cfg(feature = "fault-injection")]
    assert!(call != super::faults::PANIC, "a fault provoked by a test");
    let answered = serde_json::from_str(call)
        .map_err(|error| error.to_string())
        .and_then(|call| decide(Sql(sql), call, platform::now()))
        .and_then(|reply| serde_json::to_string(&reply).map_err(|error| error.to_string()));
    answered.map_err(|message| {
        let error = js_sys::Error::new(&message);
        error.set_name("HubError");
        error.into()
    })
}

fn decide(sql: Sql<'_>, call: Call, now: UnixMillis) -> Result<Reply, String> {
    Ok(match call {
        // A statement, because an object without storage is of no use.
        Call::Probe => rooms::purge_epoch(sql).map(|_| Reply::Done)?,
        Call::Beat { known } => Reply::Lists(rooms::revocations_since(sql, known)?),
        Call::Check { subject } => Reply::NotBefore(match subject {
            Some(subject) => rooms::not_before(sql, subject)?,
            None => rooms::purge_epoch(sql).map(|_| None)?,
        }),
        Call::Take(delivered) => {
            if !rooms::spend_nonce(sql, &delivered.nonce, now)? {
                return Ok(Reply::Replayed);
            }
            for revocation in &delivered.revocations {
                rooms::revoke(sql, revocation)?;
            }
            rooms::forget_revocations(sql, now)?;
            rooms::append_events(sql, delivered.audit)?;
            rooms::count_prices(sql, delivered.prices)?;
            Reply::Taken { epoch: rooms::count_purges(sql, delivered.purges)? }
        }
        Call::Audit { entries } => rooms::append(sql, entries).map(|()| Reply::Done)?,
        Call::Records { entry, limit, before } => {
            rooms::append(sql, vec![entry])?;
            rooms::records(sql, limit, before)?
        }
    })
}
