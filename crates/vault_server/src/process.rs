//! A server's process, which ends with the one that started it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Runs the server until its own input ends; tells its process first.
const KEEPER: &str = r#"
exec 3<&0
log=$1
shift
"$@" </dev/null >>"$log" 2>&1 &
server=$!
echo "$server"
read -r word <&3
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

pub(crate) struct Process {
    keeper: Child,
    pid: u32,
}

impl Process {
    pub(crate) fn start(program: &Path, arguments: &[String], directory: &Path) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(directory.join("log"))
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("HOME", directory)
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let told = keeper.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line).expect("a line");
        let pid = line.trim().parse().expect("a process");
        Self { keeper, pid }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills the server and waits for its end.
    pub(crate) fn end(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().expect("the shell ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that is free, as is the one after it, which the server takes for its cluster.
pub(crate) fn free_port() -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = first.local_addr().expect("an address").port();
        let next = port
            .checked_add(1)
            .map(|next| TcpListener::bind(("127.0.0.1", next)));
        if next.is_some_and(|bound| bound.is_ok()) {
            return port;
        }
    }
    panic!("no two ports in a row are free");
}

/// Asks again and again, for half a minute.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..300 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("waited in vain: {what}");
}
