//! Settings both sides need: what a request may be.

use super::Bounded;

crate::section! {
    /// Limits of a request; the same at the edge and at the origin.
    pub struct RequestConfig("Requests") {
        /// Bytes a request body may have; above it the answer is 413.
        pub max_request_size: Bounded<1_024, 104_857_600>, var "MAX_REQUEST_SIZE" = "1048576";
    }
}
