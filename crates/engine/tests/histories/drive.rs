//! Drives a history: by an own loop that lets the auditor look after every event, and again by the
//! real runner.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ios012_broker::BrokerEvent;
use ios012_contracts::{CycleInput, Market, Standing};
use ios012_core::account::Account;
use ios012_core::{AssetId, Quantity, Ratio, UtcTime};
use ios012_engine::{BrokerAccount, Effect, Engine, EngineError, Event, LedgerSink, Runner};
use ios012_lineage::ledger::{DocumentKind, LedgerWriter};
use ios012_lineage::{Chain, Hash, Record};
use rust_decimal::Decimal;

use crate::audit::{Auditor, Check, Facts};
use crate::broker::{RandomBroker, Shared};
use crate::day::{Day, World, later};
use crate::documents::{self, Rows};
use crate::plan::{History, Limits, Tape, Terms};
use crate::world::{ASSETS, CURRENCIES};

/// Records other than cycle and seal that a history must have.
const LEAST_EVENTS: u64 = 200;

/// Cycles after which a history ends without them.
const MOST_CYCLES: usize = 300;

/// A day that is over.
pub(crate) struct Lived {
    /// The place of its limits.
    which: usize,
    day: Day,
    /// Whether its mandate was refused. A refusal tells the hash of the bytes that came, so another
    /// order of their rows is another record.
    was_refused: bool,
}

