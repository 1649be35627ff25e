//! The documents that a cycle is decided from, out of tables or views (docs/postgres.md).
//!
//! Rows are rendered to the JSON of docs/documents.md and parsed by the parsers of files: there is one way
//! of validating, and one hash of one document wherever it came from.

mod constraints;
mod draft;
mod reading;
mod registry;
mod rows;
mod table;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use ios012_contracts::{
    Constraints, KeyRegistry, Mandate, Market, Place, Refusal, RefusalCode, Regimes, Scenario,
    Standing,
};
use ios012_core::{PortfolioId, UtcTime};
use serde_json::{Map, Value};

use self::draft::Draft;
use self::reading::Reading;
pub use self::reading::Told;
use self::rows::Rows;
use self::table::{Cell, Table};
use crate::worker::Worker;
use crate::{ConnectionParameters, PostgresError};

/// The inputs of all portfolios in a database, read with the rights of `ios012_reader` over one connection.
#[derive(Debug)]
pub struct PostgresInputs {
    worker: Worker<Reading>,
}

/// All tables as they stood at one moment. While it lives, nobody can alter or truncate them; inserting,
/// updating and deleting go on, and it does not see them.
#[derive(Debug)]
pub struct Snapshot<'inputs> {
    inputs: &'inputs PostgresInputs,
    portfolio_id: PortfolioId,
}

/// The documents of one cycle, each checked by itself. [`ios012_contracts::CycleInput::check`] does the rest.
#[derive(Debug, Clone)]
pub struct CycleDocuments {
    /// IoS-003, if the mandate names it.
    pub regimes: Option<Arc<Regimes>>,
    /// IoS-004.
    pub mandate: Mandate,
    /// The market snapshot of its `as_of`.
    pub market: Market,
}

impl PostgresInputs {
    /// Inputs of a database. It connects with its first snapshot, and anew after a lost connection; an answer
    /// is awaited for `answer`.
    ///
    /// # Errors
    /// [`PostgresError::Thread`].
    pub fn new(parameters: ConnectionParameters, answer: Duration) -> Result<Self, PostgresError> {
        let worker = Worker::start(Reading::new(parameters, answer))?;
        Ok(Self { worker })
    }

    /// The portfolios that the tables name, ascending.
    ///
    /// # Errors
    /// [`PostgresError::InputTable`] for a row without an id, and those of connecting.
    pub fn portfolios(&mut self) -> Result<Vec<PortfolioId>, PostgresError> {
        self.worker
            .ask(|runtime, reading| runtime.block_on(reading.portfolios()))?
    }

    /// Waits until a mandate is inserted or changed, or for as long as this.
    ///
    /// # Errors
    /// Those of connecting.
    pub fn wait(&mut self, limit: Duration) -> Result<Told, PostgresError> {
        self.worker
            .ask(move |runtime, reading| runtime.block_on(reading.wait(limit)))?
    }

    /// Begins to read of one portfolio: a read-only transaction of the isolation level REPEATABLE READ.
    ///
    /// # Errors
    /// [`PostgresError::InputTable`], and those of connecting.
    pub fn snapshot(&mut self, portfolio_id: &PortfolioId) -> Result<Snapshot<'_>, PostgresError> {
        self.worker
            .ask(|runtime, reading| runtime.block_on(reading.begin()))??;
        Ok(Snapshot {
            inputs: self,
            portfolio_id: portfolio_id.clone(),
        })
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // Where it cannot be ended the connection is given up, and the transaction with it.
        let _ = self
            .inputs
            .worker
            .ask(|runtime, reading| runtime.block_on(reading.end()));
    }
}

