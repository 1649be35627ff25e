//! Commands: their form, who may give them, when they count.

use ios012_constraints::defcon::RedAction;
use ios012_core::Defcon;
use ios012_governance::{Command, CommandDraft, GovernanceError, authorise};
use ios012_lineage::{Code, sha256};

use crate::support::{ISSUED, NOW, UNTIL, context, draft, fund, time};

/// The canonical form written by hand, from docs/lineage-format.md.
fn text() -> String {
    format!(
        concat!(
            r#"{{"action":"loosen","answers":"{}","#,
            r#""evidence":"second source agrees, \"ticket\" 4711","from":"RED","#,
            r#""issued_at":"2026-06-01T10:00:00.000Z","issuer":"vera","portfolio_id":"fund-1","#,
            r#""reason":"prices_confirmed","schema":"ios012.command.v1","to":"ORANGE","#,
            r#""valid_until":"2026-06-02T10:00:00.000Z"}}"#
        ),
        sha256(b"the trip")
    )
}

fn code(text: &str) -> &'static str {
    Command::parse(text.as_bytes()).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn the_tool_writes_the_canonical_form() {
    assert_eq!(draft().to_text(), Ok(text()));
    let command = Command::parse(text().as_bytes()).expect("a command");
    assert_eq!(command.hash(), sha256(text().as_bytes()));
    assert_eq!(command.reason().as_str(), "prices_confirmed");
    assert_eq!(
        command.evidence().as_str(),
        "second source agrees, \"ticket\" 4711"
    );
    assert_eq!(command.answers(), Some(sha256(b"the trip")));
    assert_eq!(
        (command.from(), command.to()),
        (Defcon::Red, Defcon::Orange)
    );
    assert_eq!(command.red_action(), None);
    assert_eq!(command.valid_until(), time("2026-06-02T10:00:00.000Z"));
}

