//! valora-shared