impl Snapshot<'_> {
    /// The documents that hold for many cycles: those that the row of the portfolio names. Keys do not come
    /// from the database, since whoever writes documents there could write keys too.
    ///
    /// # Errors
    /// [`PostgresError::Document`] for the first rule that does not hold, and those of the connection.
    pub fn standing(&self, keys: Option<KeyRegistry>) -> Result<Arc<Standing>, PostgresError> {
        let of = [self.portfolio_id.to_string()];
        let portfolio = self.rows(&tables::PORTFOLIO, &of)?;
        let row = portfolio.only("insert the portfolio's row")?;
        let registry_version = row.required("registry_version")?;
        let constraints_version = row.required("constraints_version")?;
        let positions = self.rows(&tables::PORTFOLIO_POSITIONS, &of)?;
        let scenario = scenario(&portfolio, &positions)?;

        let of = [registry_version.to_owned()];
        let registry = registry::Parts {
            document: self.rows(&tables::REGISTRY, &of)?,
            assets: self.rows(&tables::ASSETS, &of)?,
            symbols: self.rows(&tables::SYMBOLS, &of)?,
            fx_pairs: self.rows(&tables::FX_PAIRS, &of)?,
            calendar_days: self.rows(&tables::CALENDAR_DAYS, &of)?,
        };
        let registry = registry.parse()?;

        let of = [constraints_version.to_owned()];
        let limits = self.rows(&tables::CONSTRAINTS, &of)?;
        let members = self.rows(&tables::GROUP_MEMBERS, &of)?;
        let constraints: Constraints = constraints::parse(&limits, &members)?;
        let standing = Standing::check(scenario, Arc::new(registry), Arc::new(constraints), keys)?;
        Ok(Arc::new(standing))
    }

    /// The documents of the oldest mandate after a time, or of the oldest at all; nothing where there is none.
    /// A mandate that comes later with an earlier time is not found.
    ///
    /// # Errors
    /// [`PostgresError::Document`] for the first rule that does not hold, with the mandate's `as_of` where that is a
    /// time; and those of the connection.
    pub fn next(&self, after: Option<UtcTime>) -> Result<Option<CycleDocuments>, PostgresError> {
        let Some(as_of) = self.oldest(after)? else {
            return Ok(None);
        };
        let cycle = self.cycle(&as_of).map_err(|error| match error {
            PostgresError::Document(refusal) => {
                let known = Cell::Time.value(&as_of).as_str().map(str::parse);
                match known {
                    Some(Ok(as_of)) => refusal.of_cycle(as_of).into(),
                    _ => refusal.into(),
                }
            }
            other => other,
        })?;
        Ok(Some(cycle))
    }

    /// The time of the oldest mandate after a time: what is planned for then or later is superseded. A mandate
    /// whose time cannot be read supersedes nothing, and is refused when its turn comes.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn time_after(&self, after: UtcTime) -> Result<Option<UtcTime>, PostgresError> {
        let found = match self.oldest(Some(after)) {
            Err(PostgresError::Document(_)) => None,
            found => found?,
        };
        let time = found.map(|as_of| Cell::Time.value(&as_of));
        Ok(time.and_then(|as_of| as_of.as_str()?.parse().ok()))
    }

    /// The market snapshot of a time, for a portfolio that goes to cash whatever its mandate says.
    ///
    /// # Errors
    /// As for [`Self::next`].
    pub fn market(&self, as_of: UtcTime) -> Result<Market, PostgresError> {
        self.market_of(&[self.portfolio_id.to_string(), as_of.to_string()])
    }

    /// `as_of` as the database prints it.
    fn oldest(&self, after: Option<UtcTime>) -> Result<Option<String>, PostgresError> {
        let portfolio_id = self.portfolio_id.to_string();
        let after = after.map(|after| after.to_string());
        let found = self.inputs.worker.ask(move |runtime, reading| {
            runtime.block_on(reading.oldest_mandate(portfolio_id, after))
        })??;
        match found {
            None => Ok(None),
            Some(Some(as_of)) => Ok(Some(as_of)),
            Some(None) => {
                let table = &tables::MANDATE;
                let code = RefusalCode::MissingField;
                let place = Place::Path(format!("{}.as_of", table.name));
                let refusal = Refusal::new(code, table.document, table.name, place);
                let remedy = "write as_of and portfolio_id of every row, or remove the row";
                Err(refusal.remedy(remedy).into())
            }
        }
    }

    fn cycle(&self, as_of: &str) -> Result<CycleDocuments, PostgresError> {
        let of = [self.portfolio_id.to_string(), as_of.to_owned()];
        let document = self.rows(&tables::MANDATE, &of)?;
        let regimes_as_of = document.only("insert it")?.get("regimes_as_of");
        let regimes_as_of = regimes_as_of.map(str::to_owned);
        let targets = self.rows(&tables::TARGETS, &of)?;
        let claims = self.rows(&tables::CLAIMS, &of)?;
        let mandate = mandate(&document, &targets, &claims)?;
        let regimes = regimes_as_of
            .map(|as_of| self.regimes(&document, as_of))
            .transpose()?;
        Ok(CycleDocuments {
            regimes,
            mandate,
            market: self.market_of(&of)?,
        })
    }

    fn market_of(&self, of: &[String]) -> Result<Market, PostgresError> {
        Ok(market(
            &self.rows(&tables::MARKET, of)?,
            &self.rows(&tables::PRICES, of)?,
            &self.rows(&tables::FX, of)?,
            &self.rows(&tables::EVENTS, of)?,
        )?)
    }

    fn regimes(&self, mandate: &Rows, as_of: String) -> Result<Arc<Regimes>, PostgresError> {
        let of = [as_of];
        let document = self.rows(&tables::REGIME_DOCUMENT, &of)?;
        if document.is_empty() {
            let refusal = mandate.refuse(RefusalCode::RegimesMissing, 0, "regimes_as_of");
            let rule = "the IoS-003 document that a mandate names must be there";
            let remedy = "add its row to ios003_document, or correct regimes_as_of";
            return Err(refusal.rule(rule).remedy(remedy).into());
        }
        let rows = self.rows(&tables::REGIMES, &of)?;
        let mut draft = Draft::of(&document, "")?;
        draft.member("as_of", document.of("as_of"));
        draft.array("regimes", &rows);
        Ok(Arc::new(draft.parse(Regimes::parse)?))
    }

    fn rows(&self, table: &'static Table, of: &[String]) -> Result<Rows, PostgresError> {
        let values = of.to_vec();
        let cells = self
            .inputs
            .worker
            .ask(move |runtime, reading| runtime.block_on(reading.fetch(table, values)))??;
        Ok(Rows::new(table, of, cells)?)
    }
}

