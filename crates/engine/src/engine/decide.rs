//! From marked books to decision records.

use ios012_constraints::{AssetState, Block, Limit, Limits, PortfolioState, Universe, decide};
use ios012_contracts::{CycleInput, CycleRow};
use ios012_core::account::Position;
use ios012_core::fixed::{exposure_of, fraction_of, product_div, value_of};
use ios012_core::{
    AssetId, AssetSpec, CoreError, Exposure, Money, Quantity, Ratio, Rounding, mul_div,
};
use ios012_lineage::{Binding, Code, Decision, Hash, Metadata, input_state_hash, lineage_hash};

use super::state::{DecidedRow, NO_CYCLE, OpenCycle};
use super::{CachedUniverse, Engine, Ramp};
use crate::EngineError;

impl Engine {
    /// Decides the open cycle and writes its decision records.
    pub(super) fn decide(&mut self) -> Result<(), EngineError> {
        let mut open = self.open.take().ok_or(NO_CYCLE)?;
        let decided = self.decide_open(&mut open);
        self.open = Some(open);
        decided
    }

    fn decide_open(&mut self, open: &mut OpenCycle) -> Result<(), EngineError> {
        self.resolve_universe(&open.input)?;
        let held = self.fill_states(open)?;
        let portfolio = self.portfolio_state(open)?;
        let Some(cached) = &self.universe else {
            return Err(EngineError::NoAsset);
        };
        let mut decisions = std::mem::take(&mut self.buffers.decisions);
        decide(
            &cached.universe,
            &self.buffers.states,
            portfolio,
            &mut decisions,
        )?;
        let states = std::mem::take(&mut self.buffers.states);
        let results = decisions.allowed().iter().zip(decisions.bindings());
        let results = states.iter().zip(held).zip(results).enumerate();
        for (index, ((state, held), (&allowed, bindings))) in results {
            if open.transition > 0 && !open.rows.get(index).is_some_and(|row| row.goes_on) {
                continue;
            }
            self.take_decision(open, index, (state, held), (allowed, bindings))?;
        }
        self.buffers.states = states;
        self.buffers.decisions = decisions;
        Ok(())
    }

    /// Writes the decision on a row, and remembers what its orders are made from.
    fn take_decision(
        &mut self,
        open: &mut OpenCycle,
        index: usize,
        (state, held): (&AssetState, Quantity),
        (allowed, bindings): (Exposure, &[ios012_constraints::Binding]),
    ) -> Result<(), EngineError> {
        let row = open.input.rows().get(index).ok_or(EngineError::NoAsset)?;
        let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
        let lineage_hash = self.write_decision(open, spec, row, state, allowed, bindings)?;
        let decided = DecidedRow {
            previous: state.previous,
            allowed,
            held,
            lineage_hash,
            next_leg: 0,
            next_slice: 0,
            first_leg: 0,
            goes_on: false,
        };
        // The legs and slices of a later transition count on, so that no order has another's id.
        match open.rows.get_mut(index) {
            Some(before) => {
                *before = DecidedRow {
                    next_leg: before.next_leg,
                    next_slice: before.next_slice,
                    first_leg: before.next_leg,
                    ..decided
                };
            }
            None => open.rows.push(decided),
        }
        open.decisions += 1;
        Ok(())
    }

    /// The portfolio as limits and breakers see it now.
    pub(super) fn portfolio_state(&self, open: &OpenCycle) -> Result<PortfolioState, CoreError> {
        let limits = open.input.constraints().limits();
        Ok(PortfolioState {
            cash_headroom: self.cash_headroom(limits, open.nlv_before)?,
            block: portfolio_block(&open.input),
            breaker: self.level_block(),
        })
    }

