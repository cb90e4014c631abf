//! valora-origin
