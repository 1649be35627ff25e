//! What the broker says otherwise than the books (ADR-010): found when a cycle begins, and read back
//! from its record by a replay.

use std::cmp::Ordering;

use ios012_broker::Statement;
use ios012_constraints::discrepancy::Discrepancy;
use ios012_core::account::Account;
use ios012_core::{AssetId, CurrencyCode, Money, Quantity, UtcTime};
use ios012_lineage::{Breaker, Evidence, OrderId};

use super::Engine;
use crate::EngineError;

/// What the broker says that differs from the books. Everything else is as the books have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Differences {
    /// Units at the broker, where they are not those of the books.
    pub(super) positions: Vec<(AssetId, Quantity)>,
    pub(super) cash: Vec<(CurrencyCode, Money)>,
    pub(super) open_orders: Vec<OrderId>,
    /// When the statement was true, if that is long before the cycle.
    pub(super) stated_at: Option<UtcTime>,
}

impl Differences {
    pub(crate) const fn are_none(&self) -> bool {
        self.positions.is_empty()
            && self.cash.is_empty()
            && self.open_orders.is_empty()
            && self.stated_at.is_none()
    }

    /// What a record says that the broker said.
    ///
    /// # Errors
    /// [`EngineError::Sequence`] for evidence of another form.
    pub(crate) fn recorded(record: &Breaker) -> Result<Self, EngineError> {
        let mut told = Self::default();
        for Evidence { name, value } in &record.evidence {
            let mut words = value.as_str().split(' ');
            let (subject, broker) = (words.next(), words.next_back());
            let read = match (name.as_str(), subject, broker) {
                ("position", Some(id), Some(units)) => pair(id, units, &mut told.positions),
                ("cash", Some(code), Some(amount)) => pair(code, amount, &mut told.cash),
                ("open_order", Some(id), None) => parse(id).map(|id| told.open_orders.push(id)),
                ("stated_at", Some(time), None) => {
                    parse(time).map(|time| told.stated_at = Some(time))
                }
                ("score" | "facts", ..) => Some(()),
                _ => None,
            };
            read.ok_or(EngineError::Sequence(
                "evidence of an execution drift is not of its form",
            ))?;
        }
        Ok(told)
    }
}

fn parse<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn pair<A: std::str::FromStr, B: std::str::FromStr>(
    subject: &str,
    broker: &str,
    into: &mut Vec<(A, B)>,
) -> Option<()> {
    into.push((parse(subject)?, parse(broker)?));
    Some(())
}

impl Engine {
    /// What a statement says otherwise than the books, once the events of the cycle are booked.
    pub(super) fn differences(&self, statement: &Statement, as_of: UtcTime) -> Differences {
        let books = self.accounts.books();
        let held = books.positions();
        let held = held.map(|position| (position.asset_id(), position.quantity()));
        let stated = statement.positions.iter().map(|(id, units)| (id, *units));
        let mut differences = Differences {
            positions: others(held, stated, Quantity::ZERO),
            ..Differences::default()
        };
        if let Some(cash) = &statement.cash {
            let mut booked: Vec<_> = books
                .currencies()
                .map(|code| (code, books.balance(code, Account::Cash)))
                .collect();
            booked.sort_unstable();
            let stated = cash.iter().map(|(code, amount)| (code, *amount));
            differences.cash = others(booked.into_iter(), stated, Money::ZERO);
        }
        differences.open_orders.clone_from(&statement.open_orders);
        let age = as_of.unix_milliseconds() - statement.time.unix_milliseconds();
        if age > Discrepancy::LATEST_MS {
            differences.stated_at = Some(statement.time);
        }
        differences
    }
}

/// What the second of two ascending lists says otherwise than the first; what one does not name is
/// `none` there.
fn others<'a, K: Ord + Clone + 'a, V: PartialEq + Copy>(
    first: impl Iterator<Item = (&'a K, V)>,
    second: impl Iterator<Item = (&'a K, V)>,
    none: V,
) -> Vec<(K, V)> {
    let (mut first, mut second) = (first.peekable(), second.peekable());
    let mut others = Vec::new();
    loop {
        let order = match (first.peek(), second.peek()) {
            (None, None) => return others,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((one, _)), Some((other, _))) => one.cmp(other),
        };
        let booked = first.next_if(|_| order.is_le());
        let stated = second.next_if(|_| order.is_ge());
        let value = |side: Option<(&K, V)>| side.map_or(none, |(_, value)| value);
        if value(booked) != value(stated)
            && let Some((key, _)) = stated.or(booked)
        {
            others.push((key.clone(), value(stated)));
        }
    }
}
