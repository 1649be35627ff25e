//! A fund with keys made by `ssh-keygen`, and the oracle `ssh-keygen -Y verify`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output, Stdio};
use std::sync::OnceLock;

use ios012_core::{PortfolioId, UtcTime};
use ios012_governance::{
    AuthorisedCommand, CommandDraft, Context, GovernanceError, Roles, authorise,
};
use ios012_lineage::sha256;
use tempfile::TempDir;

pub(crate) const COMMAND: &str = "command@ios-012";
/// When people and keys of the fund count.
pub(crate) const FROM: &str = "2026-01-01T00:00:00.000Z";
pub(crate) const UNTIL: &str = "2027-01-01T00:00:00.000Z";
/// When the commands of the tests are issued, and judged.
pub(crate) const ISSUED: &str = "2026-06-01T10:00:00.000Z";
pub(crate) const NOW: &str = "2026-06-01T12:00:00.000Z";

/// Person, roles and rights.
const PERSONS: [(&str, &str, &str); 7] = [
    ("chief", "CEO", "tighten loosen_black"),
    (
        "vera",
        "VEGA",
        "tighten loosen_yellow loosen_orange loosen_red",
    ),
    (
        "stig",
        "STIG",
        "tighten loosen_yellow loosen_orange loosen_red",
    ),
    (
        "dora",
        "VEGA STIG",
        "tighten loosen_yellow loosen_orange loosen_red",
    ),
    ("lars", "LARS", ""),
    ("oper", "OPERATOR", "tighten"),
    ("idle", "STIG", ""),
];

/// The keys of a fund, in a folder that ends with the tests.
pub(crate) struct Fund {
    folder: TempDir,
    pub(crate) roles_text: String,
    pub(crate) roles: Roles,
}

pub(crate) fn time(text: &str) -> UtcTime {
    text.parse().expect("a time")
}

/// One fund for all tests: making keys takes time.
pub(crate) fn fund() -> &'static Fund {
    static FUND: OnceLock<Fund> = OnceLock::new();
    FUND.get_or_init(Fund::make)
}

impl Fund {
    fn make() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (person, _, _) in PERSONS {
            make_key(&folder.path().join(person), "ed25519");
        }
        make_key(&folder.path().join("outsider"), "ed25519");
        let persons: Vec<String> = PERSONS
            .iter()
            .map(|(person, roles, may)| {
                let key = public_text(&folder.path().join(person));
                person_row(person, roles, may, &key_row(&key, FROM, UNTIL))
            })
            .collect();
        let roles_text = roles_text(&persons, "2");
        Self {
            roles: Roles::parse(roles_text.as_bytes()).expect("the roles file of the tests"),
            folder,
            roles_text,
        }
    }

    pub(crate) fn key(&self, person: &str) -> PathBuf {
        self.folder.path().join(person)
    }

    /// A detached signature, by `ssh-keygen`.
    pub(crate) fn sign(&self, person: &str, message: &[u8]) -> Vec<u8> {
        sign(&self.key(person), COMMAND, message, "sha512")
    }

    /// Signs a command by these persons and has it authorised.
    pub(crate) fn order(
        &self,
        draft: &CommandDraft,
        signers: &[&str],
    ) -> Result<AuthorisedCommand, GovernanceError> {
        self.order_at(draft, signers, NOW)
    }

    pub(crate) fn order_at(
        &self,
        draft: &CommandDraft,
        signers: &[&str],
        as_of: &str,
    ) -> Result<AuthorisedCommand, GovernanceError> {
        let text = draft.to_text()?;
        let signatures: Vec<Vec<u8>> = signers
            .iter()
            .map(|person| self.sign(person, text.as_bytes()))
            .collect();
        let signatures: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
        authorise(text.as_bytes(), &signatures, &self.roles, context(as_of))
    }
}

pub(crate) fn context(as_of: &str) -> Context<'static> {
    static PORTFOLIO: OnceLock<PortfolioId> = OnceLock::new();
    Context {
        portfolio: PORTFOLIO.get_or_init(|| "fund-1".parse().expect("an id")),
        as_of: time(as_of),
    }
}

