//! The worked example of docs/lineage-format.md, made through the public interface.

use std::path::Path;

use ios012_lineage::{
    Amount, Binding, Chain, Code, Cycle, CycleOutcome, Decision, Defcon, DocumentKind,
    EngineIdentity, Fill, Format, Genesis, Hash, LedgerWriter, Metadata, Mode, Opening, Order,
    Outcome, OutcomeState, Record, Refusal, Residual, Seal, Side, input_state_hash, lineage_hash,
    order_id, sha256,
};

/// Reads a literal of a test.
pub(crate) fn of<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a test's literal")
}

const DOCUMENTS: [(DocumentKind, &str); 5] = [
    (
        DocumentKind::Account,
        r#"{"lines":[{"account":"cash","amount":"1000","currency":"USD"},{"account":"equity","amount":"-1000","currency":"USD"}],"schema":"example.account"}"#,
    ),
    (
        DocumentKind::Constraints,
        r#"{"assets":[{"asset_id":"AAA","max_exposure":"0.4"},{"asset_id":"BBB","max_exposure":"1"}],"schema":"example.constraints"}"#,
    ),
    (
        DocumentKind::Mandate,
        r#"{"schema":"example.mandate","targets":[{"asset_id":"AAA","exposure":"0.5"},{"asset_id":"BBB","exposure":"0.01"}]}"#,
    ),
    (
        DocumentKind::Market,
        r#"{"prices":[{"asset_id":"AAA","price":"100"},{"asset_id":"BBB","price":"25.5"}],"schema":"example.market"}"#,
    ),
    (
        DocumentKind::Registry,
        r#"{"assets":[{"asset_id":"AAA","lot_size":"0.5"},{"asset_id":"BBB","lot_size":"1"}],"schema":"example.registry"}"#,
    ),
];

const TIME: &str = "2026-11-20T00:00:00.000Z";

/// Writes the example and returns its head.
pub(crate) fn write_example(directory: &Path) -> (u64, Hash) {
    let (mut writer, mut chain) =
        LedgerWriter::create(directory, &of("example")).expect("an empty directory");
    for (kind, document) in DOCUMENTS {
        writer
            .write_document(kind, sha256(document.as_bytes()), document)
            .expect("a document");
    }
    for record in opening() {
        chain.append(&record).expect("a record");
    }
    executed_cycle(&mut chain);
    for record in refusal() {
        chain.append(&record).expect("a record");
    }
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
    chain.head()
}

pub(crate) fn opening() -> [Record; 1] {
    [Genesis {
        base_currency: of("USD"),
        format: Format::V1,
        opening: vec![Opening {
            account: of("cash"),
            quantity: Amount::Cash(of("USD"), of("1000")),
        }],
    }
    .into()]
}

fn executed_cycle(chain: &mut Chain) {
    let hash_of = |kind| {
        DOCUMENTS
            .iter()
            .find(|document| document.0 == kind)
            .map(|document| sha256(document.1.as_bytes()))
            .expect("the example has it")
    };
    let constraints_hash = hash_of(DocumentKind::Constraints);
    let cycle = Cycle {
        account_hash: hash_of(DocumentKind::Account),
        as_of: of(TIME),
        constraints_hash,
        cycle_id: 1,
        engine: EngineIdentity {
            name: of("ios012"),
            rules: of("example.1"),
            version: of("0.1.0"),
        },
        mandate_hash: Some(hash_of(DocumentKind::Mandate)),
        market_hash: hash_of(DocumentKind::Market),
        mode: Mode::Paper,
        regime_hash: None,
        registry_hash: hash_of(DocumentKind::Registry),
    };
    let cycle_hash = chain.append(&cycle.into()).expect("a record");
    let capped = Binding {
        after: of("0.4"),
        before: of("0.5"),
        limit: of("max_exposure"),
    };
    let hashes = (cycle_hash, constraints_hash);
    let first = decision(hashes, ("AAA", "0.5", "0.4", "100"), "0.4", vec![capped]);
    let second = decision(hashes, ("BBB", "0.01", "0.01", "25.5"), "0.01", Vec::new());
    let order_id = order_id(first.lineage_hash, 0);
    let rest: [Record; 8] = [
        first.into(),
        second.into(),
        Residual {
            asset_id: of("BBB"),
            quantity: of("0.392156862"),
            reason: of("below_lot"),
        }
        .into(),
        Order {
            asset_id: of("AAA"),
            leg: 0,
            limit_price: of("100.5"),
            not_before: of(TIME),
            order_id,
            quantity: of("4"),
            side: Side::Buy,
        }
        .into(),
        outcome(order_id, OutcomeState::Accepted),
        Fill {
            currency: of("USD"),
            fee: of("0.4"),
            fill_id: of("1"),
            order_id,
            price: of("100"),
            quantity: of("4"),
            time: of(TIME),
        }
        .into(),
        outcome(order_id, OutcomeState::Filled),
        Seal {
            cash: Some(of("599.6")),
            decisions: 2,
            defcon: Defcon::Green,
            fills: 1,
            liabilities: Some(of("0")),
            nlv_after: Some(of("999.6")),
            nlv_before: Some(of("1000")),
            orders: 1,
            outcome: CycleOutcome::Executed,
        }
        .into(),
    ];
    for record in rest {
        chain.append(&record).expect("a record");
    }
}

fn decision(
    (cycle_hash, constraints_hash): (Hash, Hash),
    (asset_id, target, allowed, price): (&str, &str, &str, &str),
    cost: &str,
    binding: Vec<Binding>,
) -> Decision {
    let input = input_state_hash(&of(asset_id), cycle_hash, of("0"), of(price));
    Decision {
        allowed_exposure: of(allowed),
        asset_id: of(asset_id),
        lineage_hash: lineage_hash(input, of(target), constraints_hash),
        metadata: Metadata {
            ramp_remaining: None,
            reason: of(if binding.is_empty() {
                "to_target"
            } else {
                "limited"
            }),
            binding,
            input_state_hash: input,
            reference_price: of(price),
            transition: 0,
        },
        previous_exposure: of("0"),
        target_exposure: of(target),
        timestamp: of(TIME),
        transition_cost: of(cost),
    }
}

fn outcome(order_id: ios012_lineage::OrderId, state: OutcomeState) -> Record {
    Outcome {
        code: Code::literal("ok"),
        order_id,
        state,
    }
    .into()
}

pub(crate) fn refusal() -> [Record; 2] {
    [
        Refusal {
            as_of: None,
            code: of("json_number"),
            document: of("mandate"),
            path: of("targets[0].exposure"),
            received_sha256: sha256(b"{\"targets\":[{\"exposure\":0.5}]}"),
            rule: of("a decimal is a string such as \"0.5\""),
        }
        .into(),
        Seal {
            cash: Some(of("599.6")),
            decisions: 0,
            defcon: Defcon::Green,
            fills: 0,
            liabilities: Some(of("0")),
            nlv_after: None,
            nlv_before: None,
            orders: 0,
            outcome: CycleOutcome::Refused,
        }
        .into(),
    ]
}
