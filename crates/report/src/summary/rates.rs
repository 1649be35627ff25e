//! What follows from the sums: drawdown, turnover, costs per traded notional.

use ios012_core::{CoreError, Money, Ratio, Rounding, UtcTime, mul_div};

use super::{Drawdown, Trading};
use crate::format;

/// Falls of NLV from its highest value before.
#[derive(Debug, Default)]
pub(super) struct Falls {
    peak: Option<(Money, UtcTime)>,
    /// The largest; of equal ones the first.
    pub(super) worst: Option<Drawdown>,
}

impl Falls {
    /// Takes NLV after the next cycle.
    pub(super) fn take(&mut self, nlv: Money, as_of: UtcTime) -> Result<(), CoreError> {
        let (peak_nlv, peak_as_of) = match self.peak {
            Some(peak) if peak.0 >= nlv => peak,
            _ => {
                self.peak = Some((nlv, as_of));
                return Ok(());
            }
        };
        let lost = peak_nlv.checked_sub(nlv)?;
        if !lost.is_positive() || !peak_nlv.is_positive() {
            return Ok(());
        }
        let rounding = Rounding::AwayFromZero;
        let fraction = mul_div(lost.units(), Ratio::SCALE, peak_nlv.units(), rounding)?;
        let fraction = Ratio::from_units(fraction);
        if self.worst.is_none_or(|worst| worst.fraction < fraction) {
            self.worst = Some(Drawdown {
                fraction,
                peak_nlv,
                peak_as_of,
                trough_nlv: nlv,
                trough_as_of: as_of,
            });
        }
        Ok(())
    }
}

/// Fills in what follows from the sums of trades and of NLVs after cycles.
pub(super) fn rates(
    mut trading: Trading,
    (nlv_sum, seals): (Money, u64),
    period: Option<(UtcTime, UtcTime)>,
) -> Result<Trading, CoreError> {
    const YEAR_MS: i128 = 31_557_600_000;
    let notional = trading.notional.units();
    trading.fee_rate = format::ratio(trading.fees.units(), notional, Rounding::AwayFromZero)?;
    let rounding = format::against_us(trading.slippage.is_negative());
    trading.slippage_rate = format::ratio(trading.slippage.units(), notional, rounding)?;
    if seals == 0 {
        return Ok(trading);
    }
    let average = mul_div(nlv_sum.units(), 1, seals.into(), Rounding::TowardZero)?;
    trading.average_nlv = Some(Money::from_units(average));
    if average > 0 {
        trading.turnover = format::ratio(notional, average, Rounding::AwayFromZero)?;
    }
    let span = period.map_or(0, |(first, last)| {
        i128::from(last.unix_milliseconds()) - i128::from(first.unix_milliseconds())
    });
    if let (Some(turnover), 1..) = (trading.turnover, span) {
        let yearly = mul_div(turnover.units(), YEAR_MS, span, Rounding::AwayFromZero)?;
        trading.turnover_per_year = Some(Ratio::from_units(yearly));
    }
    Ok(trading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_falls_is_named() {
        let mut falls = Falls::default();
        let day = |day: u32| UtcTime::from_date(&format!("2026-01-{day:02}")).expect("a date");
        for (at, nlv) in (1..).zip(["100", "100", "90", "95", "90", "100", "90"]) {
            falls
                .take(nlv.parse().expect("an amount"), day(at))
                .expect("sums");
        }
        let fall = falls.worst.expect("a fall");
        assert_eq!((fall.peak_as_of, fall.trough_as_of), (day(1), day(3)));
        assert_eq!(fall.fraction, "0.1".parse().expect("a ratio"));
    }
}
