//! What a ledger's files hold, read without the program that wrote them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The whole lines of all segments, and what the head covers.
#[derive(Debug, Default)]
pub(super) struct Kept {
    lines: Vec<String>,
    head: Option<(usize, String)>,
}

impl Kept {
    /// Reads a directory, which may be missing.
    pub(super) fn of(ledger: &Path) -> Result<Self> {
        let mut kept = Self::default();
        for number in 1.. {
            let Ok(bytes) = fs::read(ledger.join(format!("{number:06}.ledger"))) else {
                break;
            };
            let end = bytes.iter().rposition(|&byte| byte == b'\n');
            let whole = bytes
                .get(..end.map_or(0, |end| end + 1))
                .unwrap_or_default();
            let text = String::from_utf8(whole.to_vec()).context("a line is no text")?;
            kept.lines.extend(text.lines().map(str::to_owned));
        }
        if let Ok(head) = fs::read_to_string(ledger.join("head")) {
            let (records, hash) = head.trim_end().split_once(' ').context("a head's form")?;
            kept.head = Some((records.parse()?, hash.to_owned()));
        }
        Ok(kept)
    }

    /// Whether it has a record.
    pub(super) fn is_begun(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Nothing that was there is gone, and what the head covers is there.
    pub(super) fn goes_on_from(&self, before: &Self) -> Result<()> {
        ensure!(
            self.lines.starts_with(&before.lines),
            "of {} lines that were there some are gone or changed",
            before.lines.len()
        );
        if let Some((records, hash)) = &self.head
            && let Some(last) = records.checked_sub(1)
        {
            let line = self.lines.get(last);
            ensure!(
                line.is_some_and(|line| line.starts_with(hash.as_str())),
                "the head covers {records} records, and {} are there",
                self.lines.len()
            );
        }
        Ok(())
    }

    /// Every mandate has its cycle, and no order is there twice.
    pub(super) fn is_whole(&self, cycles: usize) -> Result<()> {
        let made = self.of_kind("cycle").count();
        ensure!(made == cycles, "{made} cycles of {cycles} mandates");
        let ids: Vec<&str> = self
            .of_kind("order")
            .filter_map(|line| member(line, "order_id"))
            .collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        ensure!(
            ids.len() == different.len() && !ids.is_empty(),
            "{} orders, {} ids",
            ids.len(),
            different.len()
        );
        Ok(())
    }

    /// What each recovery says it found.
    pub(super) fn recoveries(&self) -> Vec<&str> {
        self.of_kind("recovery")
            .filter_map(|line| member(line, "found"))
            .collect()
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &str> {
        let kind = format!("\"kind\":\"{kind}\"");
        let lines = self.lines.iter().map(String::as_str);
        lines.filter(move |line| line.contains(&kind))
    }
}

/// The text of a member of a record.
fn member<'line>(line: &'line str, name: &str) -> Option<&'line str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}