    fn write_decision(
        &mut self,
        open: &OpenCycle,
        spec: &AssetSpec,
        row: &CycleRow,
        state: &AssetState,
        allowed: Exposure,
        bindings: &[ios012_constraints::Binding],
    ) -> Result<Hash, EngineError> {
        let limits = open.input.constraints().limits();
        let input_state_hash = input_state_hash(
            &spec.asset_id,
            open.cycle_hash,
            state.previous,
            row.reference_price,
        );
        let lineage_hash = lineage_hash(
            input_state_hash,
            row.target,
            open.input.constraints().document().hash(),
        );
        let codes = &mut self.buffers.codes;
        let binding = bindings.iter().map(|binding| {
            Ok::<_, EngineError>(Binding {
                after: binding.after,
                before: binding.before,
                limit: codes.of(&binding.limit)?,
            })
        });
        let binding = binding.collect::<Result<_, _>>()?;
        self.write(Decision {
            allowed_exposure: allowed,
            asset_id: spec.asset_id.clone(),
            lineage_hash,
            metadata: Metadata {
                binding,
                input_state_hash,
                ramp_remaining: (limits.ramp_steps > 1).then_some(state.ramp_remaining.into()),
                reason: reason(allowed == state.previous, allowed == row.target),
                reference_price: row.reference_price,
                transition: open.transition,
            },
            previous_exposure: state.previous,
            target_exposure: row.target,
            timestamp: open.as_of(),
            transition_cost: transition_cost(state.previous, allowed, open.nlv_before, limits)?,
        })?;
        Ok(lineage_hash)
    }

    /// Measures each asset: its exposure is rounded away from zero, against the portfolio. Returns
    /// the units that are held.
    fn fill_states(&mut self, open: &OpenCycle) -> Result<Vec<Quantity>, EngineError> {
        let mut states = std::mem::take(&mut self.buffers.states);
        states.clear();
        let mut held = Vec::with_capacity(open.input.rows().len());
        let steps = open.input.constraints().limits().ramp_steps;
        for (index, row) in open.input.rows().iter().enumerate() {
            let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
            let position = self.accounts.books().position(&spec.asset_id);
            held.push(position.map_or(Quantity::ZERO, Position::quantity));
            states.push(AssetState {
                previous: self.exposure(spec, position, open.nlv_before)?,
                target: row.target,
                market_open: row.market_open,
                price_trusted: !open.is_frozen(index),
                shock_score: row.shock_score,
                ramp_remaining: if open.unwinds {
                    1
                } else {
                    self.ramp_remaining(&spec.asset_id, row.target, steps)
                },
            });
        }
        self.buffers.states = states;
        Ok(held)
    }

    /// The steps that are left on the way to a target: all of them for a new target, one less for
    /// the target of the last cycle, at least one.
    fn ramp_remaining(&mut self, asset_id: &AssetId, target: Exposure, steps: u32) -> u32 {
        if steps <= 1 {
            return 1;
        }
        let remaining = match self.ramps.get(asset_id) {
            Some(ramp) if ramp.target == target => {
                ramp.remaining.min(steps).saturating_sub(1).max(1)
            }
            _ => steps,
        };
        self.ramps
            .insert(asset_id.clone(), Ramp { target, remaining });
        remaining
    }

    fn resolve_universe(&mut self, input: &CycleInput) -> Result<(), EngineError> {
        let constraints = input.constraints().document().hash();
        let registry = input.registry().document().hash();
        let fits = |cached: &CachedUniverse| {
            cached.constraints == constraints
                && cached.registry == registry
                && cached
                    .assets
                    .iter()
                    .eq(input.rows().iter().map(|row| &row.asset))
        };
        if self.universe.as_ref().is_some_and(fits) {
            return Ok(());
        }
        let specs: Option<Vec<_>> = input.rows().iter().map(|row| input.asset(row)).collect();
        let universe = Universe::new(
            input.constraints().limits(),
            &specs.ok_or(EngineError::NoAsset)?,
        )?;
        self.universe = Some(CachedUniverse {
            constraints,
            registry,
            assets: input.rows().iter().map(|row| row.asset).collect(),
            universe,
        });
        Ok(())
    }

