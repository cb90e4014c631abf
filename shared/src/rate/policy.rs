//! Which of a client's allowances a request is paid from.

use super::Window;

/// An allowance, with a count of its own and names of its own in headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Everything but upgrades.
    Requests,
    /// Upgrades to WebSocket: a page opens a socket for each product it shows, and is not to pay for that with the
    /// requests that it makes besides.
    Upgrades,
}

impl Policy {
    /// That of a request. It goes by the route, whatever the request's Upgrade says: else that field would open a second
    /// allowance for every route. HEAD goes with GET, as it does in costs.
    pub fn of(method: &str, path: &str) -> Self {
        if path.starts_with("/ws/") && matches!(method, "GET" | "HEAD") {
            Self::Upgrades
        } else {
            Self::Requests
        }
    }

    /// The windows that it limits; the first of [`Window::ALL`].
    pub const fn windows(self) -> &'static [Window] {
        match self {
            Self::Requests => &Window::ALL,
            Self::Upgrades => &[Window::Minute],
        }
    }

    /// What the ceiling of all accounts at an address is called in errors.
    pub const fn ceiling_name(self, window: Window) -> &'static str {
        match (self, window) {
            (Self::Requests, Window::Minute) => "address-minute",
            (Self::Requests, Window::Hour) => "address-hour",
            (Self::Requests, Window::Day) => "address-day",
            (Self::Upgrades, _) => "address-ws",
        }
    }

    /// What a window of it is called in `RateLimit-Policy` and in errors.
    pub const fn name(self, window: Window) -> &'static str {
        match self {
            Self::Requests => window.name(),
            Self::Upgrades => "ws",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_route_of_upgrades_is_paid_apart() {
        for method in ["GET", "HEAD"] {
            assert_eq!(Policy::of(method, "/ws/prices/nord-1"), Policy::Upgrades);
        }
        for (method, path) in [
            ("POST", "/ws/prices/nord-1"),
            ("GET", "/ws"),
            ("GET", "/wsx/prices/nord-1"),
            ("GET", "/api/ws/prices"),
            ("GET", "//ws/prices/nord-1"),
        ] {
            assert_eq!(Policy::of(method, path), Policy::Requests, "{method} {path}");
        }
    }
}
