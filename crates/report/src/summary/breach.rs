//! Limits that a decision left exceeded, found from the decision records and the constraints
//! document. It uses no code of the decision itself.

use ios012_contracts::{Constraints, Registry};
use ios012_core::fixed::{exposure_of, value_of};
use ios012_core::{
    AssetId, AssetSpec, CoreError, Exposure, Money, Ratio, Rounding, UtcTime, mul_div,
};
use ios012_lineage::Hash;

use super::tally::{Count, Counter};
use crate::ReportError;

/// Limits that were exceeded after a decision: the market moved an asset out of its limits, and
/// the longest step of a transition did not bring it back, or its market was closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breaches {
    /// Cycles that ended with a limit exceeded.
    pub cycles: u64,
    /// How often each limit was; an asset's own limit counts for each asset.
    pub limits: Vec<Count>,
    /// The one that was exceeded by most.
    pub worst: Option<Breach>,
}

/// One limit that was exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The cycle.
    pub cycle_id: u64,
    /// Its time.
    pub as_of: UtcTime,
    /// The limit, named as in decision records.
    pub limit: String,
    /// The asset, where the limit is its own.
    pub asset_id: Option<AssetId>,
    /// What was reached.
    pub exposure: Exposure,
    /// What is allowed.
    pub bound: Exposure,
}

impl Breach {
    fn excess(&self) -> Result<Exposure, CoreError> {
        self.exposure.checked_sub(self.bound)?.checked_abs()
    }
}

/// The limits of a constraints document, with the members of each cap.
#[derive(Debug)]
pub(super) struct LimitTable {
    pub(super) constraints: Hash,
    pub(super) registry: Hash,
    /// Ascending by asset.
    rows: Vec<Row>,
    caps: Vec<Cap>,
    net: Exposure,
    cash_floor: Exposure,
    /// Whether every asset is paid in full: then cash itself is held against its floor, else the
    /// capital that the exposures tie up.
    paid_in_full: bool,
}

#[derive(Debug)]
struct Row {
    asset_id: AssetId,
    min: Exposure,
    max: Exposure,
    /// Capital that a unit of exposure ties up, and what it must keep.
    capital: Ratio,
    maintenance: Ratio,
    /// Places in [`LimitTable::caps`].
    caps: Vec<usize>,
}

#[derive(Debug)]
struct Cap {
    name: String,
    cap: Exposure,
}

impl LimitTable {
    pub(super) fn new(
        (constraints, registry): (Hash, Hash),
        document: &Constraints,
        assets: &Registry,
    ) -> Result<Self, CoreError> {
        let limits = document.limits();
        let spec = |asset: &AssetId| assets.assets().get(assets.position(asset.as_str())?);
        let rows = limits.assets.iter().map(|row| {
            let spec = spec(&row.asset_id);
            let capital = spec.map(AssetSpec::capital_rate).transpose()?;
            let maintenance = spec.map(AssetSpec::maintenance_rate).transpose()?;
            Ok(Row {
                asset_id: row.asset_id.clone(),
                min: row.min_exposure,
                max: row.max_exposure,
                capital: capital.unwrap_or(Ratio::ONE),
                maintenance: maintenance.unwrap_or(Ratio::ONE),
                caps: Vec::new(),
            })
        });
        let mut rows = rows.collect::<Result<Vec<_>, CoreError>>()?;
        let mut caps = Vec::new();
        let mut cap = |name: String, cap, belongs: &dyn Fn(&AssetId) -> bool| {
            let members = rows.iter_mut().filter(|row| belongs(&row.asset_id));
            members.for_each(|row| row.caps.push(caps.len()));
            caps.push(Cap { name, cap });
        };
        for group in &limits.groups {
            cap(format!("group:{}", group.id), group.cap, &|asset| {
                group.members.contains(asset)
            });
        }
        for class in &limits.classes {
            let belongs = |asset: &AssetId| spec(asset).is_some_and(|spec| spec.class == class.id);
            cap(format!("class:{}", class.id), class.cap, &belongs);
        }
        for currency in &limits.currencies {
            let belongs =
                |asset: &AssetId| spec(asset).is_some_and(|spec| spec.currency == currency.id);
            cap(format!("currency:{}", currency.id), currency.cap, &belongs);
        }
        cap("gross".to_owned(), limits.gross, &|_| true);
        let margined = |asset: &&AssetSpec| {
            asset.instrument.is_margined() && limits.asset(&asset.asset_id).is_ok()
        };
        let paid_in_full = !assets.assets().iter().any(|asset| margined(&asset));
        Ok(Self {
            constraints,
            registry,
            rows,
            caps,
            net: limits.net,
            cash_floor: limits.cash_floor,
            paid_in_full,
        })
    }

    /// Whether an asset is not paid in full.
    pub(super) const fn is_margined(&self) -> bool {
        !self.paid_in_full
    }

    /// Capital that a unit of exposure of an asset ties up, and what it must keep.
    pub(super) fn margin_rates(&self, place: usize) -> Option<(Ratio, Ratio)> {
        let row = self.rows.get(place)?;
        Some((row.capital, row.maintenance))
    }

