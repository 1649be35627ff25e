//! From decided exposures to plans: reductions first, then increases in waves.
//!
//! Increases are planned only when every reduction is final, from the free margin and the
//! positions that are really there. Each wave waits until the one before it is final (I10).

use ios012_constraints::{AssetState, Limits, decide};
use ios012_core::fixed::{exposure_of, value_of};
use ios012_core::sequence::{
    Increases, Move, OrderBounds, ReductionSequence, Side, plan_reductions,
};
use ios012_core::{Exposure, Money, Quantity, Ratio, Rounding, mul_div};
use ios012_lineage::{Code, CycleOutcome};

use super::Engine;
use super::state::{Cut, DecidedRow, NO_CYCLE, OpenCycle, Phase};
use crate::{Effect, EngineError};

impl Engine {
    /// Plans and sends the reductions.
    pub(super) fn send_reductions(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let moves = moves(open, open.rows.iter().map(|row| (row.held, row.allowed)))?;
        let limits = open.input.constraints().limits();
        let mut plan = std::mem::take(&mut self.buffers.plan);
        let sequence = if open.unwinds {
            ReductionSequence::Unwind
        } else {
            ReductionSequence::FreedCapital
        };
        plan_reductions(&moves, open.nlv_before, bounds(limits), sequence, &mut plan)?;
        drop(moves);
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        open.planned_in_full = plan.is_exact;
        self.send(plan, effects)
    }

    /// Goes from reductions to increases to the seal, each once nothing is out or waits any more.
    pub(super) fn advance(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        loop {
            if self.open.as_ref().ok_or(NO_CYCLE)?.cut == Some(Cut::Crash) {
                return self.end_recovery(effects);
            }
            self.end_with_mandate()?;
            let open = self.open.as_ref().ok_or(NO_CYCLE)?;
            if let Some(waiting) = open.waiting.front() {
                effects.push(Effect::WakeAt(waiting.not_before));
                return Ok(());
            }
            if open.working.iter().any(|order| !order.is_final) {
                return Ok(());
            }
            match (open.phase, &open.increases) {
                (Phase::Reducing, _) if open.unwinds => {
                    if self.begin_transition()? {
                        self.send_reductions(effects)?;
                    }
                }
                (Phase::Reducing, _) if open.plan_ended.is_some() => self.leave_increases()?,
                (Phase::Reducing, _) => self.plan_increases()?,
                (Phase::Increasing, Some(increases)) if !increases.is_done() => {
                    self.send_wave(effects)?;
                }
                (Phase::Increasing, _) if open.cut == Some(Cut::Stop) => {
                    return self.seal(CycleOutcome::Aborted, effects);
                }
                (Phase::Increasing, _) => return self.seal(CycleOutcome::Executed, effects),
            }
        }
    }

    /// Plans the increases, as far as what was really reduced allows.
    fn plan_increases(&mut self) -> Result<(), EngineError> {
        let allowed = self.allowed_now()?;
        self.write_shortfalls(&allowed, &Code::literal("reductions_unfilled"))?;
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let mut now = Vec::with_capacity(allowed.len());
        for (index, (row, allowed)) in open.rows.iter().zip(allowed).enumerate() {
            let held = if open.was_ordered(index) {
                let books = self.accounts.books();
                books.quantity(&open.spec(index)?.asset_id)
            } else {
                row.held
            };
            now.push((held, allowed));
        }
        let moves = moves(open, now.into_iter())?;
        let limits = open.input.constraints().limits();
        let capital = self.capital_above_floor(limits, open.nlv_before)?;
        let increases = Increases::begin(&moves, open.nlv_before, capital, bounds(limits))?;
        drop(moves);
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        open.phase = Phase::Increasing;
        open.increases = Some(increases);
        Ok(())
    }

