//! Unwinding to cash: sequence, transitions, what stays and why, with and without a mandate.

use ios012_contracts::RefusalCode;
use ios012_core::Exposure;
use ios012_core::account::Account;
use ios012_engine::EngineError;
use ios012_lineage::{CycleOutcome, Defcon, Record};
use ios012_paper::{Action, Rule, Script};
use proptest::prelude::*;

use crate::desk::{
    Desk, OPENING, PRICES, Row, amount, breakers, decisions, ids_are_unique, last_cycle, left,
    orders, signed, time,
};

/// A fall of 5 % from the highest NLV takes everything to cash, at most 0.15 a transition.
const TO_CASH: [(&str, &str); 2] = [
    (
        r#""max_delta_exposure": "0.5""#,
        r#""max_delta_exposure": "0.15""#,
    ),
    (
        r#""execution": {"#,
        r#""breakers": {"drawdown": {"limit": "0.05", "response": "to_cash"}}, "execution": {"#,
    ),
];

/// STK from 100 to 60: 0.2 of NLV lose 40 %, which is 8 % of it.
const FALL: (&str, Row<'_>) = (
    "STK",
    Row {
        price: Some("60"),
        closed: false,
        made: None,
        volatility: None,
        shock: None,
    },
);

/// Opens every instrument, then falls.
fn fallen(script: Script, rows: &[(&str, Row<'_>)]) -> Desk {
    let mut desk = Desk::open(script, &[]);
    desk.cycle(&OPENING, &[]).expect("opens");
    desk.limits(&TO_CASH);
    let (summary, refusal) = desk.cycle(&OPENING, rows).expect("goes on");
    assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
    desk
}

/// Positions after the opening: 5,000 tokens of 20 (a factor of 3), 272,000 EUR, 20 contracts of 10
/// ounces, 4,000 short, 2,000 shares, 1,000 inverse contracts of 100 USD.
#[test]
fn a_drawdown_takes_every_instrument_to_cash() {
    let desk = fallen(Script::default(), &[FALL]);
    for (id, _) in OPENING {
        assert!(desk.held(id).is_zero(), "{id}");
    }
    let books = desk.runner.engine().accounts().books();
    let usd = books.balance(&"USD".parse().expect("a currency"), Account::Cash);
    assert_eq!(usd, amount("920000"));
    let records = desk.records();
    let cycle = last_cycle(&records);
    let tripped = breakers(cycle);
    assert_eq!(tripped.len(), 1);
    assert_eq!(tripped[0].cause.as_str(), "drawdown");
    assert_eq!(tripped[0].action.as_str(), "to_cash");
    assert_eq!(tripped[0].level, Defcon::Red);
    let evidence: Vec<_> = tripped[0]
        .evidence
        .iter()
        .map(|line| format!("{} {}", line.name, line.value))
        .collect();
    assert_eq!(
        evidence,
        [
            "nlv 920000",
            "nlv_before 1000000",
            "loss 0.08",
            "limit 0.05"
        ]
    );
    // Each transition within 0.15, each asset from 0 on, the mandate's target in every record.
    let step: Exposure = amount("0.15");
    for decision in decisions(cycle) {
        let moved = decision
            .allowed_exposure
            .checked_sub(decision.previous_exposure);
        assert!(moved.expect("fits").checked_abs().expect("fits") <= step);
        let first = &decision
            .metadata
            .binding
            .first()
            .map(|step| step.limit.to_string());
        let target = decision.target_exposure;
        assert_eq!(
            first.as_deref() == Some("breaker:flatten"),
            !target.is_zero()
        );
    }
    // Token, perpetual and future first, of these the one with most exposure; fx and margin next; spot
    // last. GCJ25 0.4348, BULL3X 0.3261, XBTPERP 0.1087; EURUSD 0.3252, MGN −0.2174; STK 0.1304.
    let first: Vec<_> = orders(cycle)
        .iter()
        .take(6)
        .map(|order| order.asset_id.to_string())
        .collect();
    assert_eq!(
        first,
        ["GCJ25", "BULL3X", "XBTPERP", "EURUSD", "MGN", "STK"]
    );
    let transitions = decisions(cycle)
        .iter()
        .map(|decision| decision.metadata.transition)
        .max();
    // Of the 20 contracts six go in each: 0.15 × 920,000 / 20,000 are 6.9.
    assert_eq!(transitions, Some(3));
    assert!(ids_are_unique(&records));
    assert_eq!(left(cycle), []);
}

/// The same fall again, but the stock's market is closed and the tokens are filled by half: both
/// stay and say why, the rest goes. The next day needs no mandate, and takes them along.
#[test]
fn what_can_not_go_stays_and_goes_the_next_day() {
    let rule = Rule {
        asset_id: Some("BULL3X".parse().expect("an id")),
        side: None,
        as_of: Some(amount("2025-03-04T00:00:00.000Z")),
        action: Action::Partial(amount("0.5")),
    };
    let script = Script::new(vec![rule]);
    let token = |price| Row {
        price: Some(price),
        ..Row::default()
    };
    let closed = Row {
        closed: true,
        ..FALL.1
    };
    let mut desk = fallen(script, &[("BULL3X", token("14")), ("STK", closed)]);
    assert_eq!(desk.held("STK"), amount("2000"));
    assert!(desk.held("BULL3X").is_positive());
    for id in ["EURUSD", "GCJ25", "MGN", "XBTPERP"] {
        assert!(desk.held(id).is_zero(), "{id}");
    }
    let (summary, refusal) = desk.unwind(&[FALL]).expect("goes on");
    assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
    assert!(desk.held("STK").is_zero() && desk.held("BULL3X").is_zero());
    let records = desk.records();
    let seals = records.iter().enumerate();
    let ends: Vec<_> = seals
        .filter(|(_, record)| matches!(record, Record::Seal(_)))
        .map(|(at, _)| at)
        .collect();
    let second = &records[ends[0]..ends[1]];
    let rest: Vec<_> = left(second)
        .iter()
        .map(|(id, _, reason)| format!("{id} {reason}"))
        .collect();
    assert_eq!(rest, ["BULL3X reductions_unfilled", "STK market_closed"]);
    let Record::Cycle(third) = &last_cycle(&records)[0] else {
        panic!("no cycle");
    };
    assert_eq!(third.mandate_hash, None);
    assert!(
        decisions(last_cycle(&records))
            .iter()
            .all(|decision| decision.target_exposure.is_zero())
    );
}

/// A price that jumps beyond its band, or is stale, freezes its asset: it is not valued at it, not
/// traded, and the record says so. The others go.
#[test]
fn an_asset_without_a_trusted_price_is_frozen() {
    let mut changes = TO_CASH.to_vec();
    changes.push((
        r#""jump_band": "0.5""#,
        r#""jump_band": "0.5", "max_price_age_s": "3600""#,
    ));
    let mut desk = Desk::open(Script::default(), &[]);
    desk.cycle(&OPENING, &[]).expect("opens");
    desk.limits(&changes);
    // Everything is closed, so that the breaker trips and nothing goes yet.
    let closed = Row {
        closed: true,
        ..Row::default()
    };
    let mut rows: Vec<_> = PRICES.iter().map(|(id, _)| (*id, closed)).collect();
    rows[5].1.price = Some("60");
    desk.cycle(&OPENING, &rows).expect("goes on");
    let before = desk.held("XBTPERP");
    assert!(before.is_positive());
    let stale = time(4);
    let jumped = Row {
        price: Some("10000"),
        ..Row::default()
    };
    let old = Row {
        made: Some(&stale),
        ..Row::default()
    };
    let rows = [("XBTPERP", jumped), ("MGN", old), FALL];
    let (summary, refusal) = desk.unwind(&rows).expect("goes on");
    assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
    assert_eq!(desk.held("XBTPERP"), before);
    assert_eq!(desk.held("MGN"), amount("-4000"));
    assert!(desk.held("STK").is_zero() && desk.held("GCJ25").is_zero());
    // Valued at 40,000 still: no gain or loss but that of the stock.
    assert_eq!(summary.nlv_after, amount("920000"));
    let records = desk.records();
    let frozen: Vec<_> = breakers(last_cycle(&records))
        .iter()
        .map(|trip| format!("{} {} {}", trip.action, trip.cause, trip.evidence[0].value))
        .collect();
    assert_eq!(
        frozen,
        ["freeze price_jump XBTPERP", "freeze price_untrusted MGN"]
    );
    let rest: Vec<_> = left(last_cycle(&records))
        .iter()
        .map(|(id, quantity, reason)| format!("{id} {quantity} {reason}"))
        .collect();
    assert_eq!(rest, ["MGN 4000 frozen", "XBTPERP -1000 frozen"]);
}

/// The breaker is latched: a recovered market and a mandate to buy change nothing, and a mandate
/// that is refused does not keep the portfolio from going to cash.
#[test]
fn the_way_to_cash_is_latched_and_needs_no_good_mandate() {
    let closed = Row {
        closed: true,
        ..FALL.1
    };
    let mut desk = fallen(Script::default(), &[("STK", closed)]);
    assert!(desk.held("STK").is_positive());
    // The mandate leaves out what is held: refused, on the ledger, and the stock is sold.
    let (summary, refusal) = desk.cycle(&[("MGN", "0.1")], &[FALL]).expect("goes on");
    assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
    assert!(desk.held("STK").is_zero());
    let (summary, _) = desk.cycle(&OPENING, &[FALL]).expect("goes on");
    assert_eq!(summary.orders, 0);
    let records = desk.records();
    let refusals = records.iter().filter_map(|record| match record {
        Record::Refusal(refusal) => Some(refusal.code.as_str()),
        _ => None,
    });
    let code = RefusalCode::HeldNotNamed.as_str();
    assert_eq!(refusals.collect::<Vec<_>>(), [code]);
    assert_eq!(breakers(&records).len(), 1, "a latched breaker trips once");
}

/// I9: without a breaker nothing moves without a mandate.
#[test]
fn a_cycle_without_a_mandate_needs_a_breaker() {
    let mut desk = Desk::open(Script::default(), &[]);
    desk.cycle(&OPENING, &[]).expect("opens");
    assert!(matches!(desk.unwind(&[]), Err(EngineError::Sequence(_))));
}

/// A snapshot that lacks a position, or is no newer than the last, is refused and recorded.
#[test]
fn a_snapshot_that_does_not_fit_is_refused() {
    let closed = Row {
        closed: true,
        ..FALL.1
    };
    let mut desk = fallen(Script::default(), &[("STK", closed)]);
    let market = r#"{"schema":"ios012.market.v1","as_of":"2025-03-09T00:00:00.000Z","currency":"USD","rows":[
        {"asset_id":"MGN","reference_price":"50","price_time":"2025-03-09T00:00:00.000Z","market_open":true}]}"#;
    let market = ios012_contracts::Market::parse("market.json", market.as_bytes());
    let standing = std::sync::Arc::clone(&desk.standing);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let unwound = runtime.block_on(desk.runner.unwind(&standing, market.expect("a market")));
    let (summary, refusal) = unwound.expect("goes on");
    assert_eq!(summary.outcome, CycleOutcome::Refused);
    let refusal = refusal.expect("refused");
    assert_eq!(
        (refusal.code, refusal.value.as_deref()),
        (RefusalCode::NoPrice, Some("STK"))
    );
    assert!(desk.held("STK").is_positive());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any mix of instruments, any longest step, any markets closed: each transition is within the
    /// step, every order takes a position nearer to zero and never past it, and what is open ends at
    /// zero. `records` verifies and replays each ledger.
    #[test]
    fn any_portfolio_unwinds(
        targets in proptest::collection::vec(-30_i32..=30, 6),
        step in 4_u32..60,
        closed in proptest::collection::vec(proptest::bool::weighted(0.2), 7),
        volatility in proptest::collection::vec(proptest::option::of(1_u32..90), 7),
    ) {
        let names = ["BULL3X", "EURUSD", "GCJ25", "MGN", "STK", "XBTPERP"];
        let most = [30, 30, 30, 20, 20, 10];
        let opening: Vec<_> = names.iter().zip(targets).zip(most).map(|((name, target), most)| {
            let target = target.clamp(-most, most);
            let long_only = matches!(*name, "BULL3X" | "STK");
            let target = if long_only { target.abs() } else { target };
            (*name, hundredths(target))
        }).collect();
        let opening: Vec<_> = opening.iter().map(|(name, target)| (*name, target.as_str())).collect();
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&opening, &[]).expect("opens");
        let step_text = format!(r#""max_delta_exposure": "{}""#, hundredths(step.try_into().expect("fits")));
        let changes = vec![(TO_CASH[0].0, step_text.as_str()), (
            TO_CASH[1].0,
            r#""breakers": {"drawdown": {"limit": "0", "response": "to_cash"}}, "execution": {"#,
        )];
        desk.limits(&changes);
        let held: Vec<_> = names.iter().map(|name| desk.held(name)).collect();
        prop_assume!(held.iter().any(|held| !held.is_zero()));
        // A tenth against every position.
        let prices: Vec<_> = PRICES.iter().map(|(name, price)| {
            let at = names.iter().position(|other| other == name);
            let short = at.is_some_and(|at| held[at].is_negative());
            let price: ios012_core::Price = amount(price);
            let tenths = if short { 11 } else { 9 };
            let moved = price.units() / 10 * tenths;
            // On the tick of 0.5 of the coarsest asset, where there is one.
            ios012_core::Price::from_units(moved).to_string()
        }).collect();
        let volatility: Vec<_> = volatility.iter().map(|v| v.map(|v| hundredths(v.try_into().expect("fits")))).collect();
        let rows: Vec<_> = PRICES.iter().enumerate().map(|(at, (name, _))| (*name, Row {
            price: Some(prices[at].as_str()),
            closed: closed[at],
            made: None,
            volatility: volatility[at].as_deref(),
            shock: None,
        })).collect();
        let (summary, refusal) = desk.cycle(&opening, &rows).expect("goes on");
        prop_assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
        let mut now = held.clone();
        let after: Vec<_> = names.iter().map(|name| desk.held(name)).collect();
        let records = desk.records();
        let cycle = last_cycle(&records);
        prop_assert_eq!(breakers(cycle).len(), 1);
        let step: Exposure = amount(&hundredths(step.try_into().expect("fits")));
        for decision in decisions(cycle) {
            let moved = decision.allowed_exposure.checked_sub(decision.previous_exposure).expect("fits");
            prop_assert!(moved.checked_abs().expect("fits") <= step);
        }
        for order in orders(cycle) {
            let at = names.iter().position(|name| *name == order.asset_id.as_str()).expect("known");
            let next = now[at].checked_add(signed(order)).expect("fits");
            prop_assert!(next.checked_abs().expect("fits") < now[at].checked_abs().expect("fits"));
            prop_assert!(next.is_zero() || next.is_negative() == now[at].is_negative());
            now[at] = next;
        }
        prop_assert_eq!(&now, &after);
        prop_assert!(ids_are_unique(&records));
        for (at, name) in names.iter().enumerate() {
            let row = PRICES.iter().position(|(other, _)| other == name).expect("known");
            if closed[row] {
                prop_assert_eq!(after[at], held[at]);
            } else {
                // Less than a step may be less than a lot: then it says so.
                let told = left(cycle).iter().any(|(id, _, reason)| id == name && reason.as_str() == "below_lot");
                prop_assert!(after[at].is_zero() || told, "{} {}", name, after[at]);
            }
        }
    }
}

/// A number of hundredths as a decimal.
fn hundredths(value: i32) -> String {
    let exposure = Exposure::from_units(i128::from(value) * (Exposure::SCALE / 100));
    exposure.to_string()
}
