//! From decided exposures to orders, and from fills to the books.
//!
//! Reductions leave first. Increases are planned only when every reduction is final, from the
//! cash and the positions that are really there.

use std::sync::Arc;

use ios012_broker::{BrokerEvent, BrokerFill, News, Submission};
use ios012_constraints::{
    AssetState, ControlContext, Decisions, Limits, PortfolioState, approve, decide,
};
use ios012_core::account::BookedFill;
use ios012_core::fixed::{exposure_of, units_of, value_of};
use ios012_core::sequence::{
    Move, OrderBounds, Plan, PlannedOrder, Side, plan_increases, plan_reductions,
};
use ios012_core::{Exposure, Quantity, Rounding};
use ios012_lineage::{Code, CycleOutcome, Fill, Order, Outcome, OutcomeState, Residual, order_id};

use super::Engine;
use super::guard::portfolio_block;
use super::state::{NO_CYCLE, OpenCycle, Phase, WorkingOrder};
use crate::{Effect, EngineError};

impl Engine {
    /// Plans and sends the reductions; goes on to the increases if there are none.
    pub(super) fn send_reductions(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let moves = moves(open, open.rows.iter().map(|row| row.allowed))?;
        let limits = open.input.constraints().limits();
        let mut plan = std::mem::take(&mut self.buffers.plan);
        plan_reductions(&moves, open.nlv_before, bounds(limits), &mut plan)?;
        drop(moves);
        self.send(plan, effects)?;
        self.advance(effects)
    }

    /// Plans and sends the increases, as far as what was really reduced allows.
    fn send_increases(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let allowed = self.allowed_now()?;
        self.write_shortfalls(&allowed)?;
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let moves = moves(open, allowed.into_iter())?;
        let limits = open.input.constraints().limits();
        let cash = self.cash_above_floor(limits, open.nlv_before)?;
        let mut plan = std::mem::take(&mut self.buffers.plan);
        plan_increases(&moves, open.nlv_before, cash, bounds(limits), &mut plan)?;
        drop(moves);
        self.send(plan, effects)
    }

    /// The allowed exposures as far as increases may still go. If every reduction was made in
    /// full they are those that were decided. Otherwise the limits have less room than the
    /// decision counted on: they are shared out again from the positions as they are now, and no
    /// asset gets more than was decided.
    fn allowed_now(&self) -> Result<Vec<Exposure>, EngineError> {
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let decided = open.rows.iter().map(|row| row.allowed);
        if open.working.iter().all(|order| order.left.is_zero()) {
            return Ok(decided.collect());
        }
        let limits = open.input.constraints().limits();
        let mut states = Vec::with_capacity(open.rows.len());
        for (row, decided) in open.input.rows().iter().zip(&open.rows) {
            let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
            let value = self.accounts.books().value(&spec.asset_id);
            let now = exposure_of(value, open.nlv_before, Rounding::AwayFromZero)?;
            let was_reduced = decided.allowed < decided.previous;
            states.push(AssetState {
                previous: now,
                // A reduction that fell short is over for this cycle: it frees nothing more.
                target: if was_reduced { now } else { decided.allowed },
                market_open: row.market_open,
                shock_score: row.shock_score,
                ramp_remaining: 1,
            });
        }
        let portfolio = PortfolioState {
            cash_headroom: self.cash_headroom(limits, open.nlv_before)?,
            block: portfolio_block(&open.input),
        };
        let universe = &self.universe.as_ref().ok_or(EngineError::NoAsset)?.universe;
        let mut again = Decisions::default();
        decide(universe, &states, portfolio, &mut again)?;
        Ok(decided
            .zip(again.allowed())
            .map(|(decided, &again)| decided.min(again))
            .collect())
    }

    /// Records what the decision allowed and unfilled reductions took away.
    fn write_shortfalls(&mut self, allowed: &[Exposure]) -> Result<(), EngineError> {
        let mut open = self.open.take().ok_or(NO_CYCLE)?;
        for (index, (&allowed, decided)) in allowed.iter().zip(&open.rows).enumerate() {
            if allowed < decided.allowed && decided.allowed > decided.previous {
                let row = open.input.rows().get(index).ok_or(EngineError::NoAsset)?;
                let lost = decided.allowed.checked_sub(allowed.max(decided.previous))?;
                let value = value_of(lost, open.nlv_before, Rounding::TowardZero)?;
                let units = units_of(value, row.reference_price, Rounding::TowardZero)?;
                let reason = Code::literal("reductions_unfilled");
                self.write_residual(&open, index, Side::Buy, units, reason)?;
            }
        }
        open.phase = Phase::Increasing;
        self.open = Some(open);
        Ok(())
    }

