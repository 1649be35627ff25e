//! Whether an old key is still in the memory of the program that used it, as its parent sees it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ios012_secrets::{Credential, Keyring, Paper};
use tokio::runtime::Builder;

use crate::house::{House, begin, later, start, taken};

/// The word that makes this program the one that works.
pub(crate) const CHILD: &str = "--work-in";

/// A key, of this run.
struct Canary {
    name: String,
    secret: String,
}

impl Canary {
    fn new() -> Self {
        let random = || {
            let mut bytes = [0; 16];
            let mut file = File::open("/dev/urandom").expect("the system's random bytes");
            std::io::Read::read_exact(&mut file, &mut bytes).expect("random bytes");
            format!("{:032x}", u128::from_be_bytes(bytes))
        };
        Self {
            name: random(),
            secret: random(),
        }
    }
}

pub(crate) fn test() {
    let house = House::new();
    let (first, second) = (Canary::new(), Canary::new());
    house.put(&first.name, &first.secret);
    let mut program = Program::start(house.folder.path());
    program.told("1 of 1");
    assert!(program.holds(&first.name), "the search finds a key in use");
    assert!(
        !program.holds(&first.secret),
        "what signs is made of it, and it is wiped"
    );

    house.put(&second.name, &second.secret);
    program.tend(1);
    program.told("2 of 2");
    assert!(program.holds(&first.name), "it is held for the overlap");
    assert!(program.holds(&second.name));
    program.tend(11);
    program.told("1 of 2");
    assert!(!program.holds(&first.name), "it is gone");
    assert!(program.holds(&second.name));
    assert!(!program.holds(&first.secret) && !program.holds(&second.secret));
}

/// The program that works, which never has a value but from the server.
struct Program {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg(CHILD)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let says = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, says }
    }

    fn tend(&mut self, seconds: i64) {
        let to = self.child.stdin.as_mut().expect("its input");
        writeln!(to, "{seconds}").expect("it listens");
    }

    fn told(&mut self, expected: &str) {
        let mut line = String::new();
        self.says.read_line(&mut line).expect("a line");
        assert_eq!(line.trim_end(), expected);
    }

    /// Whether a text is in its memory. A part that cannot be read is a failure.
    fn holds(&self, text: &str) -> bool {
        let process = format!("/proc/{}", self.child.id());
        let maps = fs::read_to_string(format!("{process}/maps")).expect("its maps");
        let memory = File::open(format!("{process}/mem")).expect("its memory");
        let mut searched = 0;
        let mut found = false;
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (range, rights) = (
                fields.next().expect("a range"),
                fields.next().expect("rights"),
            );
            let is_kernels = line.ends_with("[vvar]")
                || line.ends_with("[vvar_vclock]")
                || line.ends_with("[vsyscall]");
            if !rights.starts_with('r') || is_kernels {
                continue;
            }
            let (from, to) = range.split_once('-').expect("two ends");
            let end = |text| u64::from_str_radix(text, 16).expect("an address");
            let length = usize::try_from(end(to) - end(from)).expect("64 bits");
            let mut bytes = vec![0; length];
            memory
                .read_exact_at(&mut bytes, end(from))
                .expect("readable memory");
            found |= bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes());
            searched += length;
        }
        assert!(searched > 1 << 20, "only {searched} bytes were searched");
        found
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Uses the key, and looks after it whenever it is told a time.
pub(crate) fn work(folder: &str) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut keys = runtime.block_on(begin(Path::new(folder), start()));
    let ring = keys.ring("one").expect("the key");
    runtime.block_on(connections_end());
    use_key(&ring);
    for line in std::io::stdin().lines() {
        let seconds: i64 = line.expect("a line").parse().expect("seconds");
        runtime.block_on(keys.tend(later(seconds), taken));
        runtime.block_on(connections_end());
        use_key(&ring);
    }
}

/// A connection is closed by a task of its own, which a runtime that stands still does not run. Until then it holds what
/// it has read.
async fn connections_end() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

fn use_key(ring: &Keyring<Paper>) {
    let key = ring.current();
    let credential: &Credential<Paper> = key.credential();
    drop(credential.name_header().expect("a header"));
    drop(credential.sign(b"a call"));
    println!("{} of {}", ring.generations(), key.version());
}
