//! A throw-away PostgreSQL server for tests, from the programs of Debian's package `postgresql`. It listens on
//! a socket in a directory of its own, and ends with the process that started it, however that ends. It may have a
//! standby, which is a server of its own too.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test without its server must fail"
)]

mod standby;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// Where Debian has a directory for each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The server's own user, as whom a root starts it: it refuses to be root.
const USER: &str = "postgres";

/// The longest path of a socket is 107 bytes, and the server adds `/.s.PGSQL.5432.lock` to it.
const LONGEST_DIRECTORY: usize = 80;

/// Runs the server until its own input ends. `stop` keeps the data; an end without a word does not, so
/// that a test that was killed leaves nothing.
const KEEPER: &str = r#"
exec 3<&0
"$1" -D "$2" -k "$3" </dev/null >>"$2/log" 2>&1 &
server=$!
read -r word <&3
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ "$word" = stop ] || rm -rf "$3"
"#;

/// A role that the server asks for a password; all others it trusts.
pub const LOCKED_ROLE: &str = "locked";

const ACCESS: &str = "local all locked scram-sha-256\nlocal all,replication all trust\n";

const CONFIGURATION: &str = "
listen_addresses = ''
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 100
shared_buffers = 64MB
# After a kill one sync of the file system, in place of one for each file.
recovery_init_sync_method = syncfs
";

/// A running server. It is killed, and its data removed, when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    directory: TempDir,
    keeper: Option<Child>,
    databases: AtomicU32,
}

impl Cluster {
    /// Makes a cluster and starts its server.
    pub fn start() -> Self {
        let mut cluster = Self::without_data();
        let mut initdb = as_server(&cluster.programs.join("initdb"));
        initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust"]);
        run(initdb.arg(format!("--username={USER}")).arg(cluster.data()));
        append(&cluster.data().join("postgresql.conf"), CONFIGURATION);
        fs::write(cluster.data().join("pg_hba.conf"), ACCESS).expect("the cluster's file");
        cluster.run_server();
        cluster
    }

    /// A directory that the server's user may write.
    fn without_data() -> Self {
        let programs = programs();
        let directory = tempfile::Builder::new()
            .prefix("ios012-pg")
            .tempdir()
            .expect("a temporary directory");
        let path = directory.path();
        let bytes = path.as_os_str().len();
        assert!(
            bytes <= LONGEST_DIRECTORY,
            "{} has {bytes} bytes, too many for a socket; set TMPDIR to a shorter one",
            path.display()
        );
        if is_root() {
            let number = |option| number(&run(Command::new("id").args([option, USER])));
            chown(path, Some(number("-u")), Some(number("-g"))).expect("root may give it away");
        }
        Self {
            programs,
            directory,
            keeper: None,
            databases: AtomicU32::new(0),
        }
    }

    /// Kills every process of the server, as the end of its machine would. Its data stay.
    pub fn crash(&self) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("a server runs");
        let first = file.lines().next().expect("its process").to_owned();
        // It makes no more children while it is held.
        kill("-STOP", &[&first]);
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children"))
            .expect("the kernel lists children");
        let mut processes = vec![first.as_str()];
        processes.extend(children.split_whitespace());
        kill("-KILL", &processes);
        for process in processes {
            wait_for("a killed process ends", || has_ended(process));
        }
    }

    /// Starts the server again over the same data, after a crash or where it runs.
    pub fn restart(&mut self) {
        self.stop("stop\n");
        self.run_server();
    }

    /// Kills the server without a shutdown, and starts it again over the same data.
    pub fn crash_and_restart(&mut self) {
        self.crash();
        self.restart();
    }

    /// Adds lines to the server's configuration, and restarts it.
    pub fn configure(&mut self, lines: &str) {
        append(&self.data().join("postgresql.conf"), lines);
        self.crash_and_restart();
    }

    /// Makes an empty database, and returns its name.
    pub fn new_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.sql(USER, &format!("CREATE DATABASE {name}"))
            .expect("a new database");
        name
    }

    /// The parameters of a connection to a database, as one of its users.
    pub fn parameters(&self, database: &str, user: &str) -> String {
        format!(
            "host={} dbname={database} user={user}",
            self.socket_directory().display()
        )
    }

    /// The directory of the socket `.s.PGSQL.5432`.
    pub fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    /// Runs SQL with psql as the superuser, and returns its rows as lines with `|` between columns.
    ///
    /// # Errors
    /// What psql says, with the SQLSTATE first.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        self.sql_as(USER, database, sql)
    }

    /// The same as another user.
    ///
    /// # Errors
    /// What psql says, with the SQLSTATE first.
    pub fn sql_as(&self, user: &str, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = as_server(&self.programs.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            "VERBOSITY=verbose",
        ]);
        psql.arg("-h").arg(self.socket_directory());
        let output = psql
            .args(["-U", user, "-d", database, "-c", sql])
            .current_dir("/")
            .output()
            .expect("psql starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn run_server(&mut self) {
        let keeper = as_server(Path::new("sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(self.programs.join("postgres"))
            .arg(self.data())
            .arg(self.socket_directory())
            .stdin(Stdio::piped())
            .current_dir("/")
            // The terminal's Ctrl-C ends the test, and that the server.
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        self.keeper = Some(keeper);
        if !comes_true(|| self.sql(USER, "SELECT 1").is_ok()) {
            let log = fs::read_to_string(self.data().join("log")).unwrap_or_default();
            panic!("the server did not start; its log:\n{log}");
        }
    }

    fn stop(&mut self, word: &str) {
        if let Some(mut keeper) = self.keeper.take() {
            if let Some(mut input) = keeper.stdin.take() {
                // If it has ended already there is nobody to tell.
                let _ = input.write_all(word.as_bytes());
            }
            let _ = keeper.wait();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the versions are compared, whatever their order"
)]
fn programs() -> PathBuf {
    let entries = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = entries
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((version, programs))
        })
        .max();
    match newest {
        Some((_, programs)) => programs,
        None => panic!(
            "no {VERSIONS}/*/bin/initdb: install Debian's package postgresql, or run \
             `cargo xtask test --install`"
        ),
    }
}

/// A command as a user that the server accepts.
fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={USER}"))
        .arg(format!("--regid={USER}"))
        .args(["--clear-groups", "--"])
        .arg(program);
    command
}

fn is_root() -> bool {
    number(&run(Command::new("id").arg("-u"))) == 0
}

fn number(text: &str) -> u32 {
    text.trim().parse().expect("id prints a number")
}

fn run(command: &mut Command) -> String {
    let output = command
        .current_dir("/")
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn kill(signal: &str, processes: &[&str]) {
    run(Command::new("kill").arg(signal).args(processes));
}

/// A process that nobody has waited for yet has ended as well.
fn has_ended(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_none_or(|state| state.is_empty() || state.starts_with('Z'))
}

fn wait_for(what: &str, is_true: impl FnMut() -> bool) {
    assert!(comes_true(is_true), "not within a minute: {what}");
}

/// Asks for a minute.
fn comes_true(mut is_true: impl FnMut() -> bool) -> bool {
    (0..1_200).any(|_| {
        let is_so = is_true();
        if !is_so {
            std::thread::sleep(Duration::from_millis(50));
        }
        is_so
    })
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("the cluster's file");
}
