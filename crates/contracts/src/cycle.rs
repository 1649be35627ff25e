//! The input of one cycle: documents that have been checked against each other.

use std::sync::Arc;

use ios012_core::fixed::compare_products;
use ios012_core::{
    AssetId, AssetSpec, BookEvent, Calendar, CurrencyCode, Exposure, FxRate, Price, Ratio, UtcTime,
};
use ios012_lineage::Hash;

mod action;
mod capital;
mod events;
mod rates;

use self::rates::Rates;
use crate::mandate::MandateBody;
use crate::market::{MarketBody, MarketRow};
use crate::{
    Constraints, Document, DocumentKind, Mandate, Market, Place, Refusal, RefusalCode, Regime,
    Regimes, Registry, Standing, Target,
};

/// Everything that one cycle decides from, but the books. [`CycleInput::check`] and, for a breaker
/// action, [`CycleInput::check_action`] are its only makers.
#[derive(Debug, Clone)]
pub struct CycleInput {
    standing: Arc<Standing>,
    regimes: Option<Arc<Regimes>>,
    mandate: Option<Mandate>,
    market: Market,
    rows: Vec<CycleRow>,
    rates: Rates,
}

/// One asset of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleRow {
    /// Its place in [`Registry::assets`].
    pub asset: usize,
    /// Its place in the assets of [`ios012_constraints::Limits`].
    pub limits: usize,
    /// What IoS-004 asks.
    pub target: Exposure,
    /// What a unit of the asset's currency is worth in base currency.
    pub rate: FxRate,
    /// Price at which exposure is measured, above zero, in the currency of the asset's price.
    pub reference_price: Price,
    /// When the price was made.
    pub price_time: UtcTime,
    /// Whether price and rate are as fresh as IoS-006 asks. A mandate is refused where they are
    /// not; a breaker action freezes the asset.
    pub price_trusted: bool,
    /// Whether the asset can be traded at `as_of`.
    pub market_open: bool,
    /// Volatility, zero or above.
    pub volatility: Option<Ratio>,
    /// Volatility shock score, zero or above.
    pub shock_score: Option<Ratio>,
}

/// The last cycle that was accepted, from the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAccepted {
    /// Its time.
    pub as_of: UtcTime,
    /// The hash of its mandate; a breaker action has none.
    pub mandate_hash: Option<Hash>,
}

impl CycleInput {
    /// Checks a mandate and a market snapshot against everything that holds for the portfolio.
    ///
    /// `last` is the last mandate that was accepted, and `held` is what the books hold.
    ///
    /// # Errors
    /// The first rule that does not hold, with the cycle's `as_of`.
    pub fn check(
        standing: &Arc<Standing>,
        regimes: Option<Arc<Regimes>>,
        mandate: Mandate,
        market: Market,
        last: Option<LastAccepted>,
        held: &[AssetId],
    ) -> Result<Self, Refusal> {
        let check = || {
            check_order(&mandate, last)?;
            check_signatures(standing, &mandate)?;
            let checks = Checks::new(standing, &mandate.body, &market.body)
                .with_files(mandate.document.file(), market.document.file());
            let last = last.map(|last| last.as_of);
            let (rows, rates) = checks.rows(last)?;
            checks.positions(held, last, &rows, &rates)?;
            checks.regimes(regimes.as_deref())?;
            Ok::<_, Refusal>((rows, rates))
        };
        match check() {
            Ok((rows, rates)) => Ok(Self {
                standing: Arc::clone(standing),
                regimes,
                mandate: Some(mandate),
                market,
                rows,
                rates,
            }),
            Err(mut refusal) => {
                refusal.detail_mut().as_of = Some(mandate.as_of());
                refusal.detail_mut().received = Some(match refusal.document {
                    DocumentKind::Market => market.document.received(),
                    DocumentKind::Registry => standing.registry().document().received(),
                    DocumentKind::Constraints => standing.constraints().document().received(),
                    _ => mandate.document.received(),
                });
                Err(refusal)
            }
        }
    }

