//! Inside the object: one call, one transaction. Its shell is the class `Hub` of js/entry.mjs, which holds the storage
//! and nothing else.

use super::{rooms, sql::Sql};
use crate::platform;
use valora_shared::{
    hub::{Beat, Call, Reply},
    time::UnixMillis,
};
use wasm_bindgen::JsValue;

/// The tables of every room, for an object that has none yet.
pub fn tables() -> String {
    [rooms::COUNTERS, rooms::REVOCATIONS, rooms::NONCES, rooms::AUDIT, rooms::PURGES, rooms::STATS].concat()
}

/// Answers a call within the transaction that the shell has opened; an error undoes all of it.
///
/// # Errors
/// An `Error` named `HubError`: the call cannot be read, or the storage refuses.
pub fn answer(sql: &JsValue, call: &[u8]) -> Result<Vec<u8>, JsValue> {
    #[cfg(feature = "fault-injection")]
    assert!(call != super::faults::PANIC.as_bytes(), "a fault provoked by a test");
    let answered = postcard::from_bytes(call)
        .map_err(|error| error.to_string())
        .and_then(|call| decide(Sql(sql), call, platform::now()))
        .and_then(|reply| postcard::to_allocvec(&reply).map_err(|error| error.to_string()));
    answered.map_err(|message| {
        let error = js_sys::Error::new(&message);
        error.set_name("HubError");
        error.into()
    })
}

fn decide(sql: Sql<'_>, call: Call, now: UnixMillis) -> Result<Reply, String> {
    Ok(match call {
        // A statement, because an object without storage is of no use.
        Call::Probe => rooms::purge(sql, &[], now).map(|_| Reply::Done)?,
        Call::Beat(Beat { revocations, epoch, report }) => {
            if let Some(report) = report {
                rooms::tell(sql, report, now)?;
            }
            Reply::Lists {
                revocations: rooms::revocations_since(sql, revocations)?,
                epochs: rooms::purges_since(sql, epoch, now)?,
            }
        }
        Call::Stats => Reply::Stats { stats: rooms::told(sql, now)?, epoch: rooms::purge(sql, &[], now)? },
        Call::Check { subject } => Reply::NotBefore(match subject {
            Some(subject) => rooms::not_before(sql, subject)?,
            None => rooms::purge(sql, &[], now).map(|_| None)?,
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
            Reply::Taken { epoch: rooms::purge(sql, &delivered.purges, now)?, at_ms: now.0 }
        }
        Call::Purge { target, mode, entry } => {
            rooms::append(sql, vec![entry])?;
            let estimate = rooms::told(sql, now)?.estimate(&target);
            Reply::Purged { epoch: rooms::clear(sql, &target, mode, now)?, at_ms: now.0, estimate }
        }
        Call::Audit { entries } => rooms::append(sql, entries).map(|()| Reply::Done)?,
        Call::Records { entry, limit, before } => {
            rooms::append(sql, vec![entry])?;
            rooms::records(sql, limit, before)?
        }
    })
}
