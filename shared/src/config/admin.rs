//! Settings both sides need: who may administer without an account.

use crate::trust::SharedSecret;

crate::section! {
    /// Administration without an account; the same at the edge and at the origin.
    pub struct AdminConfig("Administration") {
        /// A token that opens every admin route, for scripts and for the time before there is an admin account. Without
        /// it only accounts of role admin do.
        pub admin_token: Option<SharedSecret>, var "ADMIN_TOKEN", secret;
    }
}
