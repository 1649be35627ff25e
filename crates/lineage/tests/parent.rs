//! The parent log: a portfolio that vanishes, shrinks or becomes another is named, and so is a log that was changed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "support/key.rs"]
mod key;

use std::fs;
use std::path::{Path, PathBuf};

use ios012_core::Money;
use ios012_lineage::ledger::{
    PortfolioFault, SignedParent, lock_checkpoint, sign_parent, verify_parent, write_checkpoint,
    write_tiles,
};
use ios012_lineage::tree::Tree;
use ios012_lineage::{
    Amount, Checkpoint, CheckpointSigner as _, Code, CycleOutcome, Defcon, Format, Genesis,
    LedgerWriter, LineageError, Opening, PlainText, Record, Refusal, Seal, sha256, verify,
};
use key::Key;
use tempfile::TempDir;

/// A folder of portfolios, whose logs one key signs.
struct Fund {
    folder: TempDir,
    own: Key,
    portfolios: Key,
}

impl Fund {
    fn of(portfolios: &[&str]) -> Self {
        let fund = Self {
            folder: tempfile::tempdir().expect("a folder"),
            own: Key::of("fund.example/all", 1),
            portfolios: Key::of("fund.example/portfolios", 2),
        };
        for name in portfolios {
            fund.begin(name, 1);
        }
        fund
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join("parent").join(name)
    }

    /// A signed ledger with so much cash, of three records.
    fn begin(&self, name: &str, cash: u8) {
        write_ledger(&self.at(name), name, cash, 1);
        self.sign_ledger(name);
    }

    /// The ledger with more refusals: what stands in it already is the same.
    fn grow(&self, name: &str, refusals: u8) {
        let directory = self.at(name);
        remove(&directory);
        write_ledger(&directory, name, 1, refusals);
        self.sign_ledger(name);
    }

    fn sign_ledger(&self, name: &str) {
        let directory = self.at(name);
        let records = verify(&directory, None).expect("a ledger").records;
        let root = write_tiles(&directory, records).expect("tiles");
        let text = Checkpoint::sign(&self.portfolios, records, root);
        write_checkpoint(&directory, &text).expect("a checkpoint");
    }

    fn sign(&self) -> Result<SignedParent, LineageError> {
        let keys = [
            Key::of("other.example", 9).key().clone(),
            self.portfolios.key().clone(),
        ];
        sign_parent(self.path(), &self.own, &keys)
    }

    fn check(&self, kept: Option<&str>) -> Result<u64, LineageError> {
        let kept = kept.map(|text| Checkpoint::open(text, self.own.key()).expect("signed"));
        let report = verify_parent(self.path(), self.own.key(), kept.as_ref(), &[])?;
        Ok(report.entries)
    }

    /// A log of these entries, well signed.
    fn forge(&self, entries: &[&str]) {
        let mut tree = Tree::default();
        let mut line = |json: &&str| {
            tree.push(json.as_bytes());
            format!("{} {json}\n", sha256(json.as_bytes()))
        };
        let text: String = entries.iter().map(&mut line).collect();
        let own = Checkpoint::sign(&self.own, tree.size(), tree.root());
        fs::write(self.file("entries"), text).expect("a whole disk");
        fs::write(self.file("checkpoint"), own).expect("a whole disk");
    }

    fn files(&self) -> [Vec<u8>; 2] {
        ["entries", "checkpoint"].map(|name| fs::read(self.file(name)).expect("a file"))
    }

