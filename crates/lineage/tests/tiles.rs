//! Tiles: the hashes and records that the specification names, written once, and held against the records.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

#[path = "support/key.rs"]
mod key;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use ios012_lineage::ledger::{lock_checkpoint, write_tiles};
use ios012_lineage::{
    Checkpoint, CheckpointSigner as _, FailureCode, Governance, Hash, LedgerWriter, LineageError,
    Record, VerifyFailure, sha256, verify, verify_checkpoint,
};
use key::Key;

/// A ledger that grows.
struct Ledger(tempfile::TempDir);

impl Ledger {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        support::write_example(directory.path());
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn grow(&self, records: u64) {
        let (mut writer, mut chain, _) = LedgerWriter::open(self.path()).expect("it is complete");
        while chain.head().0 < records {
            chain.append(&filler()).expect("a record");
        }
        writer.append(&mut chain).expect("a whole disk");
        writer.sync().expect("a whole disk");
    }

    fn leaves(&self) -> Vec<Vec<u8>> {
        let mut leaves = Vec::new();
        for number in 1..10 {
            let segment = self.path().join(format!("{number:06}.ledger"));
            let text = fs::read_to_string(segment).unwrap_or_default();
            leaves.extend(text.lines().map(|line| line.as_bytes()[65..].to_vec()));
        }
        leaves
    }

    /// Every file below `tile/` with its bytes.
    #[expect(clippy::disallowed_methods, reason = "a map is sorted")]
    fn tiles(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tiles = BTreeMap::new();
        let mut folders = vec!["tile".to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.path().join(&folder)).expect("a folder") {
                let entry = entry.expect("an entry");
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    folders.push(name);
                } else {
                    tiles.insert(name, fs::read(entry.path()).expect("a file"));
                }
            }
        }
        tiles
    }

    /// Holds it against a checkpoint of all its records.
    fn hold(&self) -> Result<(), VerifyFailure> {
        let mut report = verify(self.path(), None)?;
        let key = Key::of("fund.example/stocks", 7);
        let text = Checkpoint::sign(&key, report.records, tree_hash(&self.leaves()));
        let checkpoint = Checkpoint::open(&text, key.key()).expect("it is signed");
        verify_checkpoint(self.path(), &mut report, &checkpoint)
    }
}

/// A short record that may stand alone.
fn filler() -> Record {
    Governance {
        document_hash: None,
        event: support::of("filler"),
        evidence: Vec::new(),
    }
    .into()
}

/// The Merkle tree hash as RFC 6962, section 2.1 defines it.
fn tree_hash(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [leaf] => sha256(&[&[0], leaf.as_slice()].concat()),
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            let (left, right) = (tree_hash(left), tree_hash(right));
            sha256(&[&[1], &left.as_bytes()[..], right.as_bytes()].concat())
        }
    }
}

/// The tiles of a tree as the specification defines them, for fewer than a thousand tiles in a row.
fn tiles_of(leaves: &[Vec<u8>]) -> BTreeMap<String, Vec<u8>> {
    let mut tiles = BTreeMap::new();
    let name = |row: &str, index: usize, width: usize| match width {
        256 => format!("tile/{row}/{index:03}"),
        _ => format!("tile/{row}/{index:03}.p/{width}"),
    };
    for level in 0..3 {
        let below = 256_usize.pow(level);
        let hashes: Vec<_> = leaves.chunks_exact(below).map(tree_hash).collect();
        for (index, tile) in hashes.chunks(256).enumerate() {
            let bytes: Vec<_> = tile.iter().map(|hash| hash.as_bytes().to_vec()).collect();
            tiles.insert(name(&level.to_string(), index, tile.len()), bytes.concat());
        }
    }
    for (index, bundle) in leaves.chunks(256).enumerate() {
        let mut bytes = Vec::new();
        for leaf in bundle {
            bytes.extend(u16::try_from(leaf.len()).expect("short").to_be_bytes());
            bytes.extend(leaf);
        }
        tiles.insert(name("entries", index, bundle.len()), bytes);
    }
    tiles
}

#[test]
fn tiles_are_those_of_the_specification() {
    for size in [12, 255, 256, 257, 700] {
        let ledger = Ledger::new();
        if size > 12 {
            ledger.grow(size);
        }
        let root = write_tiles(ledger.path(), size).expect("a whole disk");
        let leaves = ledger.leaves();
        assert_eq!((leaves.len() as u64, root), (size, tree_hash(&leaves)));
        assert!(ledger.tiles() == tiles_of(&leaves), "{size}");
        ledger.hold().expect("they fit");
    }
}

/// The example of the specification.
#[test]
fn a_tree_of_70_000_leaves_has_three_levels() {
    let ledger = Ledger::new();
    ledger.grow(70_000);
    write_tiles(ledger.path(), 70_000).expect("a whole disk");
    let tiles = ledger.tiles();
    let count = |row: &str| tiles.keys().filter(|name| name.starts_with(row)).count();
    assert_eq!(
        ["tile/0/", "tile/1/", "tile/2/", "tile/entries/"].map(count),
        [274, 2, 1, 274]
    );
    for partial in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"] {
        assert!(tiles.contains_key(partial), "{partial}");
    }
}