    /// The assets of the cycle, in the order of `asset_id`: those that the mandate names.
    pub fn rows(&self) -> &[CycleRow] {
        &self.rows
    }

    /// What the registry says of a row's asset.
    pub fn asset(&self, row: &CycleRow) -> Option<&AssetSpec> {
        self.registry().assets().get(row.asset)
    }

    /// What a unit of a currency is worth in base currency: one for the base currency, none for a
    /// currency without a pair in the market snapshot.
    pub fn rate(&self, currency: &CurrencyCode) -> Option<FxRate> {
        if currency == self.standing.base_currency() {
            return Some(FxRate::ONE);
        }
        self.rates.get(currency)
    }

    /// When the market of a row trades; always where the registry has no calendars.
    pub fn calendar(&self, row: usize) -> &Calendar {
        const ALWAYS: &Calendar = &Calendar::always();
        let asset = self.rows.get(row).map(|row| row.asset);
        asset
            .and_then(|asset| self.registry().calendar(asset))
            .unwrap_or(ALWAYS)
    }

    /// The events of the books since the last cycle, in the order in which they are posted.
    pub fn events(&self) -> &[BookEvent] {
        self.market.events()
    }

    /// The time of the cycle.
    pub const fn as_of(&self) -> UtcTime {
        self.market.as_of()
    }

    /// Volatility shock score of the portfolio, zero or above.
    pub const fn portfolio_shock_score(&self) -> Option<Ratio> {
        self.market.portfolio_shock_score()
    }

    /// The documents that hold for many cycles.
    pub const fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// IoS-001.
    pub fn registry(&self) -> &Registry {
        self.standing.registry()
    }

    /// IoS-006.
    pub fn constraints(&self) -> &Constraints {
        self.standing.constraints()
    }

    /// The mandate; none for a breaker action.
    pub const fn mandate(&self) -> Option<&Mandate> {
        self.mandate.as_ref()
    }

    /// The mandate's document.
    pub fn mandate_document(&self) -> Option<&Document> {
        self.mandate().map(Mandate::document)
    }

    /// The market snapshot's document.
    pub const fn market_document(&self) -> &Document {
        self.market.document()
    }

    /// The IoS-003 document, if there is one.
    pub fn regime_document(&self) -> Option<&Document> {
        self.regimes.as_deref().map(Regimes::document)
    }

    /// The regime of an asset, where an IoS-003 document came with the mandate.
    pub fn regime(&self, asset_id: &AssetId) -> Option<&Regime> {
        self.regimes.as_deref()?.asset(asset_id)
    }

    /// What [`CycleInput::check`] is to be given next, once this input is accepted.
    pub fn as_last_accepted(&self) -> LastAccepted {
        LastAccepted {
            as_of: self.as_of(),
            mandate_hash: self.mandate_document().map(Document::hash),
        }
    }
}

fn check_order(mandate: &Mandate, last: Option<LastAccepted>) -> Result<(), Refusal> {
    let Some(last) = last else {
        return Ok(());
    };
    let refuse = |code| {
        let kind = DocumentKind::Mandate;
        let place = Place::path("as_of");
        let refusal = Refusal::new(code, kind, mandate.document.file(), place);
        refusal.value(mandate.as_of())
    };
    if Some(mandate.document.hash()) == last.mandate_hash {
        return Err(refuse(RefusalCode::Replayed));
    }
    if mandate.as_of() <= last.as_of {
        let rule = format!(
            "as_of must be after {}, that of the last accepted mandate",
            last.as_of
        );
        return Err(refuse(RefusalCode::Superseded).rule(rule));
    }
    Ok(())
}

fn check_signatures(standing: &Standing, mandate: &Mandate) -> Result<(), Refusal> {
    standing.check_keys(mandate.as_of())?;
    let signature = mandate.signature.as_ref();
    let period = standing.verify(&mandate.document, mandate.issuer(), signature)?;
    period.map_or(Ok(()), |period| {
        period.check(&mandate.document, mandate.as_of())
    })
}

