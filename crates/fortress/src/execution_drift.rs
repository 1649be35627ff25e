//! Differences between ledger, broker and what was allowed, just within and just beyond what ADR-010
//! tolerates, warns of and halts at (docs/decision.md, Execution drift). That clean data trip nothing
//! is a part of the drift suite.

use std::sync::Arc;

use ios012_broker::{Broker, BrokerError, BrokerEvent, Statement, Submission};
use ios012_contracts::{Mandate, Market, Standing};
use ios012_core::{AssetId, BookEvent, Money, Quantity, UtcTime};
use ios012_lineage::{Breaker, CycleOutcome, Defcon, LedgerReader, OrderId, Record, Seal};
use ios012_paper::{PaperBroker, Script};

use crate::FortressError;
use crate::desk::{Desk, judge, paper};
use crate::error::ensure;
use crate::report::{Held, Recorder};
use crate::story::Story;

/// The cycle, counted from 0, before which the broker says something else.
const AT: usize = 4;

/// What the broker says otherwise. The cash is that of the books.
type Lie = fn(&mut Statement, Money) -> Result<(), FortressError>;

/// What must come of a difference.
#[derive(Debug, Clone, Copy)]
struct Expected {
    level: Defcon,
    outcome: CycleOutcome,
    cause: Option<&'static str>,
}

const TOLERATED: Expected = Expected {
    level: Defcon::Green,
    outcome: CycleOutcome::Executed,
    cause: None,
};
const WARNS: Expected = Expected {
    level: Defcon::Yellow,
    outcome: CycleOutcome::Executed,
    cause: Some("warn"),
};
const HALTS: Expected = Expected {
    level: Defcon::Black,
    outcome: CycleOutcome::Aborted,
    cause: Some("halt"),
};

/// The differences, what must come of each, and the facts that its record names.
const LIES: [(&str, Lie, Expected, &str); 13] = [
    (
        "the true cash",
        |told, cash| told.cash_of(cash, 1_000),
        TOLERATED,
        "",
    ),
    (
        "a position 0.1 % short",
        |told, _| told.scale_first(999),
        TOLERATED,
        "",
    ),
    (
        "a statement of 5 s before",
        |told, _| told.older(5_000),
        TOLERATED,
        "",
    ),
    (
        "cash 0.1 % short",
        |told, cash| told.cash_of(cash, 999),
        TOLERATED,
        "",
    ),
    (
        "a statement of 5.001 s before",
        |told, _| told.older(5_001),
        WARNS,
        "stated_at",
    ),
    (
        "a position 0.2 % short",
        |told, _| told.scale_first(998),
        HALTS,
        "position allowed",
    ),
    (
        "cash 0.2 % short",
        |told, cash| told.cash_of(cash, 998),
        HALTS,
        "cash",
    ),
    (
        "a position twice as large",
        |told, _| told.scale_first(2_000),
        HALTS,
        "position allowed exposure",
    ),
    (
        "a short position for a long one",
        |told, _| told.scale_first(-1_000),
        HALTS,
        "position allowed exposure",
    ),
    (
        "a position that is not there",
        |told, _| told.scale_first(0),
        HALTS,
        "position allowed position_count exposure",
    ),
    (
        "an asset that nobody ordered",
        |told, _| told.stranger(),
        HALTS,
        "position allowed position_count exposure",
    ),
    (
        "an order that nobody sent",
        |told, _| told.order(),
        HALTS,
        "open_orders",
    ),
    (
        "no position at all, and no new time",
        |told, _| told.nothing(),
        HALTS,
        "position allowed position_count exposure stated_at",
    ),
];

pub(crate) fn run(story: &Story, recorder: &mut Recorder<'_>) {
    let days = match Days::honest(story) {
        Ok(days) => days,
        Err(error) => return recorder.part("honest statements", || Err(error)),
    };
    for (name, lie, expected, facts) in LIES {
        let what = expected.cause.unwrap_or("tolerated");
        recorder.part(format!("{name}: {what}"), || {
            told(&days, lie, expected, facts)
        });
    }
}

/// Some days, and what comes of them with honest statements.
struct Days {
    standing: Arc<Standing>,
    cycles: Vec<(Mandate, Market)>,
    clean: Vec<Record>,
    /// Cash of the books before the cycle of the lie.
    cash: Money,
}

impl Days {
    fn honest(story: &Story) -> Result<Self, FortressError> {
        let story = story.around("2008-10-15", AT + 2, 2)?;
        let standing = story.standing()?;
        let cycles: Vec<_> = story.cycles(&standing)?.collect::<Result<_, _>>()?;
        let honest = |_: &mut Statement, _| Ok(());
        let clean = records(&standing, &cycles, honest, Money::ZERO)?;
        let cash = seals(&clean).nth(AT - 1).and_then(|seal| seal.cash);
        let cash = cash.ok_or_else(|| FortressError::Data("a seal without cash".to_owned()))?;
        Ok(Self {
            standing,
            cycles,
            clean,
            cash,
        })
    }
}

