//! Which requests the cache looks at.

use crate::http::is_admin_path;

/// Why a request goes past the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// Only GET and HEAD are answered from the cache.
    Method,
    /// Not under `/api/`, or on the list of paths never stored.
    Route,
    /// The request carries credentials, so its answer may be for one client alone.
    Credentials,
}

/// Path prefixes that are never stored (design: cache.md).
const NEVER_STORED: [&str; 4] = ["/api/health", "/api/auth/", "/api/admin/", "/api/blockchain/"];

/// Whether an answer may come from the cache, going by method, path and whether there is an Authorization.
///
/// # Errors
/// The reason why not.
pub fn is_cached_route(method: &str, path: &str, has_authorization: bool) -> Result<(), Bypass> {
    if !matches!(method, "GET" | "HEAD") {
        Err(Bypass::Method)
    } else if !path.starts_with("/api/")
        || NEVER_STORED.iter().any(|never| path.starts_with(never))
        || is_admin_path_in_disguise(path)
    {
        Err(Bypass::Route)
    } else if has_authorization {
        Err(Bypass::Credentials)
    } else {
        Ok(())
    }
}

/// The part of a path that its route shares with others of its kind: `/api/products` of `/api/products/1/price`.
pub fn route_of(path: &str) -> &str {
    let end = path.match_indices('/').nth(2).map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or(path)
}

/// Whether a path is an admin one in another spelling. Decoding costs more than a HIT may, so it is done only where
/// there is something that could be a disguise.
fn is_admin_path_in_disguise(path: &str) -> bool {
    let is_strange = |byte: u8| matches!(byte, b'%' | b'\\') || byte.is_ascii_uppercase();
    (path.bytes().any(is_strange)
        || path.as_bytes().windows(2).any(|two| two == b"//")
        || path == "/api/admin")
        && is_admin_path(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_prices_are_cached_and_private_things_never() {
        for path in ["/api/products", "/api/products/1/price", "/api/price/1", "/api/prices"] {
            assert_eq!(is_cached_route("GET", path, false), Ok(()), "{path}");
        }
        for path in
            ["/", "/metrics", "/api/health", "/api/health/detailed", "/api/auth/me", "/api/admin/x", "/api"]
        {
            assert_eq!(is_cached_route("GET", path, false), Err(Bypass::Route), "{path}");
        }
        for path in ["/api/admin", "/api/%61dmin/x", "/api//admin/x", "/api/Admin/x", "/api/admin%2fx"] {
            assert_eq!(is_cached_route("GET", path, false), Err(Bypass::Route), "{path}");
        }
        assert_eq!(is_cached_route("GET", "/api/products/A%20b", false), Ok(()));
        assert_eq!(is_cached_route("POST", "/api/price", false), Err(Bypass::Method));
        assert_eq!(is_cached_route("HEAD", "/api/products", false), Ok(()));
        assert_eq!(route_of("/api/products/1/price"), "/api/products");
        assert_eq!((route_of("/api"), route_of("/api/x")), ("/api", "/api/x"));
        assert_eq!(is_cached_route("GET", "/api/products", true), Err(Bypass::Credentials));
    }
}
