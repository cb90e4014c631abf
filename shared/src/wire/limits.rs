//! `/api/admin/ratelimit/*`.

use crate::{
    json::Object,
    rate::{Decision, Usage, Window, seconds_up},
};
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

    /// What serde would write.
    pub fn to_json(&self) -> String {
        let ClientWindows { minute, hour, day } = self.windows;
        let mut windows = Object::default();
        for (window, told) in Window::ALL.into_iter().zip([minute, hour, day]) {
            windows.json(window.name(), &told.to_json());
        }
        let mut body = Object::default();
        body.text("client", &self.client).json("windows", &windows.to_json());
        body.to_json()
    }
}

impl LimitsReset {
    /// What serde would write.
    pub fn to_json(&self) -> String {
        let mut body = Object::default();
        body.text("message", self.message).text("client", &self.client);
        body.to_json()
    }
}

impl ClientWindow {
    fn new(usage: Usage) -> Self {
        let Usage { limit, used, more_in_ms } = usage;
        Self { limit, used, remaining: usage.remaining(), more_in: seconds_up(more_in_ms) }
    }

    fn to_json(self) -> String {
        let mut told = Object::default();
        for (name, value) in [
            ("limit", self.limit),
            ("used", self.used),
            ("remaining", self.remaining),
            ("more_in", self.more_in),
        ] {
            told.number(name, value.into());
        }
        told.to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rate::{Limits, State, step},
        time::UnixMillis,
    };

    #[test]
    fn it_is_written_as_serde_would() {
        let limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
        let decision = step(&mut State::default(), UnixMillis(1_790_000_000_000), 7, &limits);
        let told = ClientLimits::new("0123".to_owned(), &decision);
        assert_eq!(told.to_json(), serde_json::to_string(&told).unwrap());
        let reset = LimitsReset { message: "done", client: "0123".to_owned() };
        assert_eq!(reset.to_json(), serde_json::to_string(&reset).unwrap());
        let minute = ClientWindow { limit: 60, used: 7, remaining: 53, more_in: 61 };
        assert_eq!(told.windows.minute, minute);
    }
}
