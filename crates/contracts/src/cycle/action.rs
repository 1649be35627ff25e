//! The input of a breaker action: a market snapshot without a mandate (ADR-016).

use std::sync::Arc;

use ios012_core::{AssetId, AssetSpec, BookEvent, Exposure, UtcTime};

use super::rates::Rates;
use super::{Checks, CycleInput, LastAccepted, Quoted};
use crate::mandate::MandateBody;
use crate::market::{MarketBody, MarketRow};
use crate::{DocumentKind, Market, Place, Refusal, RefusalCode, Standing, Target};

impl CycleInput {
    /// Checks a market snapshot for a breaker action: every asset that is held is to go to zero, and
    /// no mandate is asked for.
    ///
    /// A price or rate that a mandate would be refused for (stale, from after `as_of`) freezes its
    /// asset, and a market whose calendar is closed or ends counts as closed: one asset that can't be
    /// traded never keeps the others from going. A held asset without a row refuses the snapshot.
    ///
    /// # Errors
    /// The first rule that does not hold, with the cycle's `as_of`.
    pub fn check_action(
        standing: &Arc<Standing>,
        market: Market,
        last: Option<LastAccepted>,
        held: &[AssetId],
    ) -> Result<Self, Refusal> {
        let check = || {
            standing.check_keys(market.as_of())?;
            let body = stand_in(standing, &market.body, held);
            let mut checks = Checks::new(standing, &body, &market.body)
                .with_files(DocumentKind::Mandate.file_name(), market.document.file());
            checks.is_action = true;
            let last = last.map(|last| last.as_of);
            checks.is_new(last)?;
            let (rows, rates) = checks.rows(last)?;
            checks.positions(held, last, &rows, &rates)?;
            Ok::<_, Refusal>((rows, rates))
        };
        match check() {
            Ok((rows, rates)) => Ok(Self {
                standing: Arc::clone(standing),
                regimes: None,
                mandate: None,
                market,
                rows,
                rates,
            }),
            Err(mut refusal) => {
                refusal.detail_mut().as_of = Some(market.as_of());
                refusal.detail_mut().received = Some(market.document.received());
                Err(refusal)
            }
        }
    }
}

impl Checks<'_> {
    /// A snapshot serves one action, and none that is older than the last cycle.
    fn is_new(&self, last: Option<UtcTime>) -> Result<(), Refusal> {
        let as_of = self.market.as_of;
        let Some(last) = last.filter(|last| as_of <= *last) else {
            return Ok(());
        };
        let place = Place::path("as_of");
        let code = RefusalCode::Superseded;
        let refusal = Refusal::new(code, DocumentKind::Market, self.market_file, place);
        let rule = format!("as_of must be after {last}, that of the last cycle");
        Err(refusal
            .value(as_of)
            .rule(rule)
            .remedy("take a new snapshot"))
    }

    /// What a row comes to where nothing may keep the other assets from going.
    pub(super) fn quoted_for_action(
        &self,
        (place, asset): (usize, &AssetSpec),
        row: &MarketRow,
        rates: &Rates,
    ) -> Result<Quoted, Refusal> {
        let fresh = self.price(row).is_ok();
        let rate = self.rate(rates, &asset.currency, &asset.asset_id, row.market_open);
        let price_trusted = fresh && rate.is_ok();
        let rate = match rate {
            Ok(rate) => rate,
            // An old rate still tells what a currency is about worth; a missing one refuses.
            Err(_) => self.rate(rates, &asset.currency, &asset.asset_id, false)?,
        };
        Ok(Quoted {
            rate,
            price_trusted,
            market_open: row.market_open && self.hours(place, row).is_ok(),
        })
    }
}

/// Targets of zero for what is held, and for what events of the snapshot put in its place.
fn stand_in(standing: &Standing, market: &MarketBody, held: &[AssetId]) -> MandateBody {
    let comes_in = |event: &BookEvent, id: &AssetId| event.kind.into_asset() == Some(id);
    let concerns = |id: &AssetId| {
        held.binary_search(id).is_ok() || market.events.iter().any(|event| comes_in(event, id))
    };
    let rows = market.rows.iter().map(|row| &row.asset_id);
    let targets = rows.filter(|id| concerns(id)).map(|asset_id| Target {
        asset_id: asset_id.clone(),
        exposure: Exposure::ZERO,
    });
    MandateBody {
        portfolio_id: standing.portfolio_id().clone(),
        // Limits are what asks for it. No rule reads this, nor when it ends.
        issuer: standing.constraints().issuer().clone(),
        as_of: market.as_of,
        valid_until: market.as_of,
        cash_weight: None,
        targets: targets.collect(),
        regimes: None,
    }
}
