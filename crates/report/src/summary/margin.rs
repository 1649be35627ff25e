//! Margin at the marks of each cycle, before it decides, from the decision records and the registry.

use ios012_core::{CoreError, Exposure, Ratio, Rounding, UtcTime, mul_div};

use super::breach::LimitTable;

/// The margin of a whole ledger: the cycles in which least was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MarginMetrics {
    /// The cycle whose positions used most initial margin.
    pub most_used: Option<MarginPoint>,
    /// The cycle that was nearest to its maintenance margin.
    pub nearest: Option<MarginPoint>,
    /// Cycles whose NLV was below the maintenance margin at their marks.
    pub breaches: u64,
}

/// The margin of a portfolio at one time. Fractions of NLV, each rounded against the portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginPoint {
    /// The cycle.
    pub cycle_id: u64,
    /// Its time.
    pub as_of: UtcTime,
    /// Initial margin that the positions use, what is paid in full with all of its value.
    pub used: Exposure,
    /// What is left of NLV: 1 − `used`. Below zero nothing may be added.
    pub free: Exposure,
    /// Maintenance margin.
    pub maintenance: Exposure,
    /// How far every position may move against the portfolio, as a fraction of its notional, until
    /// NLV reaches the maintenance margin of now: (1 − `maintenance`) / gross exposure. Below zero it
    /// is passed. None where nothing is held.
    pub liquidation_distance: Option<Exposure>,
}

/// Sums over the exposures of one cycle.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MarginUse {
    used: Exposure,
    maintenance: Exposure,
    gross: Exposure,
}

impl MarginUse {
    pub(super) fn take(
        &mut self,
        table: &LimitTable,
        place: usize,
        previous: Exposure,
    ) -> Result<(), CoreError> {
        let Some((capital, maintenance)) = table.margin_rates(place) else {
            return Ok(());
        };
        let size = previous.checked_abs()?;
        let part = |rate: Ratio| {
            let up = Rounding::AwayFromZero;
            mul_div(size.units(), rate.units(), Ratio::SCALE, up).map(Exposure::from_units)
        };
        self.used = self.used.checked_add(part(capital)?)?;
        self.maintenance = self.maintenance.checked_add(part(maintenance)?)?;
        self.gross = self.gross.checked_add(size)?;
        Ok(())
    }

    fn point(self, cycle_id: u64, as_of: UtcTime) -> Result<MarginPoint, CoreError> {
        let left = Exposure::ONE.checked_sub(self.maintenance)?;
        let rounding = if left.is_negative() {
            Rounding::AwayFromZero
        } else {
            Rounding::TowardZero
        };
        let distance = (!self.gross.is_zero()).then(|| {
            let (left, gross) = (left.units(), self.gross.units());
            mul_div(left, Exposure::SCALE, gross, rounding).map(Exposure::from_units)
        });
        Ok(MarginPoint {
            cycle_id,
            as_of,
            used: self.used,
            free: Exposure::ONE.checked_sub(self.used)?,
            maintenance: self.maintenance,
            liquidation_distance: distance.transpose()?,
        })
    }
}

impl MarginMetrics {
    /// Takes the next cycle. Of equal ones the first stays.
    pub(super) fn take(
        &mut self,
        cycle_id: u64,
        as_of: UtcTime,
        margin: MarginUse,
    ) -> Result<(), CoreError> {
        let point = margin.point(cycle_id, as_of)?;
        self.breaches += u64::from(point.free_above_maintenance()?.is_negative());
        if self.most_used.is_none_or(|most| point.used > most.used) {
            self.most_used = Some(point);
        }
        let nearer = |nearest: MarginPoint| match nearest.liquidation_distance {
            Some(least) => point
                .liquidation_distance
                .is_some_and(|found| found < least),
            None => true,
        };
        if point.liquidation_distance.is_some() && self.nearest.is_none_or(nearer) {
            self.nearest = Some(point);
        }
        Ok(())
    }

    /// The metrics, if any cycle was taken.
    pub(super) fn told(self) -> Option<Self> {
        self.most_used.is_some().then_some(self)
    }
}

impl MarginPoint {
    fn free_above_maintenance(&self) -> Result<Exposure, CoreError> {
        Exposure::ONE.checked_sub(self.maintenance)
    }
}
