//! Double-entry accounts of one portfolio, and the identity that every event must keep:
//! balance-sheet NLV equals flow NLV, to the last digit (seed 6.1, invariant I11; docs/adr/0010).
//!
//! The two sides are kept by two structures that never read each other: [`Books`] posts balanced
//! entries and values what is held; [`Flows`] adds up gains and costs from the same events.

mod books;
mod chart;
mod flows;
mod rules;

use alloc::vec::Vec;

use crate::{
    AssetId, AssetSpec, BookEvent, BookEventKind, CoreError, CurrencyCode, FxRate, Money, Price,
    Quantity,
};

pub use books::{Books, Position};
pub use chart::{Account, Balance};
pub use flows::Flows;

/// A fill as the accounts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookedFill {
    /// Signed change of the position: above zero is a buy.
    pub quantity: Quantity,
    /// Price paid or received.
    pub price: Price,
    /// Reference price of the cycle: the difference to `price` is slippage.
    pub reference_price: Price,
    /// Commission, zero or above, in the currency of settlement.
    pub fee: Money,
}

/// A position that the portfolio starts with, paid in full in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningPosition {
    /// The asset.
    pub asset_id: AssetId,
    /// Units held.
    pub quantity: Quantity,
    /// What they cost.
    pub cost: Money,
}

/// A balanced entry: its lines sum to zero in its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The currency.
    pub currency: CurrencyCode,
    /// The lines, those of the branch first.
    pub lines: Vec<PostedLine>,
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedLine {
    /// The account.
    pub account: Account,
    /// The asset, for an account that each asset has.
    pub asset_id: Option<AssetId>,
    /// A debit if above zero, a credit if below.
    pub amount: Money,
}

/// Both sides of the books. Each event goes to both, and must leave them equal; one that does not
/// changes nothing.
#[derive(Debug, Clone)]
pub struct Accounts {
    books: Books,
    flows: Flows,
}

