//! The only place that reads the clock, makes random text or writes a log line (edge/clippy.toml bans the rest).

use std::cell::RefCell;
use valora_shared::{json::Object, time::UnixMillis};

/// Now. In production the clock stands still between I/O.
pub fn now() -> UnixMillis {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit an i64 for ages")]
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    UnixMillis(js_sys::Date::now() as i64)
}

/// A random UUID, the form of every correlation id we make.
pub fn random_uuid() -> String {
    crypto::random_uuid()
}

/// A seed that a client cannot know, for hashing what clients send.
pub fn random_seed() -> u64 {
    let digits: String = random_uuid().chars().filter(char::is_ascii_hexdigit).take(16).collect();
    u64::from_str_radix(&digits, 16).unwrap_or_default()
}

/// A line to be logged, which more can be added to.
pub fn line(level: &str, message: &str) -> Object {
    let mut line = Object::default();
    line.text("level", level).text("message", message);
    line
}

/// Writes one JSON line.
pub fn log(line: &Object) {
    worker::console_log!("{}", line.to_json());
}

/// Writes one JSON line marked as an error.
pub fn log_error(line: &Object) {
    worker::console_error!("{}", line.to_json());
}

thread_local! {
    static LOGGED_AT: RefCell<Vec<(&'static str, i64)>> = const { RefCell::new(Vec::new()) };
}

/// Writes a warning of this kind, but at most once a second: what fails, fails for everybody who asks meanwhile.
pub fn warn_seldom(message: &'static str, error: &str) {
    const EVERY_MS: i64 = 1_000;
    let now = now().0;
    let is_due = LOGGED_AT.with_borrow_mut(|all| match all.iter_mut().find(|(known, _)| *known == message) {
        Some((_, at)) if now - *at < EVERY_MS => false,
        Some((_, at)) => {
            *at = now;
            true
        }
        None => {
            all.push((message, now));
            true
        }
    });
    if is_due {
        log_error(line("warn", message).text("error", error));
    }
}

mod crypto {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
        pub(super) fn random_uuid() -> String;
    }
}
