//! The limits of long-only portfolios paid in full, judged from the records alone. No code of the
//! decision or of the engine is used.
//!
//! A limit that held before a decision must hold after it. One that the market broke may still be
//! broken, since a transition is no longer than `max_delta_exposure`: then nothing that is in it
//! grows, and its sum is lower if something open was in it (docs/decision.md, I1 to I4).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ios012_contracts::Standing;
use ios012_core::fixed::value_of;
use ios012_core::{AssetId, Defcon, Exposure, Money, Rounding, UtcTime};
use ios012_lineage::{
    CycleOutcome, Decision, Fill, LedgerReader, Order, OrderId, Record, Seal, Side,
};

use crate::FortressError;
use crate::error::ensure;

/// What was seen on a ledger in which no limit was passed by a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) cycles: u64,
    pub(crate) aborted: u64,
    pub(crate) decisions: u64,
    pub(crate) orders: u64,
    /// Transitions that began with a limit broken by the market.
    pub(crate) broken_by_market: u64,
    /// Breaker records.
    pub(crate) trips: u64,
}

/// Reads a ledger and checks every decision, order, fill and seal. `closed` says which markets were.
pub(crate) fn watch(
    directory: &Path,
    standing: &Standing,
    closed: &BTreeSet<(UtcTime, AssetId)>,
) -> Result<Watched, FortressError> {
    let mut watch = Watch::new(standing, closed)?;
    for stored in LedgerReader::open(directory)? {
        let stored = stored?;
        let at = stored.envelope.seq;
        watch.take(stored.record).map_err(|error| match error {
            FortressError::Broken(what) => FortressError::Broken(format!("record {at}: {what}")),
            other => other,
        })?;
    }
    ensure(watch.open.is_none(), || "the last cycle is open".to_owned())?;
    Ok(watch.seen)
}

struct Row {
    min: Exposure,
    max: Exposure,
    longest: Exposure,
}

struct Cap {
    name: String,
    most: Exposure,
    members: BTreeSet<AssetId>,
}

/// A cycle between its first record and its seal.
#[derive(Default)]
struct OpenCycle {
    /// The decisions of the transition that is being read.
    transition: Vec<Decision>,
    /// Where the last decision on each asset moves it.
    moves: BTreeMap<AssetId, Ordering>,
    /// Whether anything was bought in the cycle.
    bought: bool,
    decisions: u64,
    trips: u64,
    orders: BTreeMap<OrderId, Order>,
    fills: u64,
}

struct Watch<'a> {
    closed: &'a BTreeSet<(UtcTime, AssetId)>,
    rows: BTreeMap<AssetId, Row>,
    caps: Vec<Cap>,
    net: Exposure,
    cash_floor: Exposure,
    cash: Money,
    level: Defcon,
    open: Option<OpenCycle>,
    seen: Watched,
}

impl<'a> Watch<'a> {
    fn new(
        standing: &Standing,
        closed: &'a BTreeSet<(UtcTime, AssetId)>,
    ) -> Result<Self, FortressError> {
        let limits = standing.constraints().limits();
        let mut rows = BTreeMap::new();
        for limit in &limits.assets {
            let row = Row {
                min: limit.min_exposure,
                max: limit.max_exposure,
                longest: limit.max_delta_exposure,
            };
            ensure(row.min.is_zero(), || "not a long-only portfolio".to_owned())?;
            rows.insert(limit.asset_id.clone(), row);
        }
        let mut caps = vec![Cap {
            name: "gross".to_owned(),
            most: limits.gross,
            members: rows.keys().cloned().collect(),
        }];
        caps.extend(limits.groups.iter().map(|group| Cap {
            name: format!("group {}", group.id),
            most: group.cap,
            members: group.members.iter().cloned().collect(),
        }));
        for class in &limits.classes {
            let assets = standing.registry().assets().iter();
            let members = assets.filter(|asset| asset.class == class.id);
            caps.push(Cap {
                name: format!("class {}", class.id),
                most: class.cap,
                members: members.map(|asset| asset.asset_id.clone()).collect(),
            });
        }
        Ok(Self {
            closed,
            rows,
            caps,
            net: limits.net,
            cash_floor: limits.cash_floor,
            cash: standing.scenario().opening_cash(),
            level: Defcon::Green,
            open: None,
            seen: Watched::default(),
        })
    }

