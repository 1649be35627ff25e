//! docs/bad-input.md: each kind of bad document, its code and its message.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ios012_contracts::{
    ContractsError, History, LastAccepted, Mandate, Place, Refusal, RefusalCode, SingleCycle,
};

use crate::cases::{self, Case, Change, LastCycle};
use crate::set::Set;

const PARTS: [(&str, &[Case]); 11] = [
    ("Files and form", cases::FORM),
    ("Values", cases::VALUES),
    ("Limits (IoS-006)", cases::LIMIT_RULES),
    ("Signatures", cases::SIGNATURES),
    ("Documents against each other", cases::AGREEMENT),
    ("Instruments", cases::INSTRUMENTS),
    ("Rates and events", cases::EVENTS),
    ("Calendars and schedules", cases::SCHEDULES),
    ("Breakers and aggregate controls", cases::BREAKERS),
    ("History as CSV", cases::TABLES),
    ("Rates and events as CSV", cases::MIXED_TABLES),
];

#[test]
fn the_good_set_is_good() {
    for set in [Set::good(), Set::signed()] {
        let input = set.cycle().unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(input.rows().len(), 2);
        let history = set.history().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(history.cycles, 3);
    }
    let set = Set::mixed();
    let input = set.cycle().unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(input.rows().len(), 6);
    let history = set.history().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(history.cycles, 3);
}

#[test]
fn each_kind_of_bad_document_has_its_code_and_its_message() {
    let cases = PARTS.iter().flat_map(|(_, cases)| cases.iter());
    let faults: Vec<_> = cases.filter_map(fault_of).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// What is wrong with the refusal of a case.
fn fault_of(case: &Case) -> Option<String> {
    let refusal = refusal_of(case);
    let text = refusal.to_string();
    let value = refusal.value.clone().unwrap_or_default();
    let at = format!("at      {}", case.at);
    let place_fits = if case.at.is_empty() {
        refusal.place == Place::Whole
    } else {
        text.contains(&at)
    };
    let fits = refusal.code == case.code
        && place_fits
        && value.contains(case.value)
        && text.contains(&value)
        && !refusal.rule.is_empty()
        && text.contains(&refusal.rule)
        && !refusal.remedy.is_empty()
        && text.contains(&refusal.remedy);
    let what = case.what;
    (!fits).then(|| {
        format!(
            "{what}: expected {} at {:?}, got {text}",
            case.code, case.at
        )
    })
}

#[test]
fn each_code_has_a_case() {
    let cases: Vec<_> = PARTS.iter().flat_map(|(_, cases)| cases.iter()).collect();
    for code in RefusalCode::ALL {
        assert!(
            cases.iter().any(|case| case.code == *code),
            "no case for {code}"
        );
    }
    assert!(cases.len() >= 60);
}

#[test]
fn the_page_shows_them_as_they_are() {
    let mut page = String::from(PREAMBLE);
    let count: usize = PARTS.iter().map(|(_, cases)| cases.len()).sum();
    _ = writeln!(page, "{count} kinds, {} codes.", RefusalCode::ALL.len());
    for (title, cases) in PARTS {
        _ = write!(
            page,
            "\n## {title}\n\n| what is wrong | code | message |\n|---|---|---|\n"
        );
        for case in cases {
            let text = refusal_of(case).to_string();
            let lines: Vec<_> = text.lines().map(cell).collect();
            _ = writeln!(
                page,
                "| {} | `{}` | {} |",
                case.what,
                case.code,
                lines.join("<br>")
            );
        }
    }
    assert_committed("docs/bad-input.md", &page);
}

/// Fails with the way to accept a change of a committed file: by hand, after reading it.
pub(crate) fn assert_committed(file: &str, expected: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let committed = std::fs::read_to_string(root.join(file)).unwrap_or_default();
    if committed != expected {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file.replace('/', "-"));
        std::fs::write(&copy, expected).expect("a writable target");
        panic!(
            "{file} differs from the code: read {}, and copy it over",
            copy.display()
        );
    }
}

const PREAMBLE: &str = "# Bad input

What happens to a document that is not acceptable: it is refused, with the file, the place, the
value, the rule and the remedy. Nothing is guessed or repaired. A history is read to its end before
anything is written. The codes are stable.

Each row is a test: a good set of documents (`crates/contracts/tests/data`, and `mixed` in it) with
one change (`crates/contracts/tests/contracts/cases`). The messages below are what the code says.

";

