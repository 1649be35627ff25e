//! From signatures to the level: what is authorised drives the machine, and counts once.

use ios012_constraints::defcon::{Alarm, RecordId, RedAction, Trip};
use ios012_core::Defcon;
use ios012_governance::{AuthorisedCommand, CommandDraft, Directive};
use ios012_lineage::{Hash, sha256};

use crate::support::{draft, fund, time};

const TRIPPED: &str = "2026-06-01T09:00:00.000Z";

fn record(hash: Hash) -> RecordId {
    RecordId(*hash.as_bytes())
}

fn tripped(level: Defcon) -> Alarm {
    Alarm::begin(time("2026-05-01T00:00:00.000Z")).tighten(&Trip {
        record: record(sha256(b"the trip")),
        level,
        red_action: RedAction::ReduceOnly,
        at: time(TRIPPED),
    })
}

fn step(from: Defcon, to: Defcon, answers: Hash, issuer: &str) -> CommandDraft {
    CommandDraft {
        from,
        to,
        red_action: (to == Defcon::Red).then_some(RedAction::ReduceOnly),
        answers: (to < from).then_some(answers),
        issuer: issuer.parse().expect("a code"),
        issued_at: time("2026-06-01T09:00:00.000Z"),
        valid_until: time("2026-06-02T09:00:00.000Z"),
        ..draft()
    }
}

fn carry_out(
    alarm: Alarm,
    order: &AuthorisedCommand,
    under: Hash,
    at: &str,
) -> Result<Alarm, &'static str> {
    match order.directive() {
        Directive::Tighten { level, red_action } => Ok(alarm.tighten(&Trip {
            record: record(under),
            level,
            red_action,
            at: time(at),
        })),
        Directive::Loosen(loosening) => alarm
            .loosen(&loosening, record(under), time(at))
            .map_err(|refused| refused.code()),
    }
}

/// From BLACK to GREEN: each step by its own command, signed by those who may.
#[test]
fn the_way_down_takes_every_signature() {
    let mut alarm = tripped(Defcon::Black);
    let mut answers = sha256(b"the trip");
    for (to, signers, at) in [
        (
            Defcon::Red,
            ["chief"].as_slice(),
            "2026-06-01T10:00:00.000Z",
        ),
        (
            Defcon::Orange,
            &["vera", "stig"],
            "2026-06-01T11:00:00.000Z",
        ),
        (
            Defcon::Yellow,
            &["stig", "dora"],
            "2026-06-01T11:15:00.000Z",
        ),
        (Defcon::Green, &["stig"], "2026-06-01T11:20:00.000Z"),
    ] {
        let mut draft = step(alarm.posture().level(), to, answers, signers[0]);
        draft.issued_at = alarm.since();
        draft.valid_until = time("2026-06-01T23:00:00.000Z");
        let order = fund()
            .order_at(&draft, signers, at)
            .expect("enough signatures");
        let under = sha256(to.as_str().as_bytes());
        let early = time(at)
            .checked_add_milliseconds(-1)
            .expect("a time")
            .to_string();
        assert_eq!(
            carry_out(alarm, &order, under, &early),
            Err("loosen_cool_down"),
            "{to}"
        );
        let before = alarm;
        alarm = carry_out(alarm, &order, under, at).expect("in time");
        assert_eq!(alarm.posture().level(), to);
        // The same command again, now and after the same trip has come again.
        assert!(carry_out(alarm, &order, under, at).is_err());
        let again = before.tighten(&Trip {
            record: record(sha256(b"a later trip")),
            level: before.posture().level(),
            red_action: RedAction::ReduceOnly,
            at: time(at),
        });
        assert_eq!(
            carry_out(again, &order, under, "2026-06-01T20:00:00.000Z"),
            Err("loosen_other_record")
        );
        answers = under;
    }
    assert_eq!(alarm.posture().level(), Defcon::Green);
}

#[test]
fn a_stop_needs_one_person() {
    for (person, to) in [
        ("oper", Defcon::Red),
        ("stig", Defcon::Black),
        ("vera", Defcon::Yellow),
    ] {
        let draft = step(Defcon::Green, to, sha256(b""), person);
        let order = fund().order(&draft, &[person]).expect("enough");
        let calm = Alarm::begin(time(TRIPPED));
        let alarm = carry_out(calm, &order, sha256(b"stop"), "2026-06-01T12:00:00.000Z");
        assert_eq!(alarm.map(|alarm| alarm.posture().level()), Ok(to));
        // It is no way down, whatever stands.
        let black = tripped(Defcon::Black);
        let after = carry_out(black, &order, sha256(b"stop"), "2026-06-01T12:00:00.000Z");
        assert_eq!(after.map(|alarm| alarm.posture()), Ok(black.posture()));
    }
}

#[test]
fn red_can_be_made_to_cash() {
    let mut draft = step(Defcon::Red, Defcon::Red, sha256(b""), "oper");
    draft.red_action = Some(RedAction::ToCash);
    let order = fund().order(&draft, &["oper"]).expect("enough");
    let alarm = carry_out(
        tripped(Defcon::Red),
        &order,
        sha256(b"x"),
        "2026-06-01T12:00:00.000Z",
    );
    let action = alarm.map(|alarm| alarm.posture().red_action());
    assert_eq!(action, Ok(Some(RedAction::ToCash)));
    assert_eq!(order.command().red_action(), Some(RedAction::ToCash));
}
