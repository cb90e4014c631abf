//! From an answer to the final `Response`: the headers that every answer gets, and the adapter to the platform.
//! Nothing here can panic; what JavaScript refuses comes back as an error and becomes a problem.

mod kept;
mod lines;

pub use lines::Lines;

use crate::{
    answer::{Answer, CacheOutcome, Made, Passed, Tier},
    cache::{Entry, Lookup, epochs},
    exchange::{CacheView, Exchange},
    isolate::Isolate,
    js,
    limit::{self, LimitView, payers},
    settings::Settings,
    timing::Spans,
};
use valora_shared::{
    cache::{CacheStatus, Fields, Forward, takes_gzip},
    config::Environment,
    http::{CorsDecision, EXPOSED_HEADERS, names, security_headers},
    problem::{CONTENT_TYPE, ErrorCode, Problem},
    rate::{self, Limits, Policy, Usage},
};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// What the edge says on every answer, but the few headers that differ per request on a HIT.
pub struct EdgeHeaders<'a> {
    settings: Option<&'a Settings>,
    cors: CorsDecision<'a>,
    outcome: CacheOutcome,
    /// What the cache looked for, if it did.
    lookup: Option<&'a Lookup>,
    status: StatusDetail,
    spans: &'a Spans,
    rate_policy: Policy,
    /// Of the client, where it is not everybody's.
    limits: Option<Limits>,
    /// How the client's windows stand, as far as that is known.
    usage: Option<[Usage; 3]>,
    is_proxy: bool,
}

