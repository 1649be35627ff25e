//! Checkpoints: what is signed stays there, or the ledger does not verify.

use std::path::Path;

use crate::ledger::first_segment;
use crate::scenario::Scenario;
use crate::support::{Ran, cycle, ios012, run};

/// A ledger, and a key beside the scenario, whose verifier key is given.
pub(crate) fn begun(command: &str, golden: &str) -> (Scenario, String) {
    let scenario = Scenario::golden(golden);
    cycle(command, &scenario.path(), &scenario.ledger()).exits(0);
    let key = scenario.path().join("key");
    let mut command = ios012(["checkpoint", "new-key", "fund.example/stocks", "--key"]);
    let made = Ran::of(command.arg(key).output().unwrap()).exits(0);
    (scenario, made.stdout.trim().to_owned())
}

pub(crate) fn sign(scenario: &Scenario) -> Ran {
    let mut command = ios012(["checkpoint", "sign", "--key"]);
    command.arg(scenario.path().join("key"));
    Ran::of(command.arg(scenario.ledger()).output().unwrap())
}

fn hold(ledger: &Path, checkpoint: &Path, key: &str) -> Ran {
    let mut command = ios012(["verify", "--verifier-key", key, "--checkpoint"]);
    Ran::of(command.arg(checkpoint).arg(ledger).output().unwrap())
}

#[test]
fn a_kept_checkpoint_proves_its_records_and_finds_a_tail_that_was_cut() {
    let (scenario, key) = begun("backtest", "quickstart");
    let ledger = scenario.ledger();
    let signed = sign(&scenario).exits(0).stdout;
    let own = std::fs::read_to_string(ledger.join("checkpoint")).unwrap();
    assert_eq!(own, signed);
    let kept = scenario.path().join("kept");
    std::fs::write(&kept, &signed).unwrap();
    let records = signed.lines().nth(1).unwrap();
    let ran = hold(&ledger, &kept, &key).exits(0);
    let proven = format!("proven up to record {records} by what was kept elsewhere");
    assert!(ran.stdout.contains(&proven), "{ran:#?}");

    // By another key.
    let mut command = ios012(["checkpoint", "new-key", "fund.example/stocks", "--key"]);
    let other = command.arg(scenario.path().join("other")).output().unwrap();
    let other = Ran::of(other).exits(0).stdout;
    let ran = hold(&ledger, &kept, other.trim()).exits(5);
    assert!(ran.stderr.contains("the key has not signed it"), "{ran:#?}");

    // Cut at a seal, with a head that fits: by itself the ledger is whole.
    let segment = first_segment(&ledger);
    let text = std::fs::read_to_string(&segment).unwrap();
    let mut seals = text.rmatch_indices(r#""kind":"seal""#);
    let (last_but_one, _) = seals.nth(1).unwrap();
    let end = last_but_one + text[last_but_one..].find('\n').unwrap() + 1;
    let (cut, lines) = (&text[..end], text[..end].lines());
    let last = lines.clone().last().unwrap().split(' ').next().unwrap();
    std::fs::write(&segment, cut).unwrap();
    std::fs::write(ledger.join("head"), format!("{} {last}\n", lines.count())).unwrap();
    run([Path::new("verify"), &ledger]).exits(0);
    for refused in [hold(&ledger, &kept, &key), sign(&scenario)] {
        let refused = refused.exits(5);
        assert!(
            refused.stderr.contains("tail_cut_or_rewritten"),
            "{refused:#?}"
        );
    }
}

/// The same mandate again is refused, and that is on the ledger.
#[test]
fn a_ledger_that_grew_keeps_its_older_checkpoint_and_takes_a_new_one() {
    let (scenario, key) = begun("run", "one-cycle");
    let kept = scenario.path().join("kept");
    let first = sign(&scenario).exits(0).stdout;
    std::fs::write(&kept, &first).unwrap();
    cycle("run", &scenario.path(), &scenario.ledger()).exits(3);
    let ran = hold(&scenario.ledger(), &kept, &key).exits(0);
    let records = first.lines().nth(1).unwrap();
    let proven = format!("proven up to record {records} by");
    assert!(ran.stdout.contains(&proven), "{ran:#?}");
    let second = sign(&scenario).exits(0).stdout;
    assert_ne!(second.lines().nth(1), first.lines().nth(1));
}

/// The example of docs/lineage-format.md; its private key is gone. Go's `note` and `tlog` take it for
/// this ledger.
#[test]
fn the_published_checkpoint_is_that_of_its_ledger() {
    const KEY: &str =
        "fund.example/one-cycle+dec95bc4+AREf+FasUTFFqFRuqXio44vqbb/rZ32+GoTM4PxPc6Rn";
    let page = include_str!("../../../../docs/lineage-format.md");
    assert!(page.contains(KEY));
    let example = page
        .lines()
        .skip_while(|line| *line != "    fund.example/one-cycle");
    let lines: Vec<_> = example.take(5).map(str::trim_start).collect();
    let scenario = Scenario::golden("one-cycle");
    cycle("run", &scenario.path(), &scenario.ledger()).exits(0);
    let kept = scenario.path().join("kept");
    std::fs::write(&kept, lines.join("\n") + "\n").unwrap();
    let ran = hold(&scenario.ledger(), &kept, KEY).exits(0);
    assert!(ran.stdout.contains("proven up to record 18 by"), "{ran:#?}");
}

#[test]
fn a_key_that_others_can_read_signs_nothing_and_is_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let (scenario, _) = begun("backtest", "quickstart");
    let key = scenario.path().join("key");
    let bytes = std::fs::read(&key).unwrap();
    let mut command = ios012(["checkpoint", "new-key", "fund.example/stocks", "--key"]);
    let again = Ran::of(command.arg(&key).output().unwrap()).exits(2);
    assert!(again.stderr.contains("never overwritten"), "{again:#?}");
    assert_eq!(std::fs::read(&key).unwrap(), bytes);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = sign(&scenario).exits(2);
    assert!(refused.stderr.contains("chmod 600"), "{refused:#?}");
    assert!(!scenario.ledger().join("checkpoint").exists());
    // Neither output nor ledger holds the key.
    let text = String::from_utf8(bytes).unwrap();
    let secret = text.trim().splitn(5, '+').nth(4).unwrap();
    for ran in [&again, &refused] {
        assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret));
    }
}

