//! An auditor that knows the documents and reads the records, and works everything out again by its own
//! arithmetic in decimals. It shares no code with the engine but the types of the records.

mod again;
mod books;
mod decisions;
mod orders;
mod safety;
mod seal;

use std::collections::BTreeSet;
use std::sync::Arc;

use ios012_contracts::Standing;
use ios012_core::{Exposure, Money, Price, Quantity};
use ios012_lineage::{CycleOutcome, Decision, Hash, OrderId, Record};
use rust_decimal::Decimal;

use crate::day::Day;
use crate::plan::{Limits, Terms};
use crate::world::{ASSETS, N};
use safety::Safety;

/// What a check finds; the text says what is wrong.
pub(crate) type Check = Result<(), String>;

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}
pub(crate) use ensure;

/// What a cycle begins with.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) standing: Arc<Standing>,
    pub(crate) limits: Limits,
    pub(crate) day: Day,
    /// Whether a breaker acts, without a mandate.
    pub(crate) is_action: bool,
    /// Cash by currency, before the events.
    pub(crate) cash: [Decimal; 3],
}

/// The last decision on an asset.
#[derive(Debug, Clone)]
struct Decided {
    record: Decision,
    previous: Decimal,
    allowed: Decimal,
}

/// An order of the cycle.
#[derive(Debug, Clone)]
struct Sent {
    id: OrderId,
    asset: usize,
    /// 1 for a buy, -1 for a sale.
    direction: Decimal,
    reduces: bool,
    left: Decimal,
    quantity: Decimal,
    limit: Decimal,
    is_final: bool,
}

/// What became of the prices of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prices {
    /// Its events are not over yet.
    Unread,
    Taken,
    /// One of them stopped the cycle.
    Corrupt,
}

/// A cycle between its first record and its seal.
#[derive(Debug)]
struct Cycle {
    facts: Facts,
    next_event: usize,
    /// The assets of a breaker action: what is held, and what an event may put in its place.
    concerned: [bool; N],
    prices: Prices,
    frozen: [bool; N],
    unwinds: bool,
    nlv: Decimal,
    /// How far roundings may have taken it.
    nlv_slack: Decimal,
    decided: [Option<Decided>; N],
    /// The decisions of the transition that is being read.
    batch: Vec<usize>,
    transitions: u64,
    /// Whether the first decisions wait for a look at the books.
    is_new: bool,
    legs: [u64; N],
    orders: Vec<Sent>,
    /// Whether something of an asset was told as left.
    is_told: [bool; N],
    counts: [u64; 3],
    turnover: Decimal,
    hash: Option<Hash>,
}

/// Orders over many cycles.
#[derive(Debug, Default)]
struct Trail {
    ids: BTreeSet<OrderId>,
    times: Vec<i64>,
    increases: Vec<(usize, bool, i64)>,
    closed: [bool; N],
    day: Option<i64>,
    turnover_of_day: Decimal,
}

#[derive(Debug)]
pub(crate) struct Auditor {
    lots: [Decimal; N],
    fee: Decimal,
    held: [Decimal; N],
    marks: [Option<Decimal>; N],
    /// Prices that the jump band compares with.
    accepted: [Option<Decimal>; N],
    /// Base currency for one unit of each.
    rates: [Option<Decimal>; 3],
    /// Cash as if every trade, of a contract too, had been paid in full.
    paid: [Decimal; 3],
    /// Roundings that may be in it.
    roundings: [Decimal; 3],
    safety: Safety,
    trail: Trail,
    cycle: Option<Cycle>,
    events: u64,
}

impl Auditor {
    pub(crate) fn new(terms: &Terms) -> Self {
        let million = Decimal::from(1_000_000);
        Self {
            lots: ASSETS.map(|asset| asset.lots[terms.lots].parse().expect("a decimal")),
            fee: Decimal::new(terms.fee_bps, 4),
            held: [Decimal::ZERO; N],
            marks: [None; N],
            accepted: [None; N],
            rates: [Some(Decimal::ONE), None, None],
            paid: [million, Decimal::ZERO, Decimal::ZERO],
            roundings: [Decimal::ZERO; 3],
            safety: Safety::new(million),
            trail: Trail::default(),
            cycle: None,
            events: 0,
        }
    }

