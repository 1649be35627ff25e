//! What a report refuses.

use std::process::Command;

use ios012_canary::{Canaries, CanaryError, Channel, Control, Encoding, Kind, Search};

#[test]
fn a_search_for_nothing_is_refused() {
    assert!(matches!(
        Search::new(&Canaries::none()),
        Err(CanaryError::NoCanaries)
    ));
}

#[test]
fn a_report_over_nothing_is_refused() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.control_bytes().unwrap();
    assert!(matches!(
        search.report().finish(),
        Err(CanaryError::NothingSearched)
    ));
    search.bytes("stdout", b"");
    assert!(matches!(
        search.report().finish(),
        Err(CanaryError::NothingSearched)
    ));
    search.bytes("stderr", b"x");
    search.report().finish().unwrap();
}

#[test]
fn a_report_without_control_is_refused() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.bytes("stdout", b"clean");
    assert!(matches!(
        search.report().finish(),
        Err(CanaryError::NoControl)
    ));
}

#[test]
fn a_control_that_was_not_found_is_refused() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.bytes("stdout", b"clean");
    search.control_bytes().unwrap();
    // A path that loses one form.
    let control = Control::new("lossy");
    let lossy = |probe: &mut Search<'_>, leak: &ios012_canary::Leak| {
        let is_lost = (leak.kind(), leak.encoding()) == (Kind::SecretId, Encoding::HexList);
        probe.bytes("leak", if is_lost { b"" } else { leak.bytes() });
        Ok(())
    };
    search.control(&control, lossy).unwrap();
    let refused = search.report().finish();
    assert!(matches!(
        refused,
        Err(CanaryError::ControlMissed { control, kind: Kind::SecretId, encoding: Encoding::HexList })
            if control == "lossy"
    ));
    assert!(
        search
            .report()
            .evidence()
            .contains(r#""missed":[["secret_id","hex_list"]]"#)
    );
    // A path that loses all of them.
    let mut search = Search::new(&canaries).unwrap();
    search.bytes("stdout", b"clean");
    search.control_at_once(&control, |_, _| Ok(())).unwrap();
    assert!(matches!(
        search.report().finish(),
        Err(CanaryError::ControlMissed { .. })
    ));
}

/// One of the three places in a group is enough to miss the form.
#[test]
fn a_control_that_lost_one_place_of_base64_is_refused() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.bytes("stdout", b"clean");
    let mut seen = 0;
    let lossy = |probe: &mut Search<'_>, leak: &ios012_canary::Leak| {
        let is_base64 = leak.encoding() == Encoding::Base64;
        seen += u32::from(is_base64);
        let is_lost = is_base64 && seen == 2;
        probe.bytes("leak", if is_lost { b"" } else { leak.bytes() });
        Ok(())
    };
    search.control(&Control::new("lossy"), lossy).unwrap();
    assert_eq!(seen, 3 * 8, "three places of eight canaries");
    let refused = search.report().finish();
    assert!(matches!(
        refused,
        Err(CanaryError::ControlMissed {
            encoding: Encoding::Base64,
            ..
        })
    ));
}

#[test]
fn a_form_and_a_way_without_control_are_refused() {
    let (canaries, folder) = (Canaries::new().unwrap(), tempfile::tempdir().unwrap());
    let mut search = Search::new(&canaries).unwrap();
    search.bytes("stdout", b"clean");
    let text = Control::new("text").without_zero_bytes();
    let carry = |probe: &mut Search<'_>, leak: &ios012_canary::Leak| {
        probe.bytes("leak", leak.bytes());
        Ok(())
    };
    search.control(&text, carry).unwrap();
    let refused = search.report().finish();
    assert!(matches!(
        refused,
        Err(CanaryError::Uncontrolled {
            encoding: Encoding::Utf16Le,
            ..
        })
    ));
    search.control_bytes().unwrap();
    search.report().finish().unwrap();
    search
        .run("echo", Command::new("echo").arg("clean"))
        .unwrap();
    let refused = search.report().finish();
    assert!(matches!(
        refused,
        Err(CanaryError::UncontrolledChannel {
            channel: Channel::Child
        })
    ));
    search.control_child(folder.path()).unwrap();
    search.report().finish().unwrap();
}

#[test]
fn a_finding_is_refused_and_its_value_is_nowhere() {
    let canaries = Canaries::new().unwrap();
    let secret = canaries.text(Kind::ApiSecret).unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.control_bytes().unwrap();
    search.bytes("stdout", format!("error: bad key {secret}").as_bytes());
    let refused = search.report().finish().unwrap_err();
    let message = "1 findings; keep the secret out of these outputs: api_secret as raw in stdout at 0xf, 1 times";
    assert_eq!(refused.to_string(), message);
    let evidence = search.report().evidence();
    let mut own = search.empty();
    own.bytes(
        "evidence",
        format!("{evidence} {refused:?} {:?}", search.report()).as_bytes(),
    );
    assert_eq!(own.report().findings(), []);
    let evidence: serde_json::Value = serde_json::from_str(&evidence).unwrap();
    assert_eq!(evidence["passed"], false);
    assert_eq!(evidence["findings"][0]["kind"], "api_secret");
    assert_eq!(evidence["findings"][0]["offset"], 15);
}

#[test]
fn evidence_tells_what_was_searched() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.control_bytes().unwrap();
    search.bytes("stdout", b"clean");
    search.bytes("stderr", b"clean too");
    let evidence: serde_json::Value = serde_json::from_str(&search.report().evidence()).unwrap();
    assert_eq!(
        (&evidence["outputs"], &evidence["bytes"]),
        (&2.into(), &14.into())
    );
    assert_eq!(evidence["kinds"].as_array().unwrap().len(), 8);
    assert_eq!(evidence["encodings"].as_array().unwrap().len(), 20);
    assert_eq!(evidence["forms"], 160);
    let control = &evidence["controls"][0];
    assert_eq!(
        (&control["leaked"], &control["found"]),
        (&160.into(), &160.into())
    );
    assert_eq!(control["channels"], serde_json::json!(["bytes"]));
    assert_eq!(evidence["passed"], true);
}

#[test]
fn both_outputs_of_a_program_are_searched() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo out-$1; echo err-$2 >&2; exit 3", "sh"]);
    command.arg(canaries.text(Kind::RoleId).unwrap());
    command.arg(canaries.text(Kind::WrappingToken).unwrap());
    let output = search.run("login", &mut command).unwrap();
    assert_eq!(output.status.code(), Some(3));
    let found: Vec<_> = search
        .report()
        .findings()
        .iter()
        .map(|found| (found.kind, found.source.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::RoleId, "login: stdout"),
            (Kind::WrappingToken, "login: stderr")
        ]
    );
    let missing = search.run("missing", &mut Command::new("/nonexistent"));
    assert!(matches!(missing, Err(CanaryError::Program { .. })));
}