/// The file `checkpoint` in the directory is not somebody else's to replace.
#[test]
fn a_checkpoint_of_another_key_is_not_replaced() {
    let (scenario, _) = begun("backtest", "quickstart");
    sign(&scenario).exits(0);
    std::fs::remove_file(scenario.path().join("key")).unwrap();
    let mut command = ios012(["checkpoint", "new-key", "fund.example/stocks", "--key"]);
    command.arg(scenario.path().join("key"));
    Ran::of(command.output().unwrap()).exits(0);
    let refused = sign(&scenario).exits(5);
    assert!(
        refused.stderr.contains("find out who signed it"),
        "{refused:#?}"
    );
}

/// What a reader of the tiles would be told must be what the records say.
#[test]
fn tiles_that_do_not_fit_are_told_of_and_not_signed_again() {
    let (scenario, key) = begun("run", "one-cycle");
    let signed = sign(&scenario).exits(0).stdout;
    let kept = scenario.path().join("kept");
    std::fs::write(&kept, &signed).unwrap();
    for tile in ["tile/0/000.p/18", "tile/entries/000.p/18"] {
        let path = scenario.ledger().join(tile);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, &good[1..]).unwrap();
        for refused in [hold(&scenario.ledger(), &kept, &key), sign(&scenario)] {
            let refused = refused.exits(5);
            let says = format!("{tile}: tile: it is not that of the records");
            assert!(refused.stderr.contains(&says), "{refused:#?}");
        }
        std::fs::write(&path, good).unwrap();
        hold(&scenario.ledger(), &kept, &key).exits(0);
    }
}
