use ios012_constraints::{AssetLimits, Block, ControlContext, LimitSet, Limits, Sent, approve};
use ios012_core::fixed::notional;
use ios012_core::sequence::{Intent, PlannedOrder};
use ios012_core::{AssetSpec, BookEventKind, Exposure, FxRate, Instrument, Money};
use proptest::prelude::*;

use super::*;

fn amount<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

fn submission(side: Side, quantity: &str, price: &str, collar: &str) -> Submission {
    let spec = AssetSpec {
        asset_id: "A".parse().expect("an id"),
        class: "equity".parse().expect("a class"),
        instrument: Instrument::Spot,
        currency: "USD".parse().expect("a currency"),
        lot_size: Quantity::QUANTUM,
        tick_size: amount("0.01"),
        min_notional: Money::ZERO,
        contract_multiplier: Ratio::ONE,
        leverage_factor: Ratio::ONE,
        initial_margin_rate: Ratio::ONE,
        maintenance_margin_rate: Ratio::ONE,
        expiry: None,
        payoff: ios012_core::Payoff::Linear,
        active: true,
    };
    let reference_price: Price = amount(price);
    let collar: Ratio = amount(collar);
    let width = mul_div(
        reference_price.units(),
        collar.units(),
        Ratio::SCALE,
        Rounding::TowardZero,
    );
    let width = Price::from_units(width.expect("fits"));
    let limit_price = match side {
        Side::Buy => tick_below(
            reference_price.checked_add(width).expect("fits"),
            spec.tick_size,
        ),
        Side::Sell => tick_above(
            reference_price.checked_sub(width).expect("fits"),
            spec.tick_size,
        ),
    };
    let order = PlannedOrder {
        index: 0,
        side,
        intent: match side {
            Side::Buy => Intent::Increase,
            Side::Sell => Intent::Reduce,
        },
        quantity: amount(quantity),
        limit_price: limit_price.expect("fits"),
    };
    let limits = limits(collar);
    let context = ControlContext {
        spec: &spec,
        limits: &limits,
        as_of: UtcTime::from_date("2020-01-02").expect("a date"),
        at: UtcTime::from_date("2020-01-02").expect("a date"),
        nlv: amount("1000000"),
        reference_price,
        rate: FxRate::ONE,
        position: match side {
            Side::Buy => Quantity::ZERO,
            Side::Sell => amount("1000000"),
        },
        slice: 0,
    };
    Submission {
        order_id: "0123456789abcdef0123456789abcdef".parse().expect("an id"),
        not_before: UtcTime::from_date("2020-01-02").expect("a date"),
        order: approve(&order, &context, &mut Sent::default())
            .expect("sums")
            .expect("passes the controls"),
    }
}

/// Limits that refuse nothing but what is outside the collar.
fn limits(collar: Ratio) -> Limits {
    let wide: Exposure = amount("1");
    let row = AssetLimits {
        asset_id: "A".parse().expect("an id"),
        min_exposure: Exposure::ZERO,
        max_exposure: wide,
        max_delta_exposure: wide,
        max_leverage: Ratio::ONE,
        block: Block::None,
        shock: None,
        max_order_quantity: None,
    };
    let set = LimitSet {
        assets: vec![row],
        groups: Vec::new(),
        classes: Vec::new(),
        currencies: Vec::new(),
        gross: wide,
        net: wide,
        cash_floor: Exposure::ZERO,
        dead_band: Exposure::ZERO,
        ramp_steps: 1,
        fee: Ratio::ZERO,
        slippage: Ratio::ZERO,
        collar,
        max_order_notional: None,
        schedule: ios012_core::Schedule::Immediate,
        max_orders_per_cycle: None,
        max_turnover: None,
        max_daily_turnover: None,
        max_orders_per_minute: None,
        repeated_execution: None,
        breakers: ios012_constraints::BreakerLimits::default(),
        soft_shock_threshold: None,
        hard_shock_threshold: None,
        jump_band: None,
        max_price_age_s: None,
    };
    Limits::new(set).expect("limits")
}

fn told(broker: &mut PaperBroker, submission: &Submission) -> Vec<News> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut news = Vec::new();
    runtime
        .block_on(broker.submit(submission, &mut news))
        .expect("answers");
    assert!(
        news.iter()
            .all(|event| event.order_id == submission.order_id)
    );
    news.into_iter().map(|event| event.news).collect()
}

fn only_fill(news: &[News]) -> &BrokerFill {
    match news {
        [News::Filled(fill)] => fill,
        other => panic!("expected one fill, found {other:?}"),
    }
}

