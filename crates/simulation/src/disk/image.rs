//! What is left when the power goes.

use std::fs;
use std::io;

use super::{Change, Fate, Naming, State, Stored, rename};
use crate::random::Random;

/// A disk writes a sector whole or not at all.
const SECTOR: usize = 512;

/// What of the changes that were not synced is there after a power cut. A change of a file counts in sectors; names are
/// kept in order, as a journal does: up to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survivors {
    /// Nothing: no more than was promised.
    None,
    /// Everything, as after a kill.
    All,
    /// The first ones.
    First(usize),
    /// All but this one.
    AllBut(usize),
    /// Some, by chance.
    Some(u64),
}

impl State {
    pub(super) fn lose_power(&mut self, survivors: Survivors) -> io::Result<()> {
        let mut chosen = Chosen::new(survivors);
        for stored in &mut self.files {
            stored.settle(&mut chosen);
        }
        let kept = chosen.names(self.unsynced_names.len());
        for naming in self.unsynced_names.drain(..).take(kept) {
            match naming {
                Naming::Create(name, file) => drop(self.durable_names.insert(name, file)),
                Naming::Rename(from, to) => rename(&mut self.durable_names, &from, &to),
            }
        }
        for name in self.names.keys() {
            fs::remove_file(self.directory.join(name))?;
        }
        self.names = self.durable_names.clone();
        for (name, &file) in &self.names {
            fs::write(self.directory.join(name), &self.files[file].base)?;
        }
        Ok(())
    }

    /// How many things may survive or not: sectors that were changed, and names.
    pub(super) fn unsynced(&self) -> usize {
        let changes = self.files.iter().flat_map(Stored::pending);
        changes.map(sectors).sum::<usize>() + self.unsynced_names.len()
    }
}

impl super::SimulatedDisk {
    /// How many things may survive a power cut now, or not.
    pub(crate) fn unsynced(&self) -> usize {
        self.lock().unsynced()
    }
}

impl Stored {
    fn pending(&self) -> impl Iterator<Item = &Change> {
        let pending = self.changes.iter();
        let pending = pending.filter(|(_, fate)| *fate != Fate::Durable);
        pending.map(|(change, _)| change)
    }

    fn settle(&mut self, chosen: &mut Chosen) {
        for (change, fate) in std::mem::take(&mut self.changes) {
            match change {
                _ if fate == Fate::Durable => change.apply(&mut self.base),
                Change::Length(_) => {
                    if chosen.next() {
                        change.apply(&mut self.base);
                    }
                }
                Change::Write { at, bytes } => {
                    for (at, bytes) in split(at, &bytes) {
                        if chosen.next() {
                            let bytes = bytes.to_vec();
                            Change::Write { at, bytes }.apply(&mut self.base);
                        }
                    }
                }
            }
        }
    }
}

/// The parts of a write that lie in one sector each.
fn split(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = bytes;
    let mut at = at;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at((SECTOR - at % SECTOR).min(rest.len()));
        rest = after;
        at += part.len();
        (!part.is_empty()).then(|| (at - part.len(), part))
    })
}

fn sectors(change: &Change) -> usize {
    match change {
        Change::Length(_) => 1,
        Change::Write { at, bytes } => split(*at, bytes).count(),
    }
}

struct Chosen {
    survivors: Survivors,
    place: usize,
    random: Random,
}

impl Chosen {
    const fn new(survivors: Survivors) -> Self {
        let seed = match survivors {
            Survivors::Some(seed) => seed,
            _ => 0,
        };
        Self {
            survivors,
            place: 0,
            random: Random::new(seed),
        }
    }

    /// Whether the next change survives.
    fn next(&mut self) -> bool {
        let place = self.place;
        self.place += 1;
        match self.survivors {
            Survivors::None => false,
            Survivors::All => true,
            Survivors::First(kept) => place < kept,
            Survivors::AllBut(lost) => place != lost,
            Survivors::Some(_) => self.random.percent(50),
        }
    }

    /// How many of the names survive.
    fn names(&mut self, all: usize) -> usize {
        match self.survivors {
            Survivors::None => 0,
            Survivors::All => all,
            Survivors::First(kept) => kept.saturating_sub(self.place).min(all),
            Survivors::AllBut(lost) => lost.checked_sub(self.place).map_or(all, |at| at.min(all)),
            Survivors::Some(_) => {
                let kept = self.random.below(all as u64 + 1);
                usize::try_from(kept).unwrap_or(all)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 512-byte sectors: the first write ends one, the second spans three.
    #[test]
    fn a_write_is_split_at_sectors() {
        let bytes = [1; 1_200];
        let parts: Vec<_> = split(500, &bytes)
            .map(|(at, part)| (at, part.len()))
            .collect();
        assert_eq!(parts, [(500, 12), (512, 512), (1_024, 512), (1_536, 164)]);
        assert_eq!(split(7, &[]).count(), 0);
    }

    #[test]
    fn what_survives_is_what_was_chosen() {
        let content = |survivors| {
            let mut stored = Stored {
                base: b"durable".to_vec(),
                ..Stored::default()
            };
            for (at, byte) in [(7, 1), (512, 2), (1_024, 3)] {
                let bytes = vec![byte; 2];
                stored.change(Change::Write { at, bytes });
            }
            stored.settle(&mut Chosen::new(survivors));
            stored.base
        };
        assert_eq!(content(Survivors::None), b"durable");
        assert_eq!(content(Survivors::First(1)), b"durable\x01\x01");
        assert_eq!(content(Survivors::First(2)).len(), 514);
        let all = content(Survivors::All);
        assert_eq!((all.len(), &all[512..514]), (1_026, &[2, 2][..]));
        let hole = content(Survivors::AllBut(1));
        assert_eq!((hole.len(), &hole[512..514]), (1_026, &[0, 0][..]));
    }

    /// What a sync failed on may be lost beneath what a later one made durable, and never comes back over it.
    #[test]
    fn what_a_sync_forsook_stays_beneath_what_came_later() {
        let content = |survivors| {
            let mut stored = Stored::default();
            stored.change(Change::Write {
                at: 0,
                bytes: b"first".to_vec(),
            });
            stored.settle_unsynced(Fate::Forsaken);
            stored.change(Change::Write {
                at: 5,
                bytes: b"second".to_vec(),
            });
            stored.settle_unsynced(Fate::Durable);
            assert_eq!(stored.least(), b"\0\0\0\0\0second");
            stored.settle(&mut Chosen::new(survivors));
            stored.base
        };
        assert_eq!(content(Survivors::None), b"\0\0\0\0\0second");
        assert_eq!(content(Survivors::All), b"firstsecond");
    }
}
