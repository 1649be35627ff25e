//! I6 and I8, by deciding again from what the records tell.

use ios012_constraints::{
    AssetState, Block as CoreBlock, Decisions, PortfolioState, Universe, decide,
};
use ios012_core::{Accounts, AssetSpec, Exposure, Ratio};
use rust_decimal::Decimal;

use super::decisions::parts;
use super::{Auditor, Check, Cycle, Decided, ensure, exposure, sign};
use crate::plan::Response;
use crate::world::ASSETS;

/// The decisions of a cycle's first transition, and all that they were made from.
struct Again<'a> {
    universe: Universe,
    rows: Vec<(usize, &'a Decided)>,
    states: Vec<AssetState>,
    portfolio: PortfolioState,
}

impl Auditor {
    /// Decides again from the records and the books as they are: the same decisions, the same reductions
    /// where nothing wants to grow (I8), and nothing new where nothing was held back (I6).
    pub(super) fn decide_again(&mut self, accounts: &Accounts) -> Check {
        let response = self.safety.response();
        let Some(cycle) = self.cycle.as_mut().filter(|cycle| cycle.is_new) else {
            return Ok(());
        };
        cycle.is_new = false;
        let again = Again::new(cycle, response, accounts)?;
        for ((at, decided), allowed) in again.rows.iter().zip(again.decide(&again.states)?) {
            let is_same = decided.record.allowed_exposure == allowed;
            ensure!(
                is_same,
                "{} is decided otherwise: {allowed}",
                ASSETS[*at].id
            );
        }
        again.reductions_stand_alone()?;
        again.what_was_free_stays()
    }
}

impl<'a> Again<'a> {
    fn new(
        cycle: &'a Cycle,
        response: Option<Response>,
        accounts: &Accounts,
    ) -> Result<Self, String> {
        let registry = cycle.facts.standing.registry();
        let limits = cycle.facts.standing.constraints().limits();
        let rows = cycle.decided.iter().enumerate();
        let rows: Vec<(usize, &Decided)> = rows
            .filter_map(|(at, decided)| Some((at, decided.as_ref()?)))
            .collect();
        let specs: Vec<&AssetSpec> = rows.iter().map(|(at, _)| &registry.assets()[*at]).collect();
        let states = rows.iter().map(|(at, decided)| state(cycle, *at, decided));
        let nlv = accounts.nlv().map_err(|error| error.to_string())?;
        let free = accounts.books().free_margin();
        let free = free.map_err(|error| error.to_string())?;
        let portfolio = PortfolioState {
            cash_headroom: headroom(free.units(), nlv.units(), limits.cash_floor),
            block: CoreBlock::None,
            breaker: match response {
                _ if cycle.unwinds => CoreBlock::Flatten,
                Some(Response::ReduceOnly) => CoreBlock::ReduceOnly,
                _ => CoreBlock::None,
            },
        };
        Ok(Self {
            universe: Universe::new(limits, &specs).map_err(|error| error.to_string())?,
            states: states.collect(),
            rows,
            portfolio,
        })
    }

    fn decide(&self, states: &[AssetState]) -> Result<Vec<Exposure>, String> {
        self.decide_with(states, self.portfolio)
    }

    fn decide_with(
        &self,
        states: &[AssetState],
        portfolio: PortfolioState,
    ) -> Result<Vec<Exposure>, String> {
        let mut decisions = Decisions::default();
        let decided = decide(&self.universe, states, portfolio, &mut decisions);
        decided.map_err(|error| error.to_string())?;
        Ok(decisions.allowed().to_vec())
    }

    /// I8. Where a ramp slows a move, another target is another way.
    fn reductions_stand_alone(&self) -> Check {
        if self.states.iter().any(|state| state.ramp_remaining != 1) {
            return Ok(());
        }
        let mut shrinking = self.states.clone();
        for (state, (_, decided)) in shrinking.iter_mut().zip(&self.rows) {
            let (before, target) = (decided.previous, exposure(state.target));
            if sign(before) != sign(target) {
                state.target = Exposure::ZERO;
            } else if target.abs() > before.abs() {
                state.target = state.previous;
            }
        }
        for ((at, decided), alone) in self.rows.iter().zip(self.decide(&shrinking)?) {
            let (kept, _) = parts(decided);
            let is_same = exposure(alone).abs() == kept;
            ensure!(
                is_same,
                "I8: {} keeps {kept}, alone {alone}",
                ASSETS[*at].id
            );
        }
        Ok(())
    }

    /// I6.
    fn what_was_free_stays(&self) -> Check {
        if !self.rows.iter().all(|(_, decided)| is_free(decided)) {
            return Ok(());
        }
        let capital = |of: fn(&Decided) -> Decimal| -> Decimal {
            let rows = self.rows.iter();
            rows.map(|(at, decided)| of(decided).abs() * ASSETS[*at].capital_rate())
                .sum()
        };
        let freed = capital(|decided| decided.previous) - capital(|decided| decided.allowed);
        let freed = (freed * Decimal::from(1_000_000_000_000_i64)).floor();
        let freed = Exposure::from_units(i128::try_from(freed).unwrap_or_default());
        let headroom = self.portfolio.cash_headroom.checked_add(freed);
        let portfolio = PortfolioState {
            cash_headroom: headroom.map_err(|error| error.to_string())?,
            ..self.portfolio
        };
        let mut settled = self.states.clone();
        for (state, (_, decided)) in settled.iter_mut().zip(&self.rows) {
            state.previous = decided.record.allowed_exposure;
        }
        let anew = self.decide_with(&settled, portfolio)?;
        for ((at, decided), allowed) in self.rows.iter().zip(anew) {
            let stays = decided.record.allowed_exposure == allowed;
            ensure!(stays, "I6: {} moves again to {allowed}", ASSETS[*at].id);
        }
        Ok(())
    }
}

fn state(cycle: &Cycle, at: usize, decided: &Decided) -> AssetState {
    let score = i128::from(cycle.facts.day.shocks[at]) * Ratio::SCALE;
    AssetState {
        previous: decided.record.previous_exposure,
        target: decided.record.target_exposure,
        market_open: !cycle.facts.day.closed[at],
        price_trusted: !cycle.frozen[at],
        shock_score: Some(Ratio::from_units(score)),
        ramp_remaining: match decided.record.metadata.ramp_remaining {
            Some(remaining) if !cycle.unwinds => u32::try_from(remaining).unwrap_or(u32::MAX),
            _ => 1,
        },
    }
}

/// Whether only the asset's own limits are listed.
fn is_free(decided: &Decided) -> bool {
    let own = [
        "max_exposure",
        "min_exposure",
        "block",
        "shock",
        "breaker",
        "inactive",
        "frozen",
        "market_closed",
    ];
    let mut bindings = decided.record.metadata.binding.iter();
    bindings.all(|binding| {
        own.iter()
            .any(|own| binding.limit.as_str().starts_with(own))
    })
}

/// `(free − floor × NLV) / NLV` in quanta, rounded down, the floor rounded up.
fn headroom(free: i128, nlv: i128, floor: Exposure) -> Exposure {
    let scale = Exposure::SCALE;
    let floor = -(-(floor.units() * nlv)).div_euclid(scale);
    Exposure::from_units(((free - floor) * scale).div_euclid(nlv))
}
