//! The broker's account against the books and the last decision, scored before a cycle decides
//! anything (ADR-010; docs/decision.md, Execution drift).

use ios012_constraints::defcon::RedAction;
use ios012_constraints::discrepancy::{
    Discrepancy, Fact, PER_MILLE, Severity, amounts_differ, quantities_differ,
};
use ios012_contracts::CycleInput;
use ios012_core::account::Account;
use ios012_core::fixed::{exposure_of, fraction_of};
use ios012_core::{AssetId, Defcon, Exposure, Money, Quantity, Rounding};

use super::Engine;
use super::compare::Leaving;
use super::guard::Trip;
use super::reconcile::Differences;
use super::state::{NO_CYCLE, OpenCycle};
use crate::EngineError;

const BREAKER: &str = "execution_drift";

/// Exposure that the differences of all positions may come to: 0.1 % of NLV.
const EXPOSURE_TOLERANCE: Exposure = Exposure::from_units(Exposure::SCALE / PER_MILLE);

impl Engine {
    /// Scores what differs, and records it where the score warns or halts. A halted portfolio sends
    /// nothing, so there it is not asked again.
    pub(super) fn tell_drift(
        &mut self,
        differences: &Differences,
        decided: Option<&OpenCycle>,
    ) -> Result<(), EngineError> {
        if differences.are_none() || self.is_halted_by_level() {
            return Ok(());
        }
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let as_of = open.as_of();
        let discrepancy = self.discrepancy(open, decided, differences)?;
        let limits = open.input.constraints().limits().breakers.drift;
        let (cause, level, action) = match discrepancy.severity(limits)? {
            Severity::Tolerated => return Ok(()),
            Severity::Warn => ("warn", Defcon::Yellow, "none"),
            Severity::Halt => ("halt", Defcon::Black, "halt"),
        };
        let trip = Trip::new(BREAKER, cause, &self.evidence_of(discrepancy, differences)?)?;
        self.trip(&trip, action, level, RedAction::ReduceOnly, as_of)
    }

    fn discrepancy(
        &self,
        open: &OpenCycle,
        decided: Option<&OpenCycle>,
        differences: &Differences,
    ) -> Result<Discrepancy, EngineError> {
        let books = self.accounts.books();
        let mut found = Discrepancy::default();
        let (mut gone, mut come) = (0_usize, 0_usize);
        for (asset_id, broker) in &differences.positions {
            let booked = books.quantity(asset_id);
            gone += usize::from(broker.is_zero());
            come += usize::from(booked.is_zero());
            if quantities_differ(booked, *broker)? {
                found.note(Fact::Position);
            }
            if !was_allowed(&open.input, decided, asset_id, booked, *broker)? {
                found.note(Fact::Allowed);
            }
        }
        if gone != come {
            found.note(Fact::PositionCount);
        }
        for (code, broker) in &differences.cash {
            if amounts_differ(books.balance(code, Account::Cash), *broker)? {
                found.note(Fact::Cash);
            }
        }
        if !differences.open_orders.is_empty() {
            found.note(Fact::OpenOrders);
        }
        if differences.stated_at.is_some() {
            found.note(Fact::StatedAt);
        }
        let exposure = self.exposure_between(&open.input, &differences.positions)?;
        if exposure.is_none_or(|exposure| exposure > EXPOSURE_TOLERANCE) {
            found.note(Fact::Exposure);
        }
        Ok(found)
    }

    /// The exposure of all differences together, each without its sign; none if one of them has no
    /// price or there is no NLV to measure it by.
    fn exposure_between(
        &self,
        input: &CycleInput,
        positions: &[(AssetId, Quantity)],
    ) -> Result<Option<Exposure>, EngineError> {
        let mut sum = Money::ZERO;
        for (asset_id, broker) in positions {
            let difference = broker.checked_sub(self.accounts.books().quantity(asset_id))?;
            let Some(row) = row_of(input, asset_id) else {
                return Ok(None);
            };
            let row = input.rows().get(row).ok_or(EngineError::NoAsset)?;
            let spec = input.asset(row).ok_or(EngineError::NoAsset)?;
            let up = Rounding::AwayFromZero;
            let notional = spec.notional(difference.checked_abs()?, row.reference_price, up)?;
            let weighted = fraction_of(notional, spec.leverage_factor, up)?;
            sum = sum.checked_add(row.rate.to_base(weighted, up)?)?;
        }
        let nlv = self.accounts.nlv()?;
        if nlv.is_positive() {
            Ok(Some(exposure_of(sum, nlv, Rounding::AwayFromZero)?))
        } else {
            Ok(sum.is_zero().then_some(Exposure::ZERO))
        }
    }

    fn evidence_of(
        &self,
        discrepancy: Discrepancy,
        differences: &Differences,
    ) -> Result<Vec<(&'static str, String)>, EngineError> {
        let books = self.accounts.books();
        let facts: Vec<_> = discrepancy.facts().map(Fact::as_str).collect();
        let mut evidence = vec![
            ("score", discrepancy.score()?.to_string()),
            ("facts", facts.join(" ")),
        ];
        let positions = differences.positions.iter().map(|(id, broker)| {
            let booked = books.quantity(id);
            ("position", format!("{id} books {booked} broker {broker}"))
        });
        let cash = differences.cash.iter().map(|(code, broker)| {
            let booked = books.balance(code, Account::Cash);
            ("cash", format!("{code} books {booked} broker {broker}"))
        });
        evidence.extend(positions.chain(cash));
        let orders = differences.open_orders.iter();
        evidence.extend(orders.map(|id| ("open_order", id.to_string())));
        evidence.extend(
            differences
                .stated_at
                .map(|time| ("stated_at", time.to_string())),
        );
        Ok(evidence)
    }
}

/// Whether the broker's position is one that the last decision allowed: from what was held then to
/// what was allowed. Without a decision, and where an event changed the units since, it is from nothing
/// to what is booked.
fn was_allowed(
    input: &CycleInput,
    decided: Option<&OpenCycle>,
    asset_id: &AssetId,
    booked: Quantity,
    broker: Quantity,
) -> Result<bool, EngineError> {
    let is_changed = input.events().iter().any(|event| {
        let named = [event.kind.asset_id(), event.kind.into_asset()];
        named.contains(&Some(asset_id))
    });
    let decision = decided.filter(|_| !is_changed).and_then(|sealed| {
        let row = row_of(&sealed.input, asset_id)?;
        Some((sealed, row, sealed.rows.get(row)?))
    });
    let Some((sealed, row, decided)) = decision else {
        let (low, high) = (booked.min(Quantity::ZERO), booked.max(Quantity::ZERO));
        return Ok(low <= broker && broker <= high);
    };
    let market = sealed.input.rows().get(row);
    let market = market.ok_or(EngineError::NoAsset)?;
    let leaving = Leaving {
        spec: sealed.spec(row)?,
        price: market.reference_price,
        rate: market.rate,
        nlv: sealed.nlv_before,
        allowed: decided.allowed,
        held: decided.held,
        after: broker,
    };
    Ok(leaving.is_between()?)
}

/// The place of an asset among the rows of a cycle.
fn row_of(input: &CycleInput, asset_id: &AssetId) -> Option<usize> {
    let mut rows = input.rows().iter();
    rows.position(|row| {
        input
            .asset(row)
            .is_some_and(|spec| spec.asset_id == *asset_id)
    })
}
