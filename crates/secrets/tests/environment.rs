//! Keys that come by the environment, each time in a process of its own. The harness would run a test beside
//! its own thread, and keys are taken where there is one alone, so this has its own `main`.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "it has no harness that would print")]
#![expect(
    clippy::disallowed_methods,
    reason = "the environment is what is looked at"
)]

use std::fs;
use std::process::{Command, Output};

use ios012_secrets::{Environment, Scheme, SecretsError};

const ROLE: &str = "IOS012_TEST_ROLE";
const NAME: &str = "IOS012_TEST_NAME";
const SECRET: &str = "IOS012_TEST_SECRET";
const NAME_VALUE: &str = "CANARY-NAME-5171";
const SECRET_VALUE: &str = "Jefe-CANARY-6611";

/// What a process does, and its part in the name of its test.
const ROLES: [(&str, fn()); 3] = [
    ("keys_are_taken_once_and_their_bytes_are_gone", whole),
    ("what_is_there_is_wiped_when_another_is_missing", missing),
    ("nothing_is_taken_beside_a_thread", beside_a_thread),
];

/// Without a role it starts a process for each; its lines are those of the usual harness.
fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        let known = ROLES.iter().find(|(name, _)| *name == role);
        let (_, run) = known.expect("a known role");
        run();
        println!("done");
        return;
    }
    for (role, _) in ROLES {
        let output = child(role);
        let shown = [output.stdout.as_slice(), &output.stderr].concat();
        let shown = String::from_utf8_lossy(&shown);
        assert!(output.status.success(), "{role}: {shown}");
        assert!(shown.ends_with("done\n"), "{role}: {shown}");
        for value in [NAME_VALUE, SECRET_VALUE] {
            assert!(!shown.contains(value), "{role}: {shown}");
        }
        println!("test {role} ... ok");
    }
    let passed = ROLES.len();
    println!("test result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}

fn child(role: &str) -> Output {
    let program = std::env::current_exe().expect("this program");
    Command::new(program)
        .env(ROLE, role)
        .env(NAME, NAME_VALUE)
        .env(SECRET, SECRET_VALUE)
        .output()
        .expect("a child")
}

/// Whether the kernel still shows a value to who may look.
fn is_in_environ(value: &str) -> bool {
    let bytes = fs::read("/proc/self/environ").expect("the kernel's view");
    bytes
        .windows(value.len())
        .any(|window| window == value.as_bytes())
}

fn whole() {
    assert!(is_in_environ(NAME_VALUE) && is_in_environ(SECRET_VALUE));
    let environment = Environment::take(&[NAME, SECRET]);
    let environment = environment.expect("both are there");
    assert!(!is_in_environ(NAME_VALUE) && !is_in_environ(SECRET_VALUE));
    // Nothing else is touched.
    assert!(is_in_environ(&format!("{ROLE}={}\0", ROLES[0].0)));
    assert_eq!(std::env::var(ROLE).as_deref(), Ok(ROLES[0].0));
    assert_eq!(std::env::var(SECRET).as_deref(), Ok(""));

    let credential = environment.credential(NAME, SECRET, Scheme::HmacSha256);
    let credential = credential.expect("a credential");
    let header = credential.name_header().expect("a value");
    assert_eq!(header.as_bytes(), NAME_VALUE.as_bytes());
    // printf abc | openssl dgst -sha256 -hmac Jefe-CANARY-6611
    assert_eq!(credential.sign(b"abc").hex(), HMAC_OF_OPENSSL);
    // What is empty is no secret: the second time gives nothing.
    let again = Environment::take(&[SECRET]).err();
    assert_eq!(again, Some(SecretsError::NotASecret));
}

const HMAC_OF_OPENSSL: &str = "275d4990d04d11e69a0c3da4fbefb142a46ccc47711e01278fa87cc6a869aae6";

fn missing() {
    let name = "IOS012_TEST_NONE";
    let taken = Environment::take(&[name, SECRET]).err();
    assert_eq!(taken, Some(SecretsError::NotInEnvironment { name }));
    assert!(!is_in_environ(SECRET_VALUE), "what is there is wiped");
}

fn beside_a_thread() {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let taken = Environment::take(&[SECRET]).err();
    assert_eq!(taken, Some(SecretsError::ThreadsRun));
    drop(end);
    let _ = thread.join();
}
