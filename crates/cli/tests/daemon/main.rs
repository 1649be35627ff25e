//! Workers over one database: the backlog in order, mandates as they come, and the death of a worker.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod place;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output};
use std::time::Duration;

use ios012_lineage::{LedgerReader, LedgerStatus, Record, StoredRecord, verify};
use tokio::time::Instant;

use place::{CYCLES, Place, golden, ios012};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ends(output: Output) -> Output {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{:?}\n{out}\n{err}", output.status);
    output
}

fn stored(place: &Place, name: &str) -> Vec<StoredRecord> {
    let directory = place.export(name);
    let report = verify(&directory, None).expect("verifies");
    assert_eq!(report.status, LedgerStatus::Complete);
    let replayed = ios012().arg("replay").arg(&directory).output();
    ends(replayed.expect("it starts"));
    let records = LedgerReader::open(&directory).expect("opens");
    records.map(|record| record.expect("a record")).collect()
}

/// Times of the mandates that were run, in the order of the ledger.
fn times(records: &[StoredRecord]) -> Vec<String> {
    let cycles = records.iter().filter_map(|stored| match &stored.record {
        Record::Cycle(cycle) => Some(cycle.as_of.to_string()),
        _ => None,
    });
    cycles.collect()
}

fn signal(name: &str, process: u32) {
    let mut kill = Command::new("kill");
    let sent = kill.args([name, &process.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Waits until it holds.
fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never holds");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Writes a trip file where workers are told to look, and says where that is.
fn trip(place: &Place, level: &str) -> String {
    let control = place.directory.path().join("control");
    std::fs::create_dir_all(&control).expect("is made");
    let mut trip = ios012();
    trip.args(["breaker", "trip", "--reason", "fire_drill"]);
    trip.args(["--evidence", "a test", "--level", level]);
    ends(trip.arg(&control).output().expect("it starts"));
    control.into_os_string().into_string().expect("UTF-8")
}

/// What waits is run in its order, and the ledger is the one that a run from files leaves, to the last byte.
#[test]
fn the_backlog_leaves_the_ledger_of_its_files() {
    let place = Place::new();
    place.add("quickstart", CYCLES);
    place.add("other", 3);
    let ran = place.worker(&["--until-idle"]).output();
    let ran = ends(ran.expect("it starts"));
    let lines = text(&ran.stdout);
    assert_eq!(lines.lines().count(), CYCLES + 3, "{lines}");
    let files = place.directory.path().join("files");
    let backtest = ios012()
        .args(["backtest", "--no-verify", "--ledger"])
        .arg(&files)
        .arg(golden())
        .output();
    ends(backtest.expect("it starts"));
    let exported = place.export("quickstart");
    for file in ["000001.ledger", "documents.pack", "head"] {
        let read = |directory: &std::path::Path| std::fs::read(directory.join(file));
        assert_eq!(
            read(&exported).expect("is there"),
            read(&files).expect("is there"),
            "{file}"
        );
    }
    assert_eq!(times(&stored(&place, "other")).len(), 3);
    // Nothing is left to do, and nothing is done again.
    let begun = Instant::now();
    let again = place
        .worker(&["--until-idle", "--json", "--lease-s", "600"])
        .output();
    assert_eq!(text(&ends(again.expect("it starts")).stdout), "");
    let look = Duration::from_mins(5);
    assert!(begun.elapsed() < look / 5, "it waited for its next look");
}

/// A worker that is killed has its portfolios taken over once its lease has run out; each mandate is run once.
#[test]
fn another_worker_takes_over_from_one_that_died() {
    let place = Place::new();
    let names = ["a", "b", "c", "d"];
    for name in names {
        place.add(name, CYCLES);
    }
    let mut first = place.start(&["--lease-s", "3"]);
    until(|| place.records("b") >= 60);
    first.kill().expect("it ran");
    let first = first.wait_with_output().expect("it ends");
    let second = place.start(&["--lease-s", "3"]);
    let last_seal = |name: &str| {
        place.sql(&format!(
            "SELECT convert_from(json, 'UTF8') FROM ios012.record_line WHERE portfolio_id = '{name}'
                ORDER BY seq DESC LIMIT 1"
        ))
    };
    let is_done = |name: &&str| {
        let cycles = place.sql(&format!(
            "SELECT count(*) FROM ios012.record_line WHERE portfolio_id = '{name}'
                AND convert_from(json, 'UTF8') LIKE '%\"kind\":\"cycle\"%'"
        ));
        cycles.trim() == CYCLES.to_string() && last_seal(name).contains("\"kind\":\"seal\"")
    };
    until(|| names.iter().all(is_done));
    signal("-TERM", second.id());
    ends(second.wait_with_output().expect("it ends"));
    let mut taken_over = 0;
    for name in names {
        let records = stored(&place, name);
        let times = times(&records);
        assert_eq!(times.len(), CYCLES, "{name}: {times:?}");
        assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
        let epochs = records.last().map(|stored| stored.envelope.epoch);
        taken_over += u32::from(epochs == Some(2));
    }
    assert!(taken_over > 0, "{}", text(&first.stderr));
}

/// A worker that waits hears of a mandate when it is committed, long before it would look by itself; asked to end, it
/// gives its portfolios back at once.
#[test]
fn a_mandate_is_run_when_it_comes() {
    let place = Place::new();
    place.add("a", 1);
    let mut worker = place.start(&["--lease-s", "600"]);
    let lines = BufReader::new(worker.stdout.take().expect("a pipe")).lines();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let next = |limit| told.recv_timeout(Duration::from_secs(limit));
    assert!(next(60).is_ok_and(|line| line.starts_with("a 2")));
    std::thread::sleep(Duration::from_millis(500));
    place.mandate("a", 1);
    // It looks by itself every 300 seconds.
    assert!(next(10).is_ok_and(|line| line.contains(" executed: ")));
    signal("-TERM", worker.id());
    ends(worker.wait_with_output().expect("it ends"));
    place.mandate("a", 2);
    let ran = place.worker(&["--until-idle"]).output();
    assert_eq!(
        text(&ends(ran.expect("it starts")).stdout).lines().count(),
        1
    );
}

/// One portfolio belongs to one worker; what a worker may not own is left to the others.
#[test]
fn two_workers_share_the_portfolios() {
    let place = Place::new();
    for name in ["a", "b", "c", "d"] {
        place.add(name, 2);
    }
    let workers = [(); 2].map(|()| place.start(&["--most", "2"]));
    let done = "SELECT count(*) FROM ios012.record_line WHERE convert_from(json, 'UTF8') LIKE '%\"kind\":\"seal\"%'";
    until(|| place.sql(done).trim() == "8");
    for worker in workers {
        signal("-INT", worker.id());
        let ended = ends(worker.wait_with_output().expect("it ends"));
        let owned = text(&ended.stderr);
        assert_eq!(owned.matches("owned from record").count(), 2, "{owned}");
    }
    for name in ["a", "b", "c", "d"] {
        let records = stored(&place, name);
        assert_eq!(times(&records).len(), 2);
        let epoch = records.last().map(|stored| stored.envelope.epoch);
        assert_eq!(epoch, Some(1), "one worker only");
    }
}

/// Two workers that end when they are idle run everything between them, also where each may own one portfolio only.
#[test]
fn two_workers_leave_nothing_waiting() {
    let place = Place::new();
    for name in ["a", "b", "c", "d", "e"] {
        place.add(name, 3);
    }
    let workers = [(); 2].map(|()| place.start(&["--until-idle", "--most", "1"]));
    let mut cycles = 0;
    for worker in workers {
        let ended = ends(worker.wait_with_output().expect("it ends"));
        cycles += text(&ended.stdout).lines().count();
    }
    assert_eq!(cycles, 15);
}

/// Rows that break a rule are refused on the ledger, once, and what comes after them is run.
#[test]
fn a_refused_mandate_does_not_hold_the_next() {
    let place = Place::new();
    place.add("a", 4);
    // The second and the last: what comes after the second is run, and the last is not read again.
    place.sql(
        "UPDATE ios012_input.ios004_targets SET target_exposure = 0.123456789123456789
            WHERE as_of IN (SELECT as_of FROM ios012_input.ios004_document ORDER BY as_of OFFSET 1 LIMIT 1)
                OR as_of IN (SELECT max(as_of) FROM ios012_input.ios004_document)",
    );
    for lines in [4, 0] {
        let ran = place.worker(&["--until-idle"]).output();
        let ran = ends(ran.expect("it starts"));
        assert_eq!(text(&ran.stdout).lines().count(), lines);
        let refusals = text(&ran.stderr).matches("the input is refused").count();
        assert_eq!(refusals, lines / 2);
        let directory = place.directory.path().join("ledger-a");
        let records = stored(&place, "a");
        std::fs::remove_dir_all(directory).expect("was made");
        assert_eq!(times(&records).len(), 2);
        let refused = records.iter();
        let refused = refused.filter(|stored| matches!(stored.record, Record::Refusal(_)));
        assert_eq!(refused.count(), 2);
    }
}

/// A file in the control directory stops every portfolio of the worker, also one that it takes later.
#[test]
fn a_trip_file_stops_every_portfolio() {
    let place = Place::new();
    place.add("a", 2);
    place.add("b", 2);
    let control = trip(&place, "halt");
    let ran = place
        .worker(&["--until-idle", "--control", &control])
        .output();
    let ran = ends(ran.expect("it starts"));
    let lines = text(&ran.stdout);
    assert_eq!(lines.matches(" aborted: ").count(), 4, "{lines}");
    for name in ["a", "b"] {
        let records = stored(&place, name);
        let trips = records.iter();
        let trips = trips.filter(|stored| matches!(&stored.record, Record::Breaker(trip) if trip.breaker.as_str() == "operator"));
        assert_eq!(trips.count(), 1);
        assert!(
            !records
                .iter()
                .any(|stored| matches!(stored.record, Record::Order(_)))
        );
    }
}

/// A file that others can read is no place for a password.
#[test]
fn parameters_that_others_can_read_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("open");
    std::fs::write(&path, "host=/run/postgresql user=engine").expect("is written");
    let ran = ios012()
        .args(["run", "--daemon", "--database"])
        .arg(&path)
        .output()
        .expect("it starts");
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("chmod 600"), "{ran:?}");
}

/// A ledger goes on only from the cash and the positions that it began with, whatever the tables say later.
#[test]
fn another_opening_is_refused() {
    let place = Place::new();
    place.add("a", 2);
    let run = || place.worker(&["--until-idle"]).output().expect("it starts");
    ends(run());
    place.sql("UPDATE ios012_input.portfolio SET opening_cash = opening_cash + 1");
    place.mandate("a", 2);
    let ran = run();
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(text(&ran.stderr).contains("opening_cash"), "{ran:?}");
    assert_eq!(times(&stored(&place, "a")).len(), 2);
}

/// Whoever waits for mandates hears a signal too, records it at once, and what it takes later hears of a file.
#[test]
fn a_stop_reaches_a_worker_that_waits() {
    let place = Place::new();
    place.add("a", 1);
    let control = place.directory.path().join("control");
    std::fs::create_dir(&control).expect("is made");
    let worker = place.start(&[
        "--lease-s",
        "3",
        "--control",
        control.to_str().expect("a path"),
    ]);
    let trips = |name: &str, trips: &str| {
        let sql = format!(
            "SELECT count(*) FROM ios012.record_line WHERE portfolio_id = '{name}'
                AND convert_from(json, 'UTF8') LIKE '%\"breaker\":\"operator\"%'"
        );
        until(|| place.sql(&sql).trim() == trips);
    };
    until(|| place.records("a") >= 10);
    signal("-USR1", worker.id());
    trips("a", "1");
    trip(&place, "halt");
    trips("a", "2");
    place.add("b", 1);
    trips("b", "1");
    // One that comes together with the end is recorded before the portfolio is given back.
    signal("-USR1", worker.id());
    signal("-TERM", worker.id());
    ends(worker.wait_with_output().expect("it ends"));
    stored(&place, "a");
}

/// What cannot be done is no success: rights that are missing, and a portfolio whose owner has just died.
#[test]
fn what_waits_is_run_or_the_exit_code_says_so() {
    let place = Place::new();
    place.add("a", 1);
    let mut first = place.start(&["--lease-s", "3"]);
    until(|| place.records("a") >= 10);
    first.kill().expect("it ran");
    first.wait().expect("it ends");
    place.mandate("a", 1);
    let ran = place.worker(&["--until-idle", "--lease-s", "3"]).output();
    assert_eq!(
        text(&ends(ran.expect("it starts")).stdout).lines().count(),
        1
    );
    place.mandate("a", 2);
    place.sql("REVOKE ios012_writer FROM worker");
    let ran = place.worker(&["--until-idle"]).output().expect("it starts");
    assert_eq!(ran.status.code(), Some(7), "{ran:?}");
}

/// A mandate that is refused does not keep a portfolio from going to cash.
#[test]
fn a_refused_mandate_does_not_hold_the_way_to_cash() {
    let place = Place::new();
    place.add("a", 1);
    ends(place.worker(&["--until-idle"]).output().expect("it starts"));
    let control = trip(&place, "to-cash");
    place.mandate("a", 1);
    place.sql(
        "UPDATE ios012_input.ios004_targets SET target_exposure = 0.123456789123456789
            WHERE as_of = (SELECT max(as_of) FROM ios012_input.ios004_document)",
    );
    let ran = place
        .worker(&["--until-idle", "--control", &control])
        .output();
    let ran = ends(ran.expect("it starts"));
    assert_eq!(text(&ran.stdout).lines().count(), 2, "{ran:?}");
    let records = stored(&place, "a");
    let last = records
        .iter()
        .rposition(|stored| matches!(stored.record, Record::Cycle(_)));
    let sold = records[last.expect("a cycle")..].iter();
    assert!(
        sold.filter(|stored| matches!(stored.record, Record::Fill(_)))
            .count()
            > 1
    );
}
