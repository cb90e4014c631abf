//! From an answer to the final `Response`: the headers that every answer gets, and the adapter to the platform.
//! Nothing here can panic; what JavaScript refuses comes back as an error and becomes a problem.

use crate::{
    answer::{Answer, CacheOutcome, Made, Passed, Tier},
    exchange::Exchange,
    isolate::Isolate,
    js,
    settings::Settings,
    timing::Spans,
};
use std::fmt::Write as _;
use valora_shared::{
    config::Environment,
    http::{CorsDecision, EXPOSED_HEADERS, names, security_headers},
    problem::{CONTENT_TYPE, ErrorCode, Problem},
};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// What the edge says on every answer, but the few headers that differ per request on a HIT.
pub struct EdgeHeaders<'a> {
    settings: Option<&'a Settings>,
    cors: CorsDecision<'a>,
    x_cache: &'static str,
    spans: &'a Spans,
}

/// The response for `answer`.
///
/// # Errors
/// What JavaScript threw.
pub fn to_response(exchange: &Exchange, isolate: &Isolate, answer: &Answer) -> Result<Response, JsValue> {
    let edge = EdgeHeaders::new(exchange, isolate, answer);
    match answer {
        Answer::Kept(entry, Tier::Memory) if edge.cors != CorsDecision::Refused => {
            let origin = if let CorsDecision::Allowed(origin) = edge.cors { Some(origin) } else { None };
            entry.send(&edge, exchange.correlation_id.as_str(), exchange.now, origin)
        }
        Answer::Kept(entry, _) => {
            let stored = entry.envelope().headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let mut lines = edge.over(stored);
            edge.push_own(&mut lines, exchange);
            line(&mut lines, "age", &entry.envelope().age_seconds(exchange.now).to_string());
            js::make_response(entry.body(), entry.envelope().status, &js::headers_with(None, &lines)?)
        }
        Answer::Passed(passed) => pass(exchange, &edge, passed),
        Answer::Made(made) => make(exchange, &edge, made),
        Answer::Problem(problem) => make(exchange, &edge, &problem_answer(exchange, problem)),
        Answer::NotAllowed(methods) => {
            let problem =
                Problem::new(ErrorCode::MethodNotAllowed, format!("This path takes {methods} only."));
            let mut made = problem_answer(exchange, &problem);
            made.headers.push(("allow", (*methods).into()));
            make(exchange, &edge, &made)
        }
    }
}

fn pass(exchange: &Exchange, edge: &EdgeHeaders<'_>, passed: &Passed) -> Result<Response, JsValue> {
    let read = |name| passed.headers.get(name).ok().flatten();
    let is_page = has_own_policy(read("content-type").as_deref(), read("content-security-policy").as_deref());
    let mut lines = String::new();
    edge.push_common(&mut lines, read("vary").as_deref(), is_page);
    edge.push_own(&mut lines, exchange);
    js::make_response(&passed.body, passed.status, &js::headers_with(Some(&passed.headers), &lines)?)
}

fn make(exchange: &Exchange, edge: &EdgeHeaders<'_>, made: &Made) -> Result<Response, JsValue> {
    let mut lines = edge.over(made.headers.iter().map(|(name, value)| (*name, value.as_ref())));
    edge.push_own(&mut lines, exchange);
    let body = made.body.as_deref().filter(|_| exchange.inbound.method != "HEAD");
    js::make_response(
        &body.map_or(JsValue::NULL, JsValue::from_str),
        made.status,
        &js::headers_with(None, &lines)?,
    )
}

fn problem_answer(exchange: &Exchange, problem: &Problem) -> Made {
    let mut headers = vec![("content-type", CONTENT_TYPE.into()), ("cache-control", "no-store".into())];
    if problem.status() == 401 {
        // RFC 9110 §15.5.2: a 401 says how to do better.
        headers.push(("www-authenticate", "Bearer".into()));
    }
    if let Some(seconds) = problem.retry_after_seconds {
        headers.push(("retry-after", seconds.to_string().into()));
    }
    let body = problem.body(exchange.inbound.path(), &exchange.correlation_id);
    Made { status: problem.status(), headers, body: String::from_utf8(body).ok() }
}

/// A page of the origin brings a policy that fits it; everything else gets the one for JSON.
fn has_own_policy(content_type: Option<&str>, policy: Option<&str>) -> bool {
    policy.is_some() && content_type.is_some_and(|kind| kind.starts_with("text/html"))
}