/// A step from RED to ORANGE, issued by `vera`.
pub(crate) fn draft() -> CommandDraft {
    CommandDraft {
        portfolio_id: "fund-1".parse().expect("an id"),
        from: "RED".parse().expect("a level"),
        to: "ORANGE".parse().expect("a level"),
        red_action: None,
        answers: Some(sha256(b"the trip")),
        reason: "prices_confirmed".parse().expect("a code"),
        evidence: "second source agrees, \"ticket\" 4711"
            .parse()
            .expect("a text"),
        issuer: "vera".parse().expect("a code"),
        issued_at: time(ISSUED),
        valid_until: time("2026-06-02T10:00:00.000Z"),
    }
}

pub(crate) fn key_row(public_key: &str, from: &str, until: &str) -> String {
    format!(r#"{{"public_key": "{public_key}", "valid_from": "{from}", "valid_until": "{until}"}}"#)
}

/// Roles and rights are given with spaces between them.
pub(crate) fn person_row(person: &str, roles: &str, may: &str, keys: &str) -> String {
    let list = |words: &str| {
        let words: Vec<String> = words
            .split_whitespace()
            .map(|word| format!("{word:?}"))
            .collect();
        words.join(", ")
    };
    format!(
        r#"{{"person_id": "{person}", "roles": [{}], "may": [{}], "keys": [{keys}],
            "valid_from": "{FROM}", "valid_until": "{UNTIL}"}}"#,
        list(roles),
        list(may)
    )
}

pub(crate) fn roles_text(persons: &[String], for_red: &str) -> String {
    format!(
        r#"{{"schema": "ios012.roles.v1", "persons": [{}], "thresholds": [
            {{"action": "tighten", "persons": "1"}},
            {{"action": "loosen_yellow", "persons": "1"}},
            {{"action": "loosen_orange", "persons": "2"}},
            {{"action": "loosen_red", "persons": "{for_red}"}},
            {{"action": "loosen_black", "persons": "1"}}]}}"#,
        persons.join(",\n")
    )
}

pub(crate) fn make_key(path: &Path, kind: &str) {
    let mut program = ssh_keygen();
    program
        .args(["-q", "-t", kind, "-N", "", "-C", "a test", "-f"])
        .arg(path);
    finish(&mut program, b"");
}

/// The first two words of the public key file.
pub(crate) fn public_text(key: &Path) -> String {
    let text = std::fs::read_to_string(key.with_extension("pub")).expect("a public key");
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    words.join(" ")
}

pub(crate) fn sign(key: &Path, namespace: &str, message: &[u8], hash: &str) -> Vec<u8> {
    let mut program = ssh_keygen();
    program.args([
        "-q",
        "-Y",
        "sign",
        "-n",
        namespace,
        "-O",
        &format!("hashalg={hash}"),
        "-f",
    ]);
    let output = finish(program.arg(key), message);
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// What `ssh-keygen -Y verify` says, at a time written as `20260601120000Z`.
pub(crate) fn oracle(
    allowed_signers: &str,
    person: &str,
    namespace: &str,
    message: &[u8],
    signature: &[u8],
    at: &str,
) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (signers, armour) = (folder.path().join("signers"), folder.path().join("sig"));
    std::fs::write(&signers, allowed_signers).expect("written");
    std::fs::write(&armour, signature).expect("written");
    let mut program = ssh_keygen();
    program.args(["-q", "-Y", "verify", "-I", person, "-n", namespace]);
    program
        .args(["-O", &format!("verify-time={at}"), "-f"])
        .arg(&signers)
        .arg("-s")
        .arg(&armour);
    let output = finish(&mut program, message);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !said.contains("usage:") && !said.contains("Invalid argument"),
        "{said}"
    );
    output.status.success()
}

fn ssh_keygen() -> Process {
    let mut program = Process::new("ssh-keygen");
    program.env("TZ", "UTC");
    program
}

fn finish(program: &mut Process, input: &[u8]) -> Output {
    program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = program
        .spawn()
        .expect("ssh-keygen is needed: install the Debian package openssh-client");
    // The program may end before it has read everything.
    _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("ssh-keygen ends")
}
