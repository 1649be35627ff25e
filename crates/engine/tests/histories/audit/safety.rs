//! Prices that stop a cycle, and the breakers of economic safety.

use ios012_core::UtcTime;
use ios012_lineage::Breaker;
use rust_decimal::Decimal;

use super::{Auditor, Check, Prices, ensure};
use crate::plan::{Block, Response};
use crate::world::{ASSETS, N, place, thousandths};

const DAY_MS: i64 = 86_400_000;

/// What the portfolio gained, and how far the breakers have tightened.
#[derive(Debug)]
pub(super) struct Safety {
    /// Opening and transfers, in base currency.
    capital: Decimal,
    peak: Decimal,
    last: Decimal,
    day: Option<i64>,
    day_open: Decimal,
    response: Option<Response>,
}

impl Safety {
    pub(super) const fn new(capital: Decimal) -> Self {
        Self {
            capital,
            peak: Decimal::ZERO,
            last: Decimal::ZERO,
            day: None,
            day_open: Decimal::ZERO,
            response: None,
        }
    }

    /// Capital that comes in is no gain.
    pub(super) fn comes_in(&mut self, amount: Decimal) {
        self.capital += amount;
    }

    pub(super) const fn response(&self) -> Option<Response> {
        self.response
    }

    pub(super) fn unwinds(&self) -> bool {
        self.response == Some(Response::ToCash)
    }

    pub(super) fn follow(&mut self, nlv: Decimal, as_of: UtcTime) {
        let gain = nlv - self.capital;
        let day = as_of.unix_milliseconds().div_euclid(DAY_MS);
        if self.day != Some(day) {
            self.day = Some(day);
            self.day_open = self.last;
        }
        self.last = gain;
        self.peak = self.peak.max(gain);
    }

    /// A loss as a fraction of what there was.
    fn loss(&self, nlv: Decimal, from: Decimal) -> Option<Decimal> {
        let before = self.capital + from;
        (before > Decimal::ZERO).then(|| (before - nlv) / before)
    }
}

/// A trip that must be, may be, or must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trip {
    Must,
    May,
    Never,
}

