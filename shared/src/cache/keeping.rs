//! What of an answer may be kept, and on which terms (RFC 9111 §3, §4.2; RFC 5861; RFC 9213).

use super::{
    Fields, Lifetimes,
    control::{MAX_SECONDS, RequestControl, ResponseControl, seconds},
    date::http_date,
    epochs::slot_of,
    fields::members,
    vary,
};
use crate::{sorted::sorted, time::UnixMillis};

/// By whose rules the cache judges.
#[derive(Debug, Clone, Copy)]
pub enum Policy<'a> {
    /// VALORA's, with a table for answers that name no lifetime.
    Shop(&'a Lifetimes),
    /// RFC 9111's and nothing else, for `EDGE_MODE=proxy`.
    Proxy,
}

/// The request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// In capitals.
    pub method: &'a str,
    /// Path of the target.
    pub path: &'a str,
    /// Whether it bore an Authorization.
    pub has_authorization: bool,
    /// Its Cache-Control and Pragma.
    pub control: RequestControl,
}

/// The answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The status.
    pub status: u16,
    /// Its fields, before anything is stripped.
    pub fields: Fields<'a>,
    /// When the request was sent.
    pub sent_at: UnixMillis,
    /// When the answer's head came.
    pub received_at: UnixMillis,
}

/// The terms on which an answer is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// Seconds it is fresh; 0 for one that is checked each time.
    pub lifetime_seconds: u32,
    /// Seconds beyond, for which it may be served while a new one is fetched.
    pub stale_while_revalidate: u32,
    /// Seconds beyond the lifetime for which it may be served when the origin fails.
    pub stale_if_error: u32,
    /// It is never used unchecked once stale, nor when the origin fails.
    pub forbids_stale: bool,
    /// It is checked before each use.
    pub no_cache: bool,
    /// Its age when it came, in milliseconds (RFC 9111 §4.2.3, `corrected_initial_age`).
    pub initial_age_ms: i64,
    /// Names of request fields by which it differs, lower case, sorted; without those the cache's user answers for.
    pub vary: Vec<String>,
}

/// Why an answer is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotKept {
    /// Neither GET nor HEAD.
    Method,
    /// no-store in the request or where it governs, or private.
    Forbidden,
    /// Set-Cookie: it is meant for one client (Shop).
    Cookie,
    /// Authorization without public, s-maxage or must-revalidate.
    Authorization,
    /// Vary: *.
    Vary,
    /// A status that is not kept, or not without a lifetime of its own.
    Status,
    /// Nothing says how long, and there is nothing to check it by.
    NoLifetime,
}

/// Seconds a 404 is kept at most, and then not served any more, not even stale (Shop).
const NOT_FOUND_SECONDS: u32 = 60;
/// stale-if-error where nothing is said (Proxy): RFC 9111 §4.2.4 lets a cache serve stale when it is cut off.
const DEFAULT_STALE_IF_ERROR: u32 = 86_400;
/// Statuses that may be kept without a lifetime of their own (RFC 9110 §15.1), less 206, which is never kept.
const HEURISTIC: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
/// The part of the time since Last-Modified for which an answer counts as fresh (RFC 9111 §4.2.2).
const HEURISTIC_PART: i64 = 10;