    /// Passes each planned order through the controls, writes its intent and asks to send it.
    fn send(&mut self, plan: Plan, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let mut open = self.open.take().ok_or(NO_CYCLE)?;
        let sent = self.send_plan(&mut open, &plan, effects);
        self.open = Some(open);
        self.buffers.plan = plan;
        sent
    }

    fn send_plan(
        &mut self,
        open: &mut OpenCycle,
        plan: &Plan,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let first = effects.len();
        for residual in &plan.residuals {
            let side = match open.phase {
                Phase::Reducing => Side::Sell,
                Phase::Increasing => Side::Buy,
            };
            let reason = residual.reason.as_str().parse()?;
            self.write_residual(open, residual.index, side, residual.quantity, reason)?;
        }
        for order in &plan.orders {
            if let Some(submission) = self.intend(open, order)? {
                effects.push(Effect::Submit(submission));
            }
        }
        if effects.len() > first {
            effects.insert(first, Effect::KeepRecords);
        }
        Ok(())
    }

    /// Writes the intent of an approved order. One that a control refuses becomes a residual.
    fn intend(
        &mut self,
        open: &mut OpenCycle,
        order: &PlannedOrder,
    ) -> Result<Option<Submission>, EngineError> {
        let standing = Arc::clone(open.input.standing());
        let row = open
            .input
            .rows()
            .get(order.index)
            .ok_or(EngineError::NoAsset)?;
        let spec = standing
            .registry()
            .assets()
            .get(row.asset)
            .ok_or(EngineError::NoAsset)?;
        let limits = standing.constraints().limits();
        let ordered = open
            .working
            .iter()
            .filter(|sent| sent.row == order.index && !sent.is_final);
        let ordered = ordered.filter(|sent| sent.side == Side::Sell);
        let away = ordered
            .map(|sent| sent.left)
            .try_fold(Quantity::ZERO, Quantity::checked_add)?;
        let context = ControlContext {
            spec,
            reference_price: row.reference_price,
            available: self
                .accounts
                .books()
                .quantity(&spec.asset_id)
                .checked_sub(away)?,
            collar: limits.collar,
            max_order_notional: limits.max_order_notional,
        };
        let approved = match approve(order, &context)? {
            Ok(approved) => approved,
            Err(denied) => {
                let reason = denied.as_str().parse()?;
                self.write_residual(open, order.index, order.side, order.quantity, reason)?;
                return Ok(None);
            }
        };
        let as_of = open.as_of();
        let decided = open.rows.get_mut(order.index).ok_or(EngineError::NoAsset)?;
        let leg = decided.next_leg;
        decided.next_leg += 1;
        let order_id = order_id(decided.lineage_hash, leg);
        self.write(Order {
            asset_id: spec.asset_id.clone(),
            leg,
            limit_price: order.limit_price,
            not_before: as_of,
            order_id,
            quantity: order.quantity,
            side: order.side,
        })?;
        open.orders += 1;
        open.working.push(WorkingOrder {
            order_id,
            row: order.index,
            side: order.side,
            left: order.quantity,
            is_final: false,
        });
        Ok(Some(Submission {
            order_id,
            not_before: as_of,
            order: approved,
        }))
    }

    fn write_residual(
        &mut self,
        open: &OpenCycle,
        index: usize,
        side: Side,
        quantity: Quantity,
        reason: Code,
    ) -> Result<(), EngineError> {
        let row = open.input.rows().get(index).ok_or(EngineError::NoAsset)?;
        let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
        let quantity = if side == Side::Sell {
            quantity.checked_neg()?
        } else {
            quantity
        };
        self.write(Residual {
            asset_id: spec.asset_id.clone(),
            quantity,
            reason,
        })?;
        Ok(())
    }