/// 100 with 5 bps of slippage is 100.05 for a buy and 99.95 for a sale; 10 bps of 10 × 100.05 is
/// 1.0005.
#[test]
fn a_fill_is_at_the_reference_price_moved_by_the_slippage() {
    let mut broker = PaperBroker::new(amount("0.001"), amount("0.0005"), Script::default());
    let news = told(&mut broker, &submission(Side::Buy, "10", "100", "0.01"));
    let fill = only_fill(&news);
    assert_eq!((fill.price, fill.fee), (amount("100.05"), amount("1.0005")));
    assert_eq!(fill.quantity, amount("10"));
    let news = told(&mut broker, &submission(Side::Sell, "10", "100", "0.01"));
    assert_eq!(only_fill(&news).price, amount("99.95"));
}

/// A collar narrower than the slippage: the limit is never reached.
#[test]
fn an_order_expires_where_its_limit_is_not_reached() {
    let mut broker = PaperBroker::new(Ratio::ZERO, amount("0.02"), Script::default());
    for side in [Side::Buy, Side::Sell] {
        let news = told(&mut broker, &submission(side, "10", "100", "0.01"));
        assert_eq!(news, [News::Expired(Code::literal("limit_not_reached"))]);
    }
}

#[test]
fn a_script_rejects_expires_and_fills_in_part() {
    let script = r#"{"schema":"ios012.paper_script.v1","rules":[
        {"asset_id":"B","action":"reject"},
        {"asset_id":"A","side":"sell","action":"reject"},
        {"as_of":"2020-01-02T00:00:00.000Z","action":"partial","fraction":"0.25"}]}"#;
    let mut broker = PaperBroker::new(
        Ratio::ZERO,
        Ratio::ZERO,
        Script::parse(script).expect("parses"),
    );
    let news = told(&mut broker, &submission(Side::Sell, "10", "100", "0"));
    assert_eq!(news, [News::Rejected(Code::literal("scripted_reject"))]);
    let news = told(&mut broker, &submission(Side::Buy, "10", "100", "0"));
    let [News::Filled(fill), News::Expired(code)] = &news[..] else {
        panic!("found {news:?}")
    };
    assert_eq!(
        (fill.quantity, code.as_str()),
        (amount("2.5"), "scripted_partial")
    );

    let expire = Rule {
        asset_id: None,
        side: None,
        as_of: None,
        action: Action::Expire,
    };
    let mut broker = PaperBroker::new(Ratio::ZERO, Ratio::ZERO, Script::new(vec![expire]));
    let news = told(&mut broker, &submission(Side::Buy, "10", "100", "0"));
    assert_eq!(news, [News::Expired(Code::literal("scripted_expire"))]);
}

