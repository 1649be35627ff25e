//! The hardened process, each time one of its own: a hook for panics and limits are those of a whole process, so this
//! has its own `main`.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
#![expect(clippy::panic, reason = "panics are what is looked at")]
#![expect(clippy::print_stdout, reason = "it has no harness that would print")]
#![expect(
    clippy::disallowed_methods,
    reason = "the environment is what is looked at"
)]

use std::fs;
use std::process::{Command, Output};

use ios012_secrets::{Environment, Scheme, SecretsError, harden};

const ROLE: &str = "IOS012_TEST_ROLE";
const KEY: &str = "IOS012_TEST_KEY";
const PAYLOAD: &str = "CANARY-PAYLOAD-8812";

/// What must succeed, and its part in the name of its test.
const WHOLE: [(&str, fn()); 2] = [
    ("no_core_file_is_allowed_any_more", limits),
    ("keys_are_taken_before_and_not_after", keys),
];

/// A name, what panics, and the threads that its output tells.
type Panics = (&'static str, fn(), &'static [&'static str]);

const PANICS: [Panics; 6] = [
    ("main", panic_here, &["main"]),
    ("thread", panic_in_a_thread, &["a-thread"]),
    ("nameless", panic_in_a_nameless_thread, &["without a name"]),
    ("task", panic_in_a_task, &["main"]),
    ("error", panic_of_an_error, &["main"]),
    // The second panic cannot be unwound, which is the third.
    ("twice", panic_twice, &["main", "main", "main"]),
];

/// Without a role it starts a process for each; its lines are those of the usual harness.
fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        return play(&role);
    }
    for (role, _) in WHOLE {
        let output = child(role, None);
        let shown = shown(&output);
        assert!(output.status.success(), "{role}: {shown}");
        assert!(shown.ends_with("done\n"), "{role}: {shown}");
        println!("test {role} ... ok");
    }
    refused_variables();
    println!("test no_refused_variable_is_there_when_it_starts ... ok");
    panics();
    println!("test a_panic_tells_its_place_and_thread_alone ... ok");
    println!("test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}

fn play(role: &str) {
    if let Some((_, run)) = WHOLE.iter().find(|(name, _)| *name == role) {
        run();
        println!("done");
        return;
    }
    if role == "start" {
        match harden(None) {
            Ok(_) => println!("started"),
            Err(error) => println!("{error}"),
        }
        return;
    }
    let (name, is_bare) = match role.strip_prefix("bare-") {
        Some(name) => (name, true),
        None => (role, false),
    };
    let known = PANICS.iter().find(|(it, ..)| *it == name);
    let (_, run, _) = known.expect("a known role");
    if !is_bare {
        let hardened = harden(None).expect("a hardened process");
        assert!(hardened.keys().is_none());
    }
    run();
}

fn child(role: &str, variable: Option<(&str, &str)>) -> Output {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.env_remove("RUST_BACKTRACE");
    command.env(ROLE, role).env(KEY, "Jefe-CANARY-6611");
    command.envs(variable);
    command.output().expect("a child")
}

fn shown(output: &Output) -> String {
    let bytes = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn limits() {
    let core = || {
        let limits = fs::read_to_string("/proc/self/limits").expect("its limits");
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max core file size"));
        let words = line.expect("that of core files").split_whitespace();
        words.take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(core()[1], "0", "this machine lets no program leave a core");
    let hardened = harden(None).expect("a hardened process");
    assert!(hardened.keys().is_none());
    assert_eq!(core(), ["0", "0"]);
    // Once more changes nothing.
    assert!(harden(None).is_ok());
}

fn keys() {
    let keys = Environment::take(&[KEY]).expect("a key");
    let hardened = harden(Some(keys)).expect("a hardened process");
    let keys = hardened.keys().expect("what was taken");
    assert!(keys.credential(KEY, KEY, Scheme::HmacSha256).is_ok());
    let taken = Environment::take(&[ROLE]).err();
    assert_eq!(taken, Some(SecretsError::AlreadyHardened));
    assert!(std::env::var(ROLE).is_ok(), "nothing is wiped");
}

fn refused_variables() {
    for name in [
        "SSLKEYLOGFILE",
        "VAULT_SKIP_VERIFY",
        "BAO_SKIP_VERIFY",
        "VAULT_TOKEN",
        "BAO_TOKEN",
    ] {
        for value in ["", "0", PAYLOAD] {
            let shown = shown(&child("start", Some((name, value))));
            let told = format!("{name} is in the environment: ");
            assert!(shown.starts_with(&told), "{shown}");
            assert!(
                shown.ends_with(&format!("(`env -u {name} ...`)\n")),
                "{shown}"
            );
            assert!(!shown.contains(PAYLOAD), "{shown}");
        }
    }
    for name in ["VAULT_ADDR", "VAULT_TOKENS", "MY_VAULT_TOKEN", "PATH"] {
        assert_eq!(shown(&child("start", Some((name, "")))), "started\n");
    }
}

fn panics() {
    for (role, _, threads) in PANICS {
        let unhardened = shown(&child(&format!("bare-{role}"), None));
        assert!(unhardened.contains(PAYLOAD), "no control: {unhardened}");
        let quiet = child(role, None);
        assert!(!quiet.status.success(), "{role}: {}", shown(&quiet));
        for variable in [
            ("RUST_BACKTRACE", "1"),
            ("RUST_BACKTRACE", "full"),
            ("RUST_LIB_BACKTRACE", "1"),
        ] {
            let loud = child(role, Some(variable));
            assert_eq!(shown(&loud), shown(&quiet), "{role}: {variable:?}");
        }
        let shown = shown(&quiet);
        assert!(!shown.contains("CANARY"), "{role}: {shown}");
        let lines = shown
            .lines()
            .filter(|line| line.starts_with("panicked at "));
        assert_eq!(lines.count(), threads.len(), "{role}: {shown}");
        for (line, thread) in shown.lines().zip(threads) {
            let end =
                format!(" in thread {thread}: a defect; please report this line (SECURITY.md)");
            let place = line.strip_prefix("panicked at ").expect("its place");
            let place = place.strip_suffix(&end).expect("its thread");
            let mut parts = place.rsplitn(3, ':');
            let is_number = |part: &str| part.parse::<u32>().is_ok_and(|it| it > 0);
            assert!(parts.next().is_some_and(is_number), "{role}: {shown}");
            assert!(parts.next().is_some_and(is_number), "{role}: {shown}");
            let file = std::path::Path::new(parts.next().expect("a file"));
            assert_eq!(file.extension(), Some("rs".as_ref()), "{role}: {shown}");
        }
    }
}

fn panic_here() {
    panic!("{PAYLOAD}");
}

fn panic_in_a_thread() {
    let thread = std::thread::Builder::new().name("a-thread".to_owned());
    let thread = thread.spawn(panic_here).expect("a thread");
    assert!(thread.join().is_err());
    std::process::exit(1);
}

fn panic_in_a_nameless_thread() {
    assert!(std::thread::spawn(panic_here).join().is_err());
    std::process::exit(1);
}

fn panic_in_a_task() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let ended = runtime.block_on(async { tokio::spawn(async { panic_here() }).await });
    assert!(ended.is_err_and(|error| error.is_panic()));
    std::process::exit(1);
}

fn panic_of_an_error() {
    let answer: Result<(), String> = Err(PAYLOAD.to_owned());
    std::hint::black_box(answer).expect(PAYLOAD);
}

fn panic_twice() {
    struct Dropped;
    impl Drop for Dropped {
        fn drop(&mut self) {
            panic_here();
        }
    }
    let _dropped = Dropped;
    panic_here();
}
