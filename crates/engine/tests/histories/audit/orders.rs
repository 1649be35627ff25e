//! I9 and I10: every order at the moment it is sent, against everything that is out.

use ios012_broker::Submission;
use ios012_core::UtcTime;
use ios012_lineage::{Order, Residual, Side, order_id};
use rust_decimal::Decimal;

use super::{Auditor, Check, Cycle, Sent, ensure, price, quanta, sign, units};
use crate::plan::Block;
use crate::world::{ASSETS, N, place, thousandths};

const MINUTE_MS: i64 = 60_000;

impl Cycle {
    /// Units once everything that is out and may fill is filled.
    fn with_orders(&self, held: &[Decimal; N], counts: impl Fn(&Sent) -> bool) -> [Decimal; N] {
        let mut units = *held;
        for order in self
            .orders
            .iter()
            .filter(|order| !order.is_final && counts(order))
        {
            units[order.asset] += order.left * order.direction;
        }
        units
    }

    /// Signed exposures of units at reference prices.
    fn exposures(&self, units: &[Decimal; N]) -> [Decimal; N] {
        std::array::from_fn(|at| {
            if units[at].is_zero() {
                Decimal::ZERO
            } else {
                units[at] * self.unit(at)
            }
        })
    }

    /// The most base currency that an order may tie up and cost, at its limit.
    fn need(&self, order: &Sent, fee: Decimal) -> Decimal {
        let asset = &ASSETS[order.asset];
        let reference = self.facts.day.prices[order.asset];
        let margin = asset.notional(reference) * thousandths(asset.initial);
        let loss = (asset.value(order.limit) - asset.value(reference)) * order.direction;
        let cost = loss.max(Decimal::ZERO) + asset.notional(order.limit) * fee;
        order.left * (margin + cost) * self.rate_of(asset.currency)
    }
}

impl Auditor {
    pub(super) fn order(&mut self, record: &Order) -> Check {
        let sent = self.taken(record)?;
        let asset = &ASSETS[sent.asset];
        let cycle = self.open()?;
        cycle.legs[sent.asset] += 1;
        cycle.counts[1] += 1;
        cycle.orders.push(sent.clone());
        let what = format!(
            "{} {} {} at {}",
            record.side.as_str(),
            record.quantity,
            asset.id,
            record.limit_price
        );
        let checks = [
            self.by_itself(&sent, record.not_before),
            self.one_asset(&sent),
            if sent.reduces {
                Ok(())
            } else {
                self.increase(&sent)
            },
            self.pace(&sent, record.not_before),
        ];
        for check in checks {
            check.map_err(|error| format!("{what}: {error}"))?;
        }
        let value = sent.quantity * self.notional(&sent)?;
        self.trail.turnover_of_day += value;
        self.open()?.turnover += value;
        Ok(())
    }

    /// I9: an order has a decision of its cycle, from which its id is derived, and no other order has it.
    fn taken(&mut self, record: &Order) -> Result<Sent, String> {
        let at = place(record.asset_id.as_str());
        let held = self.held[at];
        let direction = if record.side == Side::Buy {
            Decimal::ONE
        } else {
            -Decimal::ONE
        };
        let is_new = self.trail.ids.insert(record.order_id);
        ensure!(is_new, "I9: an id for the second time");
        let cycle = self.now()?;
        let decided = cycle.decided[at]
            .as_ref()
            .ok_or("I9: an order without a decision")?;
        ensure!(
            record.leg == cycle.legs[at],
            "leg {}, not {}",
            record.leg,
            cycle.legs[at]
        );
        ensure!(
            record.order_id == order_id(decided.record.lineage_hash, record.leg),
            "I9: the id is not derived"
        );
        Ok(Sent {
            id: record.order_id,
            asset: at,
            direction,
            reduces: sign(held) != 0 && sign(held) != sign(direction),
            left: units(record.quantity),
            quantity: units(record.quantity),
            limit: price(record.limit_price),
            is_final: false,
        })
    }

    /// Base currency for the notional of one unit.
    fn notional(&self, sent: &Sent) -> Result<Decimal, String> {
        let cycle = self.now()?;
        let asset = &ASSETS[sent.asset];
        Ok(asset.notional(cycle.facts.day.prices[sent.asset]) * cycle.rate_of(asset.currency))
    }

