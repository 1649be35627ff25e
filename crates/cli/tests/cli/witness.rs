//! A witness is asked over HTTPS, and believed only for what it has signed.

use ios012_hostile::{Answer, Certificate, Server};

use crate::scenario::Scenario;
use crate::support::{Ran, cycle, ios012, run};

/// The log and the checkpoint of docs/lineage-format.md, and what a witness said of it
/// (crates/lineage/tests/cosignature.rs).
const LOG: &str = "fund.example/one-cycle+dec95bc4+AREf+FasUTFFqFRuqXio44vqbb/rZ32+GoTM4PxPc6Rn";
const CHECKPOINT: &str = "fund.example/one-cycle
18
y2TxcmaF24wCJMcc89O2uJgcoj3dfQcy5klUDgoic0c=

\u{2014} fund.example/one-cycle 3slbxDW0TAXvM5PMP8Rnga9a3k7wkPhWACeVkHvW/F8GuN2/iRorsLxsa2ikpzLpVtJq/ZN/cI3Xqxmj+y6LS4ANZgA=
";
const WITNESS: &str = "witness.example/w1+709f7c57+BHrs8GFVsPc0tPdYkhdYtKZoV+GVmji3Eh5fPA35eGew";
const ANSWER: &str = "\u{2014} witness.example/w1 cJ98VwAAAABrCW7Zjcpu2BPbR2cwEhPnDfN6slG22A5PBsoDRawkVUouTWGdzXGWMD52GqNiZwoDdTCjBW2QjOEknWEKqHvPCeFKAA==
";
/// A witness that is not asked.
const STRANGER: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

/// The ledger of `golden/one-cycle` with its checkpoint.
fn signed() -> Scenario {
    let scenario = Scenario::golden("one-cycle");
    cycle("run", &scenario.path(), &scenario.ledger()).exits(0);
    std::fs::write(scenario.ledger().join("checkpoint"), CHECKPOINT).unwrap();
    scenario
}

fn kept(scenario: &Scenario) -> String {
    std::fs::read_to_string(scenario.ledger().join("checkpoint")).unwrap()
}

fn ask(scenario: &Scenario, server: &Server, witness: &str) -> Ran {
    scenario.write("roots.pem", server.roots_pem());
    let url = server.address("/w1/");
    let mut command = ios012([
        "checkpoint",
        "witness",
        "--verifier-key",
        LOG,
        "--url",
        &url,
    ]);
    command.args(["--witness-key", witness, "--roots"]);
    command.arg(scenario.file("roots.pem"));
    Ran::of(command.arg(scenario.ledger()).output().unwrap())
}

fn report(scenario: &Scenario, keys: &[&str]) -> Ran {
    let mut command = ios012(["report"]);
    Ran::of(command.args(keys).arg(scenario.ledger()).output().unwrap())
}

/// The lines of the report from the checkpoint on, as one.
fn told(ran: &Ran) -> String {
    let from = ran.stdout.find("  Checkpoint").expect("it is told");
    let words: Vec<_> = ran.stdout[from..].split_whitespace().collect();
    words.join(" ")
}

#[test]
fn a_witness_is_named_by_the_report_and_the_proof() {
    let scenario = signed();
    let keys = ["--verifier-key", LOG, "--witness-key", WITNESS];
    let unwitnessed = "Checkpoint 18 records signed by fund.example/one-cycle; UNWITNESSED";
    assert_eq!(told(&report(&scenario, &keys).exits(0)), unwitnessed);

    let server = Server::start(Certificate::Good, Answer::Text(200, ANSWER.to_owned()));
    let ran = ask(&scenario, &server, WITNESS).exits(0);
    let cosigned = format!("{CHECKPOINT}{ANSWER}");
    assert_eq!((&ran.stdout, &kept(&scenario)), (&cosigned, &cosigned));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /w1/add-checkpoint HTTP/1.1");
    assert_eq!(
        String::from_utf8(asked[0].body.clone()).unwrap(),
        format!("old 0\n\n{CHECKPOINT}")
    );

    let witnessed = "witnessed by witness.example/w1 at 2026-11-27T11:51:53.000Z";
    let says = format!("Checkpoint 18 records signed by fund.example/one-cycle; {witnessed}");
    let all = [&keys[..], &["--witness-key", STRANGER]].concat();
    assert_eq!(told(&report(&scenario, &all).exits(0)), says);
    let object = report(&scenario, &[&all[..], &["--json"]].concat())
        .exits(0)
        .object();
    let expected = serde_json::json!({
        "log": "fund.example/one-cycle",
        "records": "18",
        "status": "holds",
        "witnesses": [{"name": "witness.example/w1", "time": "2026-11-27T11:51:53.000Z"}],
    });
    assert_eq!(object["checkpoint"], expected);
    // Who is not asked for is not believed.
    assert_eq!(told(&report(&scenario, &keys[..2]).exits(0)), unwitnessed);

    let out = scenario.beside("a.tlog-proof");
    let mut command = ios012(["prove", "--verifier-key", LOG, "--out"]);
    command.arg(&out).arg(scenario.ledger()).args(["1", "AAA"]);
    Ran::of(command.output().unwrap()).exits(0);
    let out = out.to_str().unwrap();
    let proven = run([&["verify-proof", out], &keys[..]].concat()).exits(0);
    assert!(
        proven.stdout.ends_with(&format!("  {witnessed}\n")),
        "{proven:#?}"
    );
}