/// What a history came to.
pub(crate) struct Ran {
    pub(crate) terms: Terms,
    pub(crate) limits: [Limits; 2],
    pub(crate) days: Vec<Lived>,
    /// The lines of the ledger.
    pub(crate) bytes: Vec<u8>,
    pub(crate) events: u64,
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

fn broker(terms: &Terms) -> RandomBroker {
    let lots: BTreeMap<AssetId, Quantity> = ASSETS
        .iter()
        .map(|asset| {
            let lot = asset.lots[terms.lots].parse().expect("a quantity");
            (asset.id.parse().expect("an id"), lot)
        })
        .collect();
    let fee = Ratio::from_units(i128::from(terms.fee_bps) * Ratio::SCALE / 10_000);
    RandomBroker::new(fee, lots)
}

fn engine(chain: Chain) -> Engine {
    let currency = "USD".parse().expect("a currency");
    let cash = "1000000".parse().expect("money");
    Engine::begin(chain, currency, cash, &[]).expect("begins")
}

fn new_chain() -> Chain {
    Chain::new("histories".parse().expect("an id"), 1)
}

/// The engine, with an auditor that reads every record as it is written.
struct Driver {
    engine: Engine,
    broker: RandomBroker,
    auditor: Auditor,
    bytes: Vec<u8>,
    effects: Vec<Effect>,
}

/// Runs a history with the auditor looking on.
pub(crate) fn audited(history: &History) -> Result<Ran, String> {
    let [first, second] = &history.limits;
    let mut tape = Tape::new(first);
    let terms = Terms::read(&mut tape);
    let limits = [
        Limits::read(&mut tape),
        Limits::read(&mut Tape::new(second)),
    ];
    let standings = limits
        .each_ref()
        .map(|limits| documents::standing(&terms, limits, Rows::Ascending));
    let mut driver = Driver {
        engine: engine(new_chain()),
        broker: broker(&terms),
        auditor: Auditor::new(&terms),
        bytes: Vec::new(),
        effects: Vec::new(),
    };
    driver.read_lines()?;
    let mut world = World::new(terms);
    let mut days = Vec::new();
    while days.len() < history.cycles.len()
        || (driver.auditor.events() < LEAST_EVENTS && days.len() < MOST_CYCLES)
    {
        let which = usize::from(days.len() >= history.change_at);
        let words = &history.cycles[days.len() % history.cycles.len()];
        let day = driver.next_day(&mut world, words);
        let ran = driver.cycle(&standings[which], &limits[which], &day);
        let was_refused =
            ran.map_err(|error| driver.about(&format!("day {}: {error}", days.len()), &day))?;
        days.push(Lived {
            which,
            day,
            was_refused,
        });
    }
    let events = driver.auditor.events();
    Ok(Ran {
        terms,
        limits,
        days,
        bytes: driver.bytes,
        events,
    })
}

impl Driver {
    /// What went wrong, with the day and the records of its cycle.
    fn about(&self, error: &str, day: &Day) -> String {
        let lines = String::from_utf8_lossy(&self.bytes);
        let is_start = |line: &str| line.contains(r#""kind":"cycle""#);
        let first = lines.lines().collect::<Vec<_>>();
        let start = first.iter().rposition(|line| is_start(line)).unwrap_or(0);
        let records = first.get(start..).unwrap_or_default().join("\n");
        format!("{error}\n{day:?}\n{records}")
    }

    fn next_day(&mut self, world: &mut World, words: &[u16]) -> Day {
        let last = self.engine.last_accepted().map(|last| last.as_of);
        let held = self.auditor.held();
        world.day(
            &mut Tape::new(words),
            &held,
            last,
            self.engine.must_unwind(),
        )
    }

    /// Runs a day; true if its mandate was refused.
    fn cycle(
        &mut self,
        standing: &Arc<Standing>,
        limits: &Limits,
        day: &Day,
    ) -> Result<bool, String> {
        self.broker.begin_day(day.seed, later(day.next, -1));
        let books = self.engine.accounts().books();
        let cash = CURRENCIES.map(|code| {
            let cash = books.balance(&code.parse().expect("a currency"), Account::Cash);
            Decimal::from_i128_with_scale(cash.units(), 8)
        });
        let facts = |is_action| Facts {
            standing: Arc::clone(standing),
            limits: limits.clone(),
            day: day.clone(),
            is_action,
            cash,
        };
        let (last, held) = (self.engine.last_accepted(), self.engine.held());
        let market = documents::market(day, Rows::Ascending);
        let Some(mandate) = documents::mandate(day, Rows::Ascending) else {
            self.action(standing, facts(true), market)?;
            return Ok(false);
        };
        let unwinds = self.engine.must_unwind();
        let check = CycleInput::check(standing, None, mandate, market.clone(), last, held);
        match check {
            Ok(input) => {
                self.auditor.begin(facts(false));
                let event = self.begun(input);
                self.perform(event, Some(day.next))?;
                Ok(false)
            }
            Err(refusal) => {
                self.auditor.expect_refusal(day)?;
                self.perform(Event::Refused(Box::new(refusal)), None)?;
                if unwinds {
                    self.action(standing, facts(true), market)?;
                }
                Ok(true)
            }
        }
    }

    fn action(&mut self, standing: &Arc<Standing>, facts: Facts, market: Market) -> Check {
        let (last, held) = (self.engine.last_accepted(), self.engine.held());
        let input = CycleInput::check_action(standing, market, last, held);
        let input = input.map_err(|refusal| format!("an action was refused: {refusal}"))?;
        self.auditor.begin(facts);
        let event = self.begun(input);
        self.perform(event, None)
    }

    /// A cycle with the broker's own account: whatever was traded, it is as the books have it.
    fn begun(&mut self, input: CycleInput) -> Event {
        self.broker.learn(input.events());
        let statement = self.broker.statement(input.as_of());
        Event::Cycle(Box::new(input), BrokerAccount::stated(statement))
    }

    /// As [`Runner`] does it.
    fn perform(&mut self, event: Event, superseded_at: Option<UtcTime>) -> Check {
        let mut queue = VecDeque::new();
        let mut news: Vec<BrokerEvent> = Vec::new();
        let mut wake_at = None;
        self.tell(event, &mut queue)?;
        loop {
            while let Some(effect) = queue.pop_front() {
                match effect {
                    Effect::KeepDocuments | Effect::KeepRecords | Effect::Alert(_) => {}
                    Effect::Cancel(order_id) => {
                        return Err(format!(
                            "nobody ordered a stop, and {order_id} was cancelled"
                        ));
                    }
                    Effect::Submit(submission) => {
                        self.auditor.submitted(&submission)?;
                        self.broker.submit(&submission, &mut news);
                    }
                    Effect::WakeAt(time) => wake_at = Some(time),
                    Effect::Sealed(_) => return Ok(()),
                }
            }
            if news.is_empty()
                && let Some(time) = wake_at.take()
            {
                let is_late = superseded_at.is_some_and(|next| next <= time);
                self.tell(
                    if is_late {
                        Event::Superseded
                    } else {
                        Event::Time(time)
                    },
                    &mut queue,
                )?;
                continue;
            }
            if news.is_empty() {
                self.broker.poll(&mut news);
            }
            if news.is_empty() {
                return Err("orders are open and the broker has no news".to_owned());
            }
            for event in news.drain(..) {
                self.tell(Event::Broker(event), &mut queue)?;
            }
        }
    }

    fn tell(&mut self, event: Event, queue: &mut VecDeque<Effect>) -> Check {
        let handled = self.engine.handle(event, &mut self.effects);
        self.read_lines()?;
        handled.map_err(|error| format!("the engine halted: {error}"))?;
        queue.extend(self.effects.drain(..));
        self.auditor.look(self.engine.accounts())
    }

    fn read_lines(&mut self) -> Check {
        let chain = self.engine.chain_mut();
        let lines = chain.pending().to_vec();
        chain.clear_pending();
        self.bytes.extend_from_slice(&lines);
        for line in lines
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let line = std::str::from_utf8(line).map_err(|error| error.to_string())?;
            let (_, json) = line.split_once(' ').ok_or("a line without a hash")?;
            let (envelope, record) = Record::parse(json).map_err(|error| error.to_string())?;
            self.auditor
                .read(&record)
                .map_err(|error| format!("record {} {}: {error}", envelope.seq, record.kind()))?;
        }
        Ok(())
    }
}

/// Keeps the lines in memory, or in a ledger that is synced at its end only.
pub(crate) enum Kept {
    Lines(Vec<u8>),
    Ledger(Box<LedgerWriter>),
}

impl LedgerSink for Kept {
    fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical: &str,
    ) -> Result<(), EngineError> {
        match self {
            Self::Lines(_) => Ok(()),
            Self::Ledger(writer) => Ok(writer.write_document(kind, hash, canonical)?),
        }
    }

    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        match self {
            Self::Lines(lines) => {
                lines.extend_from_slice(chain.pending());
                chain.clear_pending();
                Ok(())
            }
            Self::Ledger(writer) => Ok(writer.append(chain)?),
        }
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.records(chain)
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.records(chain)?;
        match self {
            Self::Lines(_) => Ok(()),
            Self::Ledger(writer) => Ok(writer.sync()?),
        }
    }
}

