//! The CSV tables of a history: a checked history gives exactly the cycles it was counted to have,
//! each of which is accepted and is, as JSON, the same documents.
//!
//! The input holds prices, targets, shock scores and volatility in this order, each ended by a
//! zero byte; the last two may be missing.
#![no_main]

use std::io::{self, Read};
use std::sync::{Arc, LazyLock};

use ios012_contracts::{
    Constraints, ContractsError, CycleInput, Cycles, Mandate, Market, Registry, Scenario, Standing,
    Tables,
};
use ios012_fuzz::document::check_message;
use libfuzzer_sys::fuzz_target;

macro_rules! good {
    ($name:literal) => {
        include_bytes!(concat!("../../crates/contracts/tests/data/", $name))
    };
}

static STANDING: LazyLock<Arc<Standing>> = LazyLock::new(|| {
    let standing = Standing::check(
        Scenario::parse("scenario.json", good!("scenario.json")).expect("a good scenario"),
        Arc::new(
            Registry::parse("registry.json", good!("registry.json")).expect("a good registry"),
        ),
        Arc::new(
            Constraints::parse("constraints.json", good!("constraints.json")).expect("good limits"),
        ),
        None,
    );
    Arc::new(standing.expect("documents that agree"))
});

fuzz_target!(|bytes: &[u8]| {
    let checked = cycles(bytes, |table| table).and_then(Cycles::check);
    let in_drops = cycles(bytes, Drops).and_then(Cycles::check);
    let told = |error: &ContractsError| error.to_string();
    assert_eq!(
        in_drops.as_ref().map_err(told),
        checked.as_ref().map_err(told),
        "the size of reads matters"
    );
    let summary = match checked {
        Ok(summary) => summary,
        Err(error) => return check_message(&error.to_string()),
    };
    let mut times = Vec::new();
    let mut last = None;
    for cycle in cycles(bytes, |table| table).expect("a checked history") {
        let (mandate, market) = cycle.expect("a cycle of a checked history");
        let text = mandate.document().canonical();
        let again = Mandate::parse("targets.csv", text.as_bytes()).expect("its own JSON");
        assert_eq!(again.document(), mandate.document());
        assert_eq!(again.targets(), mandate.targets());
        let text = market.document().canonical();
        let again = Market::parse("prices.csv", text.as_bytes()).expect("its own JSON");
        assert_eq!(again.document(), market.document());
        assert_eq!(again.rows(), market.rows());
        times.push(mandate.as_of());
        let input = CycleInput::check(&STANDING, None, mandate, market, last, &[]);
        last = Some(input.expect("a checked cycle").as_last_accepted());
    }
    assert!(
        times.is_sorted_by(|earlier, later| earlier < later),
        "{times:?}"
    );
    assert_eq!(times.len() as u64, summary.cycles);
    assert_eq!(
        (times.first(), times.last()),
        (Some(&summary.first), Some(&summary.last))
    );
});

fn cycles<'bytes, R: Read>(
    bytes: &'bytes [u8],
    reader: fn(&'bytes [u8]) -> R,
) -> Result<Cycles<R>, ContractsError> {
    let mut tables = bytes.split(|&byte| byte == 0).map(reader);
    let empty: &[u8] = &[];
    let tables = Tables {
        prices: tables.next().unwrap_or_else(|| reader(empty)),
        targets: tables.next().unwrap_or_else(|| reader(empty)),
        shock_scores: tables.next(),
        volatility: tables.next(),
        fx: tables.next(),
        events: tables.next(),
    };
    Cycles::new(Arc::clone(&STANDING), tables)
}

/// A reader that gives a few bytes at a time.
struct Drops<'bytes>(&'bytes [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(3);
        self.0.read(&mut buffer[..length])
    }
}
