//! valora-tests