/// The same documents through the runner, with their rows in this order.
pub(crate) fn again(ran: &Ran, rows: Rows) -> Vec<u8> {
    let runner = run(ran, rows, new_chain(), Kept::Lines(Vec::new()));
    let Kept::Lines(lines) = runner.into_sink() else {
        return Vec::new();
    };
    lines
}

/// The same documents into a ledger.
pub(crate) fn into_ledger(ran: &Ran, directory: &std::path::Path) {
    let portfolio = "histories".parse().expect("an id");
    let (writer, chain) = LedgerWriter::create(directory, &portfolio).expect("creates");
    let runner = run(ran, Rows::Descending, chain, Kept::Ledger(Box::new(writer)));
    runner.finish().expect("is kept");
}

fn run(ran: &Ran, rows: Rows, chain: Chain, sink: Kept) -> Runner<Shared, Kept> {
    let standings = ran
        .limits
        .each_ref()
        .map(|limits| documents::standing(&ran.terms, limits, rows));
    let shared = Shared::new(broker(&ran.terms));
    let mut runner = Runner::new(engine(chain), shared.clone(), sink).expect("runs");
    for Lived {
        which,
        day,
        was_refused,
    } in &ran.days
    {
        shared.get().begin_day(day.seed, later(day.next, -1));
        let rows = if *was_refused { Rows::Ascending } else { rows };
        let market = documents::market(day, rows);
        let standing = &standings[*which];
        match documents::mandate(day, rows) {
            Some(mandate) => {
                block_on(runner.cycle(standing, None, mandate, market, Some(day.next)))
                    .expect("goes on");
            }
            None => {
                block_on(runner.unwind(standing, market)).expect("goes on");
            }
        }
    }
    runner
}
