//! Approved pages of the golden scenarios. They change by review only (`cargo xtask golden`).

use std::path::Path;

use insta::{Settings, assert_snapshot};
use ios012_report::{
    CheckpointLine, ReportError, Summary, VerifyLine, explain, render_text, to_json, view_cycle,
};

use crate::raw::{of_kind, records};
use crate::run::{golden, history, ledger, single};

fn snapshots(scenario: &str) -> Settings {
    let mut settings = Settings::new();
    settings.set_snapshot_path(golden(scenario).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// A page that fits a terminal.
fn fits(page: String) -> String {
    for line in page.lines() {
        assert!(line.chars().count() <= 88, "{line}");
    }
    page
}

fn pages(ledger: &Path) -> (String, String) {
    let summary = Summary::read(ledger).expect("a summary");
    let verified = VerifyLine::from(ios012_lineage::verify(ledger, None));
    (
        fits(render_text(&summary, &verified, &CheckpointLine::None)),
        to_json(&summary, &verified, &CheckpointLine::None),
    )
}

/// The numbers of golden/one-cycle/README.md, which were worked out by hand.
#[test]
fn one_cycle_ends_where_the_pencil_does() {
    let directory = single(&golden("one-cycle"));
    let summary = Summary::read(&ledger(&directory)).expect("a summary");
    let trading = &summary.trading;
    for (found, by_hand) in [
        (summary.opening_nlv, "990000"),
        (summary.final_nlv, "999174.725"),
        (summary.final_cash, "399174.725"),
        (trading.notional, "550275"),
        (trading.fees, "550.275"),
        (trading.slippage, "275"),
    ] {
        assert_eq!(found.to_string(), by_hand);
    }
    assert_eq!((summary.records, trading.fills, summary.orders), (18, 3, 3));
}

#[test]
fn one_cycle() {
    let directory = single(&golden("one-cycle"));
    let ledger = ledger(&directory);
    snapshots("one-cycle").bind(|| {
        let (text, json) = pages(&ledger);
        assert_snapshot!("summary", text);
        assert_snapshot!("summary_json", json);
        let cycle = view_cycle(&ledger, 1).expect("a cycle");
        assert_snapshot!("cycle", fits(cycle.render_text()));
        for asset in ["AAA", "BBB", "CCC", "DDD", "EEE"] {
            let explanation = explain(&ledger, 1, asset).expect("an explanation");
            assert_snapshot!(format!("explain_{asset}"), fits(explanation.render_text()));
        }
        let explanation = explain(&ledger, 1, "BBB").expect("an explanation");
        assert_snapshot!("explain_BBB_json", explanation.to_json());
    });
}

fn cycle_at(ledger: &Path, date: &str) -> u64 {
    let records = records(ledger);
    let cycles = of_kind(&records, "cycle");
    let found = cycles.iter().find(|cycle| {
        cycle["as_of"]
            .as_str()
            .is_some_and(|at| at.starts_with(date))
    });
    found.expect("a cycle")["cycle_id"]
        .as_str()
        .expect("a text")
        .parse()
        .expect("a number")
}

#[test]
fn mixed_calendars() {
    let directory = history(&golden("mixed-calendars"), usize::MAX);
    let ledger = ledger(&directory);
    snapshots("mixed-calendars").bind(|| {
        assert_snapshot!("summary", pages(&ledger).0);
        // The VIX closed at 40.74 and 36.02 in August 2015, and at 37.32 in February 2018; the
        // last is a Saturday.
        for date in ["2015-08-24", "2015-08-25", "2018-02-05", "2018-02-10"] {
            let cycle = view_cycle(&ledger, cycle_at(&ledger, date)).expect("a cycle");
            assert_snapshot!(format!("cycle_{date}"), fits(cycle.render_text()));
        }
        let explanation = explain(&ledger, cycle_at(&ledger, "2018-02-05"), "SPY");
        assert_snapshot!(
            "explain_SPY",
            explanation.expect("an explanation").render_text()
        );
    });
}

/// A day with a roll, funding, financing, interest and trades on both sides, followed by hand in
/// golden/mixed-portfolio/README.md; a day with an expiry; a flip in two legs.
#[test]
fn mixed_portfolio() {
    let directory = history(&golden("mixed-portfolio"), usize::MAX);
    let ledger = ledger(&directory);
    let seals = records(&ledger);
    let seals = of_kind(&seals, "seal");
    let summary = Summary::read(&ledger).expect("a summary");
    let owed = summary.final_liabilities.to_string();
    assert_eq!(seals.last().expect("a seal")["liabilities"], *owed);
    snapshots("mixed-portfolio").bind(|| {
        let page = pages(&ledger).0;
        assert!(page.lines().count() <= 60, "{page}");
        assert_snapshot!("summary", page);
        for date in ["2015-06-10", "2015-09-16"] {
            let cycle = view_cycle(&ledger, cycle_at(&ledger, date)).expect("a cycle");
            assert_snapshot!(format!("cycle_{date}"), fits(cycle.render_text()));
        }
        let explanation = explain(&ledger, cycle_at(&ledger, "2017-07-26"), "BTC-PERP");
        assert_snapshot!(
            "explain_BTC-PERP",
            explanation.expect("an explanation").render_text()
        );
    });
}

/// Errors name what exists.
#[test]
fn what_does_not_exist_is_told_with_what_does() {
    let directory = single(&golden("one-cycle"));
    let ledger = ledger(&directory);
    let error = |result: Result<_, ReportError>| {
        result
            .map(|_: ios012_report::Explanation| ())
            .expect_err("nothing to explain")
            .to_string()
    };
    assert_eq!(
        error(explain(&ledger, 2, "AAA")),
        "there is no cycle 2; the ledger holds cycle 1 only"
    );
    assert_eq!(
        error(explain(&ledger, 1, "ZZZ")),
        "cycle 1 decided nothing on `ZZZ`; it decided on AAA, BBB, CCC, DDD, EEE"
    );
    let empty = directory.path().join("empty");
    std::fs::create_dir(&empty).expect("a directory");
    std::fs::write(empty.join("documents.pack"), "").expect("a file");
    let told = Summary::read(&empty)
        .expect_err("nothing to sum up")
        .to_string();
    assert!(told.contains("holds no record of a ledger"), "{told}");
}

#[test]
fn a_long_history_fits_a_page() {
    let directory = history(&golden("sp500-inverse-vol"), 60);
    let ledger = ledger(&directory);
    let (page, _) = pages(&ledger);
    assert!(page.lines().count() <= 45, "{page}");
    fits(view_cycle(&ledger, 59).expect("a cycle").render_text());
    fits(
        explain(&ledger, 59, "AAPL")
            .expect("an explanation")
            .render_text(),
    );
}
