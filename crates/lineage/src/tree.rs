//! The Merkle tree over a ledger's records (RFC 6962, section 2.1; C2SP tlog-tiles).
//!
//! A leaf is the canonical JSON of one record, in the ledger's order. One root then stands for the
//! whole ledger, and a short path shows that a record is in it, or that a ledger only grew.

mod proof;

use crate::Hash;
use crate::hash::sha256_of;

pub use proof::{Consistency, Inclusion, Prover};

/// The hash of a leaf: of a zero byte and the leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256_of(&[&[0], leaf])
}

/// The hash of two nodes: of a one byte and both hashes.
fn node_hash(left: Hash, right: Hash) -> Hash {
    sha256_of(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// A tree that grows leaf by leaf, and keeps one hash for each bit of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// The roots of the perfect subtrees that it is made of, the largest first.
    perfect: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        self.push_hash(leaf_hash(leaf));
    }

    /// Adds a leaf by its hash.
    pub fn push_hash(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one bit of the size is a perfect subtree as large as the one that has grown.
        for _ in 0..self.size.trailing_ones() {
            node = self
                .perfect
                .pop()
                .map_or(node, |left| node_hash(left, node));
        }
        self.perfect.push(node);
        self.size += 1;
    }

    /// Leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root; the hash of nothing for an empty tree.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.perfect.iter().rev();
        let smallest = subtrees.next().copied();
        smallest.map_or_else(
            || sha256_of(&[]),
            |smallest| subtrees.fold(smallest, |right, left| node_hash(*left, right)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves and roots of the reference tests of Certificate Transparency, which RFC 6962 is of.
    #[test]
    fn roots_are_those_of_the_reference_tests() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::default();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(tree.root().to_string(), empty);
        for (leaf, root) in leaves.into_iter().zip(roots) {
            tree.push(leaf);
            assert_eq!(tree.root().to_string(), root, "{} leaves", tree.size());
        }
    }
}
