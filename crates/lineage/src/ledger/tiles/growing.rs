//! Tiles while they grow, from one pass over the records.

use super::Row;
use crate::tree::{Tree, leaf_hash};
use crate::{Hash, LineageError};

/// Hashes or records of a full tile.
pub(super) const FULL: usize = 256;

/// A tile with as much of it as there is so far.
#[derive(Debug, Default)]
pub(super) struct GrowingTile {
    index: u64,
    bytes: Vec<u8>,
    /// Where each hash or record ends.
    ends: Vec<usize>,
    /// The tree over the hashes.
    tree: Tree,
}

impl GrowingTile {
    pub(super) const fn width(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of a narrower tile of the same place; none if this one is narrower.
    pub(super) fn first(&self, width: usize) -> Option<&[u8]> {
        let end = self.ends.get(width.checked_sub(1)?)?;
        self.bytes.get(..*end)
    }

    fn push_hash(&mut self, hash: Hash) {
        self.bytes.extend(hash.as_bytes());
        self.ends.push(self.bytes.len());
        self.tree.push_hash(hash);
    }

    fn push_entry(&mut self, leaf: &[u8]) -> Result<(), LineageError> {
        let length = u16::try_from(leaf.len()).map_err(|_| LineageError::RecordTooLong {
            kind: "stored".to_owned(),
            bytes: leaf.len(),
        })?;
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(leaf);
        self.ends.push(self.bytes.len());
        Ok(())
    }

    fn next(&mut self) {
        self.index += 1;
        self.bytes.clear();
        self.ends.clear();
        self.tree = Tree::default();
    }
}

/// The last tile of each row. Memory does not grow with the ledger but by its rows.
#[derive(Debug, Default)]
pub(super) struct Tiles {
    tree: Tree,
    entries: GrowingTile,
    hashes: Vec<GrowingTile>,
}

impl Tiles {
    /// Takes the next record, and hands over each tile that it fills.
    pub(super) fn push(
        &mut self,
        leaf: &[u8],
        take: &mut impl FnMut(Row, u64, &GrowingTile) -> Result<(), LineageError>,
    ) -> Result<(), LineageError> {
        self.entries.push_entry(leaf)?;
        if self.entries.width() == FULL {
            take(Row::Entries, self.entries.index, &self.entries)?;
            self.entries.next();
        }
        let mut node = leaf_hash(leaf);
        self.tree.push_hash(node);
        for level in 0.. {
            let at = usize::from(level);
            if at == self.hashes.len() {
                self.hashes.push(GrowingTile::default());
            }
            let Some(tile) = self.hashes.get_mut(at) else {
                break;
            };
            tile.push_hash(node);
            if tile.width() < FULL {
                break;
            }
            take(Row::Hashes(level), tile.index, tile)?;
            node = tile.tree.root();
            tile.next();
        }
        Ok(())
    }

    /// Hands over the tiles that are not full, and gives the tree.
    pub(super) fn finish(
        self,
        take: &mut impl FnMut(Row, u64, &GrowingTile) -> Result<(), LineageError>,
    ) -> Result<Tree, LineageError> {
        let hashes = (0..).map(Row::Hashes).zip(&self.hashes);
        let rows = hashes.chain([(Row::Entries, &self.entries)]);
        for (row, tile) in rows.filter(|(_, tile)| tile.width() > 0) {
            take(row, tile.index, tile)?;
        }
        Ok(self.tree)
    }
}
