//! Header names, in lower case as HTTP/2 sends them.

/// Ties together everything about one request.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// W3C Trace Context, passed on untouched.
pub const TRACEPARENT: &str = "traceparent";
/// How the response cache answered: `HIT`, `MISS` or `BYPASS`.
pub const X_CACHE: &str = "x-cache";
/// Milliseconds the answer took.
pub const RESPONSE_TIME: &str = "x-response-time";
/// The same in parts.
pub const SERVER_TIMING: &str = "server-timing";
/// RFC 9213: what the origin tells our edge alone; never leaves the edge.
pub const CDN_CACHE_CONTROL: &str = "cdn-cache-control";
/// In development, says which variable would let a refused browser origin in.
pub const CORS_HINT: &str = "x-valora-cors";
/// Fields with this start are ours alone and dropped when they come from outside.
pub const INTERNAL_PREFIX: &str = "x-valora-";
