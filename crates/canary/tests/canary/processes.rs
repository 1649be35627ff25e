//! The memory, environment, arguments and core file of a child.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use ios012_canary::{
    Canaries, CanaryError, Control, Encoding, Kind, ProcessMemory, Search, core_file_of,
};

const HOLDER: &str = env!("CARGO_BIN_EXE_canary-holder");

/// `SIGABRT`, signal(7).
const ABORTED: i32 = 6;

/// A child that holds bytes; it ends with the test.
struct Holder {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Holder {
    fn start(command: &mut Command, held: &[u8]) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let answers = BufReader::new(answers);
        let mut holder = Self {
            child,
            orders,
            answers,
        };
        holder.order(format!("{}\n", held.len()).as_bytes());
        holder.order(held);
        holder.answer();
        holder
    }

    fn id(&self) -> u32 {
        self.child.id()
    }

    fn order(&mut self, order: &[u8]) {
        self.orders.write_all(order).unwrap();
    }

    fn answer(&mut self) {
        let mut line = String::new();
        assert!(
            self.answers.read_line(&mut line).unwrap() > 0,
            "the child has ended"
        );
    }

    /// Kills it and leaves it to be waited for.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        // Its output ends when the kernel has taken its memory and files away.
        assert_eq!(self.answers.read_line(&mut String::new()).unwrap(), 0);
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_value_in_memory_is_found_until_it_is_overwritten() {
    let canaries = Canaries::new().unwrap();
    let mut holder = Holder::start(
        &mut Command::new(HOLDER),
        canaries.bytes(Kind::SigningKey).unwrap(),
    );
    let memory = ProcessMemory::open(holder.id()).unwrap();
    let mut search = Search::new(&canaries).unwrap();
    let mut live = search.empty();
    live.memory("live", &memory).unwrap();
    assert_eq!(live.report().times(Kind::SigningKey, Encoding::Raw), 1);
    let [finding] = live.report().findings() else {
        panic!("one finding");
    };
    assert_eq!(finding.source, "live: [heap]");
    holder.order(b"w");
    holder.answer();
    search.memory("after", &memory).unwrap();
    assert_eq!(search.report().findings(), []);
    assert!(
        search.report().bytes() > 1 << 20,
        "the libraries alone have more"
    );
    let leak = |probe: &mut Search<'_>, leaks: &[u8]| {
        let holder = Holder::start(&mut Command::new(HOLDER), leaks);
        probe.memory("live", &ProcessMemory::open(holder.id())?)
    };
    search
        .control_at_once(&Control::new("memory"), leak)
        .unwrap();
    search.report().finish().unwrap();
}

#[test]
fn the_environment_and_the_arguments_are_searched() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    let with = |environment: &str, argument: &str| {
        let mut command = Command::new(HOLDER);
        command.env_clear().env("VALUE", environment).arg(argument);
        Holder::start(&mut command, b"")
    };
    let value = canaries.text(Kind::EnvironmentValue).unwrap();
    let in_environment = with(value, "x");
    let mut probe = search.empty();
    probe
        .command_line("arguments", in_environment.id())
        .unwrap();
    assert_eq!(probe.report().findings(), []);
    probe
        .environment("environment", in_environment.id())
        .unwrap();
    assert_eq!(
        probe.report().times(Kind::EnvironmentValue, Encoding::Raw),
        1
    );
    assert_eq!(probe.report().findings()[0].offset, 6);
    let in_arguments = with("x", value);
    let mut probe = search.empty();
    probe.environment("environment", in_arguments.id()).unwrap();
    assert_eq!(probe.report().findings(), []);
    probe.command_line("arguments", in_arguments.id()).unwrap();
    assert_eq!(
        probe.report().times(Kind::EnvironmentValue, Encoding::Raw),
        1
    );

    let clean = with("x", "x");
    search.environment("environment", clean.id()).unwrap();
    search.command_line("arguments", clean.id()).unwrap();
    search.control_bytes().unwrap();
    let control = Control::new("process").without_zero_bytes();
    let refused = search.report().finish();
    assert!(matches!(
        refused,
        Err(CanaryError::UncontrolledChannel { .. })
    ));
    let leak = |probe: &mut Search<'_>, leaks: &[u8]| {
        let leaks = String::from_utf8_lossy(leaks);
        let holder = with(&leaks, &leaks);
        probe.environment("environment", holder.id())?;
        probe.command_line("arguments", holder.id())
    };
    search.control_at_once(&control, leak).unwrap();
    search.report().finish().unwrap();
}

