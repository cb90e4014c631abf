//! valora-bench
