//! The entries of a parent log: lines `<hash> <canonical JSON>`, as those of a ledger.

use std::collections::BTreeMap;
use std::path::Path;

use ios012_core::PortfolioId;

use super::fault;
use crate::canonical::JsonReader;
use crate::checkpoint::counter;
use crate::ledger::files::read_if_there;
use crate::ledger::split_line;
use crate::tree::Tree;
use crate::{Checkpoint, Hash, JsonWriter, LineageError, sha256};

/// The file of the entries.
pub(super) const FILE: &str = "entries";
/// Where they are written before they take the old ones' place.
pub(super) const NEXT: &str = "entries.next";
/// What every entry says it is.
const SCHEMA: &str = "ios012.parent.v1";

/// What one portfolio had signed when it was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentEntry {
    /// The SHA-256 of the file `checkpoint`, with every signature below it.
    pub checkpoint_sha256: Hash,
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// The root of its records' tree.
    pub root: Hash,
    /// Its records.
    pub size: u64,
}

impl ParentEntry {
    pub(super) fn new(portfolio_id: PortfolioId, text: &str, checkpoint: &Checkpoint) -> Self {
        Self {
            checkpoint_sha256: sha256(text.as_bytes()),
            portfolio_id,
            root: checkpoint.root(),
            size: checkpoint.size(),
        }
    }

    /// The canonical JSON, which is the leaf.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        JsonWriter::new(&mut json).object(|object| {
            object
                .member("checkpoint_sha256")
                .display(self.checkpoint_sha256);
            object.member("portfolio_id").display(&self.portfolio_id);
            object.member("root").display(self.root);
            object.member("schema").string(SCHEMA);
            object.member("size").display(self.size);
        });
        json
    }

    /// Takes [`Self::to_json`] and nothing else.
    fn parse(json: &str) -> Result<Self, LineageError> {
        let mut reader = JsonReader::new(json);
        let mut object = reader.object()?;
        let checkpoint_sha256 = object.member("checkpoint_sha256")?.plain()?.parse()?;
        let portfolio_id = object.member("portfolio_id")?.plain()?.parse()?;
        let root = object.member("root")?.plain()?.parse()?;
        let schema = object.member("schema")?.plain()?;
        let size = counter(object.member("size")?.plain()?);
        let entry = Self {
            checkpoint_sha256,
            portfolio_id,
            root,
            size: size.ok_or(fault("the size of an entry is no counter"))?,
        };
        // What follows, and the schema: there is one text for one entry.
        if schema != SCHEMA || entry.to_json() != json {
            return Err(fault("an entry has not the form of ios012.parent.v1"));
        }
        Ok(entry)
    }
}

/// All entries in their order, with the last of each portfolio.
#[derive(Debug, Default)]
pub(super) struct Entries(Vec<ParentEntry>);

impl Entries {
    /// Reads those of a log; none if there is no file.
    pub(super) fn read(folder: &Path) -> Result<Self, LineageError> {
        let bytes = read_if_there(&folder.join(FILE))?.unwrap_or_default();
        let mut entries = Self::default();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let end = end.ok_or(fault("the last line of its entries does not end"))?;
            let (line, following) = rest.split_at(end);
            rest = following.get(1..).unwrap_or_default();
            let (hash, json) = split_line(line).ok_or(fault("a line of it is no entry"))?;
            if sha256(json.as_bytes()) != hash {
                return Err(fault("the hash of an entry is not that of its JSON"));
            }
            entries.0.push(ParentEntry::parse(json)?);
        }
        entries.check_growth()?;
        Ok(entries)
    }

    /// No portfolio gets smaller, or other at the same size.
    fn check_growth(&self) -> Result<(), LineageError> {
        let mut last: BTreeMap<&PortfolioId, &ParentEntry> = BTreeMap::new();
        for entry in &self.0 {
            if let Some(before) = last.insert(&entry.portfolio_id, entry) {
                let grew = entry.size > before.size;
                if !grew && (entry.size != before.size || entry.root != before.root) {
                    return Err(fault("an entry takes back what one before it says"));
                }
            }
        }
        Ok(())
    }

    pub(super) fn cut(&mut self, size: u64) {
        self.0.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    }

    pub(super) fn extend(&mut self, appended: &[ParentEntry]) {
        self.0.extend_from_slice(appended);
    }

    pub(super) fn size(&self) -> u64 {
        self.tree().size()
    }

    /// The tree of all.
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        for entry in &self.0 {
            tree.push(entry.to_json().as_bytes());
        }
        tree
    }

    /// The root of the first ones; none if there are not so many.
    pub(super) fn root(&self, size: u64) -> Option<Hash> {
        let first = self.0.get(..usize::try_from(size).ok()?)?;
        Some(Self(first.to_vec()).tree().root())
    }

    /// The last entry of each portfolio.
    pub(super) fn last(&self) -> BTreeMap<PortfolioId, ParentEntry> {
        let entries = self.0.iter().cloned();
        entries
            .map(|entry| (entry.portfolio_id.clone(), entry))
            .collect()
    }

    /// The exact bytes of the file.
    pub(super) fn to_text(&self) -> String {
        let lines = self.0.iter().map(|entry| {
            let json = entry.to_json();
            format!("{} {json}\n", sha256(json.as_bytes()))
        });
        lines.collect()
    }
}