/// The rules that a mandate and a market snapshot must keep together.
pub(crate) struct Checks<'input> {
    standing: &'input Standing,
    mandate: &'input MandateBody,
    market: &'input MarketBody,
    mandate_file: &'input str,
    market_file: &'input str,
    /// Whether this is a breaker action: what can't be trusted is frozen, not refused.
    is_action: bool,
}

impl<'input> Checks<'input> {
    pub(crate) const fn new(
        standing: &'input Standing,
        mandate: &'input MandateBody,
        market: &'input MarketBody,
    ) -> Self {
        Self {
            standing,
            mandate,
            market,
            mandate_file: DocumentKind::Mandate.file_name(),
            market_file: DocumentKind::Market.file_name(),
            is_action: false,
        }
    }

    pub(crate) const fn with_files(mut self, mandate: &'input str, market: &'input str) -> Self {
        self.mandate_file = mandate;
        self.market_file = market;
        self
    }

    /// The rows of the cycle and the rates of its currencies, with every rule that needs no books.
    /// `last` is the `as_of` of the last accepted mandate.
    pub(crate) fn rows(&self, last: Option<UtcTime>) -> Result<(Vec<CycleRow>, Rates), Refusal> {
        self.whole()?;
        let rates = self.rates()?;
        let limits = self.standing.constraints().limits();
        let registry = self.standing.registry();
        let mut rows = Vec::with_capacity(self.mandate.targets.len());
        let mut known = Cursor::new(registry.assets());
        let mut limited = Cursor::new(&limits.assets);
        let mut priced = Cursor::new(&self.market.rows);
        for target in &self.mandate.targets {
            let id = &target.asset_id;
            let asset = known
                .find(id, |asset| &asset.asset_id)
                .ok_or_else(|| self.refuse_target(RefusalCode::UnknownAsset, target))?;
            self.direction(asset.1, target)?;
            let (limits, limit) = limited
                .find(id, |row| &row.asset_id)
                .ok_or_else(|| self.refuse_target(RefusalCode::NoLimits, target))?;
            let (_, row) = priced
                .find(id, |row| &row.asset_id)
                .ok_or_else(|| self.refuse_target(RefusalCode::NoPrice, target))?;
            let quoted = if self.is_action {
                self.quoted_for_action(asset, row, &rates)?
            } else {
                self.leverage(asset.1, limit.max_leverage, target)?;
                if limit.shock.is_some() && row.shock_score.is_none() {
                    let code = RefusalCode::ShockScoreMissing;
                    return Err(self.refuse_market(code, row, "shock_score"));
                }
                self.quoted(asset, row, &rates)?
            };
            rows.push(CycleRow {
                asset: asset.0,
                limits,
                target: target.exposure,
                rate: quoted.rate,
                reference_price: row.reference_price,
                price_time: row.price_time,
                price_trusted: quoted.price_trusted,
                market_open: quoted.market_open,
                volatility: row.volatility,
                shock_score: row.shock_score,
            });
        }
        self.capital(&rows)?;
        self.events(&rates, last)?;
        Ok((rows, rates))
    }

    /// A price and a rate that are fresh, in a market whose calendar agrees.
    fn quoted(
        &self,
        (place, asset): (usize, &AssetSpec),
        row: &MarketRow,
        rates: &Rates,
    ) -> Result<Quoted, Refusal> {
        self.price(row)?;
        self.hours(place, row)?;
        Ok(Quoted {
            rate: self.rate(rates, &asset.currency, &asset.asset_id, row.market_open)?,
            price_trusted: true,
            market_open: row.market_open,
        })
    }

