//! Prices, targets and scores, joined by date into the documents of each cycle.

use std::io::Read;
use std::sync::Arc;

use ios012_core::UtcTime;

use super::events::Events;
use super::fx::Rates;
use super::targets::Targets;
use super::wide::{PORTFOLIO, Prices, Scores};
use super::{
    EVENTS, FX, HistorySummary, PRICES, SHOCK_SCORES, TARGETS, Tables, VOLATILITY, render,
};
use crate::cycle::Checks;
use crate::mandate::MandateBody;
use crate::market::{MarketBody, MarketRow};
use crate::text::Readable;
use crate::{
    ContractsError, Document, DocumentKind, Mandate, Market, Place, Refusal, RefusalCode,
    SignaturePolicy, Standing, Target, Token,
};

/// The issuer of a mandate that comes from a row of CSV.
const ISSUER: &str = "csv-history";
const DAY_MS: i64 = 86_400_000;

/// The cycles of a history, one after the other; memory does not grow with their number.
pub struct Cycles<R> {
    standing: Arc<Standing>,
    prices: Prices<R>,
    targets: Targets<R>,
    shock_scores: Option<Scores<R>>,
    volatility: Option<Scores<R>>,
    fx: Option<Rates<R>>,
    events: Option<Events<R>>,
    issuer: Token,
    prices_file: Arc<str>,
    targets_file: Arc<str>,
    mandate_size: usize,
    market_size: usize,
    failed: bool,
}

impl<R: Read> Cycles<R> {
    /// Reads the headers.
    ///
    /// # Errors
    /// A header that is not acceptable, or an input that cannot be read.
    pub fn new(standing: Arc<Standing>, tables: Tables<R>) -> Result<Self, ContractsError> {
        let registry = standing.registry();
        let scores = |input: Option<R>, file, with_portfolio| {
            input
                .map(|input| Scores::open(input, file, registry, with_portfolio))
                .transpose()
        };
        let issuer = Token::read(ISSUER).map_err(|fault| {
            Refusal::new(fault.code, DocumentKind::Mandate, TARGETS, Place::Whole)
        })?;
        Ok(Self {
            prices: Prices::open(tables.prices, registry)?,
            targets: Targets::open(tables.targets)?,
            shock_scores: scores(tables.shock_scores, SHOCK_SCORES, true)?,
            volatility: scores(tables.volatility, VOLATILITY, false)?,
            fx: (tables.fx.map(|input| Rates::open(input, registry))).transpose()?,
            events: tables.events.map(Events::open).transpose()?,
            issuer,
            prices_file: Arc::from(PRICES),
            targets_file: Arc::from(TARGETS),
            mandate_size: 0,
            market_size: 0,
            failed: false,
            standing,
        })
    }

    /// Reads everything and checks every rule that needs no books.
    ///
    /// # Errors
    /// The first row that is not acceptable, with its file, line and column.
    pub fn check(mut self) -> Result<HistorySummary, ContractsError> {
        if self.standing.scenario().signatures() == SignaturePolicy::Required {
            let place = Place::Cell {
                line: 1,
                column: "date".to_owned(),
            };
            let code = RefusalCode::SignatureMissing;
            let refusal = Refusal::new(code, DocumentKind::Mandate, TARGETS, place);
            let remedy = "set policy.signatures to optional; a mandate in CSV cannot be signed";
            return Err(refusal.remedy(remedy).into());
        }
        let mut summary: Option<HistorySummary> = None;
        while let Some((mandate, market)) = self.next_bodies()? {
            self.standing.check_keys(mandate.as_of)?;
            Checks::new(&self.standing, &mandate, &market)
                .with_files(TARGETS, PRICES)
                .rows(summary.map(|summary| summary.last))
                .map_err(|refusal| self.in_its_cell(refusal, mandate.as_of))?;
            let first = summary
                .as_ref()
                .map_or(mandate.as_of, |summary| summary.first);
            let before = summary.as_ref().map_or(0, |summary| summary.cycles);
            summary = Some(HistorySummary {
                cycles: before.saturating_add(1),
                first,
                last: mandate.as_of,
            });
        }
        while self.prices.advance()?.is_some() {}
        for scores in [&mut self.shock_scores, &mut self.volatility]
            .into_iter()
            .flatten()
        {
            scores.drain()?;
        }
        if let Some(fx) = &mut self.fx {
            fx.drain(self.standing.registry())?;
        }
        if let Some(events) = &mut self.events {
            events.drain()?;
        }
        summary.ok_or_else(|| {
            let kind = DocumentKind::Mandate;
            Refusal::new(RefusalCode::NoRows, kind, TARGETS, Place::Whole).into()
        })
    }