    /// Lot, tick, collar, sizes, market hours and the time of the mandate.
    fn by_itself(&self, sent: &Sent, at: UtcTime) -> Check {
        let cycle = self.now()?;
        let (asset, limits, day) = (&ASSETS[sent.asset], &cycle.facts.limits, &cycle.facts.day);
        ensure!(
            sent.quantity > Decimal::ZERO && (sent.quantity % self.lots[sent.asset]).is_zero(),
            "lot"
        );
        ensure!(
            sent.limit > Decimal::ZERO && (sent.limit % asset.tick()).is_zero(),
            "tick"
        );
        let reference = day.prices[sent.asset];
        let collar = Decimal::new(limits.collar_bps, 4);
        ensure!(
            (sent.limit - reference) * sent.direction <= reference * collar,
            "collar"
        );
        ensure!(cycle.can_trade(sent.asset), "its market is closed");
        ensure!(at >= day.as_of, "before the cycle");
        if let (Some(until), false) = (day.until, cycle.unwinds) {
            ensure!(
                at < day.next,
                "leaves at {at}, and a newer mandate is there"
            );
            ensure!(
                at < until,
                "leaves at {at}, and the mandate ends at {until}"
            );
        }
        let value = sent.quantity * self.notional(sent)?;
        if let Some(most) = limits.max_order_notional {
            ensure!(
                value <= Decimal::from(most) + Decimal::new(1, 2),
                "notional {value}"
            );
        }
        if let Some(lots) = limits.assets[sent.asset].max_lots {
            ensure!(
                sent.quantity <= self.lots[sent.asset] * Decimal::from(lots),
                "units"
            );
        }
        let least = Decimal::from(asset.min_notional);
        let after = cycle.with_orders(&self.held, |order| order.asset == sent.asset)[sent.asset];
        let closes = sent.reduces && after.is_zero();
        let local = sent.quantity * asset.notional(reference);
        ensure!(closes || local >= least - quanta(1), "smallest notional");
        Ok(())
    }

    /// A reduction ends between what is held and what is allowed, an increase at most at what is allowed.
    fn one_asset(&self, sent: &Sent) -> Check {
        let cycle = self.now()?;
        let at = sent.asset;
        let decided = cycle.decided[at].as_ref().ok_or("no decision")?;
        let out = cycle
            .orders
            .iter()
            .filter(|order| order.asset == at && !order.is_final);
        ensure!(
            out.clone().all(|order| order.reduces == sent.reduces),
            "both directions are out"
        );
        let after = cycle.with_orders(&self.held, |order| order.asset == at)[at];
        let reached = after * cycle.unit(at);
        let slack = cycle.slack(reached.abs());
        if sent.reduces {
            ensure!(
                sign(after) * sign(self.held[at]) >= 0,
                "sells more than is held: {after} of {}",
                self.held[at]
            );
            let keeps = sign(decided.allowed) == sign(self.held[at]);
            ensure!(
                !keeps || reached.abs() + slack >= decided.allowed.abs(),
                "{reached} is less than is allowed: {}",
                decided.allowed
            );
            ensure!(
                decided.allowed.abs() < decided.previous.abs() || !keeps,
                "reduces what was to grow"
            );
        } else {
            ensure!(
                sign(after) == sign(decided.allowed),
                "grows on the other side"
            );
            ensure!(
                reached.abs() <= decided.allowed.abs() + slack,
                "{reached} is more than is allowed: {}",
                decided.allowed
            );
            let block = cycle.facts.limits.assets[at].block;
            ensure!(block == Block::None, "grows while it is blocked");
        }
        Ok(())
    }

    /// I10: whichever of the orders that are out are filled at their limits, every limit holds.
    fn increase(&self, sent: &Sent) -> Check {
        let cycle = self.now()?;
        ensure!(
            self.safety.response().is_none(),
            "I9: a breaker only reduces"
        );
        ensure!(
            !cycle.unwinds && !cycle.facts.is_action,
            "I9: grows without a mandate"
        );
        let waits_for = cycle
            .orders
            .iter()
            .find(|order| order.reduces && !order.is_final);
        ensure!(
            waits_for.is_none(),
            "I10: leaves while a reduction is out: {waits_for:?}"
        );
        ensure!(!self.trail.closed[sent.asset], "its asset is closed");
        // Sums of absolute exposures are largest where everything is filled.
        let most = cycle.exposures(&cycle.with_orders(&self.held, |_| true));
        let limits = &cycle.facts.limits;
        let gross = ("gross", "", limits.gross, &[true; N]);
        let caps = limits
            .caps
            .iter()
            .map(|cap| (cap.kind, cap.name.as_str(), cap.most, &cap.members));
        for (kind, name, cap, members) in caps.chain([gross]) {
            if members[sent.asset] {
                let sum: Decimal = (0..N)
                    .filter(|at| members[*at])
                    .map(|at| most[at].abs())
                    .sum();
                let slack = cycle.slack(sum);
                ensure!(
                    sum <= thousandths(cap) + slack,
                    "I10: {kind} {name} reaches {sum} of {}",
                    thousandths(cap)
                );
            }
        }
        // Net is farthest where one side is filled and the other is not.
        let side = cycle
            .exposures(&cycle.with_orders(&self.held, |order| order.direction == sent.direction));
        let net: Decimal = side.iter().sum::<Decimal>() * sent.direction;
        let slack = cycle.slack(side.iter().map(Decimal::abs).sum());
        ensure!(
            net <= thousandths(limits.net) + slack,
            "I10: net reaches {net} of {}",
            thousandths(limits.net)
        );
        let (nlv, nlv_slack) = self.nlv();
        let tied: Decimal = (0..N).map(|at| self.tied(at)).sum();
        let out = cycle.orders.iter().filter(|order| !order.is_final);
        let needed: Decimal = out.map(|order| cycle.need(order, self.fee)).sum();
        let free = nlv - tied - needed;
        let floor = thousandths(limits.cash_floor) * cycle.nlv;
        ensure!(
            free >= floor - nlv_slack - Decimal::new(1, 2),
            "I10: cash reaches {free} of {floor}"
        );
        Ok(())
    }

