//! Every trace of up to six events. At each state: what the ledger proves is what stands, no crash
//! loses a halt, and no increase is permitted while a signature is owed.

use ios012_constraints::defcon::{
    Alarm, Loosening, LooseningTerms, RecordId, Recorded, RedAction, Request, Role, Tail, Verdict,
    permits, rebuild,
};
use ios012_core::{Defcon, Mode};

use crate::model::{Persons, STANCES, Stance, command, cool_down, id, may_loosen, time, trip};

const DEEPEST: usize = 6;

/// Who tries to loosen: each role alone, pairs, one person with two offices, and nobody.
const SIGNINGS: [Persons<'static>; 11] = [
    &[],
    &[&[Role::Ceo]],
    &[&[Role::Vega]],
    &[&[Role::Stig]],
    &[&[Role::Lars]],
    &[&[Role::Operator]],
    &[&[Role::Vega, Role::Stig]],
    &[&[Role::Stig], &[Role::Vega]],
    &[&[Role::Vega], &[Role::Vega]],
    &[&[Role::Stig], &[Role::Stig]],
    &[&[Role::Ceo], &[Role::Lars], &[Role::Operator]],
];

/// One trace: the machine, what the ledger holds, and what is owed, which is kept by other means.
#[derive(Clone)]
struct Trace {
    alarm: Alarm,
    events: Vec<Recorded>,
    /// The clock of the data, in seconds.
    now: i64,
    /// A halt that no CEO lifted.
    owes_ceo: bool,
    /// A RED that two officers did not lift.
    owes_two: bool,
}

#[derive(Default)]
struct Count {
    states: u64,
    refused: u64,
    taken: u64,
}

#[test]
fn no_trace_of_six_events_loses_a_halt() {
    let mut count = Count::default();
    for begun in [Some(time(0)), None] {
        let trace = Trace {
            alarm: begun.map_or(Alarm::unknown(time(0)), Alarm::begin),
            events: Vec::new(),
            now: 0,
            owes_ceo: false,
            owes_two: begun.is_none(),
        };
        walk(&trace, begun.is_some(), &mut count);
    }
    println!(
        "{} states, {} commands taken, {} refused",
        count.states, count.taken, count.refused
    );
    assert!(
        count.states > 100_000 && count.taken > 10_000,
        "too few traces"
    );
}

fn walk(trace: &Trace, begun: bool, count: &mut Count) {
    count.states += 1;
    check_state(trace, begun);
    if trace.events.len() == DEEPEST {
        return;
    }
    for stance in STANCES {
        walk(&tripped(trace, stance), begun, count);
    }
    let mut lost = trace.clone();
    lost.alarm = lost.alarm.doubt();
    lost.events.push(Recorded::Unreadable);
    lost.owes_two = true;
    walk(&lost, begun, count);
    for action in RedAction::ALL {
        if let Some(next) = every_command(trace, *action, count) {
            walk(&next, begun, count);
        }
    }
}

fn check_state(trace: &Trace, begun: bool) {
    let proven = |events: &[Recorded], tail| {
        let begun = begun.then(|| time(0));
        rebuild(begun, time(0), events.iter().cloned(), tail)
    };
    let posture = trace.alarm.posture();
    // The same ledger gives the same state, and a doubtful one at least RED.
    assert_eq!(proven(&trace.events, Tail::Complete), trace.alarm);
    let doubtful = proven(&trace.events, Tail::Doubtful);
    assert!(doubtful.posture() >= posture);
    // A crash that lost the last event: at least RED, and no command is taken.
    let lost = trace.events.len().saturating_sub(1);
    let crashed = proven(&trace.events[..lost], Tail::Doubtful);
    for after_crash in [doubtful, crashed] {
        assert!(after_crash.posture().level() >= Defcon::Red);
        assert_eq!(after_crash.answers(), None);
        assert!(!may_increase(after_crash, Mode::Paper));
    }
    // The debts, which the machine does not know of.
    if trace.owes_ceo {
        assert_eq!(posture.level(), Defcon::Black);
    }
    if trace.owes_ceo || trace.owes_two {
        assert!(posture.level() >= Defcon::Red);
        for &mode in Mode::ALL {
            assert!(!may_increase(trace.alarm, mode), "{:?}", trace.events);
        }
    }
}

