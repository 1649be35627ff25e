//! Governance: the roles file, commands and signatures, judged against `ssh-keygen`.
//!
//! Keys are made by `ssh-keygen` when the tests run (Debian package `openssh-client`); without it
//! they fail.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod base64;
mod changes;
mod commands;
mod differential;
mod docs;
mod machine;
mod roles;
mod schemas;
mod security_key;
mod support;
