//! The end of a cycle.

use ios012_lineage::{CycleOutcome, Defcon, Seal};
use rust_decimal::Decimal;

use super::{Auditor, Check, Prices, ensure, money};
use crate::world::{ASSETS, N};

impl Auditor {
    pub(super) fn seal(&mut self, seal: &Seal) -> Check {
        let (nlv, slack) = self.nlv();
        let is_red = self.safety.response().is_some();
        let cycle = self.now()?;
        let counts = [seal.decisions, seal.orders, seal.fills];
        ensure!(
            counts == cycle.counts,
            "counts {counts:?}, by the records {:?}",
            cycle.counts
        );
        ensure!(
            cycle.orders.iter().all(|order| order.is_final),
            "sealed while an order is out"
        );
        let after = money(seal.nlv_after.ok_or("no NLV")?);
        let before = money(seal.nlv_before.ok_or("no NLV")?);
        ensure!(
            (after - nlv).abs() <= slack,
            "NLV {after}, by the records {nlv}"
        );
        ensure!(
            (before - cycle.nlv).abs() <= slack,
            "NLV before {before}, by the records {}",
            cycle.nlv
        );
        ensure!(
            (seal.defcon == Defcon::Red) == is_red,
            "level {:?}",
            seal.defcon
        );
        match seal.outcome {
            CycleOutcome::Aborted => ensure!(counts == [0; 3], "aborted after it decided"),
            CycleOutcome::Executed => {
                ensure!(
                    cycle.prices == Prices::Taken,
                    "a price beyond its band did not abort"
                );
                for at in 0..N {
                    self.undone_is_told(at)?;
                }
            }
            _ => return Err("an outcome that no cycle has".to_owned()),
        }
        let as_of = cycle.facts.day.as_of;
        self.cycle = None;
        self.safety.follow(nlv, as_of);
        Ok(())
    }

    /// What is held is what was decided, within a lot, or a record says why not.
    fn undone_is_told(&self, at: usize) -> Check {
        let cycle = self.now()?;
        let Some(decided) = &cycle.decided[at] else {
            return Ok(());
        };
        let unfilled = cycle
            .orders
            .iter()
            .any(|order| order.asset == at && !order.left.is_zero());
        if unfilled || cycle.is_told[at] || cycle.frozen[at] || decided.allowed == decided.previous
        {
            return Ok(());
        }
        let unit = cycle.unit(at);
        let (reached, allowed) = (self.held[at] * unit, decided.allowed);
        // Less than a lot of room that reductions did not give is not told, and less than a lot of
        // what then is left can't be ordered.
        let lots = Decimal::TWO * self.lots[at] * unit;
        let off = (reached - allowed).abs();
        let slack: Decimal = cycle.slack(allowed.abs());
        ensure!(
            off < lots + slack,
            "{} ends at {reached}, decided was {allowed}, and nothing tells why",
            ASSETS[at].id
        );
        Ok(())
    }
}