/// Runs the days, of which one begins with a statement that is not true.
fn told(days: &Days, lie: Lie, expected: Expected, facts: &str) -> Result<Held, FortressError> {
    let ran = records(&days.standing, &days.cycles, lie, days.cash)?;
    let breakers: Vec<_> = breakers(&ran).collect();
    match (expected.cause, breakers.as_slice()) {
        (None, []) => ensure(ran == days.clean, || "the ledger is another one".to_owned())?,
        (Some(cause), [breaker]) => {
            let named = breaker
                .evidence
                .iter()
                .find(|fact| fact.name.as_str() == "facts");
            let named = named.map(|fact| fact.value.as_str());
            let found = (breaker.breaker.as_str(), breaker.cause.as_str(), named);
            ensure(found == ("execution_drift", cause, Some(facts)), || {
                format!("another breaker: {found:?}")
            })?;
        }
        (_, others) => {
            return Err(FortressError::Broken(format!("other breakers: {others:?}")));
        }
    }
    let found = seals(&ran).nth(AT).map(|seal| (seal.defcon, seal.outcome));
    ensure(found == Some((expected.level, expected.outcome)), || {
        format!("the cycle ends as {found:?}")
    })?;
    let decisions = ran
        .iter()
        .filter(|record| matches!(record, Record::Decision(_)));
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let score = breakers
        .first()
        .and_then(|breaker| breaker.evidence.first());
    Ok(Held {
        cycles: count(days.cycles.len()),
        decisions: count(decisions.count()),
        shows: score.map_or("no record".to_owned(), |score| {
            format!("score {}", score.value.as_str())
        }),
    })
}

/// The records of a ledger that verifies and replays.
fn records(
    standing: &Arc<Standing>,
    cycles: &[(Mandate, Market)],
    lie: Lie,
    cash: Money,
) -> Result<Vec<Record>, FortressError> {
    let teller = Teller {
        paper: paper(standing, Script::default()),
        asked: 0,
        lie,
        cash,
    };
    let mut desk = Desk::open(standing, teller)?;
    desk.cycles(cycles.iter().cloned().map(Ok))?;
    let directory = desk.close()?;
    judge(directory.path())?;
    let records = LedgerReader::open(directory.path())?;
    Ok(records
        .map(|stored| stored.map(|stored| stored.record))
        .collect::<Result<_, _>>()?)
}

fn seals(records: &[Record]) -> impl Iterator<Item = &Seal> {
    records.iter().filter_map(|record| match record {
        Record::Seal(seal) => Some(seal),
        _ => None,
    })
}

fn breakers(records: &[Record]) -> impl Iterator<Item = &Breaker> {
    records.iter().filter_map(|record| match record {
        Record::Breaker(breaker) => Some(breaker),
        _ => None,
    })
}

/// What a statement can say that is not so.
trait Say {
    fn scale_first(&mut self, per_mille: i128) -> Result<(), FortressError>;
    fn cash_of(&mut self, cash: Money, per_mille: i128) -> Result<(), FortressError>;
    fn older(&mut self, milliseconds: i64) -> Result<(), FortressError>;
    fn stranger(&mut self) -> Result<(), FortressError>;
    fn order(&mut self) -> Result<(), FortressError>;
    fn nothing(&mut self) -> Result<(), FortressError>;
}

impl Say for Statement {
    fn scale_first(&mut self, per_mille: i128) -> Result<(), FortressError> {
        let first = self.positions.first_mut();
        let (_, units) = first.ok_or_else(|| FortressError::Data("nothing is held".to_owned()))?;
        *units = Quantity::from_units(units.units() * per_mille / 1_000);
        self.positions.retain(|(_, units)| !units.is_zero());
        Ok(())
    }

    fn cash_of(&mut self, cash: Money, per_mille: i128) -> Result<(), FortressError> {
        // Toward the whole: what is named is not passed by its rounding.
        let short = cash.units() * (1_000 - per_mille) / 1_000;
        let cash = Money::from_units(cash.units() - short);
        self.cash = Some(vec![("USD".parse()?, cash)]);
        Ok(())
    }

    fn older(&mut self, milliseconds: i64) -> Result<(), FortressError> {
        self.time = self.time.checked_add_milliseconds(-milliseconds)?;
        Ok(())
    }

    fn stranger(&mut self) -> Result<(), FortressError> {
        let stranger: AssetId = "ZZZ".parse()?;
        self.positions.push((stranger, Quantity::QUANTUM));
        Ok(())
    }

    fn order(&mut self) -> Result<(), FortressError> {
        self.open_orders
            .push("00000000000000000000000000000001".parse()?);
        Ok(())
    }

    fn nothing(&mut self) -> Result<(), FortressError> {
        self.positions.clear();
        self.older(60_000)
    }
}

/// The paper broker, which once says something else.
#[derive(Debug)]
struct Teller {
    paper: PaperBroker,
    /// Statements that were asked for.
    asked: usize,
    lie: Lie,
    cash: Money,
}

impl Broker for Teller {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.paper.submit(submission, news).await
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.paper.cancel(order_id, news).await
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        self.paper.poll(news).await
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.paper.learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        let mut statement = self.paper.statement(as_of).await?;
        if self.asked == AT {
            let told = (self.lie)(&mut statement, self.cash);
            told.map_err(|_| BrokerError::Malformed {
                code: ios012_lineage::Code::literal("lie"),
            })?;
        }
        self.asked += 1;
        Ok(statement)
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        self.paper.open_orders().await
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        self.paper.history(order_id).await
    }
}