fn scenario(portfolio: &Rows, positions: &Rows) -> Result<Scenario, Refusal> {
    let mut draft = Draft::of(portfolio, "insert the portfolio's row")?;
    draft.member("portfolio_id", portfolio.of("portfolio_id"));
    for version in ["registry_version", "constraints_version"] {
        draft.remove(version);
    }
    let mut policy = Map::new();
    for member in ["signatures", "roles_sha256"] {
        if let Some(value) = draft.remove(member) {
            policy.insert(member.to_owned(), value);
        }
    }
    draft.member("policy", Value::Object(policy));
    draft.array_if_any("opening_positions", positions);
    draft.parse(Scenario::parse)
}

fn mandate(document: &Rows, targets: &Rows, claims: &Rows) -> Result<Mandate, Refusal> {
    let mut draft = Draft::of(document, "insert it")?;
    draft.member("portfolio_id", document.of("portfolio_id"));
    draft.member("as_of", document.of("as_of"));
    draft.remove("regimes_as_of");
    draft.array("targets", targets);
    draft.array_if_any("regimes", claims);
    draft.rename("regimes", "regime_as_of", "as_of");
    draft.parse(Mandate::parse)
}

fn market(document: &Rows, prices: &Rows, fx: &Rows, events: &Rows) -> Result<Market, Refusal> {
    let remedy = "write the market snapshot of a mandate before it, or in the same transaction";
    let mut draft = Draft::of(document, remedy)?;
    draft.member("as_of", document.of("as_of"));
    draft.array("rows", prices);
    draft.array_if_any("fx", fx);
    draft.array_if_any("events", events);
    draft.parse(Market::parse)
}