/// The response for `answer`.
///
/// # Errors
/// What JavaScript threw.
pub fn to_response(exchange: &Exchange, isolate: &Isolate, answer: &Answer) -> Result<Response, JsValue> {
    let edge = EdgeHeaders::new(exchange, isolate, answer);
    match answer {
        Answer::Kept(entry, _) => match hit_from_memory(exchange, &edge, entry)? {
            Some(response) => Ok(response),
            None => kept::send(exchange, &edge, entry),
        },
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

/// The way of nearly all requests: the whole of a fresh entry, under headers that are kept with it.
fn hit_from_memory(
    exchange: &Exchange,
    edge: &EdgeHeaders<'_>,
    entry: &Entry,
) -> Result<Option<Response>, JsValue> {
    let inbound = &exchange.inbound;
    let is_plain = edge.outcome == CacheOutcome::Hit(Tier::Memory)
        && !edge.status.is_unverified
        && inbound.method == "GET"
        && inbound.preconditions().are_none()
        && (edge.is_proxy || !entry.is_problem())
        && edge.cors != CorsDecision::Refused;
    if !is_plain {
        return Ok(None);
    }
    let origin = if let CorsDecision::Allowed(origin) = edge.cors { Some(origin) } else { None };
    let id = if edge.is_proxy { "" } else { exchange.correlation_id.as_str() };
    let gzip = entry.gzip().is_some() && takes_gzip(inbound.accept_encoding.as_deref());
    entry.send(edge, gzip, id, exchange.now, origin)
}

fn pass(exchange: &Exchange, edge: &EdgeHeaders<'_>, passed: &Passed) -> Result<Response, JsValue> {
    let read = |name| passed.headers.get(name).ok().flatten();
    let is_page = has_own_policy(read("content-type").as_deref(), read("content-security-policy").as_deref());
    let mut lines = Lines::default();
    edge.push_common(&mut lines, read("vary").as_deref(), is_page);
    edge.push_own(&mut lines, exchange);
    edge.push_cache_status(&mut lines, None, exchange);
    let body = if exchange.inbound.method == "HEAD" { &JsValue::NULL } else { &passed.body };
    let mut headers = js::headers_with(&passed.headers, lines.names(), lines.values())?;
    // The runtime packs again what an origin has packed and it has unpacked, whether the client takes it or not.
    let is_packed = !edge.is_proxy && read("content-encoding").as_deref() == Some("gzip");
    if is_packed && !takes_gzip(exchange.inbound.accept_encoding.as_deref()) {
        headers = js::headers_without(&headers, "content-encoding\ncontent-length")?;
    }
    js::make_response(body, passed.status, &headers, edge.is_proxy)
}

fn make(exchange: &Exchange, edge: &EdgeHeaders<'_>, made: &Made) -> Result<Response, JsValue> {
    let mut lines = edge.over(made.headers.iter().map(|(name, value)| (*name, value.as_ref())));
    edge.push_own(&mut lines, exchange);
    edge.push_cache_status(&mut lines, None, exchange);
    let body = made.body.as_deref().filter(|_| exchange.inbound.method != "HEAD");
    let body = body.map_or(JsValue::NULL, JsValue::from_str);
    js::respond(&body, made.status, lines.names(), lines.values(), false)
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
        let is_proxy = isolate.is_proxy();
        let policy = settings.filter(|_| !is_proxy);
        let cors = policy.map_or(CorsDecision::NotCors, |settings| settings.cors.decide(origin));
        let outcome = CacheOutcome::of(exchange, answer);
        // The headers of a HIT from memory are kept for all that follow: what this request waited for before it is
        // its own.
        let spans = if outcome == CacheOutcome::Hit(Tier::Memory) { Spans::NONE } else { &exchange.spans };
        let (lookup, is_unverified) = match &exchange.cache {
            // What the origin has said to this request itself needs no purge to be verified by.
            CacheView::Keyed(lookup) => {
                let is_stored =
                    matches!(outcome, CacheOutcome::Hit(_) | CacheOutcome::Stale | CacheOutcome::Collapsed);
                (Some(&**lookup), is_stored && lookup.is_unverified())
            }
            CacheView::Bypass => (None, false),
        };
        let status = StatusDetail { epoch: epochs::known(isolate), is_unverified };
        let is_limited = !is_proxy && exchange.limit != LimitView::Exempt;
        let limits = settings.filter(|_| exchange.client.is_some());
        let limits = limits.and_then(|settings| Some(payers(exchange, settings).next()?.limits));
        let mut usage = if is_limited { limit::usage(exchange, isolate) } else { None };
        if let (LimitView::Refused(decision), Some(limits)) = (&exchange.limit, &limits) {
            // What is left of its address's ceiling is not what is left of its own.
            usage = usage.filter(|_| decision.is_under(limits));
        }
        let rate_policy = limit::policy(exchange);
        Self { settings, cors, outcome, lookup, status, spans, rate_policy, limits, usage, is_proxy }
    }

    fn limits(&self, settings: &Settings) -> Limits {
        self.limits.unwrap_or_else(|| settings.config.rate.limits_under(self.rate_policy))
    }

    /// What remains, as `js::send_kept` takes it.
    pub fn remaining(&self) -> Option<String> {
        let usage = self.usage.as_ref()?;
        let [minute, hour, day] = rate::remaining_texts(usage);
        Some(
            [&minute, "\n", &hour, "\n", &day, "\n", &rate::ratelimit_text(usage, self.rate_policy)].concat(),
        )
    }

    /// The purge epoch obeyed; none where there is no Hub.
    pub fn epoch(&self) -> Option<u64> {
        self.status.epoch
    }

    /// The fields of an entry and what is the same for all requests.
    pub fn over_stored(&self, entry: &Entry, gzip: bool) -> Lines {
        self.over(
            kept::fields(entry, gzip, self.is_proxy).iter().map(|(name, value)| (*name, value.as_ref())),
        )
    }

    /// `stored` and what is the same for all requests.
    fn over<'s>(&self, stored: impl Iterator<Item = (&'s str, &'s str)>) -> Lines {
        let (mut lines, mut vary, mut content_type, mut policy) = (Lines::default(), None, None, None);
        for (name, value) in stored {
            match name {
                // These two are said below, once.
                "vary" if !self.is_proxy => vary = Some(value),
                "content-security-policy" => policy = Some(value),
                _ => lines.push(name, value),
            }
            if name == "content-type" {
                content_type = Some(value);
            }
        }
        let is_page = has_own_policy(content_type, policy);
        if let Some(policy) = policy.filter(|_| is_page || self.is_proxy) {
            lines.push("content-security-policy", policy);
        }
        self.push_common(&mut lines, vary, is_page);
        lines
    }

    fn push_common(&self, lines: &mut Lines, vary: Option<&str>, is_page: bool) {
        lines.push(names::X_CACHE, self.outcome.x_cache());
        if self.is_proxy {
            return;
        }
        // Without settings the stricter rules hold.
        let environment = self.settings.map_or(Environment::Production, Settings::environment);
        for (name, value) in security_headers(environment) {
            if !(is_page && name == "content-security-policy") {
                lines.push(name, value);
            }
        }
        // The answer depends on Origin whether or not there was one.
        lines.push("vary", &with_name(vary, "Origin"));
        if let Some(settings) = self.settings {
            let limits = rate::LIMIT.into_iter().zip(self.limits(settings).limit_texts());
            for (name, value) in limits.take(self.rate_policy.windows().len()) {
                lines.push(name, &value);
            }
            lines.push(rate::POLICY, &self.limits(settings).policy_text(self.rate_policy));
        }
        if let Some(lookup) = self.lookup {
            // Twelve characters by which a key can be told in logs and support.
            lines.push(names::X_CACHE_KEY, lookup.hash().get(..12).unwrap_or_default());
        }
        lines.push(names::RESPONSE_TIME, &format!("{}ms", self.spans.total_ms()));
        lines.push(names::SERVER_TIMING, &self.spans.server_timing());
        match self.cors {
            CorsDecision::Allowed(_) => {
                lines.push("access-control-allow-credentials", "true");
                lines.push("access-control-expose-headers", EXPOSED_HEADERS);
            }
            CorsDecision::Refused => {
                if let Some(hint) = self.settings.and_then(|settings| settings.cors.hint()) {
                    lines.push(names::CORS_HINT, hint);
                }
            }
            CorsDecision::NotCors => {}
        }
    }

    /// The headers that differ per request.
    fn push_own(&self, lines: &mut Lines, exchange: &Exchange) {
        if self.is_proxy {
            return;
        }
        lines.push(names::CORRELATION_ID, exchange.correlation_id.as_str());
        if let Some(usage) = &self.usage {
            let remaining = rate::REMAINING.into_iter().zip(rate::remaining_texts(usage));
            for (name, value) in remaining.take(self.rate_policy.windows().len()) {
                lines.push(name, &value);
            }
            lines.push(rate::RATELIMIT, &rate::ratelimit_text(usage, self.rate_policy));
        }
        if let CorsDecision::Allowed(origin) = self.cors {
            lines.push("access-control-allow-origin", origin);
        }
    }

    /// Cache-Status where the cache has looked, and what goes with it for a stored answer.
    fn push_cache_status(&self, lines: &mut Lines, entry: Option<&Entry>, exchange: &Exchange) {
        if self.lookup.is_none() {
            return;
        }
        let now = exchange.now_after_io();
        let is_stale = self.outcome == CacheOutcome::Stale;
        let ttl = entry.map(|entry| entry.stored().fresh_ms(now).div_euclid(1000));
        // What was purged is stale from then on, whatever was left of its lifetime (RFC 9211 §2.4).
        let ttl = ttl.map(|ttl| if is_stale { ttl.min(0) } else { ttl });
        let was_stale = matches!(&exchange.cache, CacheView::Keyed(lookup) if lookup.in_hand.is_some());
        let forward = match self.outcome {
            CacheOutcome::Hit(_) | CacheOutcome::Stale => None,
            CacheOutcome::Bypass => Some(Forward::Bypass),
            CacheOutcome::Revalidated => Some(Forward::Stale),
            CacheOutcome::Miss | CacheOutcome::Collapsed if was_stale => Some(Forward::Stale),
            CacheOutcome::Miss | CacheOutcome::Collapsed => Some(Forward::UriMiss),
        };
        let detail = self.status.to_text();
        let status = CacheStatus {
            forward,
            forward_status: (self.outcome == CacheOutcome::Revalidated).then_some(304),
            ttl,
            is_stored: entry.is_some() && forward.is_some(),
            is_collapsed: self.outcome == CacheOutcome::Collapsed,
            detail: detail.as_deref(),
        };
        lines.push(names::CACHE_STATUS, &status.to_text());
        let Some(entry) = entry else { return };
        // One that comes from the origin itself has none, unless another cache answered for it (RFC 9111 §5.1).
        if self.outcome != CacheOutcome::Miss || Fields(&entry.stored().fields).has("age") {
            lines.push("age", &entry.stored().age_seconds(now).to_string());
        }
        if let (Some(ttl), false) = (ttl, self.is_proxy) {
            lines.push(names::X_CACHE_TTL, &ttl.max(0).to_string());
        }
    }
}

