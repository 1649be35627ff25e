//! Files and folders.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use ios012_canary::{Canaries, CanaryError, Encoding, Kind, Search};

#[test]
fn a_folder_is_searched_to_its_leaves() {
    let (canaries, folder) = (Canaries::new().unwrap(), tempfile::tempdir().unwrap());
    let deep = folder.path().join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("log"), canaries.bytes(Kind::ApiKey).unwrap()).unwrap();
    fs::write(folder.path().join("clean"), b"nothing").unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.tree("state", folder.path()).unwrap();
    let [finding] = search.report().findings() else {
        panic!("one finding");
    };
    assert_eq!(finding.source, "state: a/b/c/log");
    assert_eq!(
        (finding.kind, finding.encoding, finding.times),
        (Kind::ApiKey, Encoding::Raw, 1)
    );
    assert_eq!(search.report().outputs(), 2);
    // Two files and five names.
    assert_eq!(search.report().bytes(), 64 + 7 + 11);
}

#[test]
fn a_name_is_searched_and_not_told() {
    let (canaries, folder) = (Canaries::new().unwrap(), tempfile::tempdir().unwrap());
    let token = canaries.text(Kind::VaultToken).unwrap();
    let named = folder.path().join(format!("lease-{token}"));
    fs::create_dir(&named).unwrap();
    fs::write(named.join("inside"), token).unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.tree("state", folder.path()).unwrap();
    assert_eq!(search.report().times(Kind::VaultToken, Encoding::Raw), 2);
    let shown = format!("{:?} {}", search.report(), search.report().evidence());
    assert!(
        shown.contains("state: name of [a canary]") && shown.contains("state: [a canary]/inside")
    );
    assert!(!shown.contains(&token[..12]));
    let refused = search.report().finish().unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains(&token[..12]));
}

#[test]
fn a_link_is_not_followed_but_its_text_is_searched() {
    let (canaries, folder) = (Canaries::new().unwrap(), tempfile::tempdir().unwrap());
    let other = tempfile::tempdir().unwrap();
    fs::write(
        other.path().join("file"),
        canaries.bytes(Kind::ApiKey).unwrap(),
    )
    .unwrap();
    symlink(other.path(), folder.path().join("folder")).unwrap();
    symlink(other.path().join("file"), folder.path().join("file")).unwrap();
    symlink(".", folder.path().join("loop")).unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.tree("state", folder.path()).unwrap();
    assert_eq!(search.report().findings(), []);
    symlink(
        canaries.text(Kind::SecretId).unwrap(),
        folder.path().join("leaks"),
    )
    .unwrap();
    search.tree("state", folder.path()).unwrap();
    assert_eq!(search.report().findings()[0].source, "state: link leaks");
    // A folder that is a link itself is not what was meant.
    let refused = search.tree("link", &folder.path().join("folder"));
    assert!(matches!(refused, Err(CanaryError::WrongType { .. })));
}

#[test]
fn pipes_and_sockets_hold_nobody_up() {
    let (canaries, folder) = (Canaries::new().unwrap(), tempfile::tempdir().unwrap());
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.tree("state", folder.path()).unwrap();
    assert!(search.report().evidence().contains(r#""excepted":2"#));
    assert!(matches!(
        search.file("pipe", &pipe),
        Err(CanaryError::WrongType { .. })
    ));
}

#[test]
fn what_cannot_be_read_is_an_error_and_stays_one() {
    let canaries = Canaries::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.control_files(folder.path()).unwrap();
    fs::write(folder.path().join("log"), b"clean").unwrap();
    search.tree("state", folder.path()).unwrap();
    search.report().finish().unwrap();
    let missing = search.empty().file("log", &folder.path().join("missing"));
    assert!(matches!(missing, Err(CanaryError::Unreadable { .. })));
    let missing = search.empty().tree("state", &folder.path().join("missing"));
    assert!(matches!(missing, Err(CanaryError::Unreadable { .. })));
    let folder_as_file = search.empty().file("log", folder.path());
    assert!(matches!(folder_as_file, Err(CanaryError::WrongType { .. })));
    // Its first page is never there, so that even root cannot read it.
    let unreadable = search.file("memory", Path::new("/proc/self/mem"));
    assert!(matches!(unreadable, Err(CanaryError::Unreadable { .. })));
    let refused = search.report().finish();
    assert!(matches!(refused, Err(CanaryError::Unsearched { what }) if what == "memory"));
}

#[test]
fn one_unreadable_file_of_a_folder_is_an_error() {
    let canaries = Canaries::new().unwrap();
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    // It has `mem`, whose first page is never there, and files that are for writing only.
    let folder = format!("/proc/{}", child.id());
    let searched = Search::new(&canaries)
        .unwrap()
        .tree("proc", Path::new(&folder));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(matches!(searched, Err(CanaryError::Unreadable { .. })));
}
