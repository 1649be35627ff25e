//! How fast a ledger is verified, beside the SHA-256 of its bytes: the figures of the long run.
#![expect(clippy::disallowed_types, reason = "a measurement looks at a clock")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ios012_lineage::sha256;

use crate::support::{on, paths};

/// The hash and the space before the JSON of a line.
const FRAME: usize = 65;
/// How often each is measured: the fastest counts.
const ROUNDS: usize = 5;

/// Tells the fastest and the slowest of some verifications by the binary, and the fastest of as many hashings of the
/// same JSON in memory.
pub(crate) fn measured(ledger: &Path, records: u64) -> String {
    let (mut fastest, mut slowest) = (Duration::MAX, Duration::ZERO);
    let (mut bytes, mut floor) = (0, Duration::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let ran = on("verify", ledger).exits(0);
        let took = start.elapsed();
        assert!(ran.stdout.contains(&format!("head {records} ")), "{ran:#?}");
        (fastest, slowest) = (fastest.min(took), slowest.max(took));
        let hashed;
        (bytes, hashed) = hash(ledger);
        floor = floor.min(hashed);
    }
    let a_second = u128::from(records) * 1_000_000_000 / fastest.as_nanos();
    let percent = fastest.as_nanos() * 100 / floor.as_nanos();
    format!(
        "{a_second} records/s in {fastest:.2?} (the slowest of {ROUNDS} in {slowest:.2?}), {percent} % of the \
         {floor:.2?} that SHA-256 takes for the same {bytes} bytes of JSON"
    )
}

/// The bytes of JSON in all lines of records and documents, and the time to hash each line's. Reading is not in it.
fn hash(ledger: &Path) -> (usize, Duration) {
    let (mut bytes, mut time) = (0, Duration::ZERO);
    for path in paths(ledger) {
        let is_of_lines = path
            .extension()
            .is_some_and(|of| of == "ledger" || of == "pack");
        if !is_of_lines {
            continue;
        }
        let text = std::fs::read(path).unwrap();
        let lines = text.split(|&byte| byte == b'\n');
        let json: Vec<&[u8]> = lines.filter_map(|line| line.get(FRAME..)).collect();
        bytes += json.iter().map(|json| json.len()).sum::<usize>();
        let start = Instant::now();
        for json in json {
            black_box(sha256(json));
        }
        time += start.elapsed();
    }
    (bytes, time)
}