    /// Sends the next wave: orders of which any may fill and any may not.
    fn send_wave(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let net = self.net_value()?;
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        let limit = open.input.constraints().limits().net;
        let limit = value_of(limit, open.nlv_before, Rounding::TowardZero)?;
        let mut increases = open.increases.take().ok_or(NO_CYCLE)?;
        let mut plan = std::mem::take(&mut self.buffers.plan);
        increases.next_wave(net, limit, &mut plan)?;
        open.increases = Some(increases);
        self.send(plan, effects)
    }

    /// The allowed exposures as far as increases may still go. If every reduction was made in
    /// full they are those that were decided. Otherwise the limits have less room than the
    /// decision counted on: they are shared out again from the positions as they are now, and no
    /// asset gets more than was decided.
    fn allowed_now(&mut self) -> Result<Vec<Exposure>, EngineError> {
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let decided = open.rows.iter().map(|row| row.allowed);
        if open.reduced_in_full() {
            return Ok(decided.collect());
        }
        let mut again = std::mem::take(&mut self.buffers.decisions);
        let mut states = self.states_now(open)?;
        let mut portfolio = self.portfolio_state(open)?;
        portfolio.cash_headroom = portfolio.cash_headroom.checked_add(self.costs(open)?)?;
        let universe = &self.universe.as_ref().ok_or(EngineError::NoAsset)?.universe;
        loop {
            decide(universe, &states, portfolio, &mut again)?;
            // Nothing is reduced any more in this cycle. What a limit would rather shrink than let
            // grow stays, and the room that it takes with it.
            let mut shrinks = false;
            for (state, allowed) in states.iter_mut().zip(again.allowed()) {
                if allowed.checked_abs()? < state.previous.checked_abs()? {
                    state.market_open = false;
                    shrinks = true;
                }
            }
            if !shrinks {
                break;
            }
        }
        let both = decided.zip(again.allowed());
        let allowed = both
            .map(|(decided, &again)| nearer_zero(decided, again))
            .collect();
        self.buffers.decisions = again;
        Ok(allowed)
    }

    /// What the reductions cost, as a fraction of NLV, rounded down: limits are measured before the
    /// cycle's costs, again as at first. Whether the cash reaches is seen when increases are planned.
    fn costs(&self, open: &OpenCycle) -> Result<Exposure, EngineError> {
        let costs = open.nlv_before.checked_sub(self.accounts.nlv()?)?;
        let down = if costs.is_negative() {
            Rounding::AwayFromZero
        } else {
            Rounding::TowardZero
        };
        Ok(exposure_of(costs, open.nlv_before, down)?)
    }

    /// The assets as they are now. One that does not grow any more counts as closed: a reduction
    /// that fell short is over for this cycle and frees nothing more, whatever bound, block or
    /// limit asks for it, and a change of sign that did not reach zero ends there.
    fn states_now(&self, open: &OpenCycle) -> Result<Vec<AssetState>, EngineError> {
        let mut states = Vec::with_capacity(open.rows.len());
        let rows = open.input.rows().iter().zip(&open.rows).enumerate();
        for (index, (row, decided)) in rows {
            let now = if open.was_ordered(index) {
                let spec = open.spec(index)?;
                let position = self.accounts.books().position(&spec.asset_id);
                self.exposure(spec, position, open.nlv_before)?
            } else {
                decided.previous
            };
            let grows = decided.still_grows(now);
            states.push(AssetState {
                previous: now,
                target: if grows { decided.allowed } else { now },
                market_open: row.market_open && grows,
                price_trusted: !open.is_frozen(index),
                shock_score: row.shock_score,
                ramp_remaining: 1,
            });
        }
        Ok(states)
    }

    /// Leaves every increase, because the plan ended before any was planned.
    fn leave_increases(&mut self) -> Result<(), EngineError> {
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        open.phase = Phase::Increasing;
        let nothing = vec![Exposure::ZERO; open.rows.len()];
        let reason = open.plan_ended.clone().ok_or(NO_CYCLE)?;
        self.write_shortfalls(&nothing, &reason)
    }

