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
/// What an answer shows, for purges; meant for our edge alone as well.
pub const CACHE_TAG: &str = "cache-tag";
/// RFC 9211: how the cache handled the request.
pub const CACHE_STATUS: &str = "cache-status";
/// Seconds for which a stored answer is still fresh.
pub const X_CACHE_TTL: &str = "x-cache-ttl";
/// Twelve characters of the hash of the cache key.
pub const X_CACHE_KEY: &str = "x-cache-key";
/// In development, says which variable would let a refused browser origin in.
pub const CORS_HINT: &str = "x-valora-cors";
/// RFC 9421: what is signed and how.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// RFC 9421: the signature itself.
pub const SIGNATURE: &str = "signature";
/// RFC 9530: the digest of the body.
pub const CONTENT_DIGEST: &str = "content-digest";
/// Whom a signed request speaks for.
pub const CLIENT: &str = "x-valora-client";
/// Milliseconds that are left of a signed request's time.
pub const DEADLINE_MS: &str = "x-valora-deadline-ms";
/// The client's address as Cloudflare saw it.
pub const CF_CONNECTING_IP: &str = "cf-connecting-ip";
/// Fields with this start are ours alone and dropped when they come from outside.
pub const INTERNAL_PREFIX: &str = "x-valora-";
