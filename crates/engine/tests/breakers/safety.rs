//! Economic safety: thresholds, responses, and what counts as a loss.

use ios012_engine::EngineError;
use ios012_lineage::{CycleOutcome, Defcon, Record};
use ios012_paper::Script;

use crate::desk::{Desk, Row, breakers, decisions, last_cycle, left, orders};

const EXECUTION: &str = r#""execution": {"#;

/// 0.2 of NLV in STK and nothing else.
const STOCK: [(&str, &str); 1] = [("STK", "0.2")];

fn price(price: &str) -> [(&str, Row<'_>); 1] {
    [("STK", at(price))]
}

fn at(price: &str) -> Row<'_> {
    Row {
        price: Some(price),
        ..Row::default()
    }
}

/// 2,000 shares at 100 of 1,000,000: 25 a share are exactly 5 %, a cent more is above.
#[test]
fn a_loss_trips_above_its_limit_and_not_at_it() {
    for (breaker, response) in [("daily_loss", "reduce_only"), ("drawdown", "reduce_only")] {
        for (low, trips) in [("75", false), ("74.99", true)] {
            let limits = format!(
                r#""breakers": {{"{breaker}": {{"limit": "0.05", "response": "{response}"}}}}, {EXECUTION}"#
            );
            let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
            desk.cycle(&STOCK, &[]).expect("opens");
            desk.cycle(&STOCK, &price(low)).expect("goes on");
            let records = desk.records();
            let causes: Vec<_> = breakers(&records)
                .iter()
                .map(|trip| (trip.cause.to_string(), trip.action.to_string(), trip.level))
                .collect();
            let expected = vec![(breaker.to_owned(), response.to_owned(), Defcon::Red)];
            assert_eq!(causes, if trips { expected } else { Vec::new() }, "{low}");
        }
    }
}

/// Three days of 2 % each are no loss of a day above 5 %, and a drawdown of 5.9 %, rounded up.
#[test]
fn a_day_begins_anew_and_a_peak_does_not() {
    let limits = format!(
        r#""breakers": {{"daily_loss": {{"limit": "0.05", "response": "abort"}},
        "drawdown": {{"limit": "0.05", "response": "reduce_only"}}}}, {EXECUTION}"#
    );
    let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
    desk.cycle(&STOCK, &[]).expect("opens");
    for low in ["90", "80", "70"] {
        desk.cycle(&STOCK, &price(low)).expect("goes on");
    }
    let records = desk.records();
    let tripped = breakers(&records);
    assert_eq!(tripped.len(), 1);
    assert_eq!(tripped[0].cause.as_str(), "drawdown");
}

/// The response is latched: the price is back, and nothing may be added; a reduction may.
#[test]
fn reduce_only_holds_after_the_market_is_back() {
    let limits = format!(
        r#""breakers": {{"daily_loss": {{"limit": "0.05", "response": "reduce_only"}}}}, {EXECUTION}"#
    );
    let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
    desk.cycle(&STOCK, &[]).expect("opens");
    desk.cycle(&STOCK, &price("70")).expect("trips");
    let wishes = [("STK", "0.05"), ("MGN", "0.2")];
    let (summary, _) = desk.cycle(&wishes, &[]).expect("goes on");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    let records = desk.records();
    let cycle = last_cycle(&records);
    let told: Vec<_> = decisions(cycle)
        .iter()
        .map(|decision| {
            let limits = decision.metadata.binding.iter();
            let limits: Vec<_> = limits.map(|step| step.limit.to_string()).collect();
            format!(
                "{} {} {}",
                decision.asset_id,
                decision.allowed_exposure,
                limits.join(",")
            )
        })
        .collect();
    assert_eq!(told, ["MGN 0 breaker:reduce_only", "STK 0.05 "]);
    assert_eq!(orders(cycle).len(), 1);
    assert!(breakers(cycle).is_empty(), "a latched breaker trips once");
    let Some(Record::Seal(seal)) = cycle.last() else {
        panic!("no seal");
    };
    assert_eq!(seal.defcon, Defcon::Red);
}

