//! The layers, ground first. A new crate gets a line here, or the check fails.

/// What a crate may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Character {
    /// Values in, values out: `no_std`, no I/O, clock, environment, thread, async, float, hash map.
    Pure,
    /// Files, but no network, clock or async.
    Offline,
    /// May run an async runtime and look at a clock at its edge.
    Runtime,
    /// A tool of the project, not part of the product.
    Tool,
}

/// The place of one crate.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrateRule {
    pub(super) name: &'static str,
    pub(super) folder: &'static str,
    /// An arrow points only to a smaller number.
    pub(super) layer: u8,
    pub(super) character: Character,
    /// The crates of the project that it may depend on.
    pub(super) may_use: &'static [&'static str],
}

const CORE: &str = "ios012-core";
const CONSTRAINTS: &str = "ios012-constraints";
const LINEAGE: &str = "ios012-lineage";
const CONTRACTS: &str = "ios012-contracts";
const SECRETS: &str = "ios012-secrets";
const GOVERNANCE: &str = "ios012-governance";
const BROKER: &str = "ios012-broker";
const PAPER: &str = "ios012-paper";
const ENGINE: &str = "ios012-engine";
const REPORT: &str = "ios012-report";
const CLI: &str = "ios012-cli";
const FORTRESS: &str = "ios012-fortress";
const SIMULATION: &str = "ios012-simulation";
const POSTGRES: &str = "ios012-postgres";
const CONFORMANCE: &str = "ios012-conformance";
const CANARY: &str = "ios012-canary";
const HOSTILE: &str = "ios012-hostile";
const POSTGRES_CLUSTER: &str = "ios012-postgres-cluster";
const VAULT_SERVER: &str = "ios012-vault-server";

/// Every crate of the project. Those that do not exist yet keep their place.
#[rustfmt::skip]
pub(super) const CRATES: [CrateRule; 20] = [
    place(CORE, "crates/core", 0, Character::Pure, &[]),
    place(CONSTRAINTS, "crates/constraints", 1, Character::Pure, &[CORE]),
    place(LINEAGE, "crates/lineage", 1, Character::Offline, &[CORE]),
    place(CONTRACTS, "crates/contracts", 2, Character::Offline, &[CORE, CONSTRAINTS, LINEAGE]),
    place(SECRETS, "crates/secrets", 2, Character::Runtime, &[CORE, LINEAGE]),
    place(GOVERNANCE, "crates/governance", 2, Character::Offline, &[CORE, CONSTRAINTS, LINEAGE]),
    place(BROKER, "adapters/broker", 3, Character::Runtime, &[CORE, CONSTRAINTS, LINEAGE]),
    place(PAPER, "adapters/paper", 4, Character::Runtime,
        &[CORE, CONSTRAINTS, LINEAGE, BROKER]),
    place(ENGINE, "crates/engine", 5, Character::Runtime,
        &[CORE, CONSTRAINTS, LINEAGE, CONTRACTS, SECRETS, GOVERNANCE, BROKER]),
    place(REPORT, "crates/report", 6, Character::Offline,
        &[CORE, CONSTRAINTS, LINEAGE, CONTRACTS]),
    // It uses no more than that: documents of tables are made by the parsers of contracts, so that there is one
    // way of validating. Its tests run the engine over it.
    place(POSTGRES, "adapters/postgres", 6, Character::Runtime, &[CORE, LINEAGE, CONTRACTS]),
    place(CLI, "crates/cli", 7, Character::Runtime,
        &[CORE, CONSTRAINTS, LINEAGE, CONTRACTS, SECRETS, GOVERNANCE, BROKER, PAPER, ENGINE, REPORT, POSTGRES]),
    place(FORTRESS, "crates/fortress", 8, Character::Runtime,
        &[CORE, CONSTRAINTS, LINEAGE, CONTRACTS, GOVERNANCE, BROKER, PAPER, ENGINE, REPORT]),
    place(SIMULATION, "crates/simulation", 8, Character::Runtime,
        &[CORE, CONSTRAINTS, LINEAGE, CONTRACTS, BROKER, ENGINE]),
    place(CONFORMANCE, "crates/conformance", 6, Character::Tool,
        &[CORE, LINEAGE, CONTRACTS, BROKER, PAPER, ENGINE]),
    place(CANARY, "crates/canary", 0, Character::Tool, &[]),
    place(HOSTILE, "crates/hostile", 0, Character::Tool, &[]),
    place(POSTGRES_CLUSTER, "crates/postgres_cluster", 0, Character::Tool, &[]),
    place(VAULT_SERVER, "crates/vault_server", 0, Character::Tool, &[]),
    place("ios012-xtask", "xtask", 9, Character::Tool, &[]),
];

/// Crates that only tests use; any test may depend on them, whatever its layer.
pub(super) const TEST_HELPERS: [&str; 5] =
    [CANARY, CONFORMANCE, HOSTILE, POSTGRES_CLUSTER, VAULT_SERVER];

/// What a pure crate may use from outside: arithmetic, time as data, errors, serialisation.
pub(super) const PURE_EXTERNAL: [&str; 6] = [
    "ethnum",
    "itoa",
    "jiff",
    "rust_decimal",
    "serde",
    "thiserror",
];

/// Runtimes: only crates of the character [`Character::Runtime`] have one.
pub(super) const ASYNC_RUNTIMES: [&str; 6] = [
    "async-std",
    "futures",
    "futures-executor",
    "smol",
    "tokio",
    "tokio-util",
];

/// The crates that may open a connection: one door for the product to the web and one to its database, and
/// a server for tests.
pub(super) const NETWORK_DOORS: [&str; 3] = [SECRETS, POSTGRES, HOSTILE];

/// Whatever opens a connection.
pub(super) const NETWORK: [&str; 13] = [
    "curl",
    "hyper",
    "hyper-util",
    "native-tls",
    "openssl",
    "postgres",
    "reqwest",
    "rustls",
    "tokio-postgres",
    "tokio-tungstenite",
    "tonic",
    "ureq",
    "vaultrs",
];

const fn place(
    name: &'static str,
    folder: &'static str,
    layer: u8,
    character: Character,
    may_use: &'static [&'static str],
) -> CrateRule {
    CrateRule {
        name,
        folder,
        layer,
        character,
        may_use,
    }
}

/// The rule of a crate, if the table has one.
pub(super) fn of<'rules>(rules: &'rules [CrateRule], name: &str) -> Option<&'rules CrateRule> {
    rules.iter().find(|rule| rule.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_itself_points_downward() {
        for rule in &CRATES {
            for used in rule.may_use {
                let below = of(&CRATES, used).map(|used| used.layer);
                assert!(below < Some(rule.layer), "{} -> {used}", rule.name);
                assert!(below.is_some(), "{used} is not in the table");
            }
        }
    }

    #[test]
    fn only_core_and_constraints_are_pure() {
        let pure: Vec<&str> = CRATES
            .iter()
            .filter(|rule| rule.character == Character::Pure)
            .map(|rule| rule.name)
            .collect();
        assert_eq!(pure, [CORE, CONSTRAINTS]);
    }
}