fn may_increase(alarm: Alarm, mode: Mode) -> bool {
    permits(alarm.posture(), mode, Request::Increase) == Verdict::Permitted
}

/// A second later, a breaker trips.
fn tripped(trace: &Trace, stance: Stance) -> Trace {
    let mut next = trace.clone();
    next.now += 1;
    let trip = trip(stance, next_record(trace), time(next.now));
    next.alarm = next.alarm.tighten(&trip);
    assert!(next.alarm.posture() >= trace.alarm.posture());
    next.events.push(Recorded::Trip(trip));
    next.owes_ceo |= stance.0 == Defcon::Black;
    next.owes_two |= stance.0 >= Defcon::Red;
    next
}

fn next_record(trace: &Trace) -> u8 {
    u8::try_from(trace.events.len() + 1).expect("a short trace")
}

/// Tries the step down from the standing level with every signing, too early and in time, and for
/// every record of the trace. Gives the state after the one that is right, if one is.
fn every_command(trace: &Trace, red_action: RedAction, count: &mut Count) -> Option<Trace> {
    let from = trace.alarm.posture().level();
    let at = Defcon::ALL.iter().position(|level| *level == from)?;
    let to = *Defcon::ALL.get(at.checked_sub(1)?)?;
    if to != Defcon::Red && red_action == RedAction::ToCash {
        return None;
    }
    let wait = cool_down(from, to).expect("neighbours have a step");
    let since = trace.alarm.since().unix_milliseconds() / 1_000;
    let mut next = None;
    for record in 0..next_record(trace) {
        for persons in SIGNINGS {
            for passed in [wait - 1, wait] {
                let now = since + passed;
                let command = command(terms(from, to, red_action, id(record), since), persons);
                let result = trace
                    .alarm
                    .loosen(&command, id(next_record(trace)), time(now));
                let right = trace.alarm.answers() == Some(id(record))
                    && passed == wait
                    && may_loosen(from, to, persons);
                assert_eq!(result.is_ok(), right, "{:?} {persons:?}", trace.events);
                match result {
                    Ok(alarm) => {
                        count.taken += 1;
                        next = Some(stepped(trace, alarm, command, now, persons));
                    }
                    Err(_) => count.refused += 1,
                }
            }
        }
    }
    next
}

fn terms(
    from: Defcon,
    to: Defcon,
    red_action: RedAction,
    answers: RecordId,
    since: i64,
) -> LooseningTerms {
    LooseningTerms {
        from,
        to,
        red_action,
        answers,
        issued_at: time(since),
        valid_until: time(since + 86_400),
    }
}

fn stepped(
    trace: &Trace,
    alarm: Alarm,
    command: Loosening,
    now: i64,
    persons: Persons<'_>,
) -> Trace {
    let signed = |role: Role| persons.iter().filter(|roles| roles.contains(&role)).count();
    let from = trace.alarm.posture().level();
    let mut next = trace.clone();
    next.alarm = alarm;
    next.now = now;
    next.events.push(Recorded::Loosened {
        command,
        record: id(next_record(trace)),
        at: time(now),
    });
    if from == Defcon::Black && signed(Role::Ceo) > 0 {
        next.owes_ceo = false;
    }
    let officers = signed(Role::Vega) + signed(Role::Stig);
    if from == Defcon::Red && signed(Role::Vega) > 0 && officers > 1 && persons.len() > 1 {
        next.owes_two = false;
    }
    next
}

/// A step that stands on the ledger without the right to it leaves the state in doubt.
#[test]
fn a_forged_step_on_the_ledger_is_not_believed() {
    let red = trip(Stance(Defcon::Red, RedAction::ToCash), 1, time(0));
    let terms = terms(Defcon::Red, Defcon::Orange, RedAction::ReduceOnly, id(1), 0);
    let ledger = |persons| {
        let step = Recorded::Loosened {
            command: command(terms, persons),
            record: id(2),
            at: time(3_600),
        };
        let events = [Recorded::Trip(red), step];
        rebuild(Some(time(0)), time(0), events, Tail::Complete)
    };
    let right = ledger(&[&[Role::Vega], &[Role::Stig]]);
    assert_eq!(right.posture().level(), Defcon::Orange);
    let forged = ledger(&[&[Role::Operator]]);
    assert_eq!(forged.posture().red_action(), Some(RedAction::ToCash));
    assert_eq!(forged.answers(), None);
}
