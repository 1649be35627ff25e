//! What is written is canonical, and it is read back as it was.
#![expect(clippy::expect_used, reason = "a test may stop")]

use ios012_core::{AssetId, CurrencyCode, Exposure, Money, Price, Quantity, UtcTime};
use ios012_lineage::{
    Amount, Binding, Breaker, Code, Cycle, CycleOutcome, Decision, Defcon, EngineIdentity, Entry,
    EntryLine, Envelope, Evidence, Fill, Format, Genesis, Governance, Hash, Metadata, Mode,
    Opening, Order, OrderId, Outcome, OutcomeState, PlainText, Record, Recovery, Refusal, Residual,
    ResolvedOrder, Seal, Side, SideFile, check_canonical, order_id, sha256,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Within what `rust_decimal` reads.
const UNITS: std::ops::Range<i128> =
    -79_228_162_514_264_337_593_543_950_335..79_228_162_514_264_337_593_543_950_335;

#[expect(
    clippy::needless_pass_by_value,
    reason = "strategies hand over strings"
)]
fn parsed<T: std::str::FromStr>(text: String) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the strategy keeps the grammar")
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 4]>().prop_map(|seed| sha256(&seed))
}

fn order() -> impl Strategy<Value = OrderId> {
    (hash(), any::<u64>()).prop_map(|(hash, leg)| order_id(hash, leg))
}

fn asset() -> impl Strategy<Value = AssetId> {
    "[A-Za-z0-9][A-Za-z0-9._:-]{0,31}".prop_map(parsed)
}

fn currency() -> impl Strategy<Value = CurrencyCode> {
    "[A-Z][A-Z0-9]{2,9}".prop_map(parsed)
}

fn code() -> impl Strategy<Value = Code> {
    "[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}".prop_map(parsed)
}

fn plain() -> impl Strategy<Value = PlainText> {
    "[ -~]{0,256}".prop_map(parsed)
}

fn time() -> impl Strategy<Value = UtcTime> {
    (
        1_u32..=9999,
        1_u32..=12,
        1_u32..=28,
        0_u32..86_400,
        0_u32..1000,
    )
        .prop_map(|(year, month, day, second, milli)| {
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            parsed(format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
            ))
        })
}

fn exposure() -> impl Strategy<Value = Exposure> {
    UNITS.prop_map(Exposure::from_units)
}

fn money() -> impl Strategy<Value = Money> {
    UNITS.prop_map(Money::from_units)
}

fn price() -> impl Strategy<Value = Price> {
    UNITS.prop_map(Price::from_units)
}

fn quantity() -> impl Strategy<Value = Quantity> {
    UNITS.prop_map(Quantity::from_units)
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(values)
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        (currency(), money()).prop_map(|(currency, money)| Amount::Cash(currency, money)),
        (asset(), quantity()).prop_map(|(asset, quantity)| Amount::Asset(asset, quantity)),
    ]
}

fn evidence() -> impl Strategy<Value = Vec<Evidence>> {
    vec(
        (code(), plain()).prop_map(|(name, value)| Evidence { name, value }),
        0..4,
    )
}

fn genesis() -> impl Strategy<Value = Record> {
    let opening = (code(), amount()).prop_map(|(account, quantity)| Opening { account, quantity });
    (currency(), vec(opening, 0..4)).prop_map(|(base_currency, opening)| {
        Record::Genesis(Genesis {
            base_currency,
            format: Format::V1,
            opening,
        })
    })
}

fn cycle() -> impl Strategy<Value = Record> {
    let engine = (code(), code(), code()).prop_map(|(name, rules, version)| EngineIdentity {
        name,
        rules,
        version,
    });
    let hashes = (
        hash(),
        hash(),
        option::of(hash()),
        hash(),
        option::of(hash()),
        hash(),
    );
    (hashes, time(), any::<u64>(), engine, one_of(Mode::ALL)).prop_map(
        |(hashes, as_of, cycle_id, engine, mode)| {
            Record::Cycle(Cycle {
                account_hash: hashes.0,
                as_of,
                constraints_hash: hashes.1,
                cycle_id,
                engine,
                mandate_hash: hashes.2,
                market_hash: hashes.3,
                mode,
                regime_hash: hashes.4,
                registry_hash: hashes.5,
            })
        },
    )
}