    /// Books a piece of news, and goes on once every order that is out is final.
    pub(super) fn take_news(
        &mut self,
        event: BrokerEvent,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let order_id = event.order_id;
        let open = self
            .open
            .as_ref()
            .ok_or(EngineError::UnknownOrder { order_id })?;
        let orders = open.working.iter();
        let place = orders
            .clone()
            .position(|order| order.order_id == order_id && !order.is_final);
        let place = place.ok_or(EngineError::UnknownOrder { order_id })?;
        match event.news {
            News::Accepted => {
                let (state, code) = (OutcomeState::Accepted, Code::literal("accepted"));
                self.write(Outcome {
                    code,
                    order_id,
                    state,
                })?;
            }
            News::Filled(fill) => self.book_fill(place, &fill)?,
            News::Rejected(code) => self.finish(place, OutcomeState::Rejected, code)?,
            News::Expired(code) => self.finish(place, OutcomeState::Expired, code)?,
            News::Cancelled => {
                self.finish(place, OutcomeState::Cancelled, Code::literal("cancelled"))?;
            }
        }
        self.advance(effects)
    }

    fn book_fill(&mut self, place: usize, fill: &BrokerFill) -> Result<(), EngineError> {
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        let order = open.working.get_mut(place).ok_or(NO_CYCLE)?;
        let order_id = order.order_id;
        if !fill.quantity.is_positive() || fill.quantity > order.left {
            return Err(EngineError::Overfilled { order_id });
        }
        let row = open
            .input
            .rows()
            .get(order.row)
            .ok_or(EngineError::NoAsset)?;
        let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
        if fill.currency != spec.currency {
            return Err(EngineError::FillCurrency { order_id });
        }
        order.left = order.left.checked_sub(fill.quantity)?;
        let filled = order.left.is_zero();
        let quantity = match order.side {
            Side::Buy => fill.quantity,
            Side::Sell => fill.quantity.checked_neg()?,
        };
        open.fills += 1;
        let booked = BookedFill {
            quantity,
            price: fill.price,
            reference_price: row.reference_price,
            fee: fill.fee,
        };
        self.accounts.fill(&spec.asset_id, &booked)?;
        self.write(Fill {
            currency: fill.currency.clone(),
            fee: fill.fee,
            fill_id: fill.fill_id.clone(),
            order_id,
            price: fill.price,
            quantity: fill.quantity,
            time: fill.time,
        })?;
        if filled {
            self.finish(place, OutcomeState::Filled, Code::literal("filled"))?;
        }
        Ok(())
    }

    fn finish(&mut self, place: usize, state: OutcomeState, code: Code) -> Result<(), EngineError> {
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        let order = open.working.get_mut(place).ok_or(NO_CYCLE)?;
        order.is_final = true;
        let order_id = order.order_id;
        self.write(Outcome {
            code,
            order_id,
            state,
        })?;
        Ok(())
    }

    /// Goes from reductions to increases to the seal, each once nothing is out any more.
    fn advance(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        loop {
            let open = self.open.as_ref().ok_or(NO_CYCLE)?;
            if open.working.iter().any(|order| !order.is_final) {
                return Ok(());
            }
            match open.phase {
                Phase::Reducing => self.send_increases(effects)?,
                Phase::Increasing => return self.seal(CycleOutcome::Executed, effects),
            }
        }
    }
}

/// The moves of the open cycle toward the given exposures, in the order of its rows.
fn moves(
    open: &OpenCycle,
    allowed: impl Iterator<Item = Exposure>,
) -> Result<Vec<Move<'_>>, EngineError> {
    let rows = open.input.rows().iter().zip(&open.rows).zip(allowed);
    let moves = rows.map(|((row, decided), allowed)| {
        Ok(Move {
            spec: open.input.asset(row).ok_or(EngineError::NoAsset)?,
            held: decided.held,
            reference_price: row.reference_price,
            rate: ios012_core::FxRate::ONE,
            volatility: row.volatility,
            previous: decided.previous,
            allowed,
        })
    });
    moves.collect()
}

fn bounds(limits: &Limits) -> OrderBounds {
    OrderBounds {
        fee: limits.fee,
        collar: limits.collar,
        max_order_notional: limits.max_order_notional,
    }
}