    /// Units held, by the records.
    pub(crate) const fn held(&self) -> [Decimal; N] {
        self.held
    }

    /// Records so far other than those that begin and end something.
    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn begin(&mut self, facts: Facts) {
        let unwinds = self.safety.unwinds();
        let comes_in = |at| {
            facts
                .day
                .events
                .iter()
                .any(|event| event.into() == Some(at))
        };
        let concerned = std::array::from_fn(|at| !self.held[at].is_zero() || comes_in(at));
        self.cycle = Some(Cycle {
            facts,
            next_event: 0,
            concerned,
            prices: Prices::Unread,
            frozen: [false; N],
            unwinds,
            nlv: Decimal::ZERO,
            nlv_slack: Decimal::ZERO,
            decided: [const { None }; N],
            batch: Vec::new(),
            transitions: 0,
            is_new: false,
            legs: [0; N],
            orders: Vec::new(),
            is_told: [false; N],
            counts: [0; 3],
            turnover: Decimal::ZERO,
            hash: None,
        });
    }

    /// A mandate may be refused for one thing here: it forgets an asset that is held.
    pub(crate) fn expect_refusal(&self, day: &Day) -> Check {
        let forgets = |at: usize| day.targets[at].is_none() && !self.held[at].is_zero();
        // A change of name puts another asset in the place of one that is held.
        let renamed = day
            .events
            .iter()
            .any(|event| event.kind() == "symbol_change" || event.kind() == "roll");
        ensure!(
            (0..N).any(forgets) || renamed && day.targets.contains(&None),
            "a mandate was refused: {day:?}"
        );
        Ok(())
    }

    pub(crate) fn read(&mut self, record: &Record) -> Check {
        if !matches!(
            record,
            Record::Genesis(_) | Record::Cycle(_) | Record::Seal(_) | Record::Refusal(_)
        ) {
            self.events += 1;
        }
        let Some(cycle) = &mut self.cycle else {
            let outside = match record {
                Record::Genesis(_) | Record::Refusal(_) => true,
                Record::Seal(seal) => seal.outcome == CycleOutcome::Refused,
                _ => false,
            };
            ensure!(outside, "outside a cycle");
            return Ok(());
        };
        match record {
            Record::Cycle(begun) => {
                ensure!(begun.as_of == cycle.facts.day.as_of, "as_of");
                ensure!(
                    begun.mandate_hash.is_none() == cycle.facts.is_action,
                    "a mandate"
                );
                cycle.hash = Some(begun.account_hash);
                return Ok(());
            }
            Record::Entry(entry) => return self.entry(entry),
            _ => self.end_entries()?,
        }
        if !matches!(record, Record::Decision(_)) {
            self.end_batch()?;
        }
        match record {
            Record::Decision(decision) => self.decision(decision),
            Record::Order(order) => self.order(order),
            Record::Fill(fill) => self.fill(fill),
            Record::Outcome(outcome) => self.outcome(outcome),
            Record::Residual(residual) => self.residual(residual),
            Record::Breaker(breaker) => self.breaker(breaker),
            Record::Seal(seal) => self.seal(seal),
            _ => Err("a record that no cycle has".to_owned()),
        }
    }

    fn open(&mut self) -> Result<&mut Cycle, String> {
        self.cycle
            .as_mut()
            .ok_or_else(|| "no cycle is open".to_owned())
    }

    fn now(&self) -> Result<&Cycle, String> {
        self.cycle
            .as_ref()
            .ok_or_else(|| "no cycle is open".to_owned())
    }
}

fn money(value: Money) -> Decimal {
    Decimal::from_i128_with_scale(value.units(), 8)
}

fn price(value: Price) -> Decimal {
    Decimal::from_i128_with_scale(value.units(), 8)
}

fn units(value: Quantity) -> Decimal {
    Decimal::from_i128_with_scale(value.units(), 9)
}

fn exposure(value: Exposure) -> Decimal {
    Decimal::from_i128_with_scale(value.units(), 12)
}

/// The sign of a number: -1, 0 or 1.
fn sign(value: Decimal) -> i8 {
    if value.is_zero() {
        0
    } else if value.is_sign_negative() {
        -1
    } else {
        1
    }
}

fn quanta(count: i64) -> Decimal {
    Decimal::new(count, 8)
}