/// A tile is written once, whatever is signed later; a partial one stays until its full tile has stood there.
#[test]
fn a_later_checkpoint_adds_tiles_and_changes_none() {
    let ledger = Ledger::new();
    let mut places = BTreeMap::new();
    let mut before = BTreeMap::new();
    for size in [12, 100, 256, 300, 600] {
        if size > 12 {
            ledger.grow(size);
        }
        write_tiles(ledger.path(), size).expect("a whole disk");
        let tiles = ledger.tiles();
        let leaves = ledger.leaves();
        for (name, bytes) in tiles_of(&leaves) {
            assert!(tiles.get(&name) == Some(&bytes), "{name} of {size}");
        }
        let gone: Vec<_> = before
            .keys()
            .filter(|name| !tiles.contains_key(*name))
            .collect();
        let removed = [
            "tile/0/000.p/100",
            "tile/0/000.p/12",
            "tile/entries/000.p/100",
            "tile/entries/000.p/12",
        ];
        assert_eq!(
            gone,
            if size == 300 {
                removed.to_vec()
            } else {
                Vec::new()
            },
            "{size}"
        );
        for name in tiles.keys() {
            let metadata = fs::metadata(ledger.path().join(name)).expect("a tile");
            let place = (metadata.ino(), metadata.mtime_nsec());
            assert_eq!(
                *places.entry(name.clone()).or_insert(place),
                place,
                "{name}"
            );
        }
        ledger.hold().expect("they fit");
        before = tiles;
    }
}

#[test]
fn every_tile_is_held_against_the_records() {
    let ledger = Ledger::new();
    ledger.grow(300);
    write_tiles(ledger.path(), 300).expect("a whole disk");
    let refused = |name: &str| {
        let failure = ledger.hold().expect_err(name);
        assert_eq!(
            (failure.code, failure.file.as_str()),
            (FailureCode::Tile, name)
        );
        let refused = write_tiles(ledger.path(), 300).expect_err(name);
        assert!(
            matches!(refused, LineageError::Verification(_)),
            "{refused}"
        );
    };
    for (name, good) in ledger.tiles() {
        let path = ledger.path().join(&name);
        for place in (0..good.len()).step_by(997).chain([good.len() - 1]) {
            let mut changed = good.clone();
            changed[place] ^= 1;
            fs::write(&path, changed).expect("a tile");
            refused(&name);
        }
        fs::write(&path, &good[..good.len() - 1]).expect("a tile");
        refused(&name);
        fs::write(&path, [&good[..], b"x"].concat()).expect("a tile");
        refused(&name);
        fs::write(&path, good).expect("a tile");
    }
    ledger.hold().expect("put back they fit");
    // Other widths and places are tiles too, and what is beyond the records is none of theirs.
    let hashes = fs::read(ledger.path().join("tile/0/001.p/44")).expect("a tile");
    let entries = ledger.path().join("tile/entries");
    for (name, bytes) in [
        ("tile/0/001.p/43", &hashes[..44 * 32]),
        ("tile/0/001.p/45", &hashes),
        ("tile/0/001", &hashes),
        ("tile/0/002.p/1", &hashes[..32]),
        ("tile/1/000.p/2", &hashes[..64]),
        ("tile/2/000.p/1", &hashes[..32]),
        ("tile/entries/000.p/1", b"\0\0"),
    ] {
        let path = ledger.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, bytes).expect("a tile");
        let failure = ledger.hold().expect_err(name);
        assert_eq!(
            (failure.code, failure.file.as_str()),
            (FailureCode::Tile, name)
        );
        fs::remove_file(&path).expect("it was there");
    }
    // A narrower tile that fits is one of an older checkpoint; other names are none.
    fs::write(ledger.path().join("tile/0/001.p/43"), &hashes[..43 * 32]).expect("a tile");
    fs::write(entries.join("000.next"), "half").expect("what a crash leaves");
    ledger.hold().expect("they fit");
}

/// Whoever cuts the records must cut the tiles too.
#[test]
fn tiles_of_records_that_are_gone_do_not_fit() {
    let ledger = Ledger::new();
    write_tiles(ledger.path(), 12).expect("a whole disk");
    let segment = ledger.path().join("000001.ledger");
    let text = fs::read_to_string(&segment).expect("a segment");
    let lines: Vec<_> = text.lines().take(10).collect();
    fs::write(&segment, lines.join("\n") + "\n").expect("a segment");
    fs::write(
        ledger.path().join("head"),
        format!("10 {}\n", &lines[9][..64]),
    )
    .expect("a head");
    assert_eq!(ledger.hold().expect_err("cut").code, FailureCode::Tile);
    fs::remove_dir_all(ledger.path().join("tile")).expect("they were there");
    ledger
        .hold()
        .expect("a checkpoint of what is left says nothing of what is gone");
}

/// Lines past the last verified record have a root too.
#[test]
fn a_checkpoint_proves_no_more_than_was_verified() {
    let ledger = Ledger::new();
    let key = Key::of("fund.example/stocks", 7);
    let text = Checkpoint::sign(&key, 12, tree_hash(&ledger.leaves()));
    let checkpoint = Checkpoint::open(&text, key.key()).expect("it is signed");
    let mut report = verify(ledger.path(), None).expect("it is whole");
    for (records, is_proven) in [(12, true), (11, false)] {
        report.records = records;
        let held = verify_checkpoint(ledger.path(), &mut report, &checkpoint);
        let code = held.err().map(|failure| failure.code);
        let refused = Some(FailureCode::TailCutOrRewritten);
        assert_eq!(code, if is_proven { None } else { refused }, "{records}");
    }
}

#[test]
fn one_signs_at_a_time_beside_the_writer() {
    let ledger = Ledger::new();
    let writer = LedgerWriter::open(ledger.path()).expect("it is complete");
    let lock = lock_checkpoint(ledger.path()).expect("nobody else signs");
    let refused = lock_checkpoint(ledger.path()).expect_err("somebody signs");
    assert!(matches!(refused, LineageError::CheckpointLocked { .. }));
    drop(lock);
    lock_checkpoint(ledger.path()).expect("nobody else signs");
    drop(writer);
}
