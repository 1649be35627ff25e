//! Proofs over a tree, made in one pass over its leaves.

use std::ops::Range;

use super::{Tree, leaf_hash, node_hash};
use crate::Hash;

/// Makes one proof, from leaves that come one after another: it keeps a hash for each node of the
/// path and the few that are growing, whatever the size of the tree.
#[derive(Debug)]
pub struct Prover {
    /// The leaves below each node of the path, in the order of the proof.
    nodes: Vec<(Range<u64>, Tree)>,
    next: u64,
    size: u64,
}

impl Prover {
    /// Begins the proof that the leaf at an index is in the tree of `size` leaves (RFC 6962,
    /// section 2.1.1); none if the tree has no such leaf.
    pub fn of_inclusion(index: u64, size: u64) -> Option<Self> {
        (index < size).then(|| Self::of(&path(index, size), size))
    }

    /// Begins the proof that the tree of `size` leaves begins with the tree of `old_size` (RFC 6962,
    /// section 2.1.2); none if it is not larger, or the old one is empty: there is nothing to prove.
    pub fn of_consistency(old_size: u64, size: u64) -> Option<Self> {
        let is_growth = 0 < old_size && old_size < size;
        is_growth.then(|| Self::of(&growth(old_size, size), size))
    }

    fn of(ranges: &[Range<u64>], size: u64) -> Self {
        let nodes = ranges.iter().map(|range| (range.clone(), Tree::default()));
        Self {
            nodes: nodes.collect(),
            next: 0,
            size,
        }
    }

    /// Takes the next leaf. What comes after the last one is not part of the tree.
    pub fn push(&mut self, leaf: &[u8]) {
        let index = self.next;
        self.next += 1;
        // The ranges do not overlap.
        let node = self
            .nodes
            .iter_mut()
            .find(|(range, _)| range.contains(&index));
        if let Some((_, node)) = node {
            node.push(leaf);
        }
    }

    /// The path of the proof; none if the tree's leaves have not all come.
    pub fn finish(self) -> Option<Vec<Hash>> {
        let nodes = self.nodes.into_iter().map(|(_, node)| node.root());
        (self.next >= self.size).then(|| nodes.collect())
    }
}

/// The largest power of two below a size of two or more.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The siblings on the way from a leaf to the root, the lowest first.
fn path(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut start, mut end) = (0, size);
    let mut siblings = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            siblings.push(middle..end);
            end = middle;
        } else {
            siblings.push(start..middle);
            start = middle;
        }
    }
    siblings.reverse();
    siblings
}

/// The nodes from which both the old root and the new one follow.
fn growth(old_size: u64, size: u64) -> Vec<Range<u64>> {
    let (mut start, mut end) = (0, size);
    let mut nodes = Vec::new();
    while end != old_size {
        let middle = start + split(end - start);
        if old_size <= middle {
            nodes.push(middle..end);
            end = middle;
        } else {
            nodes.push(start..middle);
            start = middle;
        }
    }
    // Where the old tree is a perfect subtree its root is known: it is what the proof is held against.
    if start > 0 {
        nodes.push(start..end);
    }
    nodes.reverse();
    nodes
}

/// A leaf in a tree, to be held against its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inclusion<'a> {
    /// Place of the leaf, from 0.
    pub index: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// Siblings on the way to the root, the lowest first.
    pub path: &'a [Hash],
}

impl Inclusion<'_> {
    /// Whether the leaf stands there in the tree with this root (RFC 9162, section 2.1.3.2).
    pub fn holds(&self, leaf: &[u8], root: Hash) -> bool {
        if self.index >= self.size {
            return false;
        }
        let (mut node, mut last) = (self.index, self.size - 1);
        let mut hash = leaf_hash(leaf);
        for sibling in self.path {
            if last == 0 {
                return false;
            }
            if node % 2 == 1 || node == last {
                hash = node_hash(*sibling, hash);
                (node, last) = above_lone(node, last);
            } else {
                hash = node_hash(hash, *sibling);
            }
            node /= 2;
            last /= 2;
        }
        last == 0 && hash == root
    }
}

/// An older and a newer tree of the same ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consistency<'a> {
    /// Leaves of the older tree.
    pub old_size: u64,
    /// Leaves of the newer one.
    pub size: u64,
    /// The nodes from which both roots follow.
    pub path: &'a [Hash],
}

impl Consistency<'_> {
    /// Whether the newer tree begins with the older one (RFC 9162, section 2.1.4.2). Trees of one size
    /// need no path; nothing is said of an empty one.
    pub fn holds(&self, old_root: Hash, root: Hash) -> bool {
        if self.old_size == self.size {
            return self.size > 0 && self.path.is_empty() && old_root == root;
        }
        if self.old_size == 0 || self.old_size > self.size {
            return false;
        }
        let whole = self.old_size.is_power_of_two().then_some(&old_root);
        let mut path = whole.into_iter().chain(self.path);
        let Some(first) = path.next() else {
            return false;
        };
        let (mut node, mut last) = (self.old_size - 1, self.size - 1);
        while node % 2 == 1 {
            node /= 2;
            last /= 2;
        }
        let (mut old, mut new) = (*first, *first);
        for sibling in path {
            if last == 0 {
                return false;
            }
            if node % 2 == 1 || node == last {
                old = node_hash(*sibling, old);
                new = node_hash(*sibling, new);
                (node, last) = above_lone(node, last);
            } else {
                new = node_hash(new, *sibling);
            }
            node /= 2;
            last /= 2;
        }
        last == 0 && old == old_root && new == root
    }
}

/// Climbs over the levels where a node is the last one and has no sibling to its right.
const fn above_lone(mut node: u64, mut last: u64) -> (u64, u64) {
    while node != 0 && node.is_multiple_of(2) {
        node /= 2;
        last /= 2;
    }
    (node, last)
}