    /// The mandate's regimes are those of the IoS-003 document.
    fn regimes(&self, regimes: Option<&Regimes>) -> Result<(), Refusal> {
        let Some(claims) = &self.mandate.regimes else {
            return Ok(());
        };
        let Some(regimes) = regimes else {
            let place = Place::path("regimes");
            return Err(self.refuse_mandate(RefusalCode::RegimesMissing, place));
        };
        for claim in claims {
            let refuse =
                |field, value: &dyn std::fmt::Display, expected: &dyn std::fmt::Display| {
                    let place = Place::row("regimes", &claim.asset_id, field);
                    let refusal = self.refuse_mandate(RefusalCode::RegimeMismatch, place);
                    Err(refusal
                        .value(value)
                        .rule(format!("the IoS-003 document says {expected}")))
                };
            let Some(regime) = regimes.asset(&claim.asset_id) else {
                return refuse("asset_id", &claim.asset_id, &"nothing of this asset");
            };
            if claim.label != regime.label {
                return refuse("label", &claim.label, &regime.label);
            }
            if claim.model_id != regime.model_id {
                return refuse("model_id", &claim.model_id, &regime.model_id);
            }
            if claim.as_of != regimes.as_of() {
                return refuse("as_of", &claim.as_of, &regimes.as_of());
            }
        }
        Ok(())
    }

    fn whole(&self) -> Result<(), Refusal> {
        let (mandate, market) = (self.mandate, self.market);
        if mandate.portfolio_id != *self.standing.portfolio_id() {
            let place = Place::path("portfolio_id");
            let refusal = self.refuse_mandate(RefusalCode::PortfolioMismatch, place);
            let rule = format!("portfolio_id must be {}", self.standing.portfolio_id());
            return Err(refusal.value(&mandate.portfolio_id).rule(rule));
        }
        let refuse = |code, field| {
            Refusal::new(
                code,
                DocumentKind::Market,
                self.market_file,
                Place::path(field),
            )
        };
        if market.as_of != mandate.as_of {
            let rule = format!("as_of must be {}, that of the mandate", mandate.as_of);
            let refusal = refuse(RefusalCode::AsOfMismatch, "as_of");
            return Err(refusal.value(market.as_of).rule(rule));
        }
        if market.currency != *self.standing.base_currency() {
            let rule = format!(
                "currency must be {}, the base currency",
                self.standing.base_currency()
            );
            let refusal = refuse(RefusalCode::BaseCurrencyMismatch, "currency");
            return Err(refusal.value(&market.currency).rule(rule));
        }
        let limits = self.standing.constraints().limits();
        let asked = limits.soft_shock_threshold.is_some() || limits.hard_shock_threshold.is_some();
        if asked && !self.is_action && market.portfolio_shock_score.is_none() {
            return Err(refuse(
                RefusalCode::ShockScoreMissing,
                "portfolio_shock_score",
            ));
        }
        let mut known = Cursor::new(self.standing.registry().assets());
        for row in &market.rows {
            if known.find(&row.asset_id, |asset| &asset.asset_id).is_none() {
                let refusal = self.refuse_market(RefusalCode::UnknownAsset, row, "asset_id");
                return Err(refusal.value(&row.asset_id));
            }
        }
        Ok(())
    }

    fn direction(&self, asset: &AssetSpec, target: &Target) -> Result<(), Refusal> {
        let refuse = |code| {
            let place = Place::row("targets", &target.asset_id, "target_exposure");
            self.refuse_mandate(code, place).value(target.exposure)
        };
        if target.exposure.is_negative() && !asset.instrument.may_be_short() {
            return Err(refuse(RefusalCode::ShortSpot));
        }
        let as_of = self.market.as_of;
        if let Some(expiry) = asset.expiry.filter(|expiry| *expiry <= as_of)
            && !target.exposure.is_zero()
        {
            let rule = format!("the contract expired at {expiry}, so its target must be 0");
            return Err(refuse(RefusalCode::ExpiredContract).rule(rule));
        }
        Ok(())
    }

    fn leverage(&self, asset: &AssetSpec, bound: Ratio, target: &Target) -> Result<(), Refusal> {
        // The multiplier is rounded up, so it is within the bound exactly where the quotient is.
        let asked = [asset.leverage_factor.units(), Ratio::SCALE];
        let most = [bound.units(), asset.initial_margin_rate.units()];
        if compare_products(asked, most).is_le() {
            return Ok(());
        }
        match asset.leverage_multiplier() {
            Ok(multiplier) => {
                let refusal = self.refuse_target(RefusalCode::LeverageBound, target);
                Err(refusal.rule(format!(
                    "the leverage multiplier, leverage_factor / initial_margin_rate, is {multiplier}; max_leverage is {bound}"
                )))
            }
            Err(error) => {
                let refusal = self.refuse_target(RefusalCode::LeverageBound, target);
                Err(refusal.rule(error.to_string()))
            }
        }
    }