fn decision() -> impl Strategy<Value = Record> {
    let binding = (exposure(), exposure(), code()).prop_map(|(after, before, limit)| Binding {
        after,
        before,
        limit,
    });
    let ramp = option::of(any::<u64>());
    let metadata = (
        vec(binding, 0..5),
        hash(),
        ramp,
        code(),
        price(),
        any::<u64>(),
    )
        .prop_map(
            |(binding, input_state_hash, ramp_remaining, reason, reference_price, transition)| {
                Metadata {
                    ramp_remaining,
                    binding,
                    input_state_hash,
                    reason,
                    reference_price,
                    transition,
                }
            },
        );
    let exposures = (exposure(), exposure(), exposure());
    (exposures, asset(), hash(), metadata, time(), money()).prop_map(
        |(exposures, asset_id, lineage_hash, metadata, timestamp, transition_cost)| {
            Record::Decision(Decision {
                allowed_exposure: exposures.0,
                asset_id,
                lineage_hash,
                metadata,
                previous_exposure: exposures.1,
                target_exposure: exposures.2,
                timestamp,
                transition_cost,
            })
        },
    )
}

fn trade() -> impl Strategy<Value = Record> {
    let order_record = (
        asset(),
        any::<u64>(),
        price(),
        time(),
        order(),
        quantity(),
        one_of(Side::ALL),
    )
        .prop_map(
            |(asset_id, leg, limit_price, not_before, order_id, quantity, side)| {
                Record::Order(Order {
                    asset_id,
                    leg,
                    limit_price,
                    not_before,
                    order_id,
                    quantity,
                    side,
                })
            },
        );
    let outcome =
        (code(), order(), one_of(OutcomeState::ALL)).prop_map(|(code, order_id, state)| {
            Record::Outcome(Outcome {
                code,
                order_id,
                state,
            })
        });
    let fill = (
        currency(),
        money(),
        code(),
        order(),
        price(),
        quantity(),
        time(),
    )
        .prop_map(
            |(currency, fee, fill_id, order_id, price, quantity, time)| {
                Record::Fill(Fill {
                    currency,
                    fee,
                    fill_id,
                    order_id,
                    price,
                    quantity,
                    time,
                })
            },
        );
    let residual = (asset(), quantity(), code()).prop_map(|(asset_id, quantity, reason)| {
        Record::Residual(Residual {
            asset_id,
            quantity,
            reason,
        })
    });
    prop_oneof![order_record, outcome, fill, residual]
}

fn control() -> impl Strategy<Value = Record> {
    let line = (code(), amount()).prop_map(|(account, amount)| EntryLine { account, amount });
    let entry = (code(), vec(line, 0..4), time())
        .prop_map(|(event, lines, time)| Record::Entry(Entry { event, lines, time }));
    let breaker = (code(), code(), code(), evidence(), one_of(Defcon::ALL)).prop_map(
        |(action, breaker, cause, evidence, level)| {
            Record::Breaker(Breaker {
                action,
                breaker,
                cause,
                evidence,
                level,
            })
        },
    );
    let governance =
        (option::of(hash()), code(), evidence()).prop_map(|(document_hash, event, evidence)| {
            Record::Governance(Governance {
                document_hash,
                event,
                evidence,
            })
        });
    let refusal = (option::of(time()), code(), code(), plain(), hash(), plain()).prop_map(
        |(as_of, code, document, path, received_sha256, rule)| {
            Record::Refusal(Refusal {
                as_of,
                code,
                document,
                path,
                received_sha256,
                rule,
            })
        },
    );
    prop_oneof![entry, breaker, governance, refusal, recovery(), seal()]
}

