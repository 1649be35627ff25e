//! What each posture permits, against the table of docs/governance.md.

use ios012_constraints::BreakerResponse;
use ios012_constraints::defcon::{Posture, RedAction, Request, Verdict, permits};
use ios012_core::Mode;

use crate::model::{STANCES, posture};

/// Per stance: increase on paper, increase live, reduce, unwind, cancel.
const TABLE: [(&str, [bool; 5]); 6] = [
    ("GREEN", [true, true, true, false, true]),
    ("YELLOW", [true, true, true, false, true]),
    ("ORANGE", [true, false, true, false, true]),
    ("RED reduce_only", [false, false, true, false, true]),
    ("RED to_cash", [false, false, false, true, true]),
    ("BLACK", [false, false, false, false, true]),
];

fn permitted(posture: Posture, mode: Mode, request: Request) -> bool {
    permits(posture, mode, request) == Verdict::Permitted
}

#[test]
fn each_posture_permits_what_the_table_says() {
    for (stance, (name, row)) in STANCES.iter().zip(TABLE) {
        let posture = posture(*stance);
        let level = posture.level();
        let told = match posture.red_action() {
            Some(action) => format!("{level} {action}"),
            None => level.to_string(),
        };
        assert_eq!(told, name);
        assert_eq!(
            permitted(posture, Mode::Paper, Request::Increase),
            row[0],
            "{name}"
        );
        assert_eq!(
            permitted(posture, Mode::Live, Request::Increase),
            row[1],
            "{name}"
        );
        for &mode in Mode::ALL {
            for (request, expected) in [
                (Request::Reduce, row[2]),
                (Request::Unwind, row[3]),
                (Request::Cancel, row[4]),
            ] {
                assert_eq!(
                    permitted(posture, mode, request),
                    expected,
                    "{name} {mode} {request:?}"
                );
            }
        }
    }
}

/// The codes that records keep, in the sequence of the columns; an empty one lets the request out.
#[test]
fn what_a_posture_keeps_back_has_the_code_of_its_reason() {
    let (paper_only, no_increase) = ("defcon_paper_only", "defcon_no_increase");
    let (unwinding, no_unwind) = ("defcon_unwinding", "defcon_no_unwind");
    let halted = "defcon_halted";
    let codes = [
        ["", "", "", no_unwind, ""],
        ["", "", "", no_unwind, ""],
        ["", paper_only, "", no_unwind, ""],
        [no_increase, no_increase, "", no_unwind, ""],
        [no_increase, no_increase, unwinding, "", ""],
        [halted, halted, halted, halted, ""],
    ];
    for (stance, codes) in STANCES.into_iter().zip(codes) {
        let found = [
            (Mode::Paper, Request::Increase),
            (Mode::Live, Request::Increase),
            (Mode::Live, Request::Reduce),
            (Mode::Live, Request::Unwind),
            (Mode::Live, Request::Cancel),
        ]
        .map(
            |(mode, request)| match permits(posture(stance), mode, request) {
                Verdict::Permitted => "",
                Verdict::Denied(reason) => reason.as_str(),
            },
        );
        assert_eq!(found, codes, "{stance:?}");
    }
}

/// A law: what a stricter posture lets a mandate do, a less strict one does too; and paper is
/// never held tighter than live.
#[test]
fn a_stricter_posture_permits_no_more() {
    let postures = STANCES.map(posture);
    assert!(postures.is_sorted_by(|less, more| less < more));
    for pair in postures.windows(2) {
        for &mode in Mode::ALL {
            for request in [Request::Increase, Request::Reduce, Request::Cancel] {
                assert!(
                    permitted(pair[0], mode, request) || !permitted(pair[1], mode, request),
                    "{pair:?} {mode} {request:?}"
                );
            }
        }
    }
    for posture in postures {
        for &request in Request::ALL {
            assert!(
                permitted(posture, Mode::Paper, request)
                    || !permitted(posture, Mode::Live, request)
            );
        }
    }
}

/// A response of IoS-006 and the action that it becomes share their text and their order.
#[test]
fn a_response_becomes_its_action() {
    let actions: Vec<RedAction> = BreakerResponse::ALL
        .into_iter()
        .filter_map(RedAction::of)
        .collect();
    assert_eq!(actions, RedAction::ALL);
    for response in BreakerResponse::ALL {
        if let Some(action) = RedAction::of(response) {
            assert_eq!(action.as_str(), response.as_str());
        }
    }
}
