//! The roles file: its form, and what it may not give.

use ios012_governance::{Action, Roles};
use ios012_lineage::{check_canonical, sha256};
use ssh_key::PublicKey;
use ssh_key::public::{Ed25519PublicKey, KeyData};

use crate::support::{FROM, UNTIL, fund, key_row, person_row, public_text};

fn code(text: &str) -> &'static str {
    Roles::parse(text.as_bytes()).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn white_space_and_the_order_of_members_are_free() {
    let roles = &fund().roles;
    check_canonical(roles.canonical()).expect("canonical text");
    assert_eq!(roles.hash(), sha256(roles.canonical().as_bytes()));
    let again = Roles::parse(roles.canonical().as_bytes()).expect("its own text");
    assert_eq!(again.hash(), roles.hash());
    assert_ne!(roles.canonical(), fund().roles_text);
    assert_eq!(roles.persons().len(), 7);
    assert_eq!(roles.threshold(Action::LoosenRed), 2);
    assert_eq!(roles.threshold(Action::LoosenBlack), 1);
    let vera = &roles.persons()[1];
    assert!(vera.may(Action::LoosenRed) && !vera.may(Action::LoosenBlack));
    assert_eq!(vera.keys()[0].period().until().to_string(), UNTIL);
}

#[test]
fn every_other_form_is_refused() {
    let good = &fund().roles_text;
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let key = public_text(&fund().key("vera"));
    let other = public_text(&fund().key("stig"));
    for (text, expected) in [
        (good.clone(), "accepted"),
        (with("\"person_id\"", "\"name\""), "document_form"),
        (
            with("\"persons\":", "\"comment\": \"x\", \"persons\":"),
            "document_form",
        ),
        (
            with("\"roles\":", "\"roles\": [], \"roles\":"),
            "document_form",
        ),
        (
            with("\"persons\": \"1\"", "\"persons\": 1"),
            "document_form",
        ),
        (
            with(
                r#"{"action": "tighten", "persons": "1"}"#,
                r#"["tighten", "1"]"#,
            ),
            "document_form",
        ),
        (with("roles.v1", "roles.v2"), "document_schema"),
        (with("\"CEO\"", "\"CFO\""), "document_value"),
        (with("\"loosen_black\"", "\"loosen_all\""), "document_value"),
        (with("\"vera\"", "\"vera v\""), "document_value"),
        (with(FROM, "2026-01-01"), "document_value"),
        (with(UNTIL, FROM), "roles_period"),
        (with("\"vera\"", "\"stig\""), "roles_duplicate"),
        (with("[\"CEO\"]", "[\"CEO\", \"CEO\"]"), "roles_duplicate"),
        (
            with("\"loosen_black\"]", "\"loosen_black\", \"tighten\"]"),
            "roles_duplicate",
        ),
        (with(&key, &other), "roles_duplicate"),
        (
            with(&key, &format!("{key} vera@example")),
            "roles_public_key",
        ),
        (with(&key, &format!("{key} ")), "roles_public_key"),
        (with(&key, &key[..key.len() - 4]), "roles_public_key"),
        (
            with(
                &key,
                &key.replace("ssh-ed25519 ", "sk-ssh-ed25519@openssh.com "),
            ),
            "roles_public_key",
        ),
        (
            with(
                r#"{"action": "loosen_black", "persons": "1"}"#,
                r#"{"action": "tighten", "persons": "1"}"#,
            ),
            "roles_duplicate",
        ),
        (
            with(r#"{"action": "tighten", "persons": "1"},"#, ""),
            "roles_threshold_missing",
        ),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
}

#[test]
fn a_threshold_can_be_met_and_is_not_too_low() {
    let good = &fund().roles_text;
    for (action, found, expected) in [
        ("loosen_red", "1", "roles_threshold_range"),
        ("loosen_red", "3", "accepted"),
        // Three persons of the fund may do it.
        ("loosen_red", "4", "roles_threshold_range"),
        ("tighten", "0", "roles_threshold_range"),
        ("tighten", "01", "roles_threshold_range"),
        ("tighten", "-1", "roles_threshold_range"),
        ("tighten", "18446744073709551617", "roles_threshold_range"),
        ("tighten", "5", "accepted"),
        ("tighten", "6", "roles_threshold_range"),
    ] {
        let row = |persons: &str| format!(r#"{{"action": "{action}", "persons": "{persons}"}}"#);
        let before = if action == "tighten" { "1" } else { "2" };
        assert!(good.contains(&row(before)));
        let text = good.replacen(&row(before), &row(found), 1);
        assert_eq!(code(&text), expected, "{action} {found}");
    }
}

/// ADR-016 cannot be undone by editing a file: the most that each role may be given.
#[test]
fn no_file_gives_more_than_the_role_allows() {
    const MOST: [(&str, &str); 5] = [
        ("CEO", "tighten loosen_black"),
        ("VEGA", "tighten loosen_yellow loosen_orange loosen_red"),
        ("STIG", "tighten loosen_yellow loosen_orange loosen_red"),
        ("LARS", ""),
        ("OPERATOR", "tighten"),
    ];
    let good = &fund().roles_text;
    let key = key_row(&public_text(&fund().key("outsider")), FROM, UNTIL);
    for (role, most) in MOST {
        for &action in Action::ALL {
            let row = person_row("more", role, action.as_str(), &key);
            let text = good.replacen("\"persons\": [", &format!("\"persons\": [{row},"), 1);
            let allowed = most.split(' ').any(|right| right == action.as_str());
            let expected = if allowed {
                "accepted"
            } else {
                "roles_beyond_role"
            };
            assert_eq!(code(&text), expected, "{role} {action}");
        }
    }
}

/// The eight points of small order (RFC 7748 and others list them) fit forged signatures; here
/// those with a canonical encoding that are easy to write down: y = 1, y = -1 and y = 0.
#[test]
fn weak_keys_are_refused() {
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    let mut one = [0; 32];
    one[0] = 1;
    for point in [one, minus_one, [0; 32]] {
        let key = PublicKey::from(KeyData::Ed25519(Ed25519PublicKey(point)));
        let text = key.to_openssh().expect("a key");
        let vera = public_text(&fund().key("vera"));
        assert_eq!(
            code(&fund().roles_text.replacen(&vera, &text, 1)),
            "roles_public_key"
        );
    }
}
