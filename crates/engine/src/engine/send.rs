//! From planned orders to submissions: the schedule, the pre-trade controls, the intents.

use std::sync::Arc;

use ios012_broker::Submission;
use ios012_constraints::defcon::{Request, Verdict, permits};
use ios012_constraints::{ControlContext, Denied, approve};
use ios012_core::schedule::{Schedule, Slice};
use ios012_core::sequence::{Intent, Plan, PlannedOrder, Side};
use ios012_core::{Quantity, UtcTime};
use ios012_lineage::{Code, Order, Residual, order_id};

use super::Engine;
use super::compare::Leaving;
use super::state::{NO_CYCLE, OpenCycle, WaitingOrder, WorkingOrder};
use crate::{Effect, EngineError};

impl Engine {
    /// Puts the orders of a plan on the schedule and sends those that are due.
    pub(super) fn send(
        &mut self,
        plan: Plan,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let mut open = self.open.take().ok_or(NO_CYCLE)?;
        let now = open.now;
        let sent = self
            .schedule(&mut open, &plan)
            .and_then(|()| self.release(&mut open, now, effects));
        self.open = Some(open);
        self.buffers.plan = plan;
        sent
    }

    fn schedule(&mut self, open: &mut OpenCycle, plan: &Plan) -> Result<(), EngineError> {
        for residual in &plan.residuals {
            let reason = residual.reason.as_str().parse()?;
            self.write_residual(
                open,
                residual.index,
                residual.side,
                residual.quantity,
                reason,
            )?;
        }
        // Nothing slows an unwinding.
        let schedule = if open.unwinds {
            Schedule::Immediate
        } else {
            open.input.constraints().limits().schedule
        };
        for order in &plan.orders {
            let lot = open.spec(order.index)?.lot_size;
            let calendar = open.input.calendar(order.index);
            let slices = schedule.slices(order.quantity, lot, open.now, calendar)?;
            for Slice {
                quantity,
                not_before,
            } in slices
            {
                let order = PlannedOrder { quantity, ..*order };
                if let Some(not_before) = not_before {
                    let slice = open.next_slice(order.index)?;
                    open.waiting.push_back(WaitingOrder {
                        not_before,
                        order,
                        slice,
                    });
                } else {
                    open.planned_in_full &= order.intent == Intent::Increase;
                    let reason = Code::literal("calendar_ends");
                    self.write_residual(open, order.index, order.side, quantity, reason)?;
                }
            }
        }
        // Slices of one time leave in the sequence of the plan.
        open.waiting
            .make_contiguous()
            .sort_by_key(|waiting| waiting.not_before);
        Ok(())
    }

    /// Sends what may leave by `time`. The cycle's own clock only moves to the planned times, so
    /// that the ledger tells all of it.
    fn release(
        &mut self,
        open: &mut OpenCycle,
        time: UtcTime,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let first = effects.len();
        loop {
            self.hold_to_the_rate(open)?;
            let due = |waiting: &mut WaitingOrder| waiting.not_before <= time;
            let Some(waiting) = open.waiting.pop_front_if(due) else {
                break;
            };
            open.now = open.now.max(waiting.not_before);
            if let Some(submission) = self.intend(open, &waiting)? {
                effects.push(Effect::Submit(submission));
            }
        }
        if effects.len() > first {
            effects.insert(first, Effect::KeepRecords);
        }
        Ok(())
    }

    /// Moves what waits to the time at which the next order may leave (`max_orders_per_minute`).
    /// A rate limit delays an order, and never refuses one.
    fn hold_to_the_rate(&self, open: &mut OpenCycle) -> Result<(), EngineError> {
        let most = open.input.constraints().limits().max_orders_per_minute;
        let (Some(most), Some(first)) = (most, open.waiting.front()) else {
            return Ok(());
        };
        let free = self.sent.next_free(first.not_before, most)?;
        for waiting in &mut open.waiting {
            waiting.not_before = waiting.not_before.max(free);
        }
        Ok(())
    }

    /// Time has come to `time`: sends what is due, or ends the plan with its mandate.
    pub(super) fn take_time(
        &mut self,
        time: UtcTime,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let mut open = self.open.take().ok_or(NO_CYCLE)?;
        let done = if open.ends().is_none_or(|end| time < end) {
            self.release(&mut open, time, effects)
        } else {
            self.end_plan(&mut open, Code::literal("mandate_expired"))
        };
        self.open = Some(open);
        done?;
        self.advance(effects)
    }

    /// A newer mandate is there: what has not left never will.
    pub(super) fn supersede(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let mut open = self.open.take().ok_or(NO_CYCLE)?;
        let done = self.end_plan(&mut open, Code::literal("superseded"));
        self.open = Some(open);
        done?;
        self.advance(effects)
    }
}