    fn next_documents(&mut self) -> Result<Option<(Mandate, Market)>, ContractsError> {
        let Some((mandate, market)) = self.next_bodies()? else {
            return Ok(None);
        };
        let text = render::mandate(&mandate, self.mandate_size);
        self.mandate_size = text.len().saturating_add(text.len() / 8);
        let file = Arc::clone(&self.targets_file);
        let mandate = Mandate {
            body: mandate,
            signature: None,
            document: Document::new(DocumentKind::Mandate, file, text, None),
        };
        let text = render::market(&market, self.market_size);
        self.market_size = text.len().saturating_add(text.len() / 8);
        let file = Arc::clone(&self.prices_file);
        let market = Market {
            body: market,
            document: Document::new(DocumentKind::Market, file, text, None),
        };
        Ok(Some((mandate, market)))
    }

    fn next_bodies(&mut self) -> Result<Option<(MandateBody, MarketBody)>, ContractsError> {
        let standing = Arc::clone(&self.standing);
        let registry = standing.registry();
        let Some(group) = self.targets.next_group(registry)? else {
            return Ok(None);
        };
        self.go_to(group.date)?;
        let as_of = group.date;
        let day_later = || {
            as_of.checked_add_milliseconds(DAY_MS).map_err(|_| {
                let refusal = self.targets.table().refuse_cell(RefusalCode::Time, 0);
                refusal.rule("a date must leave room for the day after it")
            })
        };
        let assets = registry.assets();
        let targets = self.targets.rows().iter().filter_map(|row| {
            Some(Target {
                asset_id: assets.get(row.asset)?.asset_id.clone(),
                exposure: row.exposure,
            })
        });
        let mandate = MandateBody {
            portfolio_id: standing.portfolio_id().clone(),
            issuer: self.issuer.clone(),
            as_of,
            valid_until: group.valid_until.map_or_else(day_later, Ok)?,
            cash_weight: None,
            targets: targets.collect(),
            regimes: None,
        };
        let scores = self.shock_scores.as_ref();
        let mut rows = Vec::with_capacity(assets.len());
        for (place, (asset, quote)) in assets.iter().zip(self.prices.quotes()).enumerate() {
            let Some(quote) = quote else {
                continue;
            };
            rows.push(MarketRow {
                asset_id: asset.asset_id.clone(),
                reference_price: quote.price,
                price_time: quote.time,
                market_open: quote.open,
                volatility: self
                    .volatility
                    .as_ref()
                    .and_then(|scores| scores.asset(place, as_of)),
                shock_score: scores.and_then(|scores| scores.asset(place, as_of)),
            });
        }
        let fx = self.fx.as_mut();
        let events = self.events.as_mut();
        let market = MarketBody {
            as_of,
            currency: standing.base_currency().clone(),
            rows,
            fx: fx.map_or(Ok(Vec::new()), |fx| fx.up_to(as_of, registry))?,
            events: events.map_or(Ok(Vec::new()), |events| events.up_to(as_of))?,
            portfolio_shock_score: scores.and_then(|scores| scores.portfolio(as_of)),
        };
        Ok(Some((mandate, market)))
    }

