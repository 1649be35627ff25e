//! Approved pages of the golden scenarios. They change by review only (`cargo xtask golden`).

use insta::{Settings, assert_snapshot};
use ios012_report::{ReportError, Summary, VerifyLine, explain, render_text, to_json};

use crate::run::{golden, history, ledger, single};

fn snapshots(scenario: &str) -> Settings {
    let mut settings = Settings::new();
    settings.set_snapshot_path(golden(scenario).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn pages(ledger: &std::path::Path) -> (String, String) {
    let summary = Summary::read(ledger).expect("a summary");
    let verified = VerifyLine::from(ios012_lineage::verify(ledger, None));
    (
        render_text(&summary, &verified),
        to_json(&summary, &verified),
    )
}

#[test]
fn one_cycle() {
    let directory = single(&golden("one-cycle"));
    let ledger = ledger(&directory);
    snapshots("one-cycle").bind(|| {
        let (text, json) = pages(&ledger);
        assert_snapshot!("summary", text);
        assert_snapshot!("summary_json", json);
        for asset in ["AAA", "BBB", "CCC", "DDD", "EEE"] {
            let explanation = explain(&ledger, 1, asset).expect("an explanation");
            assert_snapshot!(format!("explain_{asset}"), explanation.render_text());
        }
        let explanation = explain(&ledger, 1, "BBB").expect("an explanation");
        assert_snapshot!("explain_BBB_json", explanation.to_json());
    });
}

#[test]
fn mixed_calendars() {
    let directory = history(&golden("mixed-calendars"), usize::MAX);
    let ledger = ledger(&directory);
    snapshots("mixed-calendars").bind(|| {
        assert_snapshot!("summary", pages(&ledger).0);
        // 2018-02-05, a Monday: the VIX closed at 37.32.
        let explanation = explain(&ledger, 1060, "SPY").expect("an explanation");
        assert_snapshot!("explain_SPY", explanation.render_text());
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

/// A page fits a terminal, whatever the ledger holds.
#[test]
fn pages_fit_a_terminal() {
    for scenario in ["mixed-calendars", "sp500-inverse-vol"] {
        let directory = history(&golden(scenario), 300);
        let ledger = ledger(&directory);
        let (page, _) = pages(&ledger);
        assert!(page.lines().count() <= 45, "{page}");
        let mut lines = vec![page];
        for asset in ["SPY", "BTCUSD", "AAPL", "XOM"] {
            lines.extend(
                explain(&ledger, 299, asset)
                    .ok()
                    .map(|told| told.render_text()),
            );
        }
        assert_eq!(lines.len(), 3);
        for line in lines.iter().flat_map(|page| page.lines()) {
            assert!(line.chars().count() <= 88, "{line}");
        }
    }
}
