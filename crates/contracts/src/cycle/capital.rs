//! What the targets of a mandate use of the capital.

use ios012_core::{AssetSpec, Exposure, Instrument, Ratio};

use super::{Checks, CycleRow};
use crate::{Place, Refusal, RefusalCode, Target};

impl Checks<'_> {
    /// Where `cash_weight` is given, it and the capital use sum to exactly 1 (docs/documents.md,
    /// IoS-004).
    pub(super) fn capital(&self, rows: &[CycleRow]) -> Result<(), Refusal> {
        let Some(cash_weight) = self.mandate.cash_weight else {
            return Ok(());
        };
        let refuse = |code, rule: String| {
            let refusal = self.refuse_mandate(code, Place::path("cash_weight"));
            refusal.value(cash_weight).rule(rule)
        };
        let assets = self.standing.registry().assets();
        let mut sum = cash_weight;
        let mut borrows = false;
        for (target, row) in self.mandate.targets.iter().zip(rows) {
            let Some(asset) = assets.get(row.asset) else {
                continue;
            };
            borrows |= matches!(asset.instrument, Instrument::Margin | Instrument::Fx);
            sum = sum
                .checked_add(self.capital_use(asset, target)?)
                .map_err(|error| refuse(RefusalCode::CapitalSum, error.to_string()))?;
        }
        if cash_weight.is_negative() && !borrows {
            let code = RefusalCode::CashWeight;
            return Err(refuse(code, code.rule().to_owned()));
        }
        if sum == Exposure::ONE {
            return Ok(());
        }
        Err(refuse(
            RefusalCode::CapitalSum,
            format!("the sum of capital use and cash_weight must be exactly 1; it is {sum}"),
        ))
    }

    /// The target of what is paid in full or borrowed for, the target over the factor of a
    /// leveraged token, nothing of a contract.
    fn capital_use(&self, asset: &AssetSpec, target: &Target) -> Result<Exposure, Refusal> {
        if !asset.instrument.holds_value() {
            return Ok(Exposure::ZERO);
        }
        if asset.leverage_factor == Ratio::ONE {
            return Ok(target.exposure);
        }
        let factor = asset.leverage_factor;
        let scaled = target.exposure.units().checked_mul(Ratio::SCALE);
        let exact = scaled.filter(|scaled| scaled.checked_rem(factor.units()) == Some(0));
        let part = exact.and_then(|scaled| scaled.checked_div(factor.units()));
        part.map(Exposure::from_units).ok_or_else(|| {
            let place = Place::row("targets", &target.asset_id, "target_exposure");
            let refusal = self.refuse_mandate(RefusalCode::CapitalSum, place);
            refusal
                .value(target.exposure)
                .rule(format!(
                    "target_exposure / leverage_factor, which is {factor}, must be exact to 12 digits"
                ))
                .remedy("correct the target, or leave out cash_weight")
        })
    }
}
