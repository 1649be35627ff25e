//! From news to the books.

use ios012_broker::{BrokerEvent, BrokerFill, News};
use ios012_core::account::BookedFill;
use ios012_core::sequence::Side;
use ios012_lineage::{Code, Fill, Outcome, OutcomeState};

use super::Engine;
use super::state::NO_CYCLE;
use crate::{Effect, EngineError};

impl Engine {
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
            News::Unknown(code) => {
                self.write(Outcome {
                    code,
                    order_id,
                    state: OutcomeState::Unknown,
                })?;
            }
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
        if order.fill_ids.contains(&fill.fill_id) {
            return Err(EngineError::RepeatedFill { order_id });
        }
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
        order.fill_ids.push(fill.fill_id.clone());
        let filled = order.left.is_zero();
        let quantity = match order.side {
            Side::Buy => fill.quantity,
            Side::Sell => fill.quantity.checked_neg()?,
        };
        open.fills += 1;
        // The cycle's clock moves to what the ledger tells, and never back.
        open.now = open.now.max(fill.time);
        let booked = BookedFill {
            quantity,
            price: fill.price,
            reference_price: row.reference_price,
            fee: fill.fee,
        };
        self.accounts.fill(spec, &booked)?;
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
            self.finish(
                place,
                OutcomeState::Filled,
                const { Code::literal("filled") },
            )?;
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
}