impl Accounts {
    /// Accounts with opening cash and positions; positions are valued at cost until marked.
    ///
    /// # Errors
    /// [`CoreError::Overflow`], or [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn open(
        currency: &CurrencyCode,
        cash: Money,
        positions: &[OpeningPosition],
    ) -> Result<Self, CoreError> {
        let mut accounts = Self {
            books: Books::new(currency.clone()),
            flows: Flows::new(currency.clone()),
        };
        let entry = accounts.books.opening_cash(currency, cash)?;
        let change = accounts.flows.opening_cash(currency, cash)?;
        accounts.commit(entry, change)?;
        for opening in positions {
            let spec = AssetSpec::opened(opening.asset_id.clone(), currency.clone())?;
            let entry = accounts.books.opening_position(&spec, opening)?;
            let change = accounts.flows.opening_position(&spec, opening)?;
            accounts.commit(entry, change)?;
        }
        Ok(accounts)
    }

    /// Takes the registry's specification of an asset, if the books know the asset.
    ///
    /// # Errors
    /// [`CoreError::TermsChanged`] if it is held and the books rely on what changed.
    pub fn define(&mut self, spec: &AssetSpec) -> Result<(), CoreError> {
        self.books.define(spec)?;
        self.flows.define(spec);
        Ok(())
    }

    /// What a currency is worth in base currency from now on. The difference is FX revaluation.
    ///
    /// # Errors
    /// [`CoreError::InvalidRate`], [`CoreError::Overflow`], or [`CoreError::AccountingIdentity`].
    pub fn set_rate(&mut self, currency: &CurrencyCode, rate: FxRate) -> Result<(), CoreError> {
        let is_base = self.books.currencies().next() == Some(currency);
        if is_base && rate == FxRate::ONE {
            return Ok(());
        }
        if is_base || !rate.is_positive() {
            let rule = if is_base {
                "one: it is the base currency"
            } else {
                "above zero"
            };
            let currency = currency.into();
            return Err(CoreError::InvalidRate { currency, rule });
        }
        let entry = self.books.rate_entry(currency, rate)?;
        let change = self.flows.rate_change(currency, rate)?;
        self.books.commit_rate(entry, rate);
        self.flows.commit_rate(change, rate);
        self.check()
    }

    /// Values a position at a price.
    ///
    /// # Errors
    /// [`CoreError::Overflow`], or [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn mark(&mut self, asset_id: &AssetId, price: Price) -> Result<(), CoreError> {
        let entry = self.books.mark(asset_id, price)?;
        let change = self.flows.mark(asset_id, price)?;
        match (entry, change) {
            (Some(entry), Some(change)) => self.commit(entry, change),
            (None, None) => Ok(()),
            _ => Err(CoreError::NoAccount),
        }
    }

    /// Books a fill and values what is left at the cycle's reference price.
    ///
    /// # Errors
    /// [`CoreError::Oversold`], [`CoreError::CrossesZero`], [`CoreError::Overflow`], or
    /// [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn fill(&mut self, spec: &AssetSpec, fill: &BookedFill) -> Result<(), CoreError> {
        let entry = self.books.fill(spec, fill)?;
        let change = self.flows.fill(spec, fill)?;
        self.commit(entry, change)
    }

    /// Books an event and returns its entry. An event of an asset that is not held, or of a
    /// currency that was never seen, posts nothing. `into` is what the registry says of the asset
    /// that takes the place of another.
    ///
    /// # Errors
    /// [`CoreError::WrongInstrument`], [`CoreError::Successor`], [`CoreError::NoMark`],
    /// [`CoreError::Overflow`], or [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn apply(
        &mut self,
        event: &BookEvent,
        into: Option<&AssetSpec>,
    ) -> Result<Option<Posted>, CoreError> {
        let kind = &event.kind;
        if let Some(asset_id) = kind.asset_id() {
            let Some(position) = self.books.position(asset_id) else {
                return Ok(None);
            };
            if position.quantity().is_zero() {
                return Ok(None);
            }
            rules::check_instrument(kind, position.spec().instrument)?;
            let next = kind.into_asset().map(|id| self.books.quantity(id));
            rules::check_successor(kind, position.spec(), into, next.unwrap_or_default())?;
        }
        if let BookEventKind::Interest { currency, .. } = kind
            && !self.books.currencies().any(|known| known == currency)
        {
            return Ok(None);
        }
        let entry = self.books.event(kind, into)?;
        let change = self.flows.event(kind, into)?;
        let posted = self.books.lines(&entry)?;
        self.commit(entry, change)?;
        Ok(posted)
    }

    /// The balance-sheet side.
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// The flow side.
    pub const fn flows(&self) -> &Flows {
        &self.flows
    }

    /// Net liquidation value.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn nlv(&self) -> Result<Money, CoreError> {
        self.books.nlv()
    }

    /// Recomputes both sides from their parts, instead of from running totals, and compares them
    /// in every currency and in base currency.
    ///
    /// # Errors
    /// [`CoreError::AccountingIdentity`] or [`CoreError::Unbalanced`] with both numbers,
    /// [`CoreError::RoundingBound`].
    pub fn audit(&self) -> Result<(), CoreError> {
        self.books.audit()?;
        self.flows.audit()?;
        for currency in self.books.currencies() {
            compare(self.books.equity(currency), self.flows.total(currency))?;
        }
        self.check()
    }

    /// Compares what an event makes of the two sides, and takes it if they are equal.
    fn commit(&mut self, entry: books::Drafted, change: flows::Drafted) -> Result<(), CoreError> {
        let (equity, sheet) = self.books.outcome(&entry);
        let (total, flows) = self.flows.outcome(&change);
        compare(equity, total)?;
        compare_results(sheet, flows)?;
        self.books.commit(entry);
        self.flows.commit(change);
        Ok(())
    }

    fn check(&self) -> Result<(), CoreError> {
        compare_results(self.books.nlv(), self.flows.nlv())
    }
}

fn compare(balance_sheet: Money, flows: Money) -> Result<(), CoreError> {
    if balance_sheet == flows {
        Ok(())
    } else {
        Err(CoreError::AccountingIdentity {
            balance_sheet,
            flows,
        })
    }
}

/// Without a rate there is no NLV, on neither side; [`Accounts::nlv`] refuses then.
fn compare_results(
    balance_sheet: Result<Money, CoreError>,
    flows: Result<Money, CoreError>,
) -> Result<(), CoreError> {
    match (balance_sheet, flows) {
        (Ok(balance_sheet), Ok(flows)) => compare(balance_sheet, flows),
        (Err(CoreError::NoRate { .. }), Err(CoreError::NoRate { .. })) => Ok(()),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
