//! Every damage to a ledger is found, with the right rule and place.
#![expect(clippy::expect_used, reason = "a test may stop")]

mod every_byte;
#[path = "../support/mod.rs"]
mod support;
mod torn;

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::LazyLock;

use ios012_lineage::{
    ExpectedHead, FailureCode, Hash, LedgerReader, LedgerStatus, Record, VerifyFailure,
    VerifyReport, sha256, verify,
};

const SEGMENT: &str = "000001.ledger";
const PACK: &str = "documents.pack";
const HEAD: &str = "head";

/// The files of the example with their names, and its head.
type Example = ([(&'static str, Vec<u8>); 3], ExpectedHead);

/// A copy of the example ledger, and the head that somebody kept.
struct Ledger {
    directory: tempfile::TempDir,
    kept: ExpectedHead,
}

impl Ledger {
    fn new() -> Self {
        static EXAMPLE: LazyLock<Example> = LazyLock::new(|| {
            let directory = tempfile::tempdir().expect("a directory");
            let (records, hash) = support::write_example(directory.path());
            let read = |file| {
                (
                    file,
                    fs::read(directory.path().join(file)).expect("the file"),
                )
            };
            (
                [SEGMENT, PACK, HEAD].map(read),
                ExpectedHead { records, hash },
            )
        });
        let ledger = Self {
            directory: tempfile::tempdir().expect("a directory"),
            kept: EXAMPLE.1,
        };
        for (file, bytes) in &EXAMPLE.0 {
            ledger.write(file, bytes);
        }
        ledger
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.path().join(file)).expect("the file")
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(file), bytes).expect("the file");
    }

    /// For damage in place.
    fn open(&self, file: &str) -> File {
        let path = self.path().join(file);
        File::options().write(true).open(path).expect("the file")
    }

    fn is_complete(&self) -> bool {
        self.verify()
            .is_ok_and(|report| report.status == LedgerStatus::Complete)
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = String::from_utf8(self.read(file)).expect("text");
        text.lines().map(str::to_owned).collect()
    }

    fn set_lines(&self, file: &str, lines: &[String]) {
        self.write(file, lines.join("\n") + "\n");
    }

    /// Edits the JSON of a line and gives the line the hash of what it then holds.
    fn edit(&self, line: usize, from: &str, to: &str) {
        let mut lines = self.lines(SEGMENT);
        assert!(lines[line].contains(from), "line {line} has no {from}");
        let json = lines[line][65..].replacen(from, to, 1);
        lines[line] = framed(&json);
        self.set_lines(SEGMENT, &lines);
    }

    /// Chains all lines anew and writes a fitting head: what the holder of the files can do.
    fn forge_chain(&self) {
        let mut prev = Hash::ZERO;
        let mut lines = self.lines(SEGMENT);
        for line in &mut lines {
            let json = &line[65..];
            let at = json.find("\"prev\":\"").expect("an envelope") + 8;
            let json = format!("{}{prev}{}", &json[..at], &json[at + 64..]);
            prev = sha256(json.as_bytes());
            *line = framed(&json);
        }
        self.set_lines(SEGMENT, &lines);
        self.write(HEAD, format!("{} {prev}\n", lines.len()));
    }

    fn verify(&self) -> Result<VerifyReport, VerifyFailure> {
        verify(self.path(), None)
    }

    /// The rule that the verifier says is broken, and the line.
    fn failure(&self) -> (FailureCode, Option<u64>) {
        let failure = self.verify().expect_err("damage is found");
        (failure.code, failure.line)
    }
}

fn framed(json: &str) -> String {
    format!("{} {json}", sha256(json.as_bytes()))
}

#[test]
fn no_flipped_bit_goes_unseen() {
    let ledger = Ledger::new();
    for name in [SEGMENT, PACK, HEAD] {
        let file = ledger.open(name);
        for (at, byte) in ledger.read(name).into_iter().enumerate() {
            let put = |byte| file.write_all_at(&[byte], at as u64).expect("the file");
            put(byte ^ (1 << (at % 8)));
            assert!(!ledger.is_complete(), "{name}: byte {at}");
            put(byte);
        }
    }
    assert!(ledger.is_complete());
}

#[test]
fn no_cut_goes_unseen() {
    for name in [SEGMENT, PACK, HEAD] {
        let ledger = Ledger::new();
        assert!(ledger.is_complete());
        let file = ledger.open(name);
        for length in (0..ledger.read(name).len()).rev() {
            file.set_len(length as u64).expect("the file");
            assert!(!ledger.is_complete(), "{name}: cut at {length}");
        }
    }
}

#[test]
fn dropped_doubled_and_swapped_lines() {
    for line in 1..11 {
        let ledger = Ledger::new();
        let whole = ledger.lines(SEGMENT);
        let mut dropped = whole.clone();
        dropped.remove(line);
        ledger.set_lines(SEGMENT, &dropped);
        assert_eq!(ledger.failure(), (FailureCode::Seq, Some(line as u64 + 1)));
        let mut doubled = whole.clone();
        doubled.insert(line, whole[line].clone());
        ledger.set_lines(SEGMENT, &doubled);
        assert_eq!(ledger.failure(), (FailureCode::Seq, Some(line as u64 + 2)));
        let mut swapped = whole;
        swapped.swap(line, line + 1);
        ledger.set_lines(SEGMENT, &swapped);
        assert_eq!(ledger.failure(), (FailureCode::Seq, Some(line as u64 + 1)));
    }
}

#[test]
fn an_edited_exposure_breaks_the_next_link() {
    let ledger = Ledger::new();
    let (from, to) = (r#""target_exposure":"0.01""#, r#""target_exposure":"0.02""#);
    ledger.edit(3, from, to);
    assert_eq!(ledger.failure().0, FailureCode::Binding);
    let ledger = Ledger::new();
    ledger.edit(
        3,
        r#""transition_cost":"0.01""#,
        r#""transition_cost":"0.02""#,
    );
    assert_eq!(ledger.failure(), (FailureCode::Prev, Some(5)));
}

/// The chain is forged as well: what the rules themselves find.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn each_rule_finds_its_own_breach() {
    use FailureCode as Code;
    let cases: &[(usize, &str, &str, Code)] = &[
        (
            0,
            r#""kind":"genesis""#,
            r#""kind":"genesys""#,
            Code::Genesis,
        ),
        (0, r#""epoch":"1""#, r#""epoch":"2""#, Code::Epoch),
        (4, r#""epoch":"1""#, r#""epoch":"2""#, Code::Epoch),
        (4, r#""seq":"4""#, r#""seq":"5""#, Code::Seq),
        (4, "example", "exampel", Code::PortfolioId),
        (
            4,
            r#""schema":"ios012.record.v1""#,
            r#""schema":"ios012.record.v2""#,
            Code::Member,
        ),
        (4, r#""kind""#, r#" "kind""#, Code::Canonical),
        (
            4,
            r#""quantity":"0.392156862""#,
            r#""quantity":0.392156862"#,
            Code::Canonical,
        ),
        (
            4,
            r#""quantity":"0.392156862""#,
            r#""quantity":"0.3921568620""#,
            Code::Member,
        ),
        (4, r#""reason":"#, r#""raison":"x","reason":"#, Code::Member),
        (
            4,
            r#""asset_id":"BBB""#,
            r#""asset_id":"CCC""#,
            Code::NoDecision,
        ),
        (4, r#""seq":"4""#, r#""seq":null"#, Code::Member),
        (
            4,
            r#""asset_id":"BBB""#,
            r#""asset_id":"B\"B""#,
            Code::Member,
        ),
        (1, r#""cycle_id":"1""#, r#""cycle_id":"2""#, Code::CycleId),
        (
            1,
            r#""mandate_hash":""#,
            r#""mandate_hash":"00"#,
            Code::Member,
        ),
        (2, "2026-11-20T", "2026-11-21T", Code::Timestamp),
        (
            3,
            r#""asset_id":"BBB""#,
            r#""asset_id":"AAA""#,
            Code::DecisionOrder,
        ),
        (
            3,
            r#""asset_id":"BBB""#,
            r#""asset_id":"AA""#,
            Code::DecisionOrder,
        ),
        (
            3,
            r#""transition":"0""#,
            r#""transition":"1""#,
            Code::DecisionOrder,
        ),
        (
            2,
            r#""limit":"max_exposure""#,
            r#""limit":"""#,
            Code::Member,
        ),
        (2, r#""before":"0.5""#, r#""before":"0.45""#, Code::Binding),
        (2, r#""after":"0.4""#, r#""after":"0.3""#, Code::Binding),
        (
            2,
            r#""reference_price":"100""#,
            r#""reference_price":"101""#,
            Code::InputStateHash,
        ),
        (
            2,
            r#""previous_exposure":"0""#,
            r#""previous_exposure":"0.1""#,
            Code::InputStateHash,
        ),
        (5, r#""leg":"0""#, r#""leg":"1""#, Code::OrderId),
        (5, r#""quantity":"4""#, r#""quantity":"0""#, Code::Quantity),
        (
            5,
            r#""quantity":"4""#,
            r#""quantity":"3.5""#,
            Code::Quantity,
        ),
        (
            5,
            r#""quantity":"4""#,
            r#""quantity":"4.5""#,
            Code::Quantity,
        ),
        (
            6,
            r#""state":"accepted""#,
            r#""state":"filled""#,
            Code::Quantity,
        ),
        (6, r#""order_id":""#, r#""order_id":"x"#, Code::Member),
        (7, r#""quantity":"4""#, r#""quantity":"-4""#, Code::Quantity),
        (9, r#""orders":"1""#, r#""orders":"2""#, Code::Seal),
        (9, r#""decisions":"2""#, r#""decisions":"1""#, Code::Seal),
        (9, r#""fills":"1""#, r#""fills":"0""#, Code::Seal),
        (
            9,
            r#""nlv_after":"999.6""#,
            r#""nlv_after":null"#,
            Code::Seal,
        ),
        (
            9,
            r#""outcome":"executed""#,
            r#""outcome":"refused""#,
            Code::CycleGrammar,
        ),
        (
            9,
            r#""outcome":"executed""#,
            r#""outcome":"recovered""#,
            Code::CycleGrammar,
        ),
        (
            11,
            r#""outcome":"refused""#,
            r#""outcome":"executed""#,
            Code::CycleGrammar,
        ),
    ];
    for (line, from, to, code) in cases {
        let ledger = Ledger::new();
        ledger.edit(*line, from, to);
        ledger.forge_chain();
        assert_eq!(ledger.failure().0, *code, "line {line}: {from} to {to}");
    }
}

/// 1 in the first record, also where no other record could show it.
#[test]
fn the_first_epoch_is_1() {
    for epoch in ["0", "2"] {
        let ledger = Ledger::new();
        ledger.set_lines(SEGMENT, &ledger.lines(SEGMENT)[..1]);
        ledger.edit(0, r#""epoch":"1""#, &format!(r#""epoch":"{epoch}""#));
        ledger.forge_chain();
        assert_eq!(ledger.failure(), (FailureCode::Epoch, Some(1)), "{epoch}");
    }
}

/// At the record that breaks the rule, not at a later one that no longer fits.
#[test]
fn a_quantity_is_refused_where_it_stands() {
    for (line, quantity) in [(5, "0"), (7, "-4"), (7, "4.5")] {
        let ledger = Ledger::new();
        let to = format!(r#""quantity":"{quantity}""#);
        ledger.edit(line, r#""quantity":"4""#, &to);
        ledger.forge_chain();
        let place = Some(line as u64 + 1);
        assert_eq!(ledger.failure(), (FailureCode::Quantity, place), "{to}");
    }
}

/// Lines taken out or put in, with a chain and numbers that fit.
#[test]
fn the_grammar_of_cycles_is_checked() {
    let renumbered = |lines: &mut Vec<String>| {
        for (seq, line) in lines.iter_mut().enumerate() {
            let at = line.find("\"seq\":\"").expect("an envelope") + 7;
            let end = at + line[at..].find('"').expect("a counter ends");
            line.replace_range(at..end, &seq.to_string());
        }
    };
    let cases: [(&[usize], FailureCode); 6] = [
        (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 10], FailureCode::CycleGrammar),
        (&[0, 2], FailureCode::CycleGrammar),
        (&[0, 1, 2, 3, 5, 5], FailureCode::OrderId),
        (&[0, 1, 2, 3, 5, 7, 7], FailureCode::FillId),
        (&[0, 1, 2, 3, 7], FailureCode::NoOrder),
        (&[0, 0], FailureCode::Genesis),
    ];
    for (kept, code) in cases {
        let ledger = Ledger::new();
        let whole = ledger.lines(SEGMENT);
        let mut lines: Vec<String> = kept.iter().map(|&line| whole[line].clone()).collect();
        renumbered(&mut lines);
        ledger.set_lines(SEGMENT, &lines);
        // Lines before the change keep their hashes, so derived hashes stay right.
        ledger.forge_chain();
        assert_eq!(ledger.failure().0, code, "{kept:?}");
    }
}

#[test]
fn a_missing_or_foreign_document() {
    for line in 0..5 {
        let ledger = Ledger::new();
        let mut lines = ledger.lines(PACK);
        lines.remove(line);
        ledger.set_lines(PACK, &lines);
        let failure = ledger.verify().expect_err("it is missing");
        assert_eq!(failure.code, FailureCode::DocumentMissing);
        assert_eq!((failure.file.as_str(), failure.seq), (SEGMENT, Some(1)));
    }
    let ledger = Ledger::new();
    let mut lines = ledger.lines(PACK);
    lines.push(framed(r#"{"b":"1","a":"2"}"#));
    ledger.set_lines(PACK, &lines);
    assert_eq!(ledger.failure(), (FailureCode::Canonical, Some(6)));
    // A document that a record names is damage; one that none names may be what a crash left.
    lines[5] = lines[4].replace("AAA", "AAB");
    ledger.set_lines(PACK, &lines);
    let report = ledger.verify().expect("a legal crash state");
    let LedgerStatus::Incomplete(open) = report.status else {
        panic!("the pack is torn");
    };
    assert_eq!(report.documents, 5);
    assert_eq!(open.torn_document_bytes, lines[5].len() as u64 + 1);
    lines.swap(4, 5);
    ledger.set_lines(PACK, &lines);
    assert_eq!(
        ledger.verify().expect_err("it is named").code,
        FailureCode::DocumentHash
    );
}

#[test]
fn windows_line_ends() {
    let ledger = Ledger::new();
    for file in [SEGMENT, PACK, HEAD] {
        let whole = ledger.read(file);
        let text = String::from_utf8(whole.clone()).expect("text");
        ledger.write(file, text.replace('\n', "\r\n"));
        assert!(ledger.verify().is_err(), "{file}");
        ledger.write(file, whole);
    }
}

#[test]
fn a_cut_or_rewritten_tail_shows_against_a_kept_head() {
    let cut = Ledger::new();
    let lines = cut.lines(SEGMENT);
    cut.set_lines(SEGMENT, &lines[..10]);
    assert_eq!(cut.failure().0, FailureCode::HeadMismatch);
    cut.forge_chain();
    let report = cut.verify().expect("nobody can tell");
    assert_eq!(
        (report.status, report.proven_records),
        (LedgerStatus::Complete, None)
    );
    let failure = verify(cut.path(), Some(cut.kept)).expect_err("the kept head tells");
    assert_eq!(failure.code, FailureCode::TailCutOrRewritten);

    let rewritten = Ledger::new();
    rewritten.edit(11, r#""cash":"599.6""#, r#""cash":"600""#);
    assert_eq!(rewritten.failure().0, FailureCode::HeadMismatch);
    rewritten.forge_chain();
    assert!(rewritten.verify().is_ok(), "nobody can tell");
    let failure = verify(rewritten.path(), Some(rewritten.kept)).expect_err("the head tells");
    assert_eq!(failure.code, FailureCode::TailCutOrRewritten);
    assert_eq!((failure.line, failure.seq), (Some(12), Some(11)));
}

/// A head of no records is 64 zeros, and any count of records may have been kept.
#[test]
fn a_head_covers_what_it_counts() {
    let ledger = Ledger::new();
    let lines = ledger.lines(SEGMENT);
    let hash_of = |records: usize| match records {
        0 => Hash::ZERO,
        _ => support::of(&lines[records - 1][..64]),
    };
    for records in [0, 1, 5, 12] {
        let kept = ExpectedHead {
            records: records as u64,
            hash: hash_of(records),
        };
        let report = verify(ledger.path(), Some(kept)).expect("it is right");
        assert_eq!(report.proven_records, Some(kept.records));
        ledger.write(HEAD, format!("{records} {}\n", kept.hash));
        assert!(ledger.is_complete(), "{records}");

        let hash = hash_of(2);
        let wrong = verify(ledger.path(), Some(ExpectedHead { hash, ..kept }));
        let failure = wrong.expect_err("it is another hash");
        assert_eq!(failure.code, FailureCode::TailCutOrRewritten);
        ledger.write(HEAD, format!("{records} {hash}\n"));
        let code = match records {
            0 => FailureCode::HeadForm,
            _ => FailureCode::HeadMismatch,
        };
        assert_eq!(ledger.failure().0, code, "{records}");
        ledger.write(HEAD, format!("1 {}\n", hash_of(1)));
    }
}

#[test]
fn a_missing_file_is_told_from_one_that_cannot_be_read() {
    for (file, missing) in [
        (HEAD, FailureCode::NotALedger),
        (SEGMENT, FailureCode::HeadMismatch),
    ] {
        let ledger = Ledger::new();
        fs::remove_file(ledger.path().join(file)).expect("removed");
        assert_eq!(ledger.failure(), (missing, None), "{file}");
        fs::create_dir(ledger.path().join(file)).expect("a directory");
        assert_eq!(ledger.failure(), (FailureCode::Unreadable, None), "{file}");
    }
    let ledger = Ledger::new();
    fs::remove_file(ledger.path().join(PACK)).expect("removed");
    assert_eq!(ledger.failure(), (FailureCode::NotALedger, None));
}

#[test]
fn a_reader_stops_where_the_chain_breaks() {
    for (line, from, to) in [
        // The next record names another one before it.
        (
            3,
            r#""transition_cost":"0.01""#,
            r#""transition_cost":"0.02""#,
        ),
        (4, r#""seq":"4""#, r#""seq":"5""#),
    ] {
        let ledger = Ledger::new();
        ledger.edit(line, from, to);
        let mut reader = LedgerReader::open(ledger.path()).expect("a ledger");
        assert_eq!(reader.by_ref().take_while(Result::is_ok).count(), 4);
        assert!(reader.next().is_none(), "it ended with the error");
    }
}

/// No comma between two members may be missing, in any record.
#[test]
fn a_record_without_one_of_its_commas_is_none() {
    let mut commas = 0;
    for line in Ledger::new().lines(SEGMENT) {
        let json = &line[65..];
        Record::parse(json).expect("a record");
        for (at, _) in json.match_indices(",\"") {
            let without = format!("{}{}", &json[..at], &json[at + 1..]);
            Record::parse(&without).expect_err(&without);
            commas += 1;
        }
    }
    assert!(commas > 100, "{commas}");
}