    fn price(&self, row: &MarketRow) -> Result<(), Refusal> {
        let as_of = self.market.as_of;
        let refuse = |code, rule: String| {
            let refusal = self.refuse_market(code, row, "price_time");
            Err(refusal.value(row.price_time).rule(rule))
        };
        if row.price_time > as_of {
            let rule = format!("a price must not be from after as_of, which is {as_of}");
            return refuse(RefusalCode::FuturePrice, rule);
        }
        if let Some(oldest_s) = self.too_old(row.price_time).filter(|_| row.market_open) {
            let rule = format!(
                "the price of an open market may be {oldest_s} s old (max_price_age_s) at {as_of}"
            );
            return refuse(RefusalCode::StalePrice, rule);
        }
        Ok(())
    }

    /// What the snapshot says of a market must agree with its calendar, which must reach `as_of`.
    /// A market may be closed while its calendar says open: that is a halt.
    fn hours(&self, asset: usize, row: &MarketRow) -> Result<(), Refusal> {
        let Some(calendar) = self.standing.registry().calendar(asset) else {
            return Ok(());
        };
        let as_of = self.market.as_of;
        match calendar.is_open(as_of) {
            Some(open) if open || !row.market_open => Ok(()),
            Some(_) => {
                let refusal = self.refuse_market(RefusalCode::MarketHours, row, "market_open");
                Err(refusal.value(row.market_open))
            }
            None => {
                let refusal = self.refuse_market(RefusalCode::CalendarGap, row, "asset_id");
                let rule = format!("the asset's calendar does not reach as_of, which is {as_of}");
                Err(refusal.value(&row.asset_id).rule(rule))
            }
        }
    }

    /// The age that prices may have, if a price of this time is older.
    fn too_old(&self, time: UtcTime) -> Option<u64> {
        let oldest_s = self.standing.constraints().limits().max_price_age_s?;
        let as_of_ms = self.market.as_of.unix_milliseconds();
        let age_ms = as_of_ms.abs_diff(time.unix_milliseconds());
        (age_ms > oldest_s.saturating_mul(1_000)).then_some(oldest_s)
    }

    fn refuse_mandate(&self, code: RefusalCode, place: Place) -> Refusal {
        Refusal::new(code, DocumentKind::Mandate, self.mandate_file, place)
    }

    fn refuse_target(&self, code: RefusalCode, target: &Target) -> Refusal {
        let place = Place::row("targets", &target.asset_id, "asset_id");
        self.refuse_mandate(code, place).value(&target.asset_id)
    }

    fn refuse_market(&self, code: RefusalCode, row: &MarketRow, field: &'static str) -> Refusal {
        let place = Place::row("rows", &row.asset_id, field);
        Refusal::new(code, DocumentKind::Market, self.market_file, place)
    }
}

/// What a snapshot's row comes to.
struct Quoted {
    rate: FxRate,
    price_trusted: bool,
    market_open: bool,
}

/// Finds ascending assets in a sorted table, where the next asset is mostly the next row.
struct Cursor<'rows, Row> {
    rows: &'rows [Row],
    next: usize,
}

impl<'rows, Row> Cursor<'rows, Row> {
    const fn new(rows: &'rows [Row]) -> Self {
        Self { rows, next: 0 }
    }

    fn find(
        &mut self,
        asset_id: &AssetId,
        id_of: impl Fn(&Row) -> &AssetId,
    ) -> Option<(usize, &'rows Row)> {
        let next = self.rows.get(self.next);
        let near = next.filter(|row| id_of(row) == asset_id);
        let at = match near {
            Some(_) => self.next,
            None => self
                .rows
                .binary_search_by(|row| id_of(row).cmp(asset_id))
                .ok()?,
        };
        self.next = at.saturating_add(1);
        self.rows.get(at).map(|row| (at, row))
    }
}
