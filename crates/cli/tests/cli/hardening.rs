//! What the process gives away of itself: no core file, no memory to others of its user, no text of a panic; and
//! what it does not start beside.

#[path = "../../src/residue.rs"]
mod residue;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::scenario::Scenario;
use crate::support::{Ran, cycle, ios012};

/// `nobody`; a test that runs as root sees root's files wherever it looks.
const NOBODY: u32 = 65_534;

/// Of `fcntl.h` on Linux: a pipe that nobody reads is an error at once.
const O_NONBLOCK: i32 = 0o4000;

/// A folder that `nobody` may use, with a copy of the program, and a pipe at which the program waits.
struct Place {
    folder: tempfile::TempDir,
    verifier_key: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let key = folder.path().join("key");
        let made = ios012(["checkpoint", "new-key", "fund.example/a", "--key"])
            .arg(key)
            .output();
        let verifier_key = Ran::of(made.unwrap()).exits(0).stdout.trim().to_owned();
        let place = Self {
            folder,
            verifier_key,
        };
        fs::copy(env!("CARGO_BIN_EXE_ios012"), place.program()).unwrap();
        let made = Command::new("mkfifo")
            .args(["-m", "666"])
            .arg(place.pipe())
            .status();
        assert!(made.unwrap().success());
        place
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn program(&self) -> PathBuf {
        self.path().join("ios012")
    }

    fn pipe(&self) -> PathBuf {
        self.path().join("proof")
    }

    /// The program, which has begun and waits for the rest of a proof.
    fn waiting(&self) -> (Child, File) {
        let mut child = self.unlimited(&self.program());
        child.arg("verify-proof").arg(self.pipe());
        child.args(["--verifier-key", &self.verifier_key]);
        let mut child = child.spawn().unwrap();
        // It opens once the program reads, which is long after its first step.
        let mut proof = OpenOptions::new();
        proof.write(true).custom_flags(O_NONBLOCK);
        loop {
            if let Ok(proof) = proof.open(self.pipe()) {
                return (child, proof);
            }
            assert_eq!(child.try_wait().unwrap(), None, "it does not wait");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A program in this folder that may write core files of any size, and is not root's.
    fn unlimited(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -c unlimited && exec "$0" "$@""#]);
        command.arg(program).current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    #[expect(clippy::disallowed_methods, reason = "they are counted")]
    fn core_files(&self) -> usize {
        let names = fs::read_dir(self.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with("core"))
            .count()
    }
}

fn end(mut child: Child, signal: &str) -> ExitStatus {
    let kill = format!("kill -{signal} {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    child.wait().unwrap()
}

/// Who owns a process's memory: root once it is not dumpable, else its user.
fn owner_of_memory(child: &Child) -> u32 {
    let memory = format!("/proc/{}/mem", child.id());
    fs::metadata(memory).unwrap().uid()
}

fn core_limits(child: &Child) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"));
    let words = line.unwrap().split_whitespace();
    words.take(2).map(str::to_owned).collect()
}

/// The control is a program that does nothing about it, in the same folder with the same limits.
#[test]
fn memory_is_neither_read_by_others_nor_written_into_a_core_file() {
    let place = Place::new();
    // Both would write a core file. (A program in the background may have been started deaf to SIGQUIT, and Rust's own
    // handler takes a SIGSEGV that comes from outside.)
    let signals = [("ABRT", 6), ("TRAP", 5)];
    for (name, number) in signals {
        let (child, _proof) = place.waiting();
        assert_eq!(owner_of_memory(&child), 0, "others may read it");
        assert_eq!(core_limits(&child), ["0", "0"]);
        let ended = end(child, name);
        assert_eq!(ended.signal(), Some(number));
        assert!(!ended.core_dumped(), "{name}");
    }
    assert_eq!(place.core_files(), 0);

    for (name, number) in signals {
        let control = place
            .unlimited(Path::new("sleep"))
            .arg("60")
            .spawn()
            .unwrap();
        while !fs::read_to_string(format!("/proc/{}/comm", control.id()))
            .is_ok_and(|it| it == "sleep\n")
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_ne!(owner_of_memory(&control), 0, "the control shows nothing");
        assert_eq!(core_limits(&control), ["unlimited", "unlimited"]);
        let ended = end(control, name);
        assert_eq!(ended.signal(), Some(number));
        assert!(
            ended.core_dumped(),
            "no program leaves a core here: see /proc/sys/kernel/core_pattern and the hard limit"
        );
    }
    // Where the pattern is a relative name the file is here; else a program or another folder has it.
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    if pattern.starts_with("core") {
        assert!(place.core_files() > 0, "{pattern}");
    }
}

#[test]
fn it_does_not_start_beside_a_refused_variable() {
    let scenario = Scenario::golden("quickstart");
    for name in [
        "SSLKEYLOGFILE",
        "VAULT_SKIP_VERIFY",
        "BAO_SKIP_VERIFY",
        "VAULT_TOKEN",
        "BAO_TOKEN",
    ] {
        for value in ["", "CANARY-2210"] {
            let command = |options: &[&str]| {
                let mut command = ios012(["backtest"]);
                command.args(options).arg(scenario.path());
                command.arg("--ledger").arg(scenario.ledger());
                command.env(name, value);
                Ran::of(command.output().unwrap()).exits(2)
            };
            let ran = command(&[]);
            let told = format!("error: {name} is in the environment: ");
            assert!(ran.stderr.starts_with(&told), "{ran:#?}");
            assert!(ran.stderr.contains(&format!("env -u {name} ")), "{ran:#?}");
            assert!(
                !ran.stderr.contains("CANARY") && ran.stdout.is_empty(),
                "{ran:#?}"
            );
            let ran = command(&["--json"]);
            assert_eq!(ran.object()["exit_code"], "2");
            assert!(
                !ran.stdout.contains("CANARY") && ran.stderr.is_empty(),
                "{ran:#?}"
            );
        }
    }
    assert!(!scenario.ledger().exists(), "nothing is written");
}

/// A stack that no machine has makes the standard library panic where a thread is started.
#[test]
fn a_panic_tells_its_place_and_ends_as_an_internal_error() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    for backtrace in ["0", "1", "full"] {
        let output = ios012(["report", "--json"])
            .arg(&ledger)
            .env("RUST_MIN_STACK", (1_u64 << 62).to_string())
            .env("RUST_BACKTRACE", backtrace)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("panicked at "), "{stderr}");
        let end = " in thread main: a defect; please report this line (SECURITY.md)\n";
        assert!(stderr.ends_with(end), "{stderr}");
        for payload in ["spawn", "Os {", "unavailable"] {
            assert!(!stderr.contains(payload), "{stderr}");
        }
        assert_eq!(output.status.code(), Some(1));
        let stdout = String::from_utf8(output.stdout).unwrap();
        let object = r#"{"error":"the program panicked (a defect)","exit_code":"1"}"#;
        assert_eq!(stdout, format!("{object}\n"));
    }
}

/// This program has the usual allocator. The test of the same name without `usual` is the binary's own.
#[test]
fn the_usual_allocator_leaves_what_was_dropped() {
    let left = residue::of_a_dropped_text();
    let left = String::from_utf8_lossy(&left);
    assert!(left.contains("CANARY-4417"), "{left}");
}
