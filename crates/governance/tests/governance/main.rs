//! Governance: the roles file, commands and signatures, judged against `ssh-keygen`.
//!
//! Keys are made by `ssh-keygen` when the tests run (Debian package `openssh-client`); without it
//! they fail.

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
