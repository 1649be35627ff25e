//! The `Broker` trait, order and fill types, and the suite that every adapter must pass.