    /// The exposure of a position: notional × leverage factor / NLV, rounded away from zero. The
    /// notional is that of the books, where a value is rounded down.
    pub(super) fn exposure(
        &self,
        spec: &AssetSpec,
        position: Option<&Position>,
        nlv: Money,
    ) -> Result<Exposure, CoreError> {
        let Some(position) = position else {
            return Ok(Exposure::ZERO);
        };
        let rounding = Rounding::AwayFromZero;
        let as_booked = if position.quantity().is_negative() {
            Rounding::AwayFromZero
        } else {
            Rounding::TowardZero
        };
        let notional = self.accounts.books().notional(position, as_booked)?;
        if spec.leverage_factor == Ratio::ONE {
            return exposure_of(notional, nlv, rounding);
        }
        let factors = [
            notional.units(),
            spec.leverage_factor.units(),
            Exposure::SCALE,
        ];
        product_div(&factors, &[Ratio::SCALE, nlv.units()], rounding).map(Exposure::from_units)
    }

    /// The signed sum of all exposures as money, at the last marks.
    pub(super) fn net_value(&self) -> Result<Money, CoreError> {
        let rounding = Rounding::AwayFromZero;
        let books = self.accounts.books();
        books.positions().try_fold(Money::ZERO, |net, position| {
            let notional = books.notional(position, rounding)?;
            let factor = position.spec().leverage_factor;
            net.checked_add(fraction_of(notional, factor, rounding)?)
        })
    }

    /// `(free margin − floor) / NLV`, rounded down, where the floor in money is rounded up. It is
    /// taken from money, so capital that just reaches the floor is never taken for less.
    pub(super) fn cash_headroom(&self, limits: &Limits, nlv: Money) -> Result<Exposure, CoreError> {
        let left = self.capital_above_floor(limits, nlv)?;
        let rounding = if left.is_negative() {
            Rounding::AwayFromZero
        } else {
            Rounding::TowardZero
        };
        exposure_of(left, nlv, rounding)
    }

    /// Free margin above the floor of IoS-006, in base currency. For spot alone it is the cash.
    pub(super) fn capital_above_floor(
        &self,
        limits: &Limits,
        nlv: Money,
    ) -> Result<Money, CoreError> {
        let floor = value_of(limits.cash_floor, nlv, Rounding::AwayFromZero)?;
        self.accounts.books().free_margin()?.checked_sub(floor)
    }
}

/// The block that the portfolio's shock score sets on every asset. A threshold without a score
/// can't be checked, and lets no increase through.
fn portfolio_block(input: &CycleInput) -> Block {
    match (
        input.portfolio_shock_score(),
        input.constraints().limits().soft_shock_threshold,
    ) {
        (Some(score), Some(threshold)) if score > threshold => Block::ReduceOnly,
        (None, Some(_)) => Block::ReduceOnly,
        _ => Block::None,
    }
}

/// The names of the limits that have bound so far, as records have them. Each is made once.
#[derive(Debug, Default)]
pub(super) struct LimitCodes(Vec<(Limit, Code)>);

impl LimitCodes {
    fn of(&mut self, limit: &Limit) -> Result<Code, EngineError> {
        if let Some((_, code)) = self.0.iter().find(|(known, _)| known == limit) {
            return Ok(code.clone());
        }
        let code: Code = limit.to_string().parse()?;
        self.0.push((limit.clone(), code.clone()));
        Ok(code)
    }
}

/// The estimate at decision time: `abs(move) × NLV × (fee + slippage)`, rounded up once.
fn transition_cost(
    previous: Exposure,
    allowed: Exposure,
    nlv: Money,
    limits: &Limits,
) -> Result<Money, CoreError> {
    const SCALE: i128 = Exposure::SCALE * Ratio::SCALE;
    let size = allowed.checked_sub(previous)?.checked_abs()?;
    let rate = limits.fee.checked_add(limits.slippage)?;
    let overflow = CoreError::Overflow {
        operation: "transition cost",
    };
    let moved = size.units().checked_mul(nlv.units()).ok_or(overflow)?;
    mul_div(moved, rate.units(), SCALE, Rounding::AwayFromZero).map(Money::from_units)
}

/// The code of a decision's reason.
const fn reason(unchanged: bool, on_target: bool) -> Code {
    match (unchanged, on_target) {
        (true, true) => const { Code::literal("on_target") },
        (false, true) => const { Code::literal("to_target") },
        (_, false) => const { Code::literal("limited") },
    }
}
