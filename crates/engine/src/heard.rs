//! What a broker has told of orders, so that what it tells again is taken once.

use std::collections::{BTreeMap, VecDeque};

use ios012_broker::{BrokerEvent, BrokerFill, News};
use ios012_core::{CurrencyCode, Price, Quantity};
use ios012_lineage::{Code, OrderId};

/// Orders that are remembered, at most.
const MOST_REMEMBERED: usize = 1_024;

/// What was told of the orders that were heard of last. A broker tells things again: after a connection was
/// made anew, after a question by an order's id, to a process that follows another.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    orders: BTreeMap<OrderId, Told>,
    /// In the order in which they were first heard of.
    oldest: VecDeque<OrderId>,
}

#[derive(Debug, Clone, Default)]
struct Told {
    is_accepted: bool,
    fills: Vec<Traded>,
}

/// What makes a trade the same one. Its fee and its time may be told better later; what was told first stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Traded {
    fill_id: Code,
    quantity: Quantity,
    price: Price,
    currency: CurrencyCode,
}

impl Heard {
    /// Remembers news that the engine took.
    pub(crate) fn remember(&mut self, event: &BrokerEvent) {
        let order_id = event.order_id;
        let told = self.orders.entry(order_id).or_insert_with(|| {
            self.oldest.push_back(order_id);
            Told::default()
        });
        match &event.news {
            News::Accepted => told.is_accepted = true,
            News::Filled(fill) => {
                let traded = Traded::of(fill);
                if !told.fills.contains(&traded) {
                    told.fills.push(traded);
                }
            }
            News::Rejected(_) | News::Cancelled | News::Expired(_) | News::Unknown(_) => {}
        }
        if self.oldest.len() > MOST_REMEMBERED
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.orders.remove(&oldest);
        }
    }

    /// Whether this says nothing new. Of an order that is over, another end says nothing, and neither does that
    /// it was accepted; a trade that nobody has heard of always does.
    pub(crate) fn is_repeat(&self, event: &BrokerEvent, is_open: bool) -> bool {
        self.orders
            .get(&event.order_id)
            .is_some_and(|told| match &event.news {
                News::Accepted => told.is_accepted || !is_open,
                News::Filled(fill) => told.fills.contains(&Traded::of(fill)),
                News::Rejected(_) | News::Cancelled | News::Expired(_) => !is_open,
                News::Unknown(_) => false,
            })
    }
}

impl Traded {
    fn of(fill: &BrokerFill) -> Self {
        Self {
            fill_id: fill.fill_id.clone(),
            quantity: fill.quantity,
            price: fill.price,
            currency: fill.currency.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ios012_core::UtcTime;

    use super::*;

    fn id(number: usize) -> OrderId {
        format!("{number:032x}").parse().expect("an id")
    }

    fn of(number: usize, news: News) -> BrokerEvent {
        let order_id = id(number);
        BrokerEvent { order_id, news }
    }

    fn filled(fill_id: &'static str, quantity: &str, fee: &str) -> News {
        News::Filled(BrokerFill {
            fill_id: Code::literal(fill_id),
            quantity: quantity.parse().expect("units"),
            price: "1".parse().expect("a price"),
            fee: fee.parse().expect("money"),
            currency: "USD".parse().expect("a currency"),
            time: UtcTime::from_date("2026-11-20").expect("a date"),
        })
    }

    #[test]
    fn only_what_was_told_is_a_repeat() {
        let code = || Code::literal("venue_closed");
        let mut heard = Heard::default();
        heard.remember(&of(1, filled("a", "2", "0")));
        let repeats = |news: News, is_open| heard.is_repeat(&of(1, news), is_open);
        for is_open in [true, false] {
            assert!(repeats(filled("a", "2", "0"), is_open));
            assert!(
                repeats(filled("a", "2", "0.01"), is_open),
                "a fee came later"
            );
            assert!(!repeats(filled("a", "3", "0"), is_open), "it contradicts");
            assert!(!repeats(filled("b", "2", "0"), is_open));
            assert!(!repeats(News::Unknown(code()), is_open));
            for news in [
                News::Accepted,
                News::Cancelled,
                News::Rejected(code()),
                News::Expired(code()),
            ] {
                assert_eq!(repeats(news.clone(), is_open), !is_open, "{news:?}");
                assert!(!heard.is_repeat(&of(2, news), is_open), "nobody knows it");
            }
        }
        heard.remember(&of(1, News::Accepted));
        assert!(heard.is_repeat(&of(1, News::Accepted), true));
    }

    #[test]
    fn the_oldest_order_is_forgotten_first() {
        let mut heard = Heard::default();
        for number in 0..=MOST_REMEMBERED {
            heard.remember(&of(number, filled("a", "2", "0")));
            heard.remember(&of(number, News::Cancelled));
        }
        assert_eq!(heard.orders.len(), MOST_REMEMBERED);
        assert!(!heard.is_repeat(&of(0, News::Cancelled), false));
        assert!(heard.is_repeat(&of(1, News::Cancelled), false));
    }
}