#[test]
fn a_report_without_keys_judges_nothing() {
    let scenario = signed();
    let says = "Checkpoint not judged (give --verifier-key); UNWITNESSED";
    assert_eq!(told(&report(&scenario, &[]).exits(0)), says);
    let stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let failed = told(&report(&scenario, &["--verifier-key", stranger]).exits(5));
    assert!(failed.starts_with("Checkpoint FAILED: "), "{failed}");
    assert!(failed.ends_with("; UNWITNESSED"), "{failed}");
    // A line that looks like one of the witness.
    let forged = ANSWER.replace("w1 cJ98VwAAAABrC", "w1 cJ98VwAAAABrD");
    std::fs::write(
        scenario.ledger().join("checkpoint"),
        format!("{CHECKPOINT}{forged}"),
    )
    .unwrap();
    let keys = ["--verifier-key", LOG, "--witness-key", WITNESS];
    let failed = told(&report(&scenario, &keys).exits(5));
    assert!(
        failed.contains("the cosignature is not that of the text"),
        "{failed}"
    );
    // No text at all, and nothing.
    std::fs::write(scenario.ledger().join("checkpoint"), [0xff]).unwrap();
    report(&scenario, &[]).exits(5);
    std::fs::remove_file(scenario.ledger().join("checkpoint")).unwrap();
    assert_eq!(
        told(&report(&scenario, &[]).exits(0)),
        "Checkpoint none; UNWITNESSED"
    );
}

/// Nothing that a witness says changes the checkpoint but its own cosignature.
#[test]
fn what_a_witness_refuses_is_told_apart() {
    let text = |status, text: &str| Answer::Text(status, text.to_owned());
    let stranger = ANSWER.replace("cJ98", "cJ99");
    for (answer, code, asked, says) in [
        (
            text(409, "19\n"),
            5,
            1,
            "ROLLED BACK: witness.example/w1 has cosigned 19 records of this log, and the checkpoint covers 18",
        ),
        (
            text(422, ""),
            5,
            1,
            "FORKED: witness.example/w1 has cosigned other records",
        ),
        (
            text(409, "18\n"),
            5,
            2,
            "FORKED: witness.example/w1 has cosigned other records",
        ),
        (
            text(200, &stranger),
            5,
            1,
            "has not answered with one cosignature of its key",
        ),
        (text(403, ""), 7, 1, "status 403"),
        (text(404, ""), 7, 1, "status 404"),
        (text(503, ""), 7, 1, "status 503"),
        (Answer::Cut, 7, 1, "the connection ended without an answer"),
        (Answer::Large(1 << 20), 7, 1, "more than 64 KiB"),
    ] {
        let scenario = signed();
        let server = Server::start(Certificate::Good, answer);
        let ran = ask(&scenario, &server, WITNESS).exits(code);
        assert!(ran.stderr.contains(says), "{ran:#?}");
        assert_eq!(server.asked().len(), asked, "{says}");
        assert_eq!(kept(&scenario), CHECKPOINT, "{says}");
    }
    // Only a server that can be trusted learns of the checkpoint.
    let scenario = signed();
    let server = Server::start(Certificate::Expired, Answer::Status(200));
    let ran = ask(&scenario, &server, WITNESS).exits(7);
    assert!(
        ran.stderr.contains("certificate is not trusted"),
        "{ran:#?}"
    );
    assert_eq!(server.asked(), []);
}

/// The witness says what it knows, and gets the proof from there.
#[test]
fn a_witness_is_asked_again_from_what_it_knows() {
    let scenario = signed();
    let server = Server::start(Certificate::Good, Answer::Text(409, "7\n".to_owned()));
    ask(&scenario, &server, WITNESS).exits(5);
    let asked = server.asked();
    let bodies: Vec<_> = asked
        .iter()
        .map(|asked| std::str::from_utf8(&asked.body).unwrap())
        .collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], format!("old 0\n\n{CHECKPOINT}"));
    let proof = bodies[1].strip_prefix("old 7\n").expect("from 7 on");
    let proof = proof
        .strip_suffix(&format!("\n{CHECKPOINT}"))
        .expect("the checkpoint");
    // RFC 6962: leaf 6, its sibling 7, the pair before, the four before, the eight after, the two at the end.
    assert_eq!(proof.lines().count(), 6, "{proof}");
    assert!(proof.lines().all(|line| line.len() == 44));
}

#[test]
fn a_witness_that_cannot_be_asked_is_wrong_usage() {
    let scenario = signed();
    let given = |url: &str, roots: &str| {
        let mut command = ios012(["checkpoint", "witness", "--verifier-key", LOG, "--url", url]);
        command.args(["--witness-key", WITNESS, "--roots"]);
        command.arg(scenario.file(roots)).arg(scenario.ledger());
        Ran::of(command.output().unwrap())
    };
    given("http://witness.example/", "scenario.json").exits(2);
    given("https://witness.example/", "scenario.json").exits(2);
    given("https://witness.example/", "none.pem").exits(7);
    std::fs::remove_file(scenario.ledger().join("checkpoint")).unwrap();
    let server = Server::start(Certificate::Good, Answer::Status(200));
    let ran = ask(&scenario, &server, WITNESS).exits(2);
    assert!(
        ran.stderr.contains("has no checkpoint: sign one"),
        "{ran:#?}"
    );
    let ran = ask(&scenario, &server, LOG).exits(2);
    assert!(
        ran.stderr.contains("no Ed25519 key of a witness"),
        "{ran:#?}"
    );
    assert_eq!(server.asked(), []);
}