fn recovery() -> impl Strategy<Value = Record> {
    let side_file = (any::<u64>(), any::<u64>(), code(), hash()).prop_map(
        |(bytes, first_seq, name, sha256)| SideFile {
            bytes,
            first_seq,
            name,
            sha256,
        },
    );
    let resolved = (order(), one_of(OutcomeState::ALL))
        .prop_map(|(order_id, state)| ResolvedOrder { order_id, state });
    (code(), vec(resolved, 0..4), option::of(side_file)).prop_map(|(found, orders, side_file)| {
        Record::Recovery(Recovery {
            found,
            orders,
            side_file,
        })
    })
}

fn seal() -> impl Strategy<Value = Record> {
    let amount = || option::of(money());
    let amounts = (amount(), amount(), amount(), amount());
    let counts = any::<(u64, u64, u64)>();
    (
        amounts,
        counts,
        one_of(Defcon::ALL),
        one_of(CycleOutcome::ALL),
    )
        .prop_map(|(amounts, (decisions, orders, fills), defcon, outcome)| {
            Record::Seal(Seal {
                cash: amounts.0,
                decisions,
                defcon,
                fills,
                liabilities: amounts.1,
                nlv_after: amounts.2,
                nlv_before: amounts.3,
                orders,
                outcome,
            })
        })
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![genesis(), cycle(), decision(), trade(), control()]
}

fn envelope() -> impl Strategy<Value = Envelope> {
    (
        "[a-z0-9][a-z0-9_-]{0,62}",
        any::<u64>(),
        hash(),
        any::<u64>(),
    )
        .prop_map(|(portfolio_id, seq, prev, epoch)| Envelope {
            portfolio_id: parsed(portfolio_id),
            seq,
            prev,
            epoch,
        })
}

fn text_of(envelope: &Envelope, record: &Record) -> String {
    let mut text = String::new();
    record.write(envelope, &mut text).expect("a known kind");
    text
}