impl Engine {
    /// Ends the plan where a late fill has taken the cycle's clock to the end of its mandate.
    pub(super) fn end_with_mandate(&mut self) -> Result<(), EngineError> {
        let over = |open: &mut OpenCycle| {
            let ends = open.ends().is_some_and(|end| open.now >= end);
            ends && open.plan_ended.is_none()
        };
        let Some(mut open) = self.open.take_if(over) else {
            return Ok(());
        };
        let done = self.end_plan(&mut open, Code::literal("mandate_expired"));
        self.open = Some(open);
        done
    }

    /// Ends the plan of the open cycle: what waits is left, and no increase is planned any more.
    pub(super) fn end_plan(
        &mut self,
        open: &mut OpenCycle,
        reason: Code,
    ) -> Result<(), EngineError> {
        while let Some(WaitingOrder { order, .. }) = open.waiting.pop_front() {
            self.write_residual(
                open,
                order.index,
                order.side,
                order.quantity,
                reason.clone(),
            )?;
        }
        if let Some(increases) = open.increases.take() {
            for residual in increases.into_residuals() {
                let (side, quantity) = (residual.side, residual.quantity);
                self.write_residual(open, residual.index, side, quantity, reason.clone())?;
            }
        }
        // The first reason stays: what ends an ended plan again leaves no record, and a replay does not
        // know of it.
        open.plan_ended.get_or_insert(reason);
        Ok(())
    }

    /// Writes the intent of an approved order. One that a control refuses becomes a residual.
    fn intend(
        &mut self,
        open: &mut OpenCycle,
        waiting: &WaitingOrder,
    ) -> Result<Option<Submission>, EngineError> {
        let order = &waiting.order;
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
        if let Verdict::Denied(denied) = self.permitted(open, order.intent) {
            let reason = denied.as_str().parse()?;
            self.write_residual(open, order.index, order.side, order.quantity, reason)?;
            return Ok(None);
        }
        let held = self.accounts.books().quantity(&spec.asset_id);
        let out = open.with_orders_out(order.index, held)?;
        let context = ControlContext {
            spec,
            limits: standing.constraints().limits(),
            as_of: open.as_of(),
            at: waiting.not_before,
            nlv: open.nlv_before,
            reference_price: row.reference_price,
            rate: row.rate,
            position: open.less_reductions_out(order.index, held)?,
            slice: waiting.slice,
        };
        let approved = match approve(order, &context, &mut self.sent)? {
            Ok(approved) => approved,
            Err(denied) => {
                if denied == Denied::RepeatedExecution {
                    self.close_repeated(&spec.asset_id, waiting.not_before)?;
                }
                open.planned_in_full &= order.intent == Intent::Increase;
                let reason = denied.as_str().parse()?;
                self.write_residual(open, order.index, order.side, order.quantity, reason)?;
                return Ok(None);
            }
        };
        let change = match order.side {
            Side::Buy => order.quantity,
            Side::Sell => order.quantity.checked_neg()?,
        };
        let decided = open.rows.get_mut(order.index).ok_or(EngineError::NoAsset)?;
        let leaving = Leaving {
            spec,
            price: row.reference_price,
            rate: row.rate,
            nlv: open.nlv_before,
            allowed: decided.allowed,
            held,
            after: out.checked_add(change)?,
        };
        if !leaving.agrees(order.intent)? {
            let asset_id = spec.asset_id.clone();
            return Err(EngineError::OutVersusIn { asset_id });
        }
        let leg = decided.next_leg;
        decided.next_leg += 1;
        let order_id = order_id(decided.lineage_hash, leg);
        self.write(Order {
            asset_id: spec.asset_id.clone(),
            leg,
            limit_price: order.limit_price,
            not_before: waiting.not_before,
            order_id,
            quantity: order.quantity,
            side: order.side,
        })?;
        open.orders += 1;
        open.working.push(WorkingOrder {
            order_id,
            row: order.index,
            side: order.side,
            intent: order.intent,
            left: order.quantity,
            fill_ids: Vec::new(),
            is_final: false,
        });
        Ok(Some(Submission {
            order_id,
            not_before: waiting.not_before,
            order: approved,
        }))
    }

    /// What the level says of an order: the second lock, behind the block on its asset.
    fn permitted(&self, open: &OpenCycle, intent: Intent) -> Verdict {
        let request = match intent {
            _ if open.unwinds => Request::Unwind,
            Intent::Increase => Request::Increase,
            Intent::Reduce => Request::Reduce,
        };
        permits(self.alarm.posture(), self.mode, request)
    }

    pub(super) fn write_residual(
        &mut self,
        open: &OpenCycle,
        index: usize,
        side: Side,
        quantity: Quantity,
        reason: Code,
    ) -> Result<(), EngineError> {
        let row = open.input.rows().get(index).ok_or(EngineError::NoAsset)?;
        let spec = open.input.asset(row).ok_or(EngineError::NoAsset)?;
        // Signed like the change of the position that is missing.
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
}
