//! Two processes on one portfolio: one is paused with SIGSTOP past its lease, the other takes over, and the
//! first goes on where it stood. Without the test harness: this program is both the test and its workers.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may stop, and says what it shows"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use ios012_conformance::records::{notes, portfolio};
use ios012_conformance::{acquired, is_held};
use ios012_lineage::store::Store as _;
use ios012_lineage::{LedgerStatus, verify};
use ios012_postgres::{Access, ConnectionParameters, PostgresStore, Settings, migrate};
use ios012_postgres_cluster::Cluster;

const LEASE: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_millis(900);

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--worker") {
        work(arguments.next().expect("the parameters"));
    } else {
        a_paused_worker_is_refused_by_the_database();
        println!("takeover: a paused worker is refused by the database ... ok");
    }
}

/// Acquires, and then for each line that comes in appends it and prints the answer.
fn work(parameters: String) {
    let parameters = ConnectionParameters::parse(parameters).expect("good parameters");
    let settings = Settings::new(LEASE, ANSWER).expect("good times");
    let mut store =
        PostgresStore::new(parameters, settings, Access::Writer, portfolio()).expect("a thread");
    let mut chain = acquired(&mut store);
    println!("epoch {}", chain.epoch());
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        if line == "renew" {
            println!("{:?}", store.renew());
        } else {
            println!("{:?}", store.append(&[], &notes(&mut chain, &[&line])));
        }
    }
}

/// A worker in a process of its own. It is killed when it is dropped.
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(parameters: &str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["--worker", parameters])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a worker");
        Self {
            input: child.stdin.take().expect("piped"),
            output: BufReader::new(child.stdout.take().expect("piped")),
            child,
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("a worker that reads");
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .expect("a worker that answers");
        line.trim_end().to_owned()
    }

    fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let status = Command::new("kill").args([name, &process]).status();
        assert!(status.expect("kill starts").success());
    }

    /// The state letter of proc(5): `T` is stopped.
    fn state(&self) -> char {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("a process");
        let after_name = stat.rsplit(") ").next().expect("a state");
        after_name.chars().next().expect("a letter")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn a_paused_worker_is_refused_by_the_database() {
    let cluster = Cluster::start();
    let name = cluster.new_database();
    let parameters = cluster.parameters(&name, "postgres");
    let parse = || ConnectionParameters::parse(parameters.clone()).expect("good parameters");
    migrate(&parse()).expect("an empty database");
    let mut paused = Worker::start(&parameters);
    assert_eq!(paused.hear(), "epoch 1");
    assert_eq!(paused.ask("before"), "Ok(Appended)");

    paused.signal("-STOP");
    while paused.state() != 'T' {
        std::thread::sleep(Duration::from_millis(10));
    }
    // It is told to append while it is paused: when it wakes it knows of no time that has passed.
    paused.say("late");
    let settings = Settings::new(LEASE, ANSWER).expect("good times");
    let mut early =
        PostgresStore::new(parse(), settings, Access::Writer, portfolio()).expect("a thread");
    assert!(is_held(&mut early), "its lease has not run out");
    std::thread::sleep(LEASE + Duration::from_millis(300));
    let mut other = Worker::start(&parameters);
    assert_eq!(other.hear(), "epoch 2");
    assert_eq!(other.ask("taken over"), "Ok(Appended)");

    paused.signal("-CONT");
    assert_eq!(paused.hear(), "Ok(Fenced)");
    assert_eq!(paused.ask("renew"), "Ok(Fenced)");
    assert_eq!(paused.ask("later"), "Ok(Fenced)");
    assert_eq!(other.ask("and on"), "Ok(Appended)");

    let directory = tempfile::tempdir().expect("a directory");
    let exported = directory.path().join("export");
    let head = early.export(&exported).expect("it works");
    let report = verify(&exported, None).expect("the chain verifies");
    assert_eq!(report.status, LedgerStatus::Complete);
    assert_eq!(
        (report.records, report.head, report.epoch),
        (head.0, head.1, 2)
    );
    let lines: String = ["000001.ledger", "000002.ledger"]
        .map(|file| std::fs::read_to_string(exported.join(file)).expect("a segment"))
        .concat();
    for (text, is_there) in [
        ("before", 1),
        ("late", 0),
        ("taken over", 1),
        ("later", 0),
        ("and on", 1),
    ] {
        let value = format!(r#""value":"{text}""#);
        assert_eq!(lines.matches(&value).count(), is_there, "{text}");
    }
}
