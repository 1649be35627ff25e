//! A whole ledger summed up in one pass.

mod breach;
mod builder;
mod checkpoint;
mod json;
mod margin;
mod rates;
mod tally;
mod text;

use std::path::Path;

use ios012_core::{CoreError, CurrencyCode, Money, PortfolioId, Ratio, UtcTime};
use ios012_lineage::{Hash, LedgerReader, VerifyFailure, VerifyReport};

pub use breach::{Breach, Breaches};
pub use builder::SummaryBuilder;
pub use checkpoint::{CheckpointLine, Witness, witnessed};
pub use json::to_json;
pub use margin::{MarginMetrics, MarginPoint};
pub use tally::Count;
pub use text::render_text;

use crate::{Pack, ReportError};

/// What a ledger says of its portfolio. Amounts are in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// Its base currency.
    pub base_currency: CurrencyCode,
    /// Time of the first and of the last cycle; none before the first.
    pub period: Option<(UtcTime, UtcTime)>,
    /// How the cycles ended.
    pub cycles: CycleCounts,
    /// Cash when the ledger began.
    pub opening_cash: Money,
    /// Cash and the cost of what was held when the ledger began.
    pub opening_nlv: Money,
    /// NLV at the last seal that knows it; the opening NLV before the first.
    pub final_nlv: Money,
    /// Cash at that seal.
    pub final_cash: Money,
    /// What is owed at that seal: borrowed cash, and borrowed units at their last mark.
    pub final_liabilities: Money,
    /// Final NLV / opening NLV − 1, rounded down; none if the opening NLV is zero.
    pub total_return: Option<Ratio>,
    /// The largest fall from a peak; none if NLV after a cycle was never below one before.
    pub drawdown: Option<Drawdown>,
    /// What events paid, and what came in or left.
    pub payments: Payments,
    /// Events that the books took, by kind.
    pub events: Tally,
    /// What was traded, and what it cost.
    pub trading: Trading,
    /// Decisions, by the reason in the record.
    pub decisions: Tally,
    /// How many decisions each limit bound.
    pub limits: Vec<Count>,
    /// Orders sent.
    pub orders: u64,
    /// How orders ended, by the state in their last outcome. `accepted` is no end.
    pub order_ends: Vec<Count>,
    /// What was left undone, by reason.
    pub residuals: Tally,
    /// Limits that were still exceeded after a decision.
    pub breaches: Breaches,
    /// Margin of a portfolio that trades on margin; none of one that is paid in full.
    pub margin: Option<MarginMetrics>,
    /// Breakers that tripped, as `breaker:cause`.
    pub breakers: Tally,
    /// Inputs that were refused, by code.
    pub refusals: Tally,
    /// Whole records.
    pub records: u64,
    /// The hash of the last one.
    pub head: Hash,
}

/// Cycles by how they ended. Refusals stand outside cycles and are not counted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CycleCounts {
    /// Carried out.
    pub executed: u64,
    /// Stopped by a breaker.
    pub aborted: u64,
    /// Found open after a crash, and closed.
    pub recovered: u64,
    /// Without an end: 1 after a crash, else 0.
    pub open: u64,
}

impl CycleCounts {
    /// All of them.
    pub const fn total(self) -> u64 {
        self.executed + self.aborted + self.recovered + self.open
    }
}

/// A fall of NLV from its highest value before, measured at the seals of cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawdown {
    /// (peak − trough) / peak, rounded up. Above 1 where NLV went below zero.
    pub fraction: Ratio,
    /// NLV at the peak.
    pub peak_nlv: Money,
    /// When.
    pub peak_as_of: UtcTime,
    /// NLV at the trough.
    pub trough_nlv: Money,
    /// When.
    pub trough_as_of: UtcTime,
}

/// What events paid in base currency, each amount at the rates of its cycle: above zero it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Payments {
    /// Cash dividends.
    pub dividends: Money,
    /// Funding of perpetuals.
    pub funding: Money,
    /// Interest on cash, and financing of positions.
    pub interest: Money,
    /// Cash that came in or left.
    pub transfers: Money,
}

impl Payments {
    /// All of them.
    ///
    /// # Errors
    /// [`CoreError::Overflow`].
    pub fn total(&self) -> Result<Money, CoreError> {
        let parts = [self.funding, self.interest, self.transfers];
        let mut parts = parts.into_iter();
        parts.try_fold(self.dividends, Money::checked_add)
    }
}

/// Fills and their costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trading {
    /// Fills.
    pub fills: u64,
    /// Σ quantity × fill price, as booked: a buy rounded up, a sale down.
    pub notional: Money,
    /// Commissions.
    pub fees: Money,
    /// Σ (fill price − reference price) × quantity for buys, and the reverse for sales: above
    /// zero is a cost. Both values rounded as booked.
    pub slippage: Money,
    /// Fees / notional, rounded up; none without a trade.
    pub fee_rate: Option<Ratio>,
    /// Slippage / notional, a cost rounded up and a gain down; none without a trade.
    pub slippage_rate: Option<Ratio>,
    /// Mean NLV after a cycle, rounded down; none without a cycle.
    pub average_nlv: Option<Money>,
    /// Notional / average NLV, rounded up: buys and sales both count.
    pub turnover: Option<Ratio>,
    /// The same per 365.25 days between the first and the last cycle; none if they are one.
    pub turnover_per_year: Option<Ratio>,
}

/// A total and its parts, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// The total.
    pub total: u64,
    /// The parts.
    pub parts: Vec<Count>,
}

impl Summary {
    /// Sums up the ledger in a directory. Memory does not grow with the number of cycles.
    ///
    /// It checks each line's hash and the chain; the rest is [`ios012_lineage::verify()`]'s.
    ///
    /// # Errors
    /// [`ReportError`]: the ledger cannot be read, is damaged, or is empty.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let mut pack = Pack::open(directory)?;
        let mut builder = SummaryBuilder::new();
        for stored in LedgerReader::open(directory)? {
            builder.take(&stored?, &mut pack)?;
        }
        builder.finish()?.ok_or_else(|| ReportError::NoRecords {
            directory: directory.to_owned(),
        })
    }
}

/// What is said of the verification beside a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyLine {
    /// The ledger was not verified.
    NotRun,
    /// Nothing is wrong with it.
    Holds(Box<VerifyReport>),
    /// It is damaged.
    Fails(Box<VerifyFailure>),
}

impl From<Result<VerifyReport, VerifyFailure>> for VerifyLine {
    fn from(result: Result<VerifyReport, VerifyFailure>) -> Self {
        match result {
            Ok(report) => Self::Holds(Box::new(report)),
            Err(failure) => Self::Fails(Box::new(failure)),
        }
    }
}
