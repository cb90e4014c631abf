//! `/api/admin/ratelimit/*`.

use crate::rate::{Decision, Usage, seconds_up};
use serde::Serialize;

/// `GET /api/admin/ratelimit/client`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientLimits {
    /// What logs call the client: 32 hexadecimal digits.
    pub client: String,
    /// How its windows stand.
    pub windows: ClientWindows,
}

/// Window by window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientWindows {
    /// The last 60 s.
    pub minute: ClientWindow,
    /// The last 60 min.
    pub hour: ClientWindow,
    /// The last 24 h.
    pub day: ClientWindow,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientWindow {
    /// What may be spent by a client without a tier of its own.
    pub limit: u32,
    /// What counts.
    pub used: u32,
    /// What may still be spent.
    pub remaining: u32,
    /// Seconds until something of it counts no more; 0 where nothing is used.
    pub more_in: u32,
}

/// `POST /api/admin/ratelimit/reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LimitsReset {
    /// What was done, and when it is known everywhere.
    pub message: &'static str,
    /// What logs call the client.
    pub client: String,
}

impl ClientLimits {
    /// What a limiter has said of a client.
    pub fn new(client: String, decision: &Decision) -> Self {
        let [minute, hour, day] = decision.usage.map(ClientWindow::new);
        Self { client, windows: ClientWindows { minute, hour, day } }
    }
}

impl ClientWindow {
    fn new(usage: Usage) -> Self {
        let Usage { limit, used, more_in_ms } = usage;
        Self { limit, used, remaining: usage.remaining(), more_in: seconds_up(more_in_ms) }
    }
}