    /// What the exposures of a margined portfolio leave of NLV: 1 − Σ abs(exposure) × capital rate,
    /// with one quantum for each asset, since exposures are rounded up. None if it is paid in full.
    fn free_capital(&self, cycle: &DecidedCycle<'_>) -> Result<Option<Exposure>, CoreError> {
        if self.paid_in_full {
            return Ok(None);
        }
        let mut free = Exposure::ONE;
        for &(place, allowed) in cycle.allowed {
            let Some(row) = self.rows.get(place) else {
                continue;
            };
            let (size, rate) = (allowed.checked_abs()?.units(), row.capital.units());
            let tied = mul_div(size, rate, Ratio::SCALE, Rounding::TowardZero)?;
            free = free.checked_sub(Exposure::from_units(tied))?;
            free = free.checked_add(Exposure::QUANTUM)?;
        }
        Ok(Some(free))
    }

    /// The place of an asset, which is mostly the one after the last.
    pub(super) fn place(&self, asset_id: &AssetId, near: usize) -> Option<usize> {
        if self
            .rows
            .get(near)
            .is_some_and(|row| row.asset_id == *asset_id)
        {
            return Some(near);
        }
        self.rows
            .binary_search_by(|row| row.asset_id.cmp(asset_id))
            .ok()
    }
}

/// A cycle as far as breaches need it.
#[derive(Debug)]
pub(super) struct DecidedCycle<'a> {
    pub(super) cycle_id: u64,
    pub(super) as_of: UtcTime,
    /// Each asset by its place in the table, with its exposure after the decision.
    pub(super) allowed: &'a [(usize, Exposure)],
    /// Cash after an executed cycle, and NLV before it.
    pub(super) cash: Option<(Money, Money)>,
}

/// Breaches as they are found.
#[derive(Debug, Default)]
pub(super) struct BreachCounter {
    cycles: u64,
    limits: Counter<String>,
    worst: Option<Breach>,
    sums: Vec<Exposure>,
}

impl BreachCounter {
    pub(super) fn take(
        &mut self,
        table: &LimitTable,
        cycle: &DecidedCycle<'_>,
    ) -> Result<(), ReportError> {
        let mut sums = std::mem::take(&mut self.sums);
        let before = self.cycles;
        let mut broken = false;
        sums.clear();
        sums.resize(table.caps.len(), Exposure::ZERO);
        let mut net = Exposure::ZERO;
        let mut report = |limit: &str, asset_id: Option<&AssetId>, exposure, bound| {
            broken = true;
            self.add(cycle, limit, asset_id, exposure, bound)
        };
        for &(place, allowed) in cycle.allowed {
            let Some(row) = table.rows.get(place) else {
                continue;
            };
            if allowed > row.max {
                report("max_exposure", Some(&row.asset_id), allowed, row.max)?;
            }
            if allowed < row.min {
                report("min_exposure", Some(&row.asset_id), allowed, row.min)?;
            }
            net = net.checked_add(allowed)?;
            let size = allowed.checked_abs()?;
            for &cap in &row.caps {
                if let Some(sum) = sums.get_mut(cap) {
                    *sum = sum.checked_add(size)?;
                }
            }
        }
        for (cap, &sum) in table.caps.iter().zip(&sums) {
            if sum > cap.cap {
                report(&cap.name, None, sum, cap.cap)?;
            }
        }
        if net.checked_abs()? > table.net {
            report("net", None, net.checked_abs()?, table.net)?;
        }
        if let Some(free) = table.free_capital(cycle)?
            && free < table.cash_floor
        {
            report("cash", None, free, table.cash_floor)?;
        }
        if let Some((cash, nlv)) = cycle.cash
            && table.paid_in_full
            && cash < value_of(table.cash_floor, nlv, Rounding::AwayFromZero)?
        {
            let kept = exposure_of(cash, nlv, Rounding::TowardZero)?;
            report("cash", None, kept, table.cash_floor)?;
        }
        self.cycles = before + u64::from(broken);
        self.sums = sums;
        Ok(())
    }

    pub(super) fn finish(self) -> Breaches {
        Breaches {
            cycles: self.cycles,
            limits: self.limits.into_counts(),
            worst: self.worst,
        }
    }

    fn add(
        &mut self,
        cycle: &DecidedCycle<'_>,
        limit: &str,
        asset_id: Option<&AssetId>,
        exposure: Exposure,
        bound: Exposure,
    ) -> Result<(), CoreError> {
        self.limits.add(limit, || limit.to_owned());
        let breach = Breach {
            cycle_id: cycle.cycle_id,
            as_of: cycle.as_of,
            limit: limit.to_owned(),
            asset_id: asset_id.cloned(),
            exposure,
            bound,
        };
        let worse = match &self.worst {
            Some(worst) => breach.excess()? > worst.excess()?,
            None => true,
        };
        if worse {
            self.worst = Some(breach);
        }
        Ok(())
    }
}
