//! Which paths are for admins.

use percent_encoding::percent_decode_str;

/// What lies under this is for admins.
const PREFIX: [&str; 2] = ["api", "admin"];

/// Whether a path is an admin one, in whatever spelling: a router that came to read paths more loosely than today's
/// must not open a door here.
pub fn is_admin_path(path: &str) -> bool {
    below_admin(path).is_some()
}

/// The first segment below `/api/admin`, in whatever spelling, decoded and in lower case: `audit` of
/// `/api/admin/audit?x`, nothing of `/api/admin` itself. `None` for a path that is not for admins.
pub fn below_admin(path: &str) -> Option<Option<String>> {
    let decoded = percent_decode_str(path).decode_utf8_lossy().to_ascii_lowercase();
    let mut segments = decoded.split(['/', '\\']).filter(|segment| !segment.is_empty() && *segment != ".");
    let is_admin = PREFIX.iter().all(|segment| segments.next() == Some(segment));
    is_admin.then(|| segments.next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_path_is_one_in_every_spelling() {
        for admin in [
            "/api/admin",
            "/api/admin/",
            "/api/admin/users",
            "//api//admin/x",
            "/api/%61dmin/users",
            "/API/Admin/x",
            "/api/admin%2fusers",
            "/./api/./admin",
            "\\api\\admin",
        ] {
            assert!(is_admin_path(admin), "{admin}");
        }
        for other in
            ["/", "/api", "/api/products", "/api/administration", "/admin", "/x/api/admin", "/api/%ff"]
        {
            assert!(!is_admin_path(other), "{other}");
        }
    }

    #[test]
    fn the_segment_below_is_read_in_every_spelling() {
        for path in ["/api/admin/audit", "/api/admin//Audit/", "/api/admin/%61udit/x", "/api/admin%2faudit"] {
            assert_eq!(below_admin(path), Some(Some("audit".to_owned())), "{path}");
        }
        assert_eq!(below_admin("/api/admin/"), Some(None));
        assert_eq!(below_admin("/api/audit"), None);
    }
}
