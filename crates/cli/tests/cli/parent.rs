//! The log over all portfolios, from outside.

use std::path::PathBuf;

use crate::scenario::Scenario;
use crate::support::{Ran, cycle, files, ios012};

const PAGE: &str = include_str!("../../../../docs/lineage-format.md");
const PORTFOLIO: &str =
    "fund.example/one-cycle+dec95bc4+AREf+FasUTFFqFRuqXio44vqbb/rZ32+GoTM4PxPc6Rn";
const PARENT: &str = "fund.example/all+92ed9810+AQGDOEsXL8hYsiC/jkMV4Up0S0OZvEZIf2AXSv4h20FU";

/// The folder of the page's example, without its parent log.
struct Fund(Scenario);

impl Fund {
    fn of_the_page() -> Self {
        let fund = Self(Scenario::golden("one-cycle"));
        let ledger = fund.path().join("one-cycle");
        std::fs::create_dir(fund.path()).unwrap();
        cycle("run", &fund.0.path(), &ledger).exits(0);
        let example = PAGE
            .lines()
            .skip_while(|line| *line != "    fund.example/one-cycle");
        let lines: Vec<_> = example.take(5).map(str::trim_start).collect();
        std::fs::write(ledger.join("checkpoint"), lines.join("\n") + "\n").unwrap();
        fund
    }

    fn path(&self) -> PathBuf {
        self.0.beside("fund")
    }

    fn key(&self) -> String {
        let mut command = ios012(["checkpoint", "new-key", "fund.example/all", "--key"]);
        let made = command.arg(self.0.beside("key")).output().unwrap();
        Ran::of(made).exits(0).stdout.trim().to_owned()
    }

    fn sign(&self, options: &[&str]) -> Ran {
        let mut command = ios012([
            "checkpoint",
            "parent",
            "--portfolio-key",
            PORTFOLIO,
            "--key",
        ]);
        command.arg(self.0.beside("key")).arg(self.path());
        Ran::of(command.args(options).output().unwrap())
    }

    fn check(&self, key: &str, options: &[&str]) -> Ran {
        let mut command = ios012(["verify-parent", "--verifier-key", key]);
        command.arg(self.path()).args(options);
        Ran::of(command.output().unwrap())
    }
}

fn on_page(file: &str) -> &'static str {
    let (_, block) = PAGE.split_once(&format!("```text {file}\n")).unwrap();
    block.split_once("```\n").unwrap().0
}

#[test]
fn the_published_parent_log_is_that_of_its_portfolio() {
    assert!(PAGE.contains(PARENT));
    let (entries, checkpoint) = (on_page("parent/entries"), on_page("parent/checkpoint"));
    // Made here: the signature alone is of another key.
    let fund = Fund::of_the_page();
    fund.key();
    let signed = fund.sign(&[]).exits(0).stdout;
    let made = files(&fund.path().join("parent"));
    assert_eq!(made["entries"], entries.as_bytes());
    assert_eq!(made["checkpoint"], signed.as_bytes());
    assert_eq!(made.len(), 2);
    assert!(signed.lines().take(4).eq(checkpoint.lines().take(4)));
    // As it was published.
    std::fs::write(fund.path().join("parent/checkpoint"), checkpoint).unwrap();
    let ran = fund.check(PARENT, &["--portfolio-key", PORTFOLIO]).exits(0);
    assert!(ran.stdout.starts_with("COMPLETE: 1 portfolios"), "{ran:#?}");
    // Not by the key that signs here, nor by that of a portfolio.
    fund.sign(&[]).exits(5);
    fund.check(PORTFOLIO, &[]).exits(5);
}

#[test]
fn a_portfolio_that_vanished_is_named_by_both_commands() {
    let fund = Fund::of_the_page();
    let key = fund.key();
    let signed = fund.sign(&["--json"]).exits(0).object();
    assert_eq!(signed["appended"][0], "one-cycle");
    assert_eq!(signed["entries"], "1");
    let kept = fund.0.beside("kept");
    std::fs::write(&kept, signed["checkpoint"].as_str().unwrap()).unwrap();
    let kept = ["--checkpoint", kept.to_str().unwrap()];
    let proven = fund
        .check(&key, &[&kept[..], &["--json"]].concat())
        .exits(0);
    assert_eq!(proven.object()["proven_entries"], "1");
    let before = files(&fund.path().join("parent"));
    std::fs::rename(fund.path().join("one-cycle"), fund.0.beside("gone")).unwrap();
    for ran in [fund.sign(&[]), fund.check(&key, &kept)] {
        let ran = ran.exits(5);
        assert!(ran.stderr.contains("VANISHED: one-cycle"), "{ran:#?}");
        assert_eq!(ran.stdout, "");
    }
    for ran in [fund.sign(&["--json"]), fund.check(&key, &["--json"])] {
        let told = ran.exits(5).object();
        assert_eq!(told["exit_code"], "5");
        assert_eq!(told["portfolios"][0]["code"], "vanished");
        assert_eq!(told["portfolios"][0]["portfolio"], "one-cycle");
    }
    assert_eq!(files(&fund.path().join("parent")), before);
}

#[test]
fn what_is_no_log_of_portfolios_has_its_exit_code() {
    let fund = Fund::of_the_page();
    let key = fund.key();
    fund.check(&key, &[]).exits(5);
    std::fs::remove_file(fund.path().join("one-cycle/checkpoint")).unwrap();
    fund.sign(&[]).exits(2);
    std::fs::remove_dir_all(fund.path()).unwrap();
    fund.sign(&[]).exits(7);
    fund.check(&key, &[]).exits(7);
}
