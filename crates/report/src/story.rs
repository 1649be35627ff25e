//! The records of one cycle, gathered from a ledger.

use std::path::Path;

use ios012_core::{AssetId, CurrencyCode, PortfolioId};
use ios012_lineage::{
    Breaker, Cycle, Decision, Fill, Genesis, Hash, LedgerReader, Order, Outcome, OutcomeState,
    Record, Residual, Seal,
};

use crate::ReportError;

/// One cycle as it stands in the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) portfolio_id: PortfolioId,
    pub(crate) base_currency: CurrencyCode,
    pub(crate) hash: Hash,
    pub(crate) cycle: Cycle,
    pub(crate) decisions: Vec<Decision>,
    /// The numbers of their records.
    decided_in: Vec<u64>,
    pub(crate) orders: Vec<OrderStory>,
    pub(crate) residuals: Vec<Residual>,
    pub(crate) breakers: Vec<Breaker>,
    /// Nothing if a crash left the cycle open.
    pub(crate) seal: Option<Seal>,
}

/// The number of the record in which a cycle decided on an asset; of which transition, if it moved it more than
/// once.
///
/// # Errors
/// [`ReportError::NoCycle`], [`ReportError::NoDecision`] or [`ReportError::NoTransition`] with what there is, or
/// whatever keeps the ledger from being read.
pub fn find_decision(
    directory: &Path,
    cycle_id: u64,
    asset_id: &str,
    transition: Option<u64>,
) -> Result<u64, ReportError> {
    let story = Story::read(directory, cycle_id)?;
    let moves = story.decisions_on(asset_id)?.len();
    let decided = story.decisions.iter().zip(&story.decided_in);
    let of_asset = decided.filter(|(decision, _)| decision.asset_id.as_str() == asset_id);
    let mut asked = of_asset.filter(|(decision, _)| match transition {
        Some(transition) => decision.metadata.transition == transition,
        None => moves == 1,
    });
    let seq = asked.next().map(|(_, seq)| *seq);
    seq.ok_or_else(|| ReportError::NoTransition {
        cycle_id,
        asset_id: asset_id.to_owned(),
        last: moves.saturating_sub(1),
    })
}

/// An order with what became of it.
#[derive(Debug, Clone)]
pub(crate) struct OrderStory {
    pub(crate) order: Order,
    pub(crate) fills: Vec<Fill>,
    /// The last word on it.
    pub(crate) outcome: Option<Outcome>,
}

impl Story {
    /// Reads a ledger up to the end of the cycle.
    ///
    /// # Errors
    /// [`ReportError::NoCycle`] with the cycles that there are, or whatever keeps the ledger from
    /// being read.
    pub(crate) fn read(directory: &Path, cycle_id: u64) -> Result<Self, ReportError> {
        let mut genesis: Option<(PortfolioId, Genesis)> = None;
        let mut story: Option<Self> = None;
        let mut last = 0;
        for stored in LedgerReader::open(directory)? {
            let stored = stored?;
            match (stored.record, &mut story) {
                (Record::Genesis(first), _) => {
                    genesis = Some((stored.envelope.portfolio_id, first));
                }
                (Record::Cycle(cycle), None) => {
                    last = cycle.cycle_id;
                    let begun = genesis.as_ref().filter(|_| cycle.cycle_id == cycle_id);
                    if let Some((portfolio_id, genesis)) = begun {
                        story = Some(Self {
                            portfolio_id: portfolio_id.clone(),
                            base_currency: genesis.base_currency.clone(),
                            hash: stored.hash,
                            cycle,
                            decisions: Vec::new(),
                            decided_in: Vec::new(),
                            orders: Vec::new(),
                            residuals: Vec::new(),
                            breakers: Vec::new(),
                            seal: None,
                        });
                    }
                }
                (record, Some(story)) => story.take(stored.envelope.seq, record),
                _ => (),
            }
            if story.as_ref().is_some_and(|story| story.seal.is_some()) {
                break;
            }
        }
        if genesis.is_none() {
            let directory = directory.to_owned();
            return Err(ReportError::NoRecords { directory });
        }
        story.ok_or_else(|| {
            let cycles = match last {
                0 => "the ledger holds no cycle yet".to_owned(),
                1 => "the ledger holds cycle 1 only".to_owned(),
                last => format!("the ledger holds cycles 1 to {last}"),
            };
            ReportError::NoCycle { cycle_id, cycles }
        })
    }

    /// The decisions on an asset, by transition.
    ///
    /// # Errors
    /// [`ReportError::NoDecision`] with the assets that were decided on.
    pub(crate) fn decisions_on(&self, asset_id: &str) -> Result<Vec<&Decision>, ReportError> {
        let decisions = self.decisions.iter();
        let found: Vec<_> = decisions
            .filter(|decision| decision.asset_id.as_str() == asset_id)
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let assets = if self.decisions.is_empty() {
            let breakers: Vec<_> = self.breakers.iter().map(breaker_name).collect();
            match breakers.as_slice() {
                [] => "it decided on nothing".to_owned(),
                tripped => format!(
                    "breaker {} stopped it before it decided",
                    tripped.join(", ")
                ),
            }
        } else {
            let mut names: Vec<_> = self
                .decisions
                .iter()
                .map(|row| row.asset_id.as_str())
                .collect();
            names.dedup();
            format!("it decided on {}", names.join(", "))
        };
        Err(ReportError::NoDecision {
            cycle_id: self.cycle.cycle_id,
            asset_id: asset_id.to_owned(),
            assets,
        })
    }

    /// The orders of an asset.
    pub(crate) fn orders_of(&self, asset_id: &AssetId) -> impl Iterator<Item = &OrderStory> {
        self.orders
            .iter()
            .filter(move |story| story.order.asset_id == *asset_id)
    }

    fn take(&mut self, seq: u64, record: Record) {
        match record {
            Record::Decision(decision) => {
                self.decisions.push(decision);
                self.decided_in.push(seq);
            }
            Record::Order(order) => self.orders.push(OrderStory {
                order,
                fills: Vec::new(),
                outcome: None,
            }),
            Record::Fill(fill) => {
                let mut orders = self.orders.iter_mut();
                if let Some(story) = orders.find(|story| story.order.order_id == fill.order_id) {
                    story.fills.push(fill);
                }
            }
            Record::Outcome(outcome) => {
                let mut orders = self.orders.iter_mut();
                if let Some(story) = orders.find(|story| story.order.order_id == outcome.order_id) {
                    story.outcome = Some(outcome);
                }
            }
            Record::Residual(residual) => self.residuals.push(residual),
            Record::Breaker(breaker) => self.breakers.push(breaker),
            Record::Seal(seal) => self.seal = Some(seal),
            _ => (),
        }
    }
}

impl OrderStory {
    /// The state and its cause, as a person reads them.
    pub(crate) fn end(&self) -> String {
        match &self.outcome {
            None => "no answer yet".to_owned(),
            Some(outcome) if outcome.state == OutcomeState::Filled => "filled".to_owned(),
            Some(outcome) => format!("{} ({})", outcome.state, outcome.code),
        }
    }
}

/// A breaker with what tripped it.
pub(crate) fn breaker_name(breaker: &Breaker) -> String {
    format!("{}:{}", breaker.breaker, breaker.cause)
}
