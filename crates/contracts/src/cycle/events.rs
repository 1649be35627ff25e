//! Events of the books against the registry, the cycle and what is held.

use std::collections::BTreeMap;

use ios012_core::{AssetId, AssetSpec, BookEvent, BookEventKind, Instrument, UtcTime};

use super::rates::Rates;
use super::{Checks, CycleRow};
use crate::{DocumentKind, Place, Refusal, RefusalCode};

/// What is held, and since when its funding is to be checked; from the beginning of the books
/// nothing is known.
type Held = BTreeMap<AssetId, Option<UtcTime>>;

impl Checks<'_> {
    /// The rules of events that need no books.
    pub(super) fn events(&self, rates: &Rates, last: Option<UtcTime>) -> Result<(), Refusal> {
        for (row, event) in self.market.events.iter().enumerate() {
            self.event_time(row, event, last)?;
            match &event.kind {
                BookEventKind::Interest { currency, .. }
                | BookEventKind::Transfer { currency, .. } => {
                    self.rate(rates, currency, &format_args!("the {}", event.kind), false)?;
                }
                kind => self.event_assets(row, event, kind)?,
            }
        }
        Ok(())
    }

    /// What is held when the events are over is named, has not expired, and was funded.
    pub(super) fn positions(
        &self,
        held: &[AssetId],
        last: Option<UtcTime>,
        rows: &[CycleRow],
        rates: &Rates,
    ) -> Result<(), Refusal> {
        let moves = |event: &BookEvent| {
            matches!(event.kind, BookEventKind::Expiry { .. }) || event.kind.into_asset().is_some()
        };
        if !self.market.events.iter().any(moves) {
            return held
                .iter()
                .try_for_each(|asset_id| self.position(asset_id, last, rows));
        }
        let mut now: Held = held
            .iter()
            .map(|asset_id| (asset_id.clone(), last))
            .collect();
        for event in &self.market.events {
            let Some(asset_id) = event.kind.asset_id().filter(|_| moves(event)) else {
                continue;
            };
            let Some(since) = now.remove(asset_id) else {
                continue;
            };
            if let Some((place, asset)) = self.known(asset_id) {
                self.rate(rates, &asset.currency, asset_id, false)?;
                self.funded(place, asset, since, event.time)?;
            }
            if let Some(into) = event.kind.into_asset() {
                now.entry(into.clone()).or_insert(Some(event.time));
            }
        }
        now.iter()
            .try_for_each(|(asset_id, since)| self.position(asset_id, *since, rows))
    }

    fn position(
        &self,
        asset_id: &AssetId,
        since: Option<UtcTime>,
        rows: &[CycleRow],
    ) -> Result<(), Refusal> {
        let targets = &self.mandate.targets;
        let named = targets.binary_search_by(|target| target.asset_id.cmp(asset_id));
        let row = named.ok().and_then(|at| rows.get(at));
        let place = row.map(|row| row.asset);
        let asset = place.and_then(|at| self.standing.registry().assets().get(at));
        let Some((place, asset)) = place.zip(asset) else {
            // An expired contract has no price to name it with; it lacks its last event.
            if let Some((_, asset)) = self.known(asset_id) {
                self.not_expired(asset)?;
            }
            let refusal = if self.is_action {
                let (code, kind) = (RefusalCode::NoPrice, DocumentKind::Market);
                let refusal = Refusal::new(code, kind, self.market_file, Place::path("rows"));
                refusal.remedy("add the asset's row; an old price is enough, it freezes the asset")
            } else {
                self.refuse_mandate(RefusalCode::HeldNotNamed, Place::path("targets"))
            };
            return Err(refusal.value(asset_id));
        };
        self.not_expired(asset)?;
        self.funded(place, asset, since, self.market.as_of)
    }

    fn not_expired(&self, asset: &AssetSpec) -> Result<(), Refusal> {
        let as_of = self.market.as_of;
        let Some(expiry) = asset.expiry.filter(|expiry| *expiry <= as_of) else {
            return Ok(());
        };
        let refusal = self.refuse_events(RefusalCode::ExpiredHeld);
        Err(refusal.value(&asset.asset_id).rule(format!(
            "{} is held and expired at {expiry}, so its expiry or roll event is needed",
            asset.asset_id
        )))
    }

    /// A perpetual has a funding event at each funding time after `since`, up to `until`.
    fn funded(
        &self,
        place: usize,
        asset: &AssetSpec,
        since: Option<UtcTime>,
        until: UtcTime,
    ) -> Result<(), Refusal> {
        if asset.instrument != Instrument::Perpetual {
            return Ok(());
        }
        let listing = self.standing.registry().listings().get(place);
        let interval_s = listing.and_then(|listing| listing.funding_interval_s);
        let Some((since, interval_s)) = since.zip(interval_s) else {
            return Ok(());
        };
        // The registry bounds the interval to a year, so that nothing here leaves its range.
        let interval_ms = i64::try_from(interval_s)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000);
        let over = since.unix_milliseconds().rem_euclid(interval_ms);
        let mut step = interval_ms.saturating_sub(over);
        let mut time = since;
        while let Ok(next) = time.checked_add_milliseconds(step) {
            if next > until {
                break;
            }
            if !self.has_funding(&asset.asset_id, next) {
                let refusal = self.refuse_events(RefusalCode::FundingMissing);
                return Err(refusal.value(next).rule(format!(
                    "{} is held and is funded every {interval_s} s, so its funding of {next} is needed",
                    asset.asset_id
                )));
            }
            (time, step) = (next, interval_ms);
        }
        Ok(())
    }

    fn has_funding(&self, asset_id: &AssetId, time: UtcTime) -> bool {
        let events = &self.market.events;
        let first = events.partition_point(|event| event.time < time);
        let at_time = events.iter().skip(first);
        at_time
            .take_while(|event| event.time == time)
            .any(|event| {
                matches!(&event.kind, BookEventKind::Funding { asset_id: funded, .. } if funded == asset_id)
            })
    }

    fn event_time(
        &self,
        row: usize,
        event: &BookEvent,
        last: Option<UtcTime>,
    ) -> Result<(), Refusal> {
        let as_of = self.market.as_of;
        let refuse = |rule: String| {
            let refusal = self.refuse_event(RefusalCode::EventTime, row, "time");
            Err(refusal.value(event.time).rule(rule))
        };
        if event.time > as_of {
            return refuse(format!(
                "an event must not be from after as_of, which is {as_of}"
            ));
        }
        if let Some(last) = last.filter(|last| event.time <= *last) {
            return refuse(format!(
                "an event must be after {last}, the as_of of the last accepted mandate"
            ));
        }
        Ok(())
    }

    fn event_assets(
        &self,
        row: usize,
        event: &BookEvent,
        kind: &BookEventKind,
    ) -> Result<(), Refusal> {
        let Some(asset_id) = kind.asset_id() else {
            return Ok(());
        };
        let asset = self.event_asset(row, kind, asset_id, "asset_id")?;
        if let Some(into) = kind.into_asset() {
            let into = self.event_asset(row, kind, into, "into")?;
            if let Some(what) = difference(kind, asset, into) {
                let refusal = self.refuse_event(RefusalCode::EventAssets, row, "into");
                let rule = format!("asset_id and into of {kind} must have {what}");
                return Err(refusal.value(&into.asset_id).rule(rule));
            }
        }
        let early = matches!(kind, BookEventKind::Expiry { .. });
        if let Some(expiry) = asset.expiry.filter(|expiry| early && event.time < *expiry) {
            let refusal = self.refuse_event(RefusalCode::EventTime, row, "time");
            let rule = format!("the expiry event must not be before the expiry, which is {expiry}");
            return Err(refusal.value(event.time).rule(rule));
        }
        Ok(())
    }

    /// The asset of an event, which must suit its kind.
    fn event_asset(
        &self,
        row: usize,
        kind: &BookEventKind,
        asset_id: &AssetId,
        member: &'static str,
    ) -> Result<&AssetSpec, Refusal> {
        let Some((_, asset)) = self.known(asset_id) else {
            let refusal = self.refuse_event(RefusalCode::UnknownAsset, row, member);
            return Err(refusal.value(asset_id));
        };
        let suited = suited(kind);
        if suited.contains(&asset.instrument) {
            return Ok(asset);
        }
        let names: Vec<_> = suited
            .iter()
            .map(|instrument| instrument.as_str())
            .collect();
        let rule = format!(
            "{kind} is an event of these instruments: {}; {asset_id} is {}",
            names.join(", "),
            asset.instrument
        );
        let refusal = self.refuse_event(RefusalCode::EventInstrument, row, member);
        Err(refusal.value(asset_id).rule(rule))
    }

    fn known(&self, asset_id: &AssetId) -> Option<(usize, &AssetSpec)> {
        let registry = self.standing.registry();
        let place = registry.position(asset_id.as_str())?;
        Some((place, registry.assets().get(place)?))
    }

    fn refuse_event(&self, code: RefusalCode, row: usize, member: &str) -> Refusal {
        let place = Place::path(format_args!("events[{row}].{member}"));
        Refusal::new(code, DocumentKind::Market, self.market_file, place)
    }

    fn refuse_events(&self, code: RefusalCode) -> Refusal {
        let place = Place::path("events");
        Refusal::new(code, DocumentKind::Market, self.market_file, place)
    }
}