#[test]
fn every_other_form_is_refused() {
    let good = text();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    for (text, expected) in [
        (good.clone(), "accepted"),
        (String::new(), "document_form"),
        (format!("{good}\n"), "document_not_canonical"),
        (format!(" {good}"), "document_not_canonical"),
        (with(":", ": "), "document_not_canonical"),
        (with("\"prices", "\"\\u0070rices"), "document_not_canonical"),
        (
            with(
                r#""schema":"ios012.command.v1","to":"ORANGE""#,
                r#""to":"ORANGE","schema":"ios012.command.v1""#,
            ),
            "document_not_canonical",
        ),
        (format!("{good}{good}"), "document_form"),
        (with("{", r#"{"a":"b","#), "document_form"),
        (with("{", r#"{"action":"loosen","#), "document_form"),
        (with(r#""issuer":"vera","#, ""), "document_form"),
        (with(r#""vera""#, "1"), "document_form"),
        (with(r#""vera""#, "null"), "document_form"),
        (
            with(r#""answers":"#, r#""red_action":null,"answers":"#),
            "document_form",
        ),
        (format!("[{good}]"), "document_form"),
        (with("command.v1", "command.v2"), "document_schema"),
        (with("command.v1", "roles.v1"), "document_schema"),
        (with("fund-1", "Fund 1"), "document_value"),
        (with("\"RED\"", "\"Red\""), "document_value"),
        (with("T10:00:00.000Z", "T10:00:00Z"), "document_value"),
        (
            with("T10:00:00.000Z", "T10:00:00.000+01:00"),
            "document_value",
        ),
        (
            with("prices_confirmed", "prices confirmed"),
            "document_value",
        ),
        (with("second", "deuxi\u{e8}me"), "document_value"),
        (with("second", "second\\nline"), "document_value"),
        (
            good.replacen(&sha256(b"the trip").to_string(), "abc", 1),
            "document_value",
        ),
        (
            with("second source agrees, \\\"ticket\\\" 4711", " "),
            "command_no_evidence",
        ),
        (with("\"loosen\"", "\"tighten\""), "command_direction"),
        (with("\"loosen\"", "\"reset\""), "command_direction"),
        (with("ORANGE", "YELLOW"), "command_direction"),
        (with("ORANGE", "GREEN"), "command_direction"),
        (with("ORANGE", "BLACK"), "command_direction"),
        (with("ORANGE", "RED"), "command_red_action"),
        (
            with(r#""schema""#, r#""red_action":"to_cash","schema""#),
            "command_red_action",
        ),
        (
            good.replacen(&format!(r#""answers":"{}","#, sha256(b"the trip")), "", 1),
            "command_answers",
        ),
        (
            with("06-02T10:00:00.000", "06-02T10:00:00.001"),
            "command_validity",
        ),
        (
            with("06-02T10:00:00.000", "06-01T10:00:00.000"),
            "command_validity",
        ),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
    assert_eq!(
        Command::parse(b"\xff")
            .map(drop)
            .map_err(|error| error.code()),
        Err("document_not_utf8")
    );
    let long = " ".repeat((1 << 20) + 1);
    assert_eq!(code(&long), "document_too_long");
}

#[test]
fn tightening_names_no_record_and_red_its_action() {
    let stop = CommandDraft {
        from: Defcon::Green,
        to: Defcon::Red,
        red_action: Some(RedAction::ToCash),
        answers: None,
        ..draft()
    };
    assert!(stop.to_text().is_ok());
    let refused = |change: &dyn Fn(&mut CommandDraft)| {
        let mut draft = stop.clone();
        change(&mut draft);
        draft.to_text().map_err(|error| error.code())
    };
    assert_eq!(
        refused(&|draft| draft.answers = Some(sha256(b""))),
        Err("command_answers")
    );
    assert_eq!(
        refused(&|draft| draft.red_action = None),
        Err("command_red_action")
    );
    assert_eq!(
        refused(&|draft| draft.to = Defcon::Black),
        Err("command_red_action")
    );
    assert_eq!(
        refused(&|draft| draft.from = Defcon::Black),
        Err("command_answers")
    );
    // RED to RED is an order only where it says to cash.
    assert!(refused(&|draft| draft.from = Defcon::Red).is_ok());
    assert_eq!(
        refused(&|draft| {
            draft.from = Defcon::Red;
            draft.red_action = Some(RedAction::ReduceOnly);
        }),
        Err("command_direction")
    );
}

/// The step, who signs it (the first issues it), and what comes of it.
#[test]
fn who_may_order_what() {
    use Defcon::{Black, Green, Orange, Red, Yellow};
    for (from, to, signers, expected) in [
        (Green, Yellow, ["stig"].as_slice(), "authorised"),
        (Green, Black, &["stig"], "authorised"),
        (Green, Black, &["vera"], "authorised"),
        (Green, Black, &["chief"], "authorised"),
        (Green, Red, &["oper"], "authorised"),
        (Green, Black, &["oper"], "signer_authority"),
        (Green, Black, &["oper", "stig"], "authorised"),
        (Green, Yellow, &["lars"], "signer_may_not"),
        (Green, Yellow, &["idle"], "signer_may_not"),
        (Yellow, Green, &["stig"], "authorised"),
        (Yellow, Green, &["vera"], "authorised"),
        (Yellow, Green, &["chief"], "signer_may_not"),
        (Yellow, Green, &["oper"], "signer_may_not"),
        // The roles file of the tests asks for two, ADR-016 for one.
        (Orange, Yellow, &["stig"], "signer_threshold"),
        (Orange, Yellow, &["stig", "dora"], "authorised"),
        (Red, Orange, &["vera"], "signer_threshold"),
        (Red, Orange, &["dora"], "signer_threshold"),
        (Red, Orange, &["vera", "stig"], "authorised"),
        (Red, Orange, &["stig", "dora"], "authorised"),
        (Red, Orange, &["dora", "vera"], "authorised"),
        (Red, Orange, &["vera", "vera"], "signer_twice"),
        (Red, Orange, &["vera", "lars"], "signer_may_not"),
        (Red, Orange, &["vera", "chief"], "signer_may_not"),
        (Red, Orange, &["vera", "outsider"], "signature_key_unknown"),
        (Black, Red, &["chief"], "authorised"),
        (Black, Red, &["vera", "stig"], "signer_may_not"),
        (Black, Red, &["chief", "vera"], "signer_may_not"),
        (Red, Orange, &[], "signature_count"),
    ] {
        let draft = CommandDraft {
            from,
            to,
            red_action: (to == Red).then_some(RedAction::ReduceOnly),
            answers: (to < from).then(|| sha256(b"the trip")),
            issuer: signers.first().unwrap_or(&"vera").parse().expect("a code"),
            ..draft()
        };
        let result = fund().order(&draft, signers);
        let code = result
            .as_ref()
            .map_or_else(GovernanceError::code, |_| "authorised");
        assert_eq!(code, expected, "{from} -> {to} by {signers:?}: {result:?}");
        if let Ok(order) = result {
            let signed: Vec<&str> = order.signers().map(Code::as_str).collect();
            assert_eq!(signed, signers);
            assert_eq!(order.roles_hash(), fund().roles.hash());
        }
    }
}

#[test]
fn the_issuer_signs() {
    let mut draft = draft();
    draft.issuer = "dora".parse().expect("a code");
    let refused = fund().order(&draft, &["vera", "stig"]).map(drop);
    assert_eq!(
        refused.map_err(|error| error.code()),
        Err("signer_issuer_missing")
    );
}

#[test]
fn a_command_counts_in_its_time_and_for_its_portfolio() {
    let signers = ["vera", "stig"];
    for (as_of, expected) in [
        (ISSUED, "authorised"),
        ("2026-06-01T09:59:59.999Z", "command_not_in_force"),
        ("2026-06-02T09:59:59.999Z", "authorised"),
        ("2026-06-02T10:00:00.000Z", "command_not_in_force"),
    ] {
        let result = fund().order_at(&draft(), &signers, as_of);
        assert_eq!(
            result.map_or_else(|error| error.code(), |_| "authorised"),
            expected,
            "{as_of}"
        );
    }
    let mut other = draft();
    other.portfolio_id = "fund-2".parse().expect("an id");
    let refused = fund().order(&other, &signers).map(drop);
    assert_eq!(
        refused.map_err(|error| error.code()),
        Err("command_other_portfolio")
    );
}

/// Persons and keys must count when the command was issued and when it is judged.
#[test]
fn officers_and_keys_count_at_both_times() {
    let over_the_end = CommandDraft {
        issued_at: time("2026-12-31T23:00:00.000Z"),
        valid_until: time("2027-01-01T12:00:00.000Z"),
        ..draft()
    };
    let before_the_start = CommandDraft {
        issued_at: time("2025-12-31T23:00:00.000Z"),
        valid_until: time("2026-01-01T12:00:00.000Z"),
        ..draft()
    };
    let signers = ["vera", "stig"];
    for (draft, as_of, expected) in [
        (&over_the_end, "2026-12-31T23:59:59.999Z", "authorised"),
        (&over_the_end, UNTIL, "signer_period"),
        (
            &before_the_start,
            "2026-01-01T01:00:00.000Z",
            "signer_period",
        ),
    ] {
        let result = fund().order_at(draft, &signers, as_of);
        assert_eq!(
            result.map_or_else(|error| error.code(), |_| "authorised"),
            expected,
            "{as_of}"
        );
    }
}

/// One bad signature spoils the good ones beside it.
#[test]
fn every_signature_must_be_good() {
    let text = draft().to_text().expect("a command");
    let good = ["vera", "stig"].map(|person| fund().sign(person, text.as_bytes()));
    let bad = fund().sign("dora", b"something else");
    let all = [good[0].as_slice(), &good[1], &bad];
    let judge = |signatures: &[&[u8]]| {
        let result = authorise(text.as_bytes(), signatures, &fund().roles, context(NOW));
        result.map_or_else(|error| error.code(), |_| "authorised")
    };
    assert_eq!(judge(&all[..2]), "authorised");
    assert_eq!(judge(&all), "signature_invalid");
    assert_eq!(judge(&[all[0]; 17]), "signature_count");
}