impl Keeping {
    /// Decides for one answer.
    ///
    /// # Errors
    /// Why it is not kept.
    pub fn decide(policy: Policy<'_>, asked: &Asked<'_>, answered: &Answered<'_>) -> Result<Self, NotKept> {
        let Answered { status, fields, .. } = *answered;
        if !matches!(asked.method, "GET" | "HEAD") {
            return Err(NotKept::Method);
        }
        let targeted = fields.get("cdn-cache-control").and_then(ResponseControl::parse_targeted);
        let plain = || fields.get("cache-control").map(ResponseControl::parse).unwrap_or_default();
        let control = targeted.unwrap_or_else(plain);
        // no-store yields to must-understand where the status is understood (RFC 9111 §5.2.2.3).
        let is_understood = control.must_understand && is_understood(status);
        if (control.no_store && !is_understood) || control.private || asked.control.no_store {
            return Err(NotKept::Forbidden);
        }
        if control.must_understand && !is_understood {
            return Err(NotKept::Status);
        }
        if matches!(policy, Policy::Shop(_)) && fields.has("set-cookie") {
            return Err(NotKept::Cookie);
        }
        let may_share = control.public || control.s_maxage.is_some() || control.must_revalidate;
        if asked.has_authorization && !may_share {
            return Err(NotKept::Authorization);
        }
        let vary = vary::names(policy, fields.get("vary")).ok_or(NotKept::Vary)?;
        let own = own_lifetime(&control, targeted.is_some(), answered);
        let may_be_kept = match policy {
            Policy::Shop(_) => matches!(status, 200 | 404) || (own.is_some() && is_final(status)),
            Policy::Proxy => {
                is_final(status) && (own.is_some() || control.public || HEURISTIC.contains(&status))
            }
        };
        if !may_be_kept || status == 206 || status == 304 {
            return Err(NotKept::Status);
        }
        let mut lifetime_seconds = match (own, policy) {
            (Some(seconds), _) => seconds,
            // no-cache alone, as browsers are told, is a lifetime of its own: none.
            (None, Policy::Shop(_)) if control.no_cache => 0,
            (None, Policy::Shop(table)) => table.seconds(asked.path),
            (None, Policy::Proxy) => heuristic(answered),
        };
        let default_if_error = if matches!(policy, Policy::Proxy) { DEFAULT_STALE_IF_ERROR } else { 0 };
        let mut while_revalidate = control.stale_while_revalidate.unwrap_or(0);
        let mut if_error = control.stale_if_error.unwrap_or(default_if_error);
        if matches!(policy, Policy::Shop(_)) && status == 404 {
            lifetime_seconds = lifetime_seconds.min(NOT_FOUND_SECONDS);
            // No purge tells of what is put where there was nothing, so a day later nobody knows whether it is true.
            (while_revalidate, if_error) = (0, 0);
        }
        let has_validator = fields.has("etag") || fields.has("last-modified");
        if (lifetime_seconds == 0 && while_revalidate == 0 || control.no_cache) && !has_validator {
            return Err(NotKept::NoLifetime);
        }
        Ok(Self {
            lifetime_seconds,
            stale_while_revalidate: while_revalidate,
            stale_if_error: if_error,
            forbids_stale: control.forbids_stale(),
            no_cache: control.no_cache,
            initial_age_ms: initial_age_ms(policy, answered),
            vary,
        })
    }
}

/// Slots of the tags of a Cache-Tag field, sorted, each once.
pub fn slots(cache_tag: Option<&str>) -> Vec<u16> {
    sorted(members(cache_tag.unwrap_or("")).map(slot_of))
}

/// Tags of a Cache-Tag field: separated by commas, without empty ones, each once.
pub fn tags(cache_tag: Option<&str>) -> Vec<&str> {
    sorted(members(cache_tag.unwrap_or("")))
}

/// Statuses whose rules for caches are known here (RFC 9110 §15, RFC 6585, RFC 7725).
fn is_understood(status: u16) -> bool {
    matches!(status, 200..=206 | 300..=308 | 400..=417 | 421..=431 | 451 | 500..=505 | 511)
}

fn is_final(status: u16) -> bool {
    (200..=599).contains(&status)
}

/// s-maxage > max-age > Expires; a valid targeted field replaces Expires, too (RFC 9213 §2.2).
fn own_lifetime(control: &ResponseControl, is_targeted: bool, answered: &Answered<'_>) -> Option<u32> {
    let stated = control.s_maxage.or(control.max_age);
    if stated.is_some() || is_targeted {
        return stated;
    }
    let expires = answered.fields.get("expires")?;
    // An invalid date is one in the past (RFC 9111 §5.3).
    let Some(expires) = http_date(expires) else { return Some(0) };
    Some(whole_seconds(expires.since(date(answered))))
}

fn heuristic(answered: &Answered<'_>) -> u32 {
    let modified = answered.fields.get("last-modified").and_then(http_date);
    modified.map_or(0, |modified| whole_seconds(date(answered).since(modified) / HEURISTIC_PART))
}

/// No lifetime is longer than for ever.
fn whole_seconds(ms: i64) -> u32 {
    u32::try_from(ms / 1000).map_or(MAX_SECONDS, |seconds| seconds.min(MAX_SECONDS))
}

fn date(answered: &Answered<'_>) -> UnixMillis {
    answered.fields.get("date").and_then(http_date).unwrap_or(answered.received_at)
}

fn initial_age_ms(policy: Policy<'_>, answered: &Answered<'_>) -> i64 {
    let age = answered.fields.get("age").and_then(|age| seconds(members(age).next()?)).unwrap_or(0);
    let corrected = i64::from(age) * 1000 + answered.received_at.since(answered.sent_at);
    // Between VALORA's edge and origin there is no other cache, so a Date long ago is only a clock that goes wrong.
    let apparent = match policy {
        Policy::Proxy => answered.received_at.since(date(answered)),
        Policy::Shop(_) => 0,
    };
    corrected.max(apparent)
}

#[cfg(test)]
#[path = "keeping_tests.rs"]
mod tests;