/// A response that aborts stops each cycle for as long as the loss lasts, and latches nothing.
#[test]
fn an_abort_lasts_as_long_as_its_cause() {
    let limits = format!(
        r#""breakers": {{"drawdown": {{"limit": "0.05", "response": "abort"}}}}, {EXECUTION}"#
    );
    let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
    desk.cycle(&STOCK, &[]).expect("opens");
    let outcome = |desk: &mut Desk, low| {
        let (summary, _) = desk.cycle(&STOCK, &price(low)).expect("goes on");
        summary.outcome
    };
    assert_eq!(outcome(&mut desk, "70"), CycleOutcome::Aborted);
    assert_eq!(outcome(&mut desk, "71"), CycleOutcome::Aborted);
    assert_eq!(outcome(&mut desk, "80"), CycleOutcome::Executed);
}

/// A short of 0.3 at 50 that rises to 190: NLV 160,000 is below a quarter of 1,140,000. With a
/// response everything goes to cash in the same event.
#[test]
fn a_broken_maintenance_margin_goes_to_cash_if_the_limits_say_so() {
    let limits = format!(r#""breakers": {{"margin_breach": "to_cash"}}, {EXECUTION}"#);
    let wide = [
        (EXECUTION, limits.as_str()),
        (r#""jump_band": "0.5""#, r#""jump_band": "9""#),
        (
            r#""max_delta_exposure": "0.5""#,
            r#""max_delta_exposure": "8""#,
        ),
    ];
    let mut desk = Desk::open(Script::default(), &wide);
    desk.cycle(&[("MGN", "-0.3")], &[]).expect("opens");
    desk.cycle(&[("MGN", "-0.3")], &[("MGN", at("190"))])
        .expect("trips");
    assert!(desk.held("MGN").is_zero());
    let records = desk.records();
    let tripped = breakers(&records);
    assert_eq!(tripped.len(), 1);
    assert_eq!(
        (tripped[0].cause.as_str(), tripped[0].action.as_str()),
        ("maintenance_margin", "to_cash")
    );
    assert_eq!(left(&records), []);
}

/// A short of 6,000 at 50 that rises to 120: NLV is 580,000 and 720,000 are short. A quarter of that is
/// covered; all of it, where the registry asks for that from now on, is not.
#[test]
fn a_margin_rate_that_the_registry_raises_holds_for_what_is_held() {
    let limits = format!(r#""breakers": {{"margin_breach": "to_cash"}}, {EXECUTION}"#);
    let limits = [
        (EXECUTION, limits.as_str()),
        (r#""jump_band": "0.5""#, r#""jump_band": "9""#),
    ];
    let rates = |initial, maintenance| {
        format!(
            "\"initial_margin_rate\": \"{initial}\",\n      \"maintenance_margin_rate\": \"{maintenance}\""
        )
    };
    let (before, after) = (rates("0.5", "0.25"), rates("1", "1"));
    for (terms, trips) in [(&[][..], 0), (&[(&*before, &*after)][..], 1)] {
        let mut desk = Desk::open(Script::default(), &limits);
        desk.cycle(&[("MGN", "-0.3")], &[]).expect("opens");
        desk.terms(&limits, terms);
        desk.cycle(&[("MGN", "-0.3")], &[("MGN", at("120"))])
            .expect("goes on");
        assert_eq!(desk.held("MGN").is_zero(), trips == 1);
        let records = desk.records();
        let tripped = breakers(&records);
        assert_eq!(tripped.len(), trips);
        for trip in tripped {
            assert_eq!(trip.cause.as_str(), "maintenance_margin");
        }
    }
}

/// The books rely on the multiplier of what they hold. A perpetual of 0.1 is held, or nothing.
#[test]
fn a_term_that_the_books_rely_on_cannot_change_while_an_asset_is_held() {
    let before = "\"contract_multiplier\": \"100\"";
    let terms = [(before, "\"contract_multiplier\": \"200\"")];
    for (held, is_refused) in [("0.1", true), ("0", false)] {
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&[("XBTPERP", held)], &[]).expect("opens");
        desk.terms(&[], &terms);
        match desk.cycle(&[("XBTPERP", held)], &[]) {
            Err(EngineError::TermsChanged { asset_id, term }) if is_refused => {
                assert_eq!(
                    (asset_id.as_str(), term),
                    ("XBTPERP", "contract_multiplier")
                );
            }
            cycle => assert_eq!(cycle.is_err(), is_refused, "{held}"),
        }
    }
}
