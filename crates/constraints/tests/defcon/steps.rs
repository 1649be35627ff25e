//! Single steps: every combination of levels, persons, answers and times, against the model.

use ios012_constraints::defcon::{
    Alarm, LooseningRefused, LooseningTerms, RedAction, Role, RoleSet, may_tighten,
};
use ios012_core::Defcon;

use crate::model::{
    Persons, STANCES, Stance, command, cool_down, id, may_loosen, milliseconds, time, trip,
};

const TRIPPED: i64 = 10_000;

fn terms(from: Defcon, to: Defcon) -> LooseningTerms {
    LooseningTerms {
        from,
        to,
        red_action: RedAction::ReduceOnly,
        answers: id(1),
        issued_at: time(TRIPPED),
        valid_until: time(TRIPPED + 86_400),
    }
}

/// Every set of roles that one person could have, and every two persons with one role each.
fn every_signing() -> Vec<Vec<Vec<Role>>> {
    let mut signings = vec![Vec::new()];
    for bits in 0..32_u32 {
        let roles = Role::ALL.iter().enumerate();
        let held = roles.filter(|(at, _)| bits & (1 << at) != 0);
        signings.push(vec![held.map(|(_, role)| *role).collect()]);
    }
    for &one in Role::ALL {
        for &other in Role::ALL {
            signings.push(vec![vec![one], vec![other]]);
        }
    }
    signings
}

#[test]
fn every_step_needs_exactly_its_authority() {
    let mut taken = 0;
    for signing in every_signing() {
        let persons: Vec<&[Role]> = signing.iter().map(Vec::as_slice).collect();
        for stance in STANCES {
            let alarm = Alarm::begin(time(0)).tighten(&trip(stance, 1, time(TRIPPED)));
            for &from in Defcon::ALL {
                for &to in Defcon::ALL {
                    let command = command(terms(from, to), &persons);
                    let result = alarm.loosen(&command, id(2), time(TRIPPED + 7_200));
                    let expected = from == stance.0 && may_loosen(from, to, &persons);
                    assert_eq!(
                        result.is_ok(),
                        expected,
                        "{stance:?} {from}->{to} {persons:?}"
                    );
                    if let Ok(after) = result {
                        taken += 1;
                        assert_eq!(after.posture().level(), to);
                        assert_eq!(after.answers(), Some(id(2)));
                    }
                }
            }
        }
    }
    assert!(taken > 100, "{taken} steps were taken");
}

const RIGHT: Persons<'static> = &[&[Role::Ceo], &[Role::Vega], &[Role::Stig]];

#[test]
fn cool_down_ends_with_its_last_millisecond() {
    for pair in STANCES.windows(2) {
        let (to, from) = (pair[0].0, pair[1].0);
        let Some(wait) = cool_down(from, to) else {
            assert_eq!(from, to);
            continue;
        };
        let alarm = Alarm::begin(time(0)).tighten(&trip(pair[1], 1, time(TRIPPED)));
        let command = command(terms(from, to), RIGHT);
        let end = (TRIPPED + wait) * 1_000;
        assert!(alarm.loosen(&command, id(2), milliseconds(end)).is_ok());
        assert_eq!(
            alarm.loosen(&command, id(2), milliseconds(end - 1)),
            Err(LooseningRefused::CoolDown {
                since: time(TRIPPED),
                seconds: wait
            })
        );
    }
}

/// A command of the very time of the trip is not behind it: it has to wait.
#[test]
fn the_time_of_the_trip_itself_is_not_behind_it() {
    let red = Stance(Defcon::Red, RedAction::ReduceOnly);
    let alarm = Alarm::begin(time(0)).tighten(&trip(red, 1, time(TRIPPED)));
    let command = command(terms(Defcon::Red, Defcon::Orange), RIGHT);
    let code = |at| {
        alarm
            .loosen(&command, id(2), at)
            .map_err(|refused| refused.code())
    };
    assert_eq!(code(time(TRIPPED)), Err("loosen_cool_down"));
    let before = milliseconds(TRIPPED * 1_000 - 1);
    assert_ne!(code(before), Err("loosen_cool_down"));
}

