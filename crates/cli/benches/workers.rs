//! Cycles a second of many portfolios, run by one worker and by several over one server (docs/scale.md).
//!
//! `cargo bench --package ios012-cli --features postgres --bench workers -- PORTFOLIOSxWORKERS …`; each portfolio has
//! the twelve cycles of golden/quickstart.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a measurement prints rates, and stops at the first surprise"
)]

#[path = "../tests/daemon/place.rs"]
#[expect(
    dead_code,
    reason = "the tests look at ledgers, the measurement counts"
)]
mod place;

use std::process::Stdio;
use std::time::Duration;

use tokio::time::Instant;

use place::{CYCLES, Place};

fn main() {
    let asked: Vec<(usize, usize)> = std::env::args()
        .skip(1)
        .filter_map(|argument| {
            let (portfolios, workers) = argument.split_once('x')?;
            Some((portfolios.parse().ok()?, workers.parse().ok()?))
        })
        .collect();
    let asked = if asked.is_empty() {
        vec![(1, 1), (10, 1), (10, 2)]
    } else {
        asked
    };
    println!("portfolios  workers  seconds  cycles/s  records/s  commits/s  bytes/record");
    for (portfolios, workers) in asked {
        measure(portfolios, workers);
    }
}

fn measure(portfolios: usize, workers: usize) {
    let place = Place::new();
    for portfolio in 0..portfolios {
        place.add(&format!("p{portfolio}"), CYCLES);
    }
    place.sql("ANALYZE");
    let commits = || {
        // What a backend counted is told a moment after it has ended.
        std::thread::sleep(Duration::from_millis(1_500));
        let count = place
            .sql("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
        count.trim().parse::<u64>().expect("a number")
    };
    let before = commits();
    let begun = Instant::now();
    let running: Vec<_> = (0..workers)
        .map(|_| {
            let mut worker = place.worker(&["--until-idle", "--lease-s", "600"]);
            // Nobody reads the lines of several at once, and a full pipe would hold a worker.
            let worker = worker.stdout(Stdio::null()).stderr(Stdio::null());
            worker.spawn().expect("it starts")
        })
        .collect();
    for mut worker in running {
        let ended = worker.wait().expect("it ends");
        assert!(ended.success(), "{ended:?}");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let committed = commits() - before;
    let count = |of: &str| -> u64 {
        let count = place.sql(&format!(
            "SELECT count(*) FROM ios012.record_line WHERE convert_from(json, 'UTF8') LIKE '{of}'"
        ));
        count.trim().parse().expect("a number")
    };
    let (cycles, records) = (count("%\"kind\":\"seal\"%"), count("%"));
    let bytes: u64 = {
        let size = place.sql("SELECT pg_total_relation_size('ios012.record_line')");
        size.trim().parse().expect("a number")
    };
    let all = u64::try_from(portfolios * CYCLES).expect("a number");
    assert_eq!(cycles, all, "every mandate was run");
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a rate that is printed"
    )]
    let rate = |count: u64| count as f64 / seconds;
    println!(
        "{portfolios:10}  {workers:7}  {seconds:7.1}  {:8.1}  {:9.0}  {:9.0}  {:12}",
        rate(cycles),
        rate(records),
        rate(committed),
        bytes / records
    );
}