/// What Cache-Status tells beside the registered parameters.
struct StatusDetail {
    epoch: Option<u64>,
    is_unverified: bool,
}

impl StatusDetail {
    fn to_text(&self) -> Option<String> {
        if self.is_unverified {
            return Some("unverified".to_owned());
        }
        self.epoch.map(|epoch| format!("e={epoch}"))
    }
}

/// A Vary that has `name` as well.
fn with_name(vary: Option<&str>, name: &str) -> String {
    match vary {
        None | Some("") => name.to_owned(),
        Some(vary) if vary.split(',').any(|known| known.trim().eq_ignore_ascii_case(name)) => vary.to_owned(),
        Some(vary) => format!("{vary}, {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vary_names_origin_once() {
        assert_eq!(with_name(None, "Origin"), "Origin");
        assert_eq!(with_name(Some("Accept"), "Origin"), "Accept, Origin");
        assert_eq!(with_name(Some("accept, origin"), "Origin"), "accept, origin");
    }

    #[test]
    fn only_a_page_keeps_its_own_policy() {
        assert!(has_own_policy(Some("text/html; charset=utf-8"), Some("default-src 'self'")));
        assert!(!has_own_policy(Some("application/json"), Some("default-src *")));
        assert!(!has_own_policy(Some("text/html"), None));
    }
}
