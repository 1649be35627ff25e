//! I1 to I4 on the records of a transition.

use ios012_lineage::{Decision, lineage_hash};
use rust_decimal::Decimal;

use super::{Auditor, Check, Cycle, Decided, Prices, ensure, exposure, price, sign};
use crate::plan::{Block, Response};
use crate::world::{ASSETS, N, place, thousandths};

/// A cap as the auditor sees it: its sum before and after, and its members.
struct Summed {
    name: String,
    before: Decimal,
    after: Decimal,
    cap: Decimal,
    slack: Decimal,
    members: [bool; N],
}

impl Cycle {
    /// Base currency for a unit of a currency, by the snapshot.
    pub(super) fn rate_of(&self, currency: usize) -> Decimal {
        let rate = self.facts.day.rates[currency];
        if currency == 2 {
            Decimal::ONE / rate
        } else {
            rate
        }
    }

    /// Exposure of one unit of an asset at reference price.
    pub(super) fn unit(&self, at: usize) -> Decimal {
        let asset = &ASSETS[at];
        let notional = asset.notional(self.facts.day.prices[at]) * self.rate_of(asset.currency);
        notional * Decimal::from(asset.factor) / self.nlv
    }

    pub(super) fn can_trade(&self, at: usize) -> bool {
        !self.facts.day.closed[at] && !self.frozen[at]
    }

    /// What roundings of money and of NLV may do to exposures that sum to `size`.
    pub(super) fn slack(&self, size: Decimal) -> Decimal {
        (self.nlv_slack + Decimal::new(2, 3)) / self.nlv * (Decimal::ONE + size)
            + Decimal::new(1, 10)
    }

    fn block(&self, at: usize, response: Option<Response>) -> Block {
        let limits = &self.facts.limits.assets[at];
        let shocked = limits.shock != Block::None && self.facts.day.shocks[at] > 3;
        let shock = if shocked { limits.shock } else { Block::None };
        let breaker = match response {
            _ if self.unwinds => Block::Flatten,
            Some(Response::ReduceOnly) => Block::ReduceOnly,
            Some(Response::ToCash) => Block::Flatten,
            _ => Block::None,
        };
        limits.block.max(shock).max(breaker)
    }
}

/// The parts of a move: what is kept and what is added.
pub(super) fn parts(decided: &Decided) -> (Decimal, Decimal) {
    let (before, after) = (decided.previous, decided.allowed);
    let kept = if sign(before) == sign(after) {
        before.abs().min(after.abs())
    } else {
        Decimal::ZERO
    };
    (kept, after.abs() - kept)
}

impl Auditor {
    pub(super) fn decision(&mut self, decision: &Decision) -> Check {
        let at = place(decision.asset_id.as_str());
        let held = self.held[at];
        let cycle = self.open()?;
        ensure!(
            cycle.prices == Prices::Taken,
            "a decision at a price that is not trusted"
        );
        ensure!(cycle.nlv > Decimal::ZERO, "a decision without capital");
        let day = &cycle.facts.day;
        ensure!(decision.timestamp == day.as_of, "timestamp");
        ensure!(
            price(decision.metadata.reference_price) == day.prices[at],
            "reference price"
        );
        let target = exposure(decision.target_exposure);
        let asked = if cycle.facts.is_action {
            Some(0)
        } else {
            day.targets[at]
        };
        ensure!(
            asked.map(thousandths) == Some(target),
            "a target of {target} that nobody asked"
        );
        if decision.metadata.transition == 0 {
            ensure!(
                cycle.decided[at].is_none(),
                "two decisions of one transition"
            );
        } else {
            ensure!(cycle.unwinds, "a second transition of a mandate");
            ensure!(
                cycle.orders.iter().all(|order| order.is_final),
                "a transition while orders are out"
            );
        }
        ensure!(
            decision.metadata.transition + 1 >= cycle.transitions,
            "transitions descend"
        );
        cycle.transitions = decision.metadata.transition + 1;
        let (previous, allowed) = (
            exposure(decision.previous_exposure),
            exposure(decision.allowed_exposure),
        );
        // A frozen asset is valued at its last mark, which the snapshot does not tell.
        if !cycle.frozen[at] {
            let own = held * cycle.unit(at);
            let slack = cycle.slack(own.abs());
            ensure!(
                (previous - own).abs() <= slack,
                "{} is {previous}, by the records {own}",
                ASSETS[at].id
            );
        }
        let hash = lineage_hash(
            decision.metadata.input_state_hash,
            decision.target_exposure,
            cycle.facts.standing.constraints().document().hash(),
        );
        ensure!(hash == decision.lineage_hash, "lineage_hash");
        cycle.counts[0] += 1;
        cycle.batch.push(at);
        cycle.decided[at] = Some(Decided {
            record: decision.clone(),
            previous,
            allowed,
        });
        Ok(())
    }