/// Another implementation of RFC 8785, and no number anywhere.
fn outside_judge(text: &str) -> bool {
    fn without_numbers(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(_) => false,
            serde_json::Value::Array(values) => values.iter().all(without_numbers),
            serde_json::Value::Object(members) => members.values().all(without_numbers),
            _ => true,
        }
    }
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| {
        without_numbers(&value)
            && serde_json_canonicalizer::to_string(&value).is_ok_and(|canonical| canonical == text)
    })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        "[\\x00-\\x1f\"\\\\/\\x7f-\\xff]{0,6}".prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            vec(("\\PC{0,3}", inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_record_is_read_back_as_it_was(envelope in envelope(), record in record()) {
        let text = text_of(&envelope, &record);
        let read = Record::parse(&text);
        prop_assert!(read.is_ok(), "{:?} from {text}", read.err());
        prop_assert_eq!(read.ok(), Some((envelope, record)));
    }

    #[test]
    fn a_record_is_canonical(envelope in envelope(), record in record()) {
        let text = text_of(&envelope, &record);
        prop_assert!(outside_judge(&text), "{text}");
    }

    /// Values as the outside crate renders them: taken exactly if they hold no number.
    #[test]
    fn canonical_values_are_taken(value in json()) {
        let text = serde_json_canonicalizer::to_string(&value).expect("any value renders");
        prop_assert_eq!(check_canonical(&text).is_ok(), outside_judge(&text), "{}", text);
    }

    /// One character put in, taken out or changed: both judges say the same.
    #[test]
    fn the_judges_agree_on_damage(
        value in json(),
        place in any::<prop::sample::Index>(),
        insert in prop_oneof![Just(String::new()), "[\\x00-\\x7f]", "\\\\u00[01][0-9a-fA-F]", "[{}\\[\\]\",: ]"],
        take in 0_usize..2,
    ) {
        let text = serde_json_canonicalizer::to_string(&value).expect("any value renders");
        let mut characters: Vec<char> = text.chars().collect();
        let start = place.index(characters.len());
        let end = (start + take).min(characters.len());
        characters.splice(start..end, insert.chars());
        let damaged: String = characters.into_iter().collect();
        prop_assert_eq!(check_canonical(&damaged).is_ok(), outside_judge(&damaged), "{}", damaged);
    }

    /// A record with one byte changed is refused, or reads as another record that writes itself
    /// in the same bytes: no two texts mean the same record.
    #[test]
    fn one_text_for_one_record(
        envelope in envelope(), record in record(),
        place in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f,
    ) {
        let mut bytes = text_of(&envelope, &record).into_bytes();
        let at = place.index(bytes.len());
        bytes[at] = byte;
        let text = String::from_utf8(bytes).expect("ASCII");
        match Record::parse(&text) {
            // Another kind, or a later version's member of metadata, is passed over.
            Err(_) | Ok((_, Record::Unknown { .. } | Record::Decision(_))) => (),
            Ok((envelope, record)) => prop_assert_eq!(text_of(&envelope, &record), text),
        }
    }
}

#[test]
fn later_versions_are_read_as_far_as_they_are_known() {
    let envelope = Envelope {
        portfolio_id: parsed("example".to_owned()),
        seq: 7,
        prev: Hash::ZERO,
        epoch: 1,
    };
    let zeros = "0".repeat(64);
    let unknown = format!(
        r#"{{"a":{{"kind":"seal"}},"epoch":"1","kind":"novelty","portfolio_id":"example","prev":"{zeros}","schema":"ios012.record.v1","seq":"7"}}"#
    );
    let read = Record::parse(&unknown).expect("its envelope is known");
    assert_eq!(read.0, envelope);
    assert_eq!(read.1.kind(), "novelty");

    let metadata = |text: &str| {
        format!(
            r#"{{"allowed_exposure":"0","asset_id":"A","epoch":"1","kind":"decision","lineage_hash":"{zeros}","metadata":{text},"portfolio_id":"example","prev":"{zeros}","previous_exposure":"0","schema":"ios012.record.v1","seq":"7","target_exposure":"0","timestamp":"2026-11-20T00:00:00.000Z","transition_cost":"0"}}"#
        )
    };
    let known = format!(
        r#""binding":[],"input_state_hash":"{zeros}","reason":"r","reference_price":"1","transition":"0""#
    );
    let with_others = metadata(&format!(r#"{{"a":["x"],{known},"z":null}}"#));
    assert_eq!(
        Record::parse(&with_others).expect("others are passed over"),
        Record::parse(&metadata(&format!("{{{known}}}"))).expect("the same without")
    );

    // An unknown member on either side of the one that a decision may lack.
    let ramp = |others: &str| metadata(&format!("{{{}}}", known.replace(r#""reason""#, others)));
    let Ok((_, Record::Decision(decision))) = Record::parse(&ramp(
        r#""policy":"p","ramp_remaining":"3","reached":"2","reason""#,
    )) else {
        panic!("a later version's members are passed over");
    };
    assert_eq!(decision.metadata.ramp_remaining, Some(3));
    for others in [
        r#""reason":"r","reached":"2","reason""#,
        r#""zone":"z","reason""#,
        r#""reason":"r","ramp_remaining":"3","reference""#,
    ] {
        let text = ramp(others);
        assert!(Record::parse(&text).is_err(), "not ascending: {text}");
    }
    let later = known.replace(
        r#""reference_price""#,
        r#""timestamp":"t","reference_price""#,
    );
    let text = metadata(&format!("{{{later}}}"));
    assert!(Record::parse(&text).is_err(), "not ascending: {text}");
    let other_outside = with_others.replace(r#""asset_id""#, r#""as":"1","asset_id""#);
    assert!(Record::parse(&other_outside).is_err());
    let number = with_others.replace(r#"["x"]"#, "[1]");
    assert!(Record::parse(&number).is_err());
}
