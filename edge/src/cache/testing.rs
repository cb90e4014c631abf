//! Stored responses for tests.

use valora_shared::{
    cache::{Keeping, Stored},
    time::UnixMillis,
};

/// One that was asked for at `sent_at` and lives five seconds, stale a minute more when the origin fails.
pub fn stored(sent_at: i64) -> Stored {
    Stored {
        status: 200,
        fields: Vec::new(),
        sent_at: UnixMillis(sent_at),
        received_at: UnixMillis(sent_at),
        keeping: Keeping {
            lifetime_seconds: 5,
            stale_while_revalidate: 0,
            stale_if_error: 60,
            forbids_stale: false,
            no_cache: false,
            initial_age_ms: 0,
            vary: Vec::new(),
        },
        epoch: 0,
        slots: Vec::new(),
        is_gzip: false,
        identity_bytes: 10,
    }
}