#[test]
fn a_child_without_environment_was_searched() {
    let canaries = Canaries::new().unwrap();
    let holder = Holder::start(Command::new(HOLDER).env_clear(), b"");
    let mut search = Search::new(&canaries).unwrap();
    search.environment("environment", holder.id()).unwrap();
    assert_eq!((search.report().outputs(), search.report().bytes()), (1, 0));
}

#[test]
fn a_process_that_has_ended_is_an_error() {
    let canaries = Canaries::new().unwrap();
    let mut holder = Holder::start(&mut Command::new(HOLDER), b"");
    let pid = holder.id();
    let memory = ProcessMemory::open(pid).unwrap();
    holder.kill();
    let ended = |result| {
        matches!(
            result,
            Err(CanaryError::Ended { .. } | CanaryError::Unreadable { .. })
        )
    };
    let search = Search::new(&canaries).unwrap();
    // Nobody has waited for it yet, and the kernel shows it with nothing in it.
    assert!(ended(search.empty().memory("memory", &memory)));
    assert!(ended(search.empty().environment("environment", pid)));
    assert!(ended(search.empty().command_line("arguments", pid)));
    holder.child.wait().unwrap();
    assert!(ended(search.empty().memory("memory", &memory)));
    assert!(ended(search.empty().environment("environment", pid)));
    assert!(ended(ProcessMemory::open(pid).map(drop)));
}

#[test]
fn the_own_memory_is_refused() {
    let own = ProcessMemory::open(std::process::id());
    assert!(matches!(own, Err(CanaryError::OwnProcess)));
}

#[test]
fn a_core_file_is_searched() {
    let canaries = Canaries::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    let held = canaries.bytes(Kind::ApiSecret).unwrap();
    let file = core_of(folder.path(), held, b"a");
    let mut live = search.empty();
    live.core_file("core", &file).unwrap();
    assert_eq!(live.report().times(Kind::ApiSecret, Encoding::Raw), 1);
    std::fs::remove_file(&file).unwrap();

    let file = core_of(folder.path(), held, b"wa");
    search.core_file("core", &file).unwrap();
    assert_eq!(search.report().findings(), []);
    let length = std::fs::metadata(&file).unwrap().len();
    let cut = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    cut.set_len(length - 1).unwrap();
    let refused = search.empty().core_file("core", &file);
    assert!(matches!(refused, Err(CanaryError::CoreTruncated { .. })));
    let refused = search.empty().core_file("core", Path::new(HOLDER));
    assert!(matches!(refused, Err(CanaryError::NotACore { .. })));
    std::fs::remove_file(&file).unwrap();

    let leak = |probe: &mut Search<'_>, leaks: &[u8]| {
        let file = core_of(folder.path(), leaks, b"a");
        let searched = probe.core_file("core", &file);
        std::fs::remove_file(&file).unwrap();
        searched
    };
    search.control_at_once(&Control::new("core"), leak).unwrap();
    search.report().finish().unwrap();
}

/// The core file of a child which held these bytes and got these orders, the last of them to abort.
fn core_of(folder: &Path, held: &[u8], orders: &[u8]) -> std::path::PathBuf {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\"", HOLDER]);
    let mut holder = Holder::start(command.current_dir(folder), held);
    holder.order(orders);
    let status = holder.child.wait().unwrap();
    assert_eq!(status.signal(), Some(ABORTED));
    assert!(
        status.core_dumped(),
        "no core file: the hard limit of core files must be unlimited"
    );
    match core_file_of(holder.id(), folder) {
        Ok(file) => file,
        Err(error) => panic!("{error}"),
    }
}