    /// Records what the decision allowed and can't be had any more.
    fn write_shortfalls(&mut self, allowed: &[Exposure], reason: &Code) -> Result<(), EngineError> {
        let open = self.open.take().ok_or(NO_CYCLE)?;
        for (index, (&allowed, decided)) in allowed.iter().zip(&open.rows).enumerate() {
            let lost = lost_increase(decided, allowed)?;
            if lost.is_zero() {
                continue;
            }
            let row = open.input.rows().get(index).ok_or(EngineError::NoAsset)?;
            let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
            let side = if decided.allowed.is_negative() {
                Side::Sell
            } else {
                Side::Buy
            };
            let value = row.rate.from_base(
                value_of(lost, open.nlv_before, Rounding::TowardZero)?,
                Rounding::TowardZero,
            )?;
            let notional = mul_div(
                value.units(),
                Ratio::SCALE,
                spec.leverage_factor.units(),
                Rounding::TowardZero,
            )?;
            let notional = Money::from_units(notional);
            let units = spec.quantity_of(notional, row.reference_price, Rounding::TowardZero)?;
            // Less than a lot could not have been traded at all.
            if units < spec.lot_size {
                continue;
            }
            self.write_residual(&open, index, side, units, reason.clone())?;
        }
        self.open = Some(open);
        Ok(())
    }
}

impl DecidedRow {
    /// Whether the decision adds to what is held now.
    fn still_grows(&self, now: Exposure) -> bool {
        let (allowed, previous, now) = (self.allowed.units(), self.previous.units(), now.units());
        let grows = allowed.signum() != previous.signum()
            || allowed.unsigned_abs() > previous.unsigned_abs();
        grows && (now == 0 || now.signum() == allowed.signum())
    }
}

/// What of a decided increase an allowed exposure does not reach any more.
fn lost_increase(decided: &DecidedRow, allowed: Exposure) -> Result<Exposure, EngineError> {
    let same_side = decided.allowed.units().signum() == decided.previous.units().signum();
    let kept = if same_side {
        decided.previous.checked_abs()?
    } else {
        Exposure::ZERO
    };
    let reached = allowed.checked_abs()?.max(kept);
    let lost = decided.allowed.checked_abs()?.checked_sub(reached)?;
    Ok(lost.max(Exposure::ZERO))
}

/// The smaller one of two exposures on the same side; nothing if they are not.
fn nearer_zero(decided: Exposure, again: Exposure) -> Exposure {
    if decided.is_negative() {
        decided.max(again).min(Exposure::ZERO)
    } else {
        decided.min(again).max(Exposure::ZERO)
    }
}

/// The moves of the open cycle, in the order of its rows: from the units that are held to the
/// exposures that are allowed.
fn moves(
    open: &OpenCycle,
    held_and_allowed: impl Iterator<Item = (Quantity, Exposure)>,
) -> Result<Vec<Move<'_>>, EngineError> {
    let rows = open
        .input
        .rows()
        .iter()
        .zip(&open.rows)
        .zip(held_and_allowed);
    let limits = open.input.constraints().limits();
    let mut moves = Vec::with_capacity(open.rows.len());
    for ((row, decided), (held, allowed)) in rows {
        let limits = limits.assets.get(row.limits).ok_or(EngineError::NoAsset)?;
        moves.push(Move {
            spec: open.input.asset(row).ok_or(EngineError::NoAsset)?,
            held,
            reference_price: row.reference_price,
            rate: row.rate,
            volatility: row.volatility,
            max_order_quantity: limits.max_order_quantity,
            previous: decided.previous,
            allowed,
        });
    }
    Ok(moves)
}

fn bounds(limits: &Limits) -> OrderBounds {
    OrderBounds {
        fee: limits.fee,
        collar: limits.collar,
        max_order_notional: limits.max_order_notional,
    }
}