    /// Initial margin of a position at its mark, in base currency.
    fn tied(&self, at: usize) -> Decimal {
        let asset = &ASSETS[at];
        match self.marks[at] {
            Some(mark) if !self.held[at].is_zero() => {
                let rate = self.rates[asset.currency].unwrap_or_default();
                self.held[at].abs() * asset.notional(mark) * rate * thousandths(asset.initial)
            }
            _ => Decimal::ZERO,
        }
    }

    /// Orders a minute, a cycle and a window; turnover of a cycle and a day.
    fn pace(&mut self, sent: &Sent, at: UtcTime) -> Check {
        let value = sent.quantity * self.notional(sent)?;
        let at = at.unix_milliseconds();
        let day = self.now()?.facts.day.as_of.unix_milliseconds();
        let day = Some(day.div_euclid(86_400_000));
        if self.trail.day != day {
            (self.trail.day, self.trail.turnover_of_day) = (day, Decimal::ZERO);
        }
        let cycle = self.now()?;
        let (limits, nlv) = (&cycle.facts.limits, cycle.nlv);
        let counted =
            |most: i64, count: usize| i64::try_from(count).is_ok_and(|count| count <= most);
        if !sent.reduces {
            if let Some(most) = limits.max_orders_per_cycle {
                ensure!(counted(most, cycle.orders.len()), "orders of a cycle");
            }
            let turnovers = [
                (limits.max_turnover, cycle.turnover),
                (limits.max_daily_turnover, self.trail.turnover_of_day),
            ];
            for (most, before) in turnovers {
                if let Some(most) = most {
                    ensure!(
                        before + value <= thousandths(most) * nlv + Decimal::new(1, 2),
                        "turnover"
                    );
                }
            }
        }
        let (minute, window) = (limits.max_orders_per_minute, limits.repeated);
        if let Some(most) = minute {
            self.trail.times.push(at);
            let recent = self
                .trail
                .times
                .iter()
                .filter(|sent| (at - MINUTE_MS + 1..=at).contains(sent));
            ensure!(counted(most, recent.count()), "orders of a minute");
        }
        if let (Some((most, window_s)), false) = (window, sent.reduces) {
            let key = (sent.asset, sent.direction.is_sign_positive());
            self.trail.increases.push((key.0, key.1, at));
            let from = at - window_s * 1_000 + 1;
            let inside =
                self.trail.increases.iter().filter(|(asset, side, time)| {
                    (*asset, *side) == key && (from..=at).contains(time)
                });
            ensure!(counted(most, inside.count()), "increases of one asset");
        }
        Ok(())
    }

    /// What leaves is what was intended, and the intent is written.
    pub(crate) fn submitted(&self, submission: &Submission) -> Check {
        let cycle = self.now()?;
        let intent = cycle
            .orders
            .iter()
            .find(|order| order.id == submission.order_id);
        let intent = intent.ok_or("I9: an order without its intent")?;
        let order = &submission.order;
        let same = ASSETS[intent.asset].id == order.asset_id().as_str()
            && intent.quantity == units(order.quantity())
            && intent.limit == price(order.limit_price())
            && intent.direction.is_sign_positive() == (order.side() == Side::Buy);
        ensure!(same, "an order that is not the intent: {order:?}");
        Ok(())
    }

    pub(super) fn residual(&mut self, residual: &Residual) -> Check {
        let at = place(residual.asset_id.as_str());
        let held = self.held[at];
        let cycle = self.open()?;
        ensure!(cycle.decided[at].is_some(), "something is left of nothing");
        ensure!(!residual.quantity.is_zero(), "nothing is left");
        let is_all = (held + units(residual.quantity)).is_zero();
        let is_small = residual.reason.as_str().ends_with("min_notional");
        ensure!(!(is_all && is_small), "a position is too small to leave");
        cycle.is_told[at] = true;
        Ok(())
    }
}