impl<'a> EdgeHeaders<'a> {
    fn new(exchange: &'a Exchange, isolate: &'a Isolate, answer: &Answer) -> Self {
        let settings = isolate.settings().and_then(Result::ok);
        let origin = exchange.inbound.origin.as_deref();
        let cors = settings.map_or(CorsDecision::NotCors, |settings| settings.cors.decide(origin));
        let outcome = CacheOutcome::of(exchange, answer);
        // The headers of a HIT from memory are kept for all that follow: what this request waited for before it is
        // its own.
        let spans = if outcome == CacheOutcome::Hit(Tier::Memory) { Spans::NONE } else { &exchange.spans };
        Self { settings, cors, x_cache: outcome.x_cache(), spans }
    }

    /// `stored` and what is the same for all requests, as lines for `js::headers_with`.
    pub fn over<'s>(&self, stored: impl Iterator<Item = (&'s str, &'s str)>) -> String {
        let (mut lines, mut vary, mut content_type, mut policy) = (String::new(), None, None, None);
        for (name, value) in stored {
            match name {
                "vary" => vary = Some(value),
                "content-type" => content_type = Some(value),
                "content-security-policy" => policy = Some(value),
                _ => {}
            }
            line(&mut lines, name, value);
        }
        self.push_common(&mut lines, vary, has_own_policy(content_type, policy));
        lines
    }

    fn push_common(&self, lines: &mut String, vary: Option<&str>, is_page: bool) {
        // Without settings the stricter rules hold.
        let environment = self.settings.map_or(Environment::Production, Settings::environment);
        for (name, value) in security_headers(environment) {
            if !(is_page && name == "content-security-policy") {
                line(lines, name, value);
            }
        }
        // The answer depends on Origin whether or not there was one.
        line(lines, "vary", &with_origin(vary));
        line(lines, names::X_CACHE, self.x_cache);
        line(lines, names::RESPONSE_TIME, &format!("{}ms", self.spans.total_ms()));
        line(lines, names::SERVER_TIMING, &self.spans.server_timing());
        match self.cors {
            CorsDecision::Allowed(_) => {
                line(lines, "access-control-allow-credentials", "true");
                line(lines, "access-control-expose-headers", EXPOSED_HEADERS);
            }
            CorsDecision::Refused => {
                if let Some(hint) = self.settings.and_then(|settings| settings.cors.hint()) {
                    line(lines, names::CORS_HINT, hint);
                }
            }
            CorsDecision::NotCors => {}
        }
    }

    /// The headers that differ per request.
    fn push_own(&self, lines: &mut String, exchange: &Exchange) {
        line(lines, names::CORRELATION_ID, exchange.correlation_id.as_str());
        if let CorsDecision::Allowed(origin) = self.cors {
            line(lines, "access-control-allow-origin", origin);
        }
    }
}

/// One header for `js::headers_with`. A line break would shift every line behind it, so such a value is dropped.
fn line(lines: &mut String, name: &str, value: &str) {
    if !value.contains('\n') {
        let separator = if lines.is_empty() { "" } else { "\n" };
        // Writing to a String cannot fail.
        let _ = write!(lines, "{separator}{name}\n{value}");
    }
}

fn with_origin(vary: Option<&str>) -> String {
    match vary {
        None | Some("") => "Origin".to_owned(),
        Some(vary) if vary.split(',').any(|name| name.trim().eq_ignore_ascii_case("origin")) => {
            vary.to_owned()
        }
        Some(vary) => format!("{vary}, Origin"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vary_names_origin_once() {
        assert_eq!(with_origin(None), "Origin");
        assert_eq!(with_origin(Some("Accept")), "Accept, Origin");
        assert_eq!(with_origin(Some("accept, origin")), "accept, origin");
    }

    #[test]
    fn a_value_with_a_line_break_shifts_nothing() {
        let mut lines = String::new();
        line(&mut lines, "a", "1\nevil\n2");
        line(&mut lines, "b", "2");
        assert_eq!(lines, "b\n2");
    }

    #[test]
    fn only_a_page_keeps_its_own_policy() {
        assert!(has_own_policy(Some("text/html; charset=utf-8"), Some("default-src 'self'")));
        assert!(!has_own_policy(Some("application/json"), Some("default-src *")));
        assert!(!has_own_policy(Some("text/html"), None));
    }
}