/// A line of a message in a table of Markdown, with its spaces.
fn cell(line: &str) -> String {
    let text = line.trim_start();
    let escaped = text.replace('|', "\\|");
    if line == text {
        format!("`{escaped}`")
    } else {
        format!("&nbsp;&nbsp;`{escaped}`")
    }
}

fn refusal_of(case: &Case) -> Refusal {
    let mut set = Set::good();
    let history = match case.change {
        Change::Json(file, from, to) => {
            set.edit(file, from, to);
            false
        }
        Change::Signed(file, from, to) => {
            let signed = Set::signed();
            if case.code == RefusalCode::SignatureMissing {
                let keys = signed.bytes("keys.json").to_vec();
                set.files.insert("keys.json", keys);
            } else {
                set = signed;
            }
            set.edit(file, from, to);
            false
        }
        Change::Csv(file, from, to) => {
            set.edit(file, from, to);
            if case.what == "a bad row after the last target" {
                set.edit("prices.csv", "203.25", "0");
            }
            true
        }
        Change::Mixed(edits) => {
            set = Set::mixed();
            for (file, from, to) in edits {
                set.edit(file, from, to);
            }
            false
        }
        Change::MixedCsv(file, from, to) => {
            set = Set::mixed();
            set.edit(file, from, to);
            true
        }
        Change::Before(file, bytes) => {
            let whole = [bytes, set.bytes(file)].concat();
            set.files.insert(file, whole);
            file.ends_with("csv")
        }
        Change::Spaces(file, count) => {
            let whole = [set.bytes(file), &vec![b' '; count]].concat();
            set.files.insert(file, whole);
            file.ends_with("csv")
        }
        Change::Without(file) => {
            set.files.remove(file);
            false
        }
        Change::Accepted(ref accepted) => {
            set.last = Some(last_accepted(&set, accepted));
            false
        }
        Change::Held(asset) => {
            set.held.push(asset.parse().expect("an asset"));
            false
        }
        Change::Folder(file, with) => return folder_refusal(&set, file, with),
    };
    if history {
        refused(case.what, set.history().map(|_| ()))
    } else {
        set.cycle().map(|_| ()).expect_err(case.what)
    }
}

fn last_accepted(set: &Set, accepted: &LastCycle) -> LastAccepted {
    let mandate = Mandate::parse("mandate.json", set.bytes("mandate.json")).expect("a mandate");
    match accepted {
        LastCycle::This => LastAccepted {
            as_of: mandate.as_of(),
            mandate_hash: Some(mandate.document().hash()),
        },
        LastCycle::Later => LastAccepted {
            as_of: "2026-11-20T22:00:00.000Z".parse().expect("a time"),
            mandate_hash: Some("1".repeat(64).parse().expect("a hash")),
        },
    }
}

fn refused(what: &str, result: Result<(), ContractsError>) -> Refusal {
    match result {
        Err(ContractsError::Refused(refusal)) => refusal,
        other => panic!("{what}: not refused: {other:?}"),
    }
}

fn folder_refusal(set: &Set, file: &'static str, with: bool) -> Refusal {
    let mut set = set.clone();
    set.files.retain(|name, _| {
        if with {
            true
        } else {
            name.ends_with("json") && *name != file
        }
    });
    let folder = write_folder(&format!("bad-input-{with}"), &set);
    refused(file, SingleCycle::open(&folder).map(|_| ()))
}

/// A folder of its own below the target directory.
pub(crate) fn write_folder(name: &str, set: &Set) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (file, bytes) in &set.files {
        std::fs::write(folder.join(file), bytes).expect("a file");
    }
    folder
}

#[test]
fn a_folder_is_read_as_what_it_holds() {
    let mut single = Set::good();
    single.files.retain(|name, _| name.ends_with("json"));
    let folder = write_folder("single", &single);
    let cycle = SingleCycle::open(&folder).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(cycle.mandate.targets().len(), 2);
    assert_eq!(
        refused("single", History::open(&folder).map(|_| ())).code,
        RefusalCode::TwoSources
    );

    let mut history = Set::good();
    for file in ["mandate.json", "market.json", "regimes.json"] {
        history.files.remove(file);
    }
    let folder = write_folder("history", &history);
    let opened = History::open(&folder).unwrap_or_else(|error| panic!("{error}"));
    let summary = opened.check().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(summary.first.date_text(), "2026-11-17");
    assert_eq!(summary.last.date_text(), "2026-11-20");
    assert_eq!(opened.cycles().expect("cycles").count(), 3);
    assert_eq!(
        refused("history", SingleCycle::open(&folder).map(|_| ())).code,
        RefusalCode::TwoSources
    );
}
