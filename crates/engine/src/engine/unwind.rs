//! Unwinding to cash: transitions within `max_delta`, each decided from what is really held
//! (docs/adr/0013; seed 6.4).

use ios012_core::sequence::Side;
use ios012_lineage::Code;

use super::Engine;
use super::state::{NO_CYCLE, OpenCycle, Phase};
use crate::EngineError;

/// Most transitions of one cycle. What is left then goes on in the next cycle.
const MAX_TRANSITIONS: u64 = 1_000;

impl Engine {
    /// Decides the next transition, once every order of the one before is final. An asset goes on
    /// while its orders are filled in full; one that fell short is over for this cycle. False once
    /// no asset goes on: what stays has been told then.
    pub(super) fn begin_transition(&mut self) -> Result<bool, EngineError> {
        let open = self.open.as_mut().ok_or(NO_CYCLE)?;
        let is_last = open.transition + 1 >= MAX_TRANSITIONS;
        let is_cut = open.cut.is_some();
        let filled: Vec<bool> = (0..open.rows.len())
            .map(|row| open.filled_in_full(row))
            .collect();
        let mut any = false;
        for (row, filled) in open.rows.iter_mut().zip(filled) {
            let ordered = row.next_leg > row.first_leg;
            row.goes_on = ordered && filled && !row.allowed.is_zero() && !is_last && !is_cut;
            any |= row.goes_on;
            if !row.goes_on {
                // Nothing of it moves any more.
                row.previous = row.allowed;
            }
        }
        if !any {
            open.phase = Phase::Increasing;
            self.tell_what_stays(is_last)?;
            return Ok(false);
        }
        open.transition += 1;
        self.decide()?;
        Ok(true)
    }

    /// A residual for each position that stays, but where the plan or a control has told it.
    fn tell_what_stays(&mut self, is_last: bool) -> Result<(), EngineError> {
        let open = self.open.take().ok_or(NO_CYCLE)?;
        for index in 0..open.rows.len() {
            let id = &open.spec(index)?.asset_id;
            let held = self.accounts.books().quantity(id);
            let Some(reason) = reason_to_stay(&open, index, is_last)? else {
                continue;
            };
            let side = if held.is_negative() {
                Side::Buy
            } else {
                Side::Sell
            };
            if !held.is_zero() {
                self.write_residual(&open, index, side, held.checked_abs()?, reason)?;
            }
        }
        self.open = Some(open);
        Ok(())
    }
}

fn reason_to_stay(
    open: &OpenCycle,
    index: usize,
    is_last: bool,
) -> Result<Option<Code>, EngineError> {
    let row = open.input.rows().get(index).ok_or(EngineError::NoAsset)?;
    Ok(if !open.spec(index)?.active {
        Some(Code::literal("inactive"))
    } else if open.is_frozen(index) {
        Some(Code::literal("frozen"))
    } else if !row.market_open {
        Some(Code::literal("market_closed"))
    } else if !open.filled_in_full(index) {
        Some(Code::literal("reductions_unfilled"))
    } else if is_last {
        Some(Code::literal("too_many_transitions"))
    } else {
        None
    })
}
