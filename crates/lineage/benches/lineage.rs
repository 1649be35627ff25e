//! What a decision costs in the chain, and the floor: SHA-256 of the same bytes.
#![expect(clippy::expect_used, reason = "a benchmark may stop")]

use divan::Bencher;
use divan::counter::ItemsCount;
use ios012_lineage::{
    Chain, Code, Decision, Hash, Metadata, Record, input_state_hash, lineage_hash, sha256,
};

fn main() {
    divan::main();
}

fn of<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a literal")
}

/// Derives both hashes, builds the record and appends it.
#[divan::bench]
fn decision(bencher: Bencher<'_, '_>) {
    let (asset_id, constraints) = (of("AAPL"), sha256(b"constraints"));
    let (exposure, price) = (of("0.049123456789"), of("218.12345678"));
    let (cost, time) = (of("12.34567891"), of("1990-04-11T00:00:00.000Z"));
    let mut chain = Chain::new(of("sp500-inverse-vol"), 1);
    bencher.counter(ItemsCount::new(1_u8)).bench_local(|| {
        let input = input_state_hash(&asset_id, constraints, exposure, price);
        let record = Record::Decision(Decision {
            allowed_exposure: exposure,
            asset_id: asset_id.clone(),
            lineage_hash: lineage_hash(input, exposure, constraints),
            metadata: Metadata {
                ramp_remaining: None,
                binding: Vec::new(),
                input_state_hash: input,
                reason: Code::literal("on_target"),
                reference_price: price,
                transition: 0,
            },
            previous_exposure: exposure,
            target_exposure: exposure,
            timestamp: time,
            transition_cost: cost,
        });
        let hash = chain.append(&record).expect("it fits");
        if chain.pending().len() > 1 << 20 {
            chain.clear_pending();
        }
        hash
    });
}

/// The floor of [`decision`]: a record of 646 bytes, an input state of 211 and 142 of lineage.
#[divan::bench]
fn sha256_floor(bencher: Bencher<'_, '_>) {
    let bytes = [b'x'; 646];
    bencher
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| -> [Hash; 3] {
            [646, 211, 142].map(|length| sha256(divan::black_box(&bytes[..length])))
        });
}
