//! Counting by name.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Display;

use super::Tally;

/// How often something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// Counts per name. The names of a ledger are few: limits, reasons, codes.
#[derive(Debug)]
pub(super) struct Counter<Name>(BTreeMap<Name, u64>);

impl<Name: Ord + Display> Counter<Name> {
    /// Adds one. The name is made only when it is met for the first time.
    pub(super) fn add<Key>(&mut self, key: &Key, name: impl FnOnce() -> Name)
    where
        Name: Borrow<Key>,
        Key: Ord + ?Sized,
    {
        if let Some(count) = self.0.get_mut(key) {
            *count += 1;
        } else {
            self.0.insert(name(), 1);
        }
    }

    /// By count, the largest first, then by name.
    pub(super) fn into_counts(self) -> Vec<Count> {
        let names = self.0.into_iter();
        let mut counts: Vec<_> = names
            .map(|(name, count)| Count {
                name: name.to_string(),
                count,
            })
            .collect();
        counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        counts
    }

    pub(super) fn into_tally(self) -> Tally {
        Tally {
            total: self.0.values().sum(),
            parts: self.into_counts(),
        }
    }
}

impl<Name> Default for Counter<Name> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_comes_first_then_the_name() {
        let mut counter = Counter::<String>::default();
        for name in ["cash", "net", "gross", "net", "gross", "net", "dead_band"] {
            counter.add(name, || name.to_owned());
        }
        let tally = counter.into_tally();
        let parts: Vec<_> = tally
            .parts
            .iter()
            .map(|part| (part.name.as_str(), part.count))
            .collect();
        let expected = [("net", 3), ("gross", 2), ("cash", 1), ("dead_band", 1)];
        assert_eq!((tally.total, parts.as_slice()), (7, expected.as_slice()));
    }
}