/// A cause, the response that IoS-006 asks for, and whether it trips.
type Judged = (&'static str, Option<Response>, Trip);

/// A measure above its limit trips; within roundings of it, either is right.
fn above(measure: Decimal, limit: Decimal, slack: Decimal) -> Trip {
    if measure > limit + slack {
        Trip::Must
    } else if measure < limit - slack {
        Trip::Never
    } else {
        Trip::May
    }
}

impl Auditor {
    /// Takes the prices of the day, unless one of them is beyond its band.
    pub(super) fn mark(&mut self) -> Check {
        let accepted = self.accepted;
        let held = self.held;
        let cycle = self.open()?;
        let day = cycle.facts.day.clone();
        let is_row = |at: usize| {
            if cycle.facts.is_action {
                cycle.concerned[at]
            } else {
                day.targets[at].is_some()
            }
        };
        let jumped: [bool; N] = std::array::from_fn(|at| {
            let (Some(band), Some(last), true) =
                (cycle.facts.limits.jump_band, accepted[at], is_row(at))
            else {
                return false;
            };
            let change = ((day.prices[at] - last) / last).abs();
            above(change, thousandths(band), Decimal::new(1, 11)) == Trip::Must
        });
        let rows: [bool; N] = std::array::from_fn(is_row);
        if cycle.unwinds {
            cycle.frozen = jumped;
        }
        let is_corrupt = !cycle.unwinds && jumped.contains(&true);
        cycle.prices = if is_corrupt {
            Prices::Corrupt
        } else {
            Prices::Taken
        };
        let frozen = cycle.frozen;
        if !is_corrupt {
            // A currency that nothing was ever settled in has no rate yet.
            let is_known = |currency: usize| {
                self.rates[currency].is_some()
                    || (0..N).any(|at| rows[at] && ASSETS[at].currency == currency)
            };
            let open = self.cycle.as_ref().ok_or("no cycle is open")?;
            let rates =
                [0, 1, 2].map(|currency| is_known(currency).then(|| open.rate_of(currency)));
            self.rates = rates;
            for at in (0..N).filter(|at| rows[*at] && !frozen[*at]) {
                self.accepted[at] = Some(day.prices[at]);
                if !held[at].is_zero() {
                    self.marks[at] = Some(day.prices[at]);
                }
            }
        }
        let (nlv, slack) = self.nlv();
        let cycle = self.open()?;
        (cycle.nlv, cycle.nlv_slack) = (nlv, slack);
        if !is_corrupt {
            self.safety.follow(nlv, day.as_of);
        }
        Ok(())
    }

    /// What must be, by the auditor's own numbers.
    fn trips(&self) -> Result<[Judged; 3], String> {
        let cycle = self.now()?;
        let (nlv, slack) = self.nlv();
        let limits = &cycle.facts.limits;
        let maintenance: Decimal = (0..N)
            .filter_map(|at| {
                let asset = &ASSETS[at];
                let size = self.held[at].abs()
                    * asset.notional(self.marks[at].filter(|_| !self.held[at].is_zero())?);
                Some(size * self.rates[asset.currency]? * thousandths(asset.maintenance))
            })
            .sum();
        let loss = |trigger: Option<(i64, Response)>, from| {
            let Some((limit, response)) = trigger else {
                return (None, Trip::Never);
            };
            let trip = match self.safety.loss(nlv, from) {
                Some(loss) => above(
                    loss,
                    thousandths(limit),
                    slack / nlv.abs().max(Decimal::ONE) + Decimal::new(1, 8),
                ),
                None => Trip::May,
            };
            (Some(response), trip)
        };
        let (day, day_trip) = loss(limits.daily_loss, self.safety.day_open);
        let (peak, peak_trip) = loss(limits.drawdown, self.safety.peak);
        Ok([
            (
                "maintenance_margin",
                limits.margin_breach,
                above(maintenance, nlv, slack + Decimal::new(1, 5)),
            ),
            ("daily_loss", day, day_trip),
            ("drawdown", peak, peak_trip),
        ])
    }

    /// A cycle that decides has no trip that aborts, and is as tight as its trips ask.
    pub(super) fn must_have_tripped(&self) -> Check {
        for (cause, response, trip) in self.trips()? {
            if let (Some(response), Trip::Must) = (response, trip) {
                ensure!(response != Response::Abort, "{cause} did not abort");
                ensure!(
                    self.safety.response >= Some(response),
                    "{cause} did not trip"
                );
            }
        }
        Ok(())
    }

    pub(super) fn breaker(&mut self, breaker: &Breaker) -> Check {
        let (cause, action) = (breaker.cause.as_str(), breaker.action.as_str());
        let about = || {
            let evidence = breaker
                .evidence
                .iter()
                .find(|line| line.name.as_str() == "asset_id");
            evidence.map(|line| place(line.value.as_str()))
        };
        match cause {
            "price_jump" => {
                let cycle = self.now()?;
                let at = about().ok_or("no asset")?;
                let is_right = if cycle.unwinds {
                    cycle.frozen[at] && action == "freeze"
                } else {
                    cycle.prices == Prices::Corrupt && action == "abort"
                };
                ensure!(
                    is_right,
                    "{action} for a price of {} that is in its band",
                    ASSETS[at].id
                );
                return Ok(());
            }
            "asset" => {
                let cycle = self.now()?;
                let at = about().ok_or("no asset")?;
                let block = match cycle.facts.limits.assets[at].shock {
                    Block::None => "none",
                    Block::ReduceOnly => "reduce_only",
                    Block::Flatten => "flatten",
                };
                let is_shocked = cycle.facts.day.shocks[at] > 3;
                ensure!(is_shocked && action == block, "{action} for no shock");
                return Ok(());
            }
            "nlv_not_positive" => {
                let (nlv, slack) = self.nlv();
                ensure!(action == "abort" && nlv <= slack, "NLV is {nlv}");
                return Ok(());
            }
            "repeated_execution" => {
                let at = about().ok_or("no asset")?;
                ensure!(
                    action == "reduce_only" && !self.trail.closed[at],
                    "closed twice"
                );
                self.trail.closed[at] = true;
                return Ok(());
            }
            _ => {}
        }
        let trips = self.trips()?;
        let trip = trips
            .iter()
            .find(|(name, ..)| *name == cause)
            .ok_or("a cause that no limit has")?;
        ensure!(trip.2 != Trip::Never, "{cause} tripped and was not reached");
        let asked = trip.1.map_or("reduce", Response::text);
        ensure!(asked == action, "{cause}: {action}, not {asked}");
        let tighter = match action {
            "reduce_only" => Some(Response::ReduceOnly),
            "to_cash" => Some(Response::ToCash),
            _ => None,
        };
        if let Some(response) = tighter {
            ensure!(Some(response) > self.safety.response, "{action} twice");
            self.safety.response = Some(response);
            let unwinds = self.safety.unwinds();
            self.open()?.unwinds = unwinds;
        }
        Ok(())
    }
}
