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
        assert_eq!(stance.name(), name);
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