#[test]
fn each_cause_of_refusal_is_named() {
    let yellow = Stance(Defcon::Yellow, RedAction::ReduceOnly);
    let alarm = Alarm::begin(time(0)).tighten(&trip(yellow, 1, time(TRIPPED)));
    let good = terms(Defcon::Yellow, Defcon::Green);
    let at = time(TRIPPED + 600);
    let code = |alarm: Alarm, terms, persons, at| {
        alarm
            .loosen(&command(terms, persons), id(2), at)
            .map_err(|refused| refused.code())
            .map(|alarm| alarm.posture().level())
    };
    assert_eq!(code(alarm, good, RIGHT, at), Ok(Defcon::Green));
    let mut other = good;
    other.answers = id(9);
    assert_eq!(code(alarm, other, RIGHT, at), Err("loosen_other_record"));
    let mut other = good;
    other.from = Defcon::Red;
    assert_eq!(code(alarm, other, RIGHT, at), Err("loosen_other_level"));
    let mut other = good;
    other.to = Defcon::Black;
    assert_eq!(code(alarm, other, RIGHT, at), Err("loosen_no_such_step"));
    assert_eq!(
        code(alarm, good, &[&[Role::Lars]], at),
        Err("loosen_authority")
    );
    assert_eq!(
        code(alarm, good, RIGHT, time(TRIPPED - 1)),
        Err("loosen_time_behind")
    );
    let mut other = good;
    other.issued_at = milliseconds(TRIPPED * 1_000 - 1);
    assert_eq!(code(alarm, other, RIGHT, at), Err("loosen_issued_before"));
    let mut other = good;
    other.issued_at = time(TRIPPED + 601);
    assert_eq!(code(alarm, other, RIGHT, at), Err("loosen_out_of_date"));
    let mut other = good;
    other.valid_until = at;
    assert_eq!(code(alarm, other, RIGHT, at), Err("loosen_out_of_date"));
    let fresh = alarm.tighten(&trip(yellow, 1, time(TRIPPED + 599)));
    let mut other = good;
    other.issued_at = at;
    assert_eq!(code(fresh, other, RIGHT, at), Err("loosen_cool_down"));
    let unknown = Alarm::unknown(time(TRIPPED));
    let red = terms(Defcon::Red, Defcon::Orange);
    assert_eq!(
        code(unknown, red, RIGHT, at),
        Err("loosen_nothing_to_answer")
    );
}

/// A later trip, even a milder one, has to be answered itself and begins the cool-down again.
#[test]
fn a_command_does_not_outlive_the_next_trip() {
    let red = Stance(Defcon::Red, RedAction::ToCash);
    let mild = Stance(Defcon::Green, RedAction::ReduceOnly);
    let alarm = Alarm::begin(time(0)).tighten(&trip(red, 1, time(TRIPPED)));
    let command = command(terms(Defcon::Red, Defcon::Orange), RIGHT);
    assert!(alarm.loosen(&command, id(3), time(TRIPPED + 3_600)).is_ok());
    let again = alarm.tighten(&trip(mild, 2, time(TRIPPED + 1)));
    assert_eq!(again.posture(), alarm.posture());
    assert_eq!(again.since(), time(TRIPPED + 1));
    assert_eq!(
        again.loosen(&command, id(3), time(TRIPPED + 7_200)),
        Err(LooseningRefused::OtherRecord {
            named: id(1),
            standing: id(2)
        })
    );
}

/// A record is named as everywhere: each of its 32 bytes in two hexadecimal digits.
#[test]
fn a_refusal_names_both_records_in_full() {
    let refused = LooseningRefused::OtherRecord {
        named: id(10),
        standing: id(255),
    };
    let (named, standing) = ("0a".repeat(32), "ff".repeat(32));
    assert_eq!(
        refused.to_string(),
        format!("the command answers {named}, but {standing} stands; issue a command for that")
    );
}

/// ADR-016, as in docs/governance.md: STIG and VEGA tighten, the CEO too, the operator up to RED.
#[test]
fn who_may_order_a_stricter_level() {
    for &level in Defcon::ALL {
        let may: Vec<&str> = Role::ALL
            .iter()
            .filter(|role| may_tighten(**role, level))
            .map(|role| role.as_str())
            .collect();
        if level == Defcon::Black {
            assert_eq!(may, ["CEO", "VEGA", "STIG"]);
        } else {
            assert_eq!(may, ["CEO", "VEGA", "STIG", "OPERATOR"]);
        }
    }
    let both = RoleSet::of(&[Role::Vega, Role::Stig]);
    assert_eq!(both.to_string(), "VEGA or STIG");
    for &role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
        assert_eq!(both.has(role), both.meets(RoleSet::of(&[role])), "{role}");
    }
}