    fn take(&mut self, record: Record) -> Result<(), FortressError> {
        match record {
            Record::Cycle(_) => {
                ensure(self.open.is_none(), || "two cycles are open".to_owned())?;
                self.open = Some(OpenCycle::default());
            }
            Record::Breaker(breaker) => {
                self.level = self.level.max(breaker.level);
                self.seen.trips += 1;
                self.open()?.trips += 1;
            }
            Record::Decision(decision) => self.decision(decision)?,
            Record::Order(order) => {
                self.end_transition()?;
                self.order(order)?;
            }
            Record::Fill(fill) => self.fill(&fill)?,
            Record::Seal(seal) => {
                self.end_transition()?;
                self.seal(&seal)?;
            }
            Record::Refusal(refusal) => {
                return Err(FortressError::Broken(format!("refused: {}", refusal.code)));
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self) -> Result<&mut OpenCycle, FortressError> {
        let broken = || FortressError::Broken("a record outside any cycle".to_owned());
        self.open.as_mut().ok_or_else(broken)
    }

    fn decision(&mut self, decision: Decision) -> Result<(), FortressError> {
        let transition = decision.metadata.transition;
        let last = self.open()?.transition.last();
        if last.is_some_and(|last| last.metadata.transition != transition) {
            self.end_transition()?;
        }
        self.alone(&decision)?;
        let cycle = self.open()?;
        cycle.decisions += 1;
        let way = decision.allowed_exposure.cmp(&decision.previous_exposure);
        cycle.moves.insert(decision.asset_id.clone(), way);
        cycle.transition.push(decision);
        Ok(())
    }

    /// One decision against the limits of its asset (I1, I2), its market and the level (I4).
    fn alone(&self, decision: &Decision) -> Result<(), FortressError> {
        let (asset, before, after) = (
            &decision.asset_id,
            decision.previous_exposure,
            decision.allowed_exposure,
        );
        let row = self.rows.get(asset);
        let row = row.ok_or_else(|| FortressError::Broken(format!("{asset} has no limits")))?;
        let tell = |what: &str| format!("{asset} from {before} to {after}: {what}");
        let step = after.checked_sub(before)?.checked_abs()?;
        ensure(step <= row.longest, || tell("longer than max_delta"))?;
        let closed = self.is_closed(decision.timestamp, asset);
        ensure(!closed || after == before, || tell("its market is closed"))?;
        let nearest = before.checked_sub(row.longest)?;
        let above = after <= row.max || closed || (before > row.max && after <= nearest);
        ensure(above, || tell("above max_exposure"))?;
        ensure(after >= row.min, || tell("below min_exposure"))?;
        let may_grow = self.level < Defcon::Red;
        ensure(may_grow || !grows(decision), || {
            tell("it grows, and a breaker allows reductions only")
        })
    }

    /// The decisions of one transition against the limits that assets share (I3).
    fn end_transition(&mut self) -> Result<(), FortressError> {
        let decisions = std::mem::take(&mut self.open()?.transition);
        let mut broken = false;
        for cap in &self.caps {
            let mut sums = Sums::default();
            for decision in decisions
                .iter()
                .filter(|row| cap.members.contains(&row.asset_id))
            {
                let closed = self.is_closed(decision.timestamp, &decision.asset_id);
                sums.add(decision, closed)?;
            }
            broken |= sums.before > cap.most;
            sums.check(&cap.name, cap.most)?;
        }
        // Nobody is short, so net is gross under another limit.
        let mut sums = Sums::default();
        for decision in &decisions {
            let closed = self.is_closed(decision.timestamp, &decision.asset_id);
            sums.add(decision, closed)?;
        }
        sums.check("net", self.net)?;
        self.seen.broken_by_market += u64::from(broken);
        Ok(())
    }

    /// An order needs a decision of its cycle that moves its way (I9), and an open market.
    fn order(&mut self, order: Order) -> Result<(), FortressError> {
        let way = match order.side {
            Side::Buy => Ordering::Greater,
            Side::Sell => Ordering::Less,
        };
        let decided = self.open()?.moves.get(&order.asset_id) == Some(&way);
        ensure(decided, || {
            format!("an order for {} without its decision", order.asset_id)
        })?;
        let closed = self.is_closed(order.not_before, &order.asset_id);
        ensure(!closed, || {
            format!("an order for {} in a closed market", order.asset_id)
        })?;
        let may_grow = self.level < Defcon::Red;
        ensure(may_grow || order.side == Side::Sell, || {
            format!(
                "{} is bought, and a breaker allows sales only",
                order.asset_id
            )
        })?;
        self.open()?.orders.insert(order.order_id, order);
        Ok(())
    }

    fn fill(&mut self, fill: &Fill) -> Result<(), FortressError> {
        let cycle = self.open()?;
        cycle.fills += 1;
        let order = cycle.orders.get_mut(&fill.order_id);
        let order =
            order.ok_or_else(|| FortressError::Broken("a fill without an order".to_owned()))?;
        let in_limit = match order.side {
            Side::Buy => fill.price <= order.limit_price,
            Side::Sell => fill.price >= order.limit_price,
        };
        ensure(in_limit && fill.quantity <= order.quantity, || {
            format!("a fill of {} beyond its order", order.asset_id)
        })?;
        cycle.bought |= order.side == Side::Buy;
        order.quantity = order.quantity.checked_sub(fill.quantity)?;
        Ok(())
    }

    fn seal(&mut self, seal: &Seal) -> Result<(), FortressError> {
        let broken = || FortressError::Broken("a seal without a cycle".to_owned());
        let cycle = self.open.take().ok_or_else(broken)?;
        let orders = u64::try_from(cycle.orders.len()).unwrap_or(u64::MAX);
        let counts = (cycle.decisions, orders, cycle.fills);
        ensure(counts == (seal.decisions, seal.orders, seal.fills), || {
            format!("the seal counts otherwise than {counts:?}")
        })?;
        match seal.outcome {
            CycleOutcome::Executed => {
                ensure(cycle.decisions > 0, || "nothing was decided".to_owned())?;
                self.cash(&cycle, seal)?;
            }
            CycleOutcome::Aborted => {
                let explained = cycle.trips > 0 && orders == 0;
                ensure(explained, || {
                    "aborted without a breaker, or with orders".to_owned()
                })?;
                self.seen.aborted += 1;
            }
            CycleOutcome::Refused | CycleOutcome::Recovered => {
                let what = format!("a cycle ended as {}", seal.outcome);
                return Err(FortressError::Broken(what));
            }
        }
        self.cash = seal.cash.unwrap_or(self.cash);
        self.level = seal.defcon;
        self.seen.cycles += 1;
        self.seen.decisions += cycle.decisions;
        self.seen.orders += orders;
        Ok(())
    }

    /// The cash floor, in money: what was above it stays above, and what was below comes nearer.
    fn cash(&self, cycle: &OpenCycle, seal: &Seal) -> Result<(), FortressError> {
        let (Some(after), Some(nlv)) = (seal.cash, seal.nlv_before) else {
            return Err(FortressError::Broken(
                "a seal without cash or NLV".to_owned(),
            ));
        };
        let floor = value_of(self.cash_floor, nlv, Rounding::AwayFromZero)?;
        let nearer = self.cash < floor && after >= self.cash && !cycle.bought;
        ensure(after >= floor || nearer, || {
            format!(
                "cash goes from {} to {after}, and its floor is {floor}",
                self.cash
            )
        })
    }

    fn is_closed(&self, at: UtcTime, asset: &AssetId) -> bool {
        self.closed.contains(&(at, asset.clone()))
    }
}

fn grows(decision: &Decision) -> bool {
    decision.allowed_exposure > decision.previous_exposure
}

/// A limit that assets share, over one transition of long positions.
#[derive(Default)]
struct Sums {
    before: Exposure,
    after: Exposure,
    grew: bool,
    /// Whether a member could be reduced.
    open: bool,
}

impl Sums {
    fn add(&mut self, decision: &Decision, closed: bool) -> Result<(), FortressError> {
        self.before = self.before.checked_add(decision.previous_exposure)?;
        self.after = self.after.checked_add(decision.allowed_exposure)?;
        self.grew |= grows(decision);
        self.open |= !closed && decision.previous_exposure.is_positive();
        Ok(())
    }

    fn check(&self, name: &str, cap: Exposure) -> Result<(), FortressError> {
        let is_lower = self.after < self.before || (!self.open && self.after == self.before);
        let nearer = self.before > cap && !self.grew && is_lower;
        ensure(self.after <= cap || nearer, || {
            let (before, after) = (self.before, self.after);
            format!("{name} goes from {before} to {after}, and its limit is {cap}")
        })
    }
}

#[cfg(test)]
mod tests;
