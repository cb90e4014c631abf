//! Why a source told nothing.

use std::{io, net::IpAddr};
use valora_shared::prices::UnreadablePrice;

/// Why a source told nothing. Shown to operators; holds no header and no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// An address that is not the public internet's.
    #[error("{0} is not a public address (SOURCES_ALLOW_PRIVATE=1 would allow it)")]
    PrivateAddress(IpAddr),
    /// No whole answer in time.
    #[error("no whole answer within {0} ms")]
    Timeout(u128),
    /// Its host has as many requests under way as it may.
    #[error("its host is busy with our other requests")]
    Busy,
    /// Not reached, or cut off.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// Answered, but not with a price.
    #[error("answered with status {0}")]
    Status(u16),
    /// It sends from place to place, or to something that is not http.
    #[error("redirects too often or to no http(s) URL")]
    Redirect,
    /// Too long a body.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// Bytes that are not what they are declared as.
    #[error("the text is not in the charset {0}")]
    Charset(String),
    /// No JSON.
    #[error("the body is no JSON: {0}")]
    Json(String),
    /// Nothing where the price should be.
    #[error("there is nothing at {0}")]
    NotFound(String),
    /// Something else than a price there.
    #[error("the text there {0}")]
    Price(#[from] UnreadablePrice),
    /// It says that nothing changed since an answer that is not known.
    #[error("answered 304 to a question without conditions")]
    NotModified,
    /// A file that cannot be read.
    #[error("{0}")]
    List(String),
    /// Ours: no client could be made.
    #[error("no HTTP client: {0}")]
    Client(String),
}

/// A name led to an address that may not be called; travels through reqwest's errors.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0} is not a public address")]
pub(super) struct PrivateAddress(pub(super) IpAddr);

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut innermost = String::new();
        while let Some(error) = cause {
            if let Some(PrivateAddress(address)) = error.downcast_ref() {
                return Self::PrivateAddress(*address);
            }
            innermost = error.to_string();
            // hyper's connector wraps the resolver's error in an io::Error.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(PrivateAddress(address)) = inner.and_then(|error| error.downcast_ref()) {
                return Self::PrivateAddress(*address);
            }
            cause = error.source();
        }
        Self::Unreachable(innermost)
    }
}
