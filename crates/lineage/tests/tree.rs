//! Proofs over the Merkle tree: each one that is true holds, and none that is not.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use ios012_lineage::Hash;
use ios012_lineage::tree::{Consistency, Inclusion, Prover, Tree};

/// Sizes up to two levels beyond a perfect tree of 16.
const LARGEST: u64 = 35;

fn leaf(index: u64) -> Vec<u8> {
    format!("record {index}").into_bytes()
}

fn root(size: u64) -> Hash {
    let mut tree = Tree::default();
    (0..size).for_each(|index| tree.push(&leaf(index)));
    tree.root()
}

fn path(mut prover: Prover, size: u64) -> Vec<Hash> {
    (0..size).for_each(|index| prover.push(&leaf(index)));
    prover.finish().expect("every leaf came")
}

/// Every leaf of every size; the same path says nothing of another leaf, place, size or root, and no
/// hash of it can be left out, added or changed.
#[test]
fn inclusion_is_proven_for_what_is_there_and_for_nothing_else() {
    for size in 1..=LARGEST {
        let root_of_size = root(size);
        for index in 0..size {
            let prover = Prover::of_inclusion(index, size).expect("it is there");
            let path = path(prover, size);
            let holds = |index, size, path: &[Hash], of: u64, root| {
                Inclusion { index, size, path }.holds(&leaf(of), root)
            };
            assert!(
                holds(index, size, &path, index, root_of_size),
                "{index} of {size}"
            );
            assert!(!holds(index, size, &path, index + 1, root_of_size));
            assert!(!holds(index, size, &path, index, root(size + 1)));
            for other in (0..=size).filter(|other| *other != index) {
                assert!(!holds(other, size, &path, index, root_of_size));
            }
            for spoilt in spoilt(&path) {
                assert!(!holds(index, size, &spoilt, index, root_of_size));
            }
        }
    }
}

/// Every older size of every size.
#[test]
fn growth_is_proven_for_what_grew_and_for_nothing_else() {
    for size in 2..=LARGEST {
        for old_size in 1..size {
            let prover = Prover::of_consistency(old_size, size).expect("it grew");
            let path = path(prover, size);
            let holds = |old_size, path: &[Hash], old, new| {
                Consistency {
                    old_size,
                    size,
                    path,
                }
                .holds(old, new)
            };
            let (old, new) = (root(old_size), root(size));
            assert!(holds(old_size, &path, old, new), "{old_size} to {size}");
            assert!(!holds(old_size, &path, root(old_size - 1), new));
            assert!(!holds(old_size, &path, old, root(size - 1)));
            for other in (0..=size + 1).filter(|other| *other != old_size) {
                assert!(!holds(other, &path, old, new), "{other} for {old_size}");
            }
            for spoilt in spoilt(&path) {
                assert!(!holds(old_size, &spoilt, old, new));
            }
        }
    }
}

#[test]
fn a_tree_is_consistent_with_itself_alone() {
    let same = |size, path: &[Hash], old, new| {
        let old_size = size;
        Consistency {
            old_size,
            size,
            path,
        }
        .holds(old, new)
    };
    assert!(same(5, &[], root(5), root(5)));
    assert!(!same(5, &[], root(5), root(6)));
    assert!(!same(5, &[root(1)], root(5), root(5)));
    assert!(!same(0, &[], root(0), root(0)));
}

#[test]
fn nothing_is_proven_of_what_is_not_there() {
    assert!(Prover::of_inclusion(3, 3).is_none());
    assert!(Prover::of_inclusion(0, 0).is_none());
    for (old_size, size) in [(0, 4), (4, 4), (5, 4)] {
        assert!(Prover::of_consistency(old_size, size).is_none());
    }
    let mut early = Prover::of_inclusion(0, 3).expect("it is there");
    early.push(&leaf(0));
    early.push(&leaf(1));
    assert_eq!(early.finish(), None);
}

/// The path with each hash changed, with each left out, and with one more at either end.
fn spoilt(path: &[Hash]) -> Vec<Vec<Hash>> {
    let mut spoilt = Vec::new();
    for place in 0..path.len() {
        let mut changed = path.to_vec();
        changed[place] = root(LARGEST + 1);
        spoilt.push(changed);
        let mut shorter = path.to_vec();
        shorter.remove(place);
        spoilt.push(shorter);
    }
    let more = root(LARGEST + 1);
    spoilt.push([&[more], path].concat());
    spoilt.push([path, &[more]].concat());
    spoilt
}