    /// Checks a transition once all of its decisions are there.
    pub(super) fn end_batch(&mut self) -> Check {
        let Some(cycle) = &mut self.cycle else {
            return Ok(());
        };
        if cycle.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut cycle.batch);
        let is_first = cycle.transitions == 1;
        cycle.is_new = is_first;
        for at in batch {
            self.own_limits(at)
                .map_err(|error| format!("{}: {error}", ASSETS[at].id))?;
        }
        if is_first {
            self.shared_limits()?;
            self.must_have_tripped()?;
        }
        Ok(())
    }

    /// I1, I2 and I4.
    fn own_limits(&self, at: usize) -> Check {
        let cycle = self.now()?;
        let decided = cycle.decided[at].as_ref().ok_or("no decision")?;
        let (before, after) = (decided.previous, decided.allowed);
        let limits = &cycle.facts.limits.assets[at];
        let [min, max, longest] = [limits.min, limits.max, limits.max_delta].map(thousandths);
        ensure!((after - before).abs() <= longest, "I2: {before} to {after}");
        if !cycle.can_trade(at) {
            ensure!(before == after, "a closed market: {before} to {after}");
            return Ok(());
        }
        let inside = |exposure: Decimal| min <= exposure && exposure <= max;
        let bound = if before.is_sign_negative() { -min } else { max };
        let came_nearer =
            sign(before) * sign(after) >= 0 && after.abs() <= bound.max(before.abs() - longest);
        ensure!(
            inside(after) || !inside(before) && came_nearer,
            "I1: {before} to {after} in {min} to {max}"
        );
        if cycle.block(at, self.safety.response()) != Block::None {
            let smaller = after.abs() <= before.abs() && sign(before) * sign(after) >= 0;
            ensure!(smaller, "I4: {before} to {after}");
        }
        Ok(())
    }

    fn caps(&self) -> Result<Vec<Summed>, String> {
        let cycle = self.now()?;
        let limits = &cycle.facts.limits;
        let moves: Vec<_> = cycle.decided.iter().flatten().collect();
        let sum = |members: &[bool; N], of: fn(&Decided) -> Decimal| -> Decimal {
            let rows = cycle
                .decided
                .iter()
                .zip(members)
                .filter(|(_, is_member)| **is_member);
            rows.filter_map(|(decided, _)| decided.as_ref().map(of))
                .sum()
        };
        let before: fn(&Decided) -> Decimal = |decided| decided.previous.abs();
        let after: fn(&Decided) -> Decimal = |decided| decided.allowed.abs();
        let mut caps = Vec::new();
        let named = limits
            .caps
            .iter()
            .map(|cap| (format!("{} {}", cap.kind, cap.name), cap.most, cap.members));
        for (name, cap, members) in named.chain([("gross".to_owned(), limits.gross, [true; N])]) {
            caps.push(Summed {
                name,
                before: sum(&members, before),
                after: sum(&members, after),
                cap: thousandths(cap),
                slack: Decimal::ZERO,
                members,
            });
        }
        let capital = |of: fn(&Decided) -> Decimal| -> Decimal {
            let rows = cycle.decided.iter().zip(&ASSETS);
            rows.filter_map(|(decided, asset)| Some(of(decided.as_ref()?) * asset.capital_rate()))
                .sum()
        };
        let used = capital(before);
        caps.push(Summed {
            name: "cash".to_owned(),
            before: used,
            after: capital(after),
            cap: Decimal::ONE - thousandths(limits.cash_floor),
            slack: cycle.slack(used) + Decimal::from(moves.len()) * Decimal::new(1, 12),
            members: [true; N],
        });
        Ok(caps)
    }

    /// I3.
    fn shared_limits(&self) -> Check {
        let cycle = self.now()?;
        for Summed {
            name,
            before,
            after,
            cap,
            slack,
            members,
        } in self.caps()?
        {
            if after <= cap + slack {
                continue;
            }
            ensure!(
                before > cap,
                "I3: {name} from {before} to {after} above {cap}"
            );
            ensure!(
                after <= before,
                "I3: {name} was broken at {before} and is {after}"
            );
            let rows = cycle
                .decided
                .iter()
                .enumerate()
                .filter(|(at, _)| members[*at]);
            let mut can_shrink = false;
            for (at, decided) in rows.filter_map(|(at, decided)| Some((at, decided.as_ref()?))) {
                let (_, increase) = parts(decided);
                ensure!(
                    increase.is_zero(),
                    "I3: {name} is broken and {} grows",
                    ASSETS[at].id
                );
                can_shrink |= cycle.can_trade(at) && !decided.previous.is_zero();
            }
            ensure!(
                !can_shrink || after < before,
                "I3: {name} is broken and stays"
            );
        }
        let moves = || cycle.decided.iter().flatten();
        let signed = |decided: &Decided, size: Decimal| {
            if decided.previous.is_sign_negative() {
                -size
            } else {
                size
            }
        };
        let reduced: Decimal = moves()
            .map(|decided| signed(decided, parts(decided).0))
            .sum();
        let after: Decimal = moves().map(|decided| decided.allowed).sum();
        let limit = thousandths(cycle.facts.limits.net);
        ensure!(
            after.abs() <= limit.max(reduced.abs()),
            "I3: net {after} above {limit}, {reduced} by reductions"
        );
        if reduced.abs() > limit {
            let heavier = sign(reduced);
            let grows = |decided: &&Decided| {
                sign(decided.allowed) == heavier && !parts(decided).1.is_zero()
            };
            ensure!(
                !moves().any(|decided| grows(&decided)),
                "I3: net is {reduced} and its heavier side grows"
            );
        }
        Ok(())
    }
}