#[test]
fn a_bad_script_is_refused_with_its_place() {
    let with = |rule: &str| format!(r#"{{"schema":"ios012.paper_script.v1","rules":[{rule}]}}"#);
    for (script, message) in [
        (with(r#"{"action":"partial"}"#), "rules[0].fraction"),
        (
            with(r#"{"action":"partial","fraction":"1.1"}"#),
            "rules[0].fraction",
        ),
        (
            with(r#"{"action":"reject","fraction":"1"}"#),
            "rules[0].fraction",
        ),
        (
            with(r#"{"action":"partial","fraction":0.5}"#),
            "expected a string",
        ),
        (with(r#"{"action":"explode"}"#), "explode"),
        (with(r#"{"action":"reject","when":"now"}"#), "when"),
        (
            with(r#"{"action":"reject","asset_id":"A B"}"#),
            "rules[0].asset_id",
        ),
        (
            with(r#"{"action":"reject","as_of":"2020-01-02"}"#),
            "rules[0].as_of",
        ),
        (
            r#"{"schema":"ios012.paper_script.v2","rules":[]}"#.to_owned(),
            "v2",
        ),
        (with(r#"["AAPL","buy",null,"reject",null]"#), "is an object"),
        (
            r#"["ios012.paper_script.v1",[]]"#.to_owned(),
            "is an object",
        ),
    ] {
        let error = Script::parse(&script).expect_err(&script).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn sending_twice_is_sending_once() {
    let mut broker = PaperBroker::new(Ratio::ZERO, Ratio::ZERO, Script::default()).with_history();
    let order = submission(Side::Buy, "10", "100", "0");
    let first = told(&mut broker, &order);
    assert_eq!(told(&mut broker, &order), []);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let history = runtime
        .block_on(broker.history(order.order_id))
        .expect("answers");
    assert_eq!(
        history
            .into_iter()
            .map(|event| event.news)
            .collect::<Vec<_>>(),
        first
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A fill is never better than the reference price, never worse than the limit, on the tick,
    /// and never more than was ordered.
    #[test]
    fn fills_stay_between_reference_and_limit(cents in 1_i128..1_000_000, slippage in 0_i128..20_000_000_000, sell: bool) {
        let side = if sell { Side::Sell } else { Side::Buy };
        let price = Price::from_units(cents * 1_000_000).to_string();
        let order = submission(side, "7.5", &price, "0.01");
        let mut broker = PaperBroker::new(amount("0.001"), Ratio::from_units(slippage), Script::default());
        for news in told(&mut broker, &order) {
            let News::Filled(fill) = news else { continue };
            let approved = &order.order;
            let (low, high) = match side {
                Side::Buy => (approved.reference_price(), approved.limit_price()),
                Side::Sell => (approved.limit_price(), approved.reference_price()),
            };
            prop_assert!(low <= fill.price && fill.price <= high);
            prop_assert_eq!(fill.price.units() % 1_000_000, 0);
            prop_assert_eq!(fill.quantity, approved.quantity());
            let value = notional(fill.quantity, fill.price, Rounding::AwayFromZero).expect("fits");
            prop_assert!((fill.fee.units() * 1000 - value.units()).abs() <= 1000);
        }
    }
}

fn statement(broker: &mut PaperBroker) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let as_of = amount("2020-01-02T00:00:00.000Z");
    let stated = runtime
        .expect("a runtime")
        .block_on(broker.statement(as_of));
    let stated = stated.expect("answers");
    assert_eq!((stated.time, stated.cash), (as_of, None));
    let text = |(id, units): &(AssetId, Quantity)| (id.to_string(), units.to_string());
    stated.positions.iter().map(text).collect()
}

fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let text = |(id, units): &(&str, &str)| ((*id).to_owned(), (*units).to_owned());
    pairs.iter().map(text).collect()
}

#[test]
fn what_is_held_follows_fills_and_events() {
    let positions = [
        ("A", "10"),
        ("B", "-3"),
        ("C", "0"),
        ("F1", "2"),
        ("F2", "-5"),
    ];
    let positions = positions.map(|(id, units)| (amount(id), amount(units)));
    let mut broker =
        PaperBroker::new(Ratio::ZERO, Ratio::ZERO, Script::default()).holding(positions);
    let opening = of(&[("A", "10"), ("B", "-3"), ("F1", "2"), ("F2", "-5")]);
    assert_eq!(statement(&mut broker), opening);
    told(&mut broker, &submission(Side::Sell, "7", "100", "0"));
    let sold = of(&[("A", "3"), ("B", "-3"), ("F1", "2"), ("F2", "-5")]);
    assert_eq!(statement(&mut broker), sold);
    let event = |kind| BookEvent {
        time: amount("2020-01-02T00:00:00.000Z"),
        kind,
    };
    broker.learn(&[
        event(BookEventKind::Split {
            asset_id: amount("A"),
            numerator: 1,
            denominator: 2,
        }),
        event(BookEventKind::SymbolChange {
            asset_id: amount("B"),
            into: amount("BB"),
        }),
        event(BookEventKind::Roll {
            asset_id: amount("F1"),
            price: amount("1"),
            into: amount("F2"),
            into_price: amount("1"),
        }),
    ]);
    let after = of(&[("A", "1.5"), ("BB", "-3"), ("F2", "-3")]);
    assert_eq!(statement(&mut broker), after);
    broker.learn(&[event(BookEventKind::Expiry {
        asset_id: amount("F2"),
        price: amount("1"),
    })]);
    assert_eq!(statement(&mut broker), of(&[("A", "1.5"), ("BB", "-3")]));
}

#[test]
fn a_lost_fill_is_held_and_told_as_an_expiry() {
    let script = r#"{"schema":"ios012.paper_script.v1","rules":[{"action":"lost_fill"}]}"#;
    let script = Script::parse(script).expect("a script");
    let mut broker = PaperBroker::new(Ratio::ZERO, Ratio::ZERO, script);
    let news = told(&mut broker, &submission(Side::Buy, "7", "100", "0"));
    assert_eq!(news, [News::Expired(Code::literal("scripted_lost_fill"))]);
    assert_eq!(statement(&mut broker), of(&[("A", "7")]));
}
