//! What a step may answer with.

use crate::{
    cache::Entry,
    exchange::{CacheView, Exchange},
};
use std::{borrow::Cow, rc::Rc};
use valora_shared::problem::Problem;
use wasm_bindgen::JsValue;
use web_sys::Headers;

/// An answer, before the headers that every answer gets.
pub enum Answer {
    /// From the cache.
    Kept(Rc<Entry>, CacheOutcome),
    /// From the origin.
    Passed(Passed),
    /// Made here.
    Made(Made),
    /// An error.
    Problem(Problem),
    /// The error 405, with the methods that are allowed.
    NotAllowed(&'static str),
}

/// Where a cached answer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// In this isolate's memory.
    Memory,
    /// In Workers KV.
    Kv,
}

/// How the cache answered, as headers, logs and statistics tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheOutcome {
    /// From a tier.
    Hit(Tier),
    /// From a tier, beyond its lifetime or purged.
    Stale,
    /// From a tier, after the origin has said that it still holds.
    Revalidated,
    /// With the answer to another request that was under way.
    Collapsed,
    /// It looked and had nothing to answer with.
    Miss,
    /// It did not look.
    Bypass,
}

/// An answer of the origin that is not kept, with handles for what the edge does not look at.
#[derive(Clone)]
pub struct Passed {
    /// The status.
    pub status: u16,
    /// Its headers, less those that end at the edge.
    pub headers: Headers,
    /// A stream, an `ArrayBuffer`, or null.
    pub body: JsValue,
}

/// A small answer of the edge itself.
pub struct Made {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Its body; none for a 204.
    pub body: Option<String>,
}

impl CacheOutcome {
    /// Of an answer to an exchange.
    pub fn of(exchange: &Exchange, answer: &Answer) -> Self {
        match (answer, &exchange.cache) {
            (Answer::Kept(_, outcome), _) => *outcome,
            (_, CacheView::Keyed(_)) => Self::Miss,
            (_, CacheView::Bypass) => Self::Bypass,
        }
    }

    /// The X-Cache header.
    pub fn x_cache(self) -> &'static str {
        match self {
            Self::Hit(_) => "HIT",
            Self::Stale => "STALE",
            Self::Revalidated => "REVALIDATED",
            Self::Collapsed => "COLLAPSED",
            Self::Miss => "MISS",
            Self::Bypass => "BYPASS",
        }
    }

    /// The word in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit(Tier::Memory) => "hit memory",
            Self::Hit(Tier::Kv) => "hit kv",
            Self::Stale => "stale",
            Self::Revalidated => "revalidated",
            Self::Collapsed => "collapsed",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
        }
    }
}

impl Made {
    /// JSON that nobody keeps.
    pub fn json(status: u16, body: String) -> Self {
        let headers = vec![("content-type", "application/json".into()), ("cache-control", "no-store".into())];
        Self { status, headers, body: Some(body) }
    }
}
