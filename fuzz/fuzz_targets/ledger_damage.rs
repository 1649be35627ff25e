//! The worked example of docs/lineage-format.md with damaged bytes: the verifier never panics, and
//! against a kept head it never says "complete" of other records, nor of a document that is not
//! what was hashed.
#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use ios012_fuzz::ledger::Files;
use ios012_lineage::{Documents, ExpectedHead, LedgerReader, LedgerStatus, verify};
use libfuzzer_sys::fuzz_target;

static EXAMPLE: LazyLock<(Files, ExpectedHead)> = LazyLock::new(|| {
    let files = Files::example();
    let folder = files.write();
    let report = verify(folder.path(), None).expect("the example verifies");
    let kept = ExpectedHead {
        records: report.records,
        hash: report.head,
    };
    (files, kept)
});

/// One change of a file; positions are taken modulo its length.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Cut(usize),
    Append(u8),
    DropLine(usize),
    CopyLine(usize, usize),
    SwapLines(usize, usize),
}

impl<'a> Arbitrary<'a> for Damage {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let which = input.int_in_range(0..=7_u8)?;
        let (at, byte) = (
            usize::from(input.arbitrary::<u16>()?),
            input.arbitrary::<u8>()?,
        );
        let other = usize::from(byte);
        Ok(match which {
            0 => Self::Set(at, byte),
            1 => Self::Insert(at, byte),
            2 => Self::Remove(at, other),
            3 => Self::Cut(at),
            4 => Self::Append(byte),
            5 => Self::DropLine(at),
            6 => Self::CopyLine(at, other),
            _ => Self::SwapLines(at, other),
        })
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (example, kept) = &*EXAMPLE;
    let mut input = Unstructured::new(bytes);
    let mut files = example.clone();
    for _ in 0..4 {
        let Ok((file, damage)) = input.arbitrary::<(u8, Damage)>() else {
            break;
        };
        let file = match file % 4 {
            0 | 1 => &mut files.segments[0],
            2 => &mut files.pack,
            _ => &mut files.head,
        };
        apply(damage, file);
    }
    let folder = files.write();
    let proven = verify(folder.path(), Some(*kept));
    let unproven = verify(folder.path(), None);
    if let Ok(report) = &proven {
        assert!(unproven.is_ok(), "a kept head proves what is not a ledger");
        assert_eq!(report.proven_records, Some(kept.records));
        let records = &files.segments[0];
        assert!(
            records.starts_with(&example.segments[0]),
            "other records were proven"
        );
        if report.status == LedgerStatus::Complete {
            assert_eq!(*records, example.segments[0]);
            assert!(
                Files::hashes_hold(&files.pack),
                "a damaged document was not found"
            );
        }
    }
    // The readers go where the verifier was not asked, and must not panic.
    if let Ok(records) = LedgerReader::open(folder.path()) {
        let whole = records.take_while(Result::is_ok).count() as u64;
        if let Ok(report) = &unproven {
            assert_eq!(whole, report.records);
        }
    }
    if let Ok(pack) = Documents::open(folder.path()) {
        for line in files.pack.split(|&byte| byte == b'\n') {
            let hash = line
                .get(..64)
                .and_then(|text| std::str::from_utf8(text).ok());
            if let Some(Ok(hash)) = hash.map(str::parse)
                && let Ok(Some(text)) = pack.get(&hash)
            {
                assert_eq!(ios012_lineage::sha256(text.as_bytes()), hash);
            }
        }
    }
});

fn apply(damage: Damage, file: &mut Vec<u8>) {
    let length = file.len();
    let position = |at: usize| at % length.max(1);
    match damage {
        Damage::Set(at, byte) => {
            if let Some(place) = file.get_mut(position(at)) {
                *place = byte;
            }
        }
        Damage::Insert(at, byte) => file.insert(at % (length + 1), byte),
        Damage::Remove(at, count) => {
            let from = at % (length + 1);
            file.drain(from..(from + count).min(length));
        }
        Damage::Cut(at) => file.truncate(position(at)),
        Damage::Append(byte) => file.push(byte),
        Damage::DropLine(_) | Damage::CopyLine(..) | Damage::SwapLines(..) => {
            let mut lines: Vec<Vec<u8>> = file
                .split_inclusive(|&byte| byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            if lines.is_empty() {
                return;
            }
            let count = lines.len();
            match damage {
                Damage::CopyLine(from, to) => {
                    let copy = lines[from % count].clone();
                    lines.insert(to % (count + 1), copy);
                }
                Damage::SwapLines(one, other) => lines.swap(one % count, other % count),
                Damage::DropLine(at) => _ = lines.remove(at % count),
                _ => {}
            }
            *file = lines.concat();
        }
    }
}
