//! The cases that every store passes.

use crate::place::Database;

ios012_conformance::conformance!(Database::new());
ios012_conformance::takeover!(Database::new());