    /// Both commands name these, and nothing is written.
    #[track_caller]
    fn faults(&self, expected: &[PortfolioFault]) {
        let before = self.files();
        for refused in [self.sign().map(drop), self.check(None).map(drop)] {
            match refused {
                Err(LineageError::Portfolios(faults)) => assert_eq!(faults.0, expected),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(self.files(), before);
    }
}

fn remove(directory: &Path) {
    fs::remove_dir_all(directory).expect("it was there");
}

fn write_ledger(directory: &Path, name: &str, cash: u8, refusals: u8) {
    let id = name.parse().expect("a portfolio id");
    let (mut writer, mut chain) = LedgerWriter::create(directory, &id).expect("empty");
    let money: Money = cash.to_string().parse().expect("money");
    let usd = "USD".parse().expect("a currency");
    let mut records: Vec<Record> = vec![
        Genesis {
            base_currency: "USD".parse().expect("a currency"),
            format: Format::V1,
            opening: vec![Opening {
                account: Code::literal("cash"),
                quantity: Amount::Cash(usd, money),
            }],
        }
        .into(),
    ];
    for number in 0..refusals {
        records.push(
            Refusal {
                as_of: None,
                code: Code::literal("json_number"),
                document: Code::literal("mandate"),
                path: PlainText::literal("the document"),
                received_sha256: sha256(&[number]),
                rule: PlainText::literal("a decimal is a string"),
            }
            .into(),
        );
        records.push(
            Seal {
                cash: Some(money),
                decisions: 0,
                defcon: Defcon::Green,
                fills: 0,
                liabilities: Some("0".parse().expect("money")),
                nlv_after: None,
                nlv_before: None,
                orders: 0,
                outcome: CycleOutcome::Refused,
            }
            .into(),
        );
    }
    for record in &records {
        chain.append(record).expect("a record");
    }
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
}

fn names(signed: &SignedParent) -> Vec<&str> {
    let appended = signed.appended.iter();
    appended.map(|entry| entry.portfolio_id.as_str()).collect()
}

#[test]
fn portfolios_are_entered_by_name_and_only_when_they_changed() {
    let fund = Fund::of(&["stocks", "bonds", "a-1", "fx"]);
    let first = fund.sign().expect("signed");
    assert_eq!(names(&first), ["a-1", "bonds", "fx", "stocks"]);
    let files = fund.files();
    // A witness' line below the checkpoint stays as long as nothing is entered.
    let witness = Checkpoint::sign(&Key::of("witness.example", 5), 4, first.root);
    let line = witness.lines().last().expect("a line");
    let cosigned = format!("{}{line}\n", first.checkpoint);
    fs::write(fund.file("checkpoint"), &cosigned).expect("a whole disk");
    let again = fund.sign().expect("signed");
    assert_eq!(again.checkpoint, cosigned);
    fs::write(fund.file("checkpoint"), &first.checkpoint).expect("a whole disk");
    let again = fund.sign().expect("signed");
    assert_eq!(again.entries, 4);
    assert_eq!((names(&again), again.entries), (vec![], 4));
    assert_eq!(
        (again.checkpoint, fund.files()),
        (first.checkpoint.clone(), files.clone())
    );
    assert_eq!(fund.check(Some(&first.checkpoint)).expect("whole"), 4);

    fund.grow("fx", 3);
    fund.begin("new", 1);
    // No checkpoint, no entry.
    write_ledger(&fund.at("later"), "later", 1, 1);
    let second = fund.sign().expect("signed");
    assert_eq!((names(&second), second.entries), (vec!["fx", "new"], 6));
    let entries = fund.files()[0].clone();
    assert!(entries.starts_with(&files[0]), "it is append-only");
    for kept in [&first.checkpoint, &second.checkpoint] {
        assert_eq!(fund.check(Some(kept)).expect("whole"), 6);
    }
}

#[test]
fn every_portfolio_that_does_not_fit_is_named() {
    let fund = Fund::of(&["bonds", "fx", "gone", "stocks"]);
    for name in ["bonds", "fx", "stocks"] {
        fund.grow(name, 3);
    }
    fund.sign().expect("signed");
    remove(&fund.at("gone"));
    fund.grow("bonds", 2);
    remove(&fund.at("fx"));
    write_ledger(&fund.at("fx"), "fx", 2, 4);
    fund.sign_ledger("fx");
    fs::remove_file(fund.at("stocks").join("checkpoint")).expect("it was there");
    let of = str::to_owned;
    fund.faults(&[
        PortfolioFault::RolledBack {
            portfolio: of("bonds"),
            entered: 7,
            records: 5,
        },
        PortfolioFault::Forked {
            portfolio: of("fx"),
            entered: 7,
        },
        PortfolioFault::Vanished {
            portfolio: of("gone"),
            entered: 3,
        },
        PortfolioFault::Vanished {
            portfolio: of("stocks"),
            entered: 7,
        },
    ]);
}

/// All of its records are there, and its checkpoint is an older one.
#[test]
fn an_older_checkpoint_and_one_of_another_key_are_refused() {
    let fund = Fund::of(&["stocks"]);
    let path = fund.at("stocks").join("checkpoint");
    let older = fs::read(&path).expect("a checkpoint");
    fund.grow("stocks", 2);
    let newer = fs::read_to_string(&path).expect("a checkpoint");
    fund.sign().expect("signed");
    let refused = |fund: &Fund| {
        let judged = [fund.portfolios.key().clone()];
        let checked = verify_parent(fund.path(), fund.own.key(), None, &judged);
        for refused in [fund.sign().map(drop), checked.map(drop)] {
            let refused = refused.expect_err("it does not fit").to_string();
            assert!(
                refused.starts_with("ROLLED BACK: stocks was entered with 5 records and has 3")
                    || refused.starts_with(
                        "UNSIGNED: none of the given keys has signed the checkpoint of stocks"
                    ),
                "{refused}"
            );
        }
        fund.sign().expect_err("it does not fit").to_string()
    };
    fs::write(&path, older).expect("a whole disk");
    assert!(refused(&fund).starts_with("ROLLED BACK"));
    let opened = Checkpoint::open(&newer, fund.portfolios.key()).expect("signed");
    let other = Checkpoint::sign(
        &Key::of("fund.example/portfolios", 3),
        opened.size(),
        opened.root(),
    );
    fs::write(&path, other).expect("a whole disk");
    assert!(refused(&fund).starts_with("UNSIGNED"));
    fs::write(&path, b"\xff").expect("a whole disk");
    assert!(refused(&fund).starts_with("UNSIGNED"));
}

#[test]
fn a_ledger_under_another_name_is_refused() {
    let fund = Fund::of(&["stocks"]);
    for name in ["bonds", "No name"] {
        fs::rename(fund.at("stocks"), fund.at(name)).expect("a whole disk");
        let refused = fund.sign().expect_err("another name").to_string();
        assert!(
            refused.starts_with(&format!("MISNAMED: the folder {name:?}")),
            "{refused}"
        );
        fs::rename(fund.at(name), fund.at("stocks")).expect("a whole disk");
    }
    fund.sign().expect("signed");
}

#[test]
fn every_flipped_byte_and_every_cut_is_found() {
    let fund = Fund::of(&["bonds", "stocks"]);
    let kept = fund.sign().expect("signed").checkpoint;
    for name in ["entries", "checkpoint"] {
        let good = fs::read(fund.file(name)).expect("a file");
        for place in 0..good.len() {
            let mut changed = good.clone();
            changed[place] ^= 1;
            for bad in [&changed[..], &good[..place]] {
                fs::write(fund.file(name), bad).expect("a whole disk");
                assert!(fund.check(None).is_err(), "{name} {place}");
                assert!(fund.check(Some(&kept)).is_err(), "{name} {place}");
                assert!(fund.sign().is_err(), "{name} {place}");
                assert_eq!(fs::read(fund.file(name)).expect("a file"), bad);
            }
        }
        fs::write(fund.file(name), good).expect("a whole disk");
    }
    assert_eq!(fund.check(Some(&kept)).expect("whole"), 2);
}

/// Who has the key can sign a shorter log, or one begun anew.
#[test]
fn a_log_that_was_cut_and_signed_again_does_not_fit_what_was_kept() {
    let fund = Fund::of(&["bonds", "gone", "stocks"]);
    let kept = fund.sign().expect("signed").checkpoint;
    let [entries, _] = fund.files();
    let ends: Vec<_> = (0..entries.len())
        .filter(|at| entries[*at] == b'\n')
        .collect();
    remove(&fund.at("gone"));
    for end in [0, ends[0] + 1] {
        remove(&fund.path().join("parent"));
        fs::create_dir(fund.path().join("parent")).expect("a folder");
        if end > 0 {
            fund.forge(&[std::str::from_utf8(&entries[65..ends[0]]).expect("a text")]);
        }
        fund.sign().expect("by itself it is whole");
        assert_eq!(fund.check(None).expect("by itself it is whole"), 2);
        let refused = fund.check(Some(&kept)).expect_err("it was cut").to_string();
        assert!(refused.contains("the kept checkpoint covers"), "{refused}");
    }
}

/// A ledger with a broken line is no ledger of what was entered, and a file in the folder is no portfolio.
#[test]
fn a_damaged_ledger_is_named() {
    let fund = Fund::of(&["bonds", "stocks"]);
    fs::write(fund.at("notes"), "a file").expect("a whole disk");
    fund.sign().expect("signed");
    let segment = fund.at("stocks").join("000001.ledger");
    let good = fs::read(&segment).expect("a segment");
    let mut changed = good.clone();
    changed[70] ^= 1;
    fs::write(&segment, changed).expect("a whole disk");
    for refused in [fund.sign().map(drop), fund.check(None).map(drop)] {
        let refused = refused.expect_err("it is damaged").to_string();
        let says = "DAMAGED: stocks: 000001.ledger line 1 (seq 0): record_hash";
        assert!(refused.starts_with(says), "{refused}");
    }
    // A checkpoint of more records than there are.
    fs::write(&segment, good).expect("a whole disk");
    let text = Checkpoint::sign(&fund.portfolios, 4, sha256(b"a root"));
    fs::write(fund.at("stocks").join("checkpoint"), text).expect("a whole disk");
    let refused = fund.sign().expect_err("there are three").to_string();
    assert!(refused.contains("tail_cut_or_rewritten"), "{refused}");
}

/// Who has the key could sign what is no entry, or what takes back an earlier one.
#[test]
fn entries_keep_to_their_form_and_to_what_was_said_before() {
    let fund = Fund::of(&["stocks"]);
    fund.sign().expect("signed");
    let text = String::from_utf8(fund.files()[0].clone()).expect("a text");
    let json = text.trim_end().get(65..).expect("a line");
    let form = "has not the form of ios012.parent.v1";
    for (from, to, rule) in [
        ("parent.v1", "parent.v2", form),
        ("\"3\"}", "\"3\",\"time\":\"1\"}", form),
        ("\"3\"}", "\"3\"} ", form),
        ("\"3\"", "\"03\"", "no counter"),
        ("stocks", "Stocks", "portfolio_id"),
    ] {
        let other = json.replace(from, to);
        assert_ne!(other, json);
        fund.forge(&[&other]);
        for refused in [fund.sign().map(drop), fund.check(None).map(drop)] {
            let refused = refused.expect_err(&other).to_string();
            assert!(refused.contains(rule), "{refused}");
        }
    }
    let root = json.split('"').nth(11).expect("the root");
    let other_root = json.replace(root, &sha256(b"a root").to_string());
    let smaller = json.replace("\"size\":\"3\"", "\"size\":\"2\"");
    let larger = json.replace("\"size\":\"3\"", "\"size\":\"4\"");
    for entries in [[&other_root, json], [&larger, json]] {
        fund.forge(&entries);
        let refused = fund.check(None).expect_err("taken back").to_string();
        assert!(refused.contains("takes back"), "{refused}");
        assert!(fund.sign().is_err());
    }
    fund.forge(&[&smaller, json]);
    assert_eq!(fund.check(None).expect("it grew"), 2);
}

/// The entries are in place and the checkpoint is not.
#[test]
fn what_a_crash_left_unsigned_is_told_and_made_anew() {
    let fund = Fund::of(&["stocks"]);
    fund.sign().expect("signed");
    let [_, older] = fund.files();
    fund.grow("stocks", 2);
    let second = fund.sign().expect("signed");
    let files = fund.files();
    fs::write(fund.file("checkpoint"), older).expect("a whole disk");
    let told = fund.check(None).expect_err("one is not signed");
    assert!(matches!(told, LineageError::NotSigned { .. }), "{told:?}");
    assert_eq!(fund.sign().expect("signed"), second);
    assert_eq!(fund.files(), files);
}

#[test]
fn entries_without_a_checkpoint_are_no_beginning() {
    let fund = Fund::of(&["stocks"]);
    fund.sign().expect("signed");
    fs::remove_file(fund.file("checkpoint")).expect("it was there");
    for refused in [fund.sign().map(drop), fund.check(None).map(drop)] {
        let refused = refused.expect_err("one is gone");
        assert!(
            matches!(refused, LineageError::Parent { .. }),
            "{refused:?}"
        );
    }
    assert!(!fund.file("checkpoint").exists());
}

#[test]
fn one_signs_at_a_time() {
    let fund = Fund::of(&["stocks"]);
    fund.sign().expect("signed");
    let lock = lock_checkpoint(&fund.path().join("parent")).expect("free");
    let refused = fund.sign().expect_err("locked");
    assert!(
        matches!(refused, LineageError::CheckpointLocked { .. }),
        "{refused:?}"
    );
    drop(lock);
    fund.sign().expect("free again");
}

#[test]
fn a_folder_without_portfolios_is_not_signed() {
    let fund = Fund::of(&[]);
    let refused = fund.sign().expect_err("nothing is there");
    assert!(
        matches!(refused, LineageError::NoPortfolio { .. }),
        "{refused:?}"
    );
    assert!(!fund.file("checkpoint").exists());
    assert!(fund.check(None).is_err());
}
