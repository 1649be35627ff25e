//! docs/governance.md against the code.

use std::path::Path;

use ios012_constraints::defcon::{
    Alarm, RecordId, RedAction, Request, Trip, Verdict, loosening_rule, permits,
};
use ios012_core::{Defcon, Mode};
use ios012_governance::{Command, Namespace, Roles};

/// The block of code or the table under a mark of the page.
fn marked(mark: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/governance.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let mark = format!("<!-- checked: {mark} -->\n");
    let (_, rest) = page.split_once(&mark).expect("the mark");
    match rest.strip_prefix("```json\n") {
        Some(code) => code.split_once("\n```").expect("an end").0.to_owned(),
        None => rest.split_once("\n\n").expect("an end").0.to_owned(),
    }
}

#[test]
fn the_examples_are_accepted() {
    let roles = Roles::parse(marked("roles").as_bytes()).expect("the roles file of the page");
    let signers = roles.allowed_signers(Namespace::Command);
    assert!(signers.contains(
        "officer-b namespaces=\"command@ios-012\",valid-after=\"20260101000000Z\",valid-before=\"20270101000000Z\" ssh-ed25519 AAAAC3"
    ));
    let command = Command::parse(marked("command").as_bytes()).expect("the command of the page");
    assert!(
        roles
            .persons()
            .iter()
            .any(|person| person.id() == command.issuer())
    );
}

#[test]
fn the_authority_table_is_that_of_the_code() {
    let mut rows = Vec::new();
    for &from in Defcon::ALL.iter().rev() {
        for &to in Defcon::ALL {
            if let Some(rule) = loosening_rule(from, to) {
                let places: Vec<String> = rule.signatures.iter().map(ToString::to_string).collect();
                rows.push(format!(
                    "| {from} to {to} | {} | {} s |",
                    places.join(", and "),
                    rule.cool_down_s
                ));
            }
        }
    }
    let table = marked("authority");
    let published: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(published, rows);
}

#[test]
fn the_table_of_what_is_permitted_is_that_of_the_code() {
    let time = crate::support::time(crate::support::NOW);
    let mut rows = Vec::new();
    for &level in Defcon::ALL {
        let actions = if level == Defcon::Red {
            RedAction::ALL
        } else {
            &RedAction::ALL[..1]
        };
        for &red_action in actions {
            let trip = Trip {
                record: RecordId([1; 32]),
                level,
                red_action,
                at: time,
            };
            let posture = Alarm::begin(time).tighten(&trip).posture();
            let says = |mode, request| match permits(posture, mode, request) {
                Verdict::Permitted => "yes",
                Verdict::Denied(_) => "no",
            };
            let action = posture.red_action().map_or("", RedAction::as_str);
            let name = format!("{level} {action}");
            rows.push(format!(
                "| {} | {} | {} | {} | {} | {} |",
                name.trim_end(),
                says(Mode::Paper, Request::Increase),
                says(Mode::Live, Request::Increase),
                says(Mode::Live, Request::Reduce),
                says(Mode::Live, Request::Unwind),
                says(Mode::Live, Request::Cancel),
            ));
        }
    }
    let table = marked("permits");
    let published: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(published, rows);
}
