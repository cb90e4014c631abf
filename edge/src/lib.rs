//! valora-edge