    /// Reads prices and scores up to a date, which must have prices.
    fn go_to(&mut self, date: UtcTime) -> Result<(), ContractsError> {
        while self.prices.date().is_none_or(|row| row < date) {
            if self.prices.advance()?.is_none() {
                break;
            }
        }
        if self.prices.date() != Some(date) {
            let line = self.targets.rows().iter().map(|row| row.line).min();
            let place = Place::Cell {
                line: line.unwrap_or_default(),
                column: "date".to_owned(),
            };
            let refusal = self.targets.table().refuse(RefusalCode::NoPriceRow, place);
            return Err(refusal.value(date).into());
        }
        for scores in [&mut self.shock_scores, &mut self.volatility]
            .into_iter()
            .flatten()
        {
            scores.seek(date)?;
        }
        Ok(())
    }

    /// Turns the row and field of a refusal into the line and column of the file they came from.
    fn in_its_cell(&self, mut refusal: Refusal, as_of: UtcTime) -> Refusal {
        refusal.detail_mut().as_of = Some(as_of);
        let scores = self
            .shock_scores
            .as_ref()
            .filter(|scores| scores.covers(as_of));
        let score_line = scores.map(Scores::line);
        match refusal.place.clone() {
            Place::Row {
                table: "targets",
                asset_id,
                field,
            } => {
                let registry = self.standing.registry();
                let asset = registry.position(asset_id.as_str());
                let row = self
                    .targets
                    .rows()
                    .iter()
                    .find(|row| Some(row.asset) == asset);
                refusal.detail_mut().place = Place::Cell {
                    line: row.map(|row| row.line).unwrap_or_default(),
                    column: field.to_owned(),
                };
            }
            Place::Row {
                asset_id,
                field: "shock_score",
                ..
            } => {
                missing_score(&mut refusal, score_line, asset_id.as_str(), as_of);
            }
            Place::Path(path) if path.starts_with("fx") => self.in_fx(&mut refusal, &path),
            Place::Path(path) if path.starts_with("events[") => self.in_events(&mut refusal, &path),
            Place::Path(path) if path == "portfolio_shock_score" => {
                missing_score(&mut refusal, score_line, PORTFOLIO, as_of);
            }
            Place::Row { asset_id, .. } => {
                refusal.detail_mut().place = Place::Cell {
                    line: self.prices.line(),
                    column: asset_id.to_string(),
                };
            }
            _ => {}
        }
        refusal
    }
}

impl<R: Read> Cycles<R> {
    /// From `fx[PAIR].rate` to the pair's column in the table of rates.
    fn in_fx(&self, refusal: &mut Refusal, path: &str) {
        let pair = inside(path).unwrap_or_default();
        let detail = refusal.detail_mut();
        FX.clone_into(&mut detail.file);
        let cell = self.fx.as_ref().map(|fx| fx.cell(pair));
        detail.place = cell.unwrap_or(Place::Whole);
        if detail.code == RefusalCode::NoRate {
            "add the rate to fx.csv, and its pair to fx_pairs of the registry"
                .clone_into(&mut detail.remedy);
        }
    }

    /// From `events[2].rate` to the line and column in the table of events.
    fn in_events(&self, refusal: &mut Refusal, path: &str) {
        let row = inside(path).and_then(|row| row.parse().ok());
        let member = path.rsplit('.').next().unwrap_or_default();
        let detail = refusal.detail_mut();
        EVENTS.clone_into(&mut detail.file);
        if let Some((events, row)) = self.events.as_ref().zip(row) {
            detail.place = events.cell(row, member);
        }
    }
}

/// What stands in the brackets of a path.
fn inside(path: &str) -> Option<&str> {
    path.split_once('[')?
        .1
        .split_once(']')
        .map(|(inside, _)| inside)
}

fn missing_score(refusal: &mut Refusal, line: Option<u64>, column: &str, as_of: UtcTime) {
    SHOCK_SCORES.clone_into(&mut refusal.detail_mut().file);
    refusal.detail_mut().remedy =
        format!("add the score of {column} at {as_of}, or remove the threshold");
    refusal.detail_mut().place = match line {
        Some(line) => Place::Cell {
            line,
            column: column.to_owned(),
        },
        None => Place::Whole,
    };
}

impl<R: Read> Iterator for Cycles<R> {
    type Item = Result<(Mandate, Market), ContractsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_documents();
        self.failed = next.is_err();
        next.transpose()
    }
}