/// The instruments that an event is for.
fn suited(kind: &BookEventKind) -> &'static [Instrument] {
    use Instrument::{Future, Fx, LeveragedToken, Margin, Perpetual, Spot};
    match kind {
        BookEventKind::Settlement { .. }
        | BookEventKind::Expiry { .. }
        | BookEventKind::Roll { .. } => &[Future],
        BookEventKind::Funding { .. } => &[Perpetual],
        BookEventKind::Financing { .. } => &[Margin, Fx],
        BookEventKind::Dividend { .. } | BookEventKind::Split { .. } => {
            &[Spot, Margin, LeveragedToken]
        }
        BookEventKind::SymbolChange { .. }
        | BookEventKind::Interest { .. }
        | BookEventKind::Transfer { .. } => &Instrument::ALL,
    }
}

/// What keeps two assets from taking each other's place.
fn difference(kind: &BookEventKind, from: &AssetSpec, into: &AssetSpec) -> Option<&'static str> {
    let renamed = matches!(kind, BookEventKind::SymbolChange { .. });
    let parts = [
        ("the same instrument", from.instrument == into.instrument),
        ("the same currency", from.currency == into.currency),
        ("the same payoff", from.payoff == into.payoff),
        (
            "the same contract_multiplier",
            from.contract_multiplier == into.contract_multiplier,
        ),
        (
            "the same leverage_factor",
            from.leverage_factor == into.leverage_factor,
        ),
        (
            "the same initial_margin_rate",
            !renamed || from.initial_margin_rate == into.initial_margin_rate,
        ),
        (
            "the same maintenance_margin_rate",
            !renamed || from.maintenance_margin_rate == into.maintenance_margin_rate,
        ),
        ("the same expiry", !renamed || from.expiry == into.expiry),
    ];
    if from.asset_id == into.asset_id {
        return Some("two names");
    }
    parts
        .into_iter()
        .find(|(_, same)| !same)
        .map(|(what, _)| what)
}
