//! A portfolio, its limits and its targets as plain integers, and what the code decides on it.

use ios012_constraints::{
    AssetLimits, AssetState, Binding, Block, Cap, Decisions, GroupCap, LimitSet, Limits,
    PortfolioState, ShockRule, Universe, decide,
};
use ios012_core::{AssetSpec, Exposure, Instrument, Money, Price, Quantity, Ratio};

/// A limit that no case reaches.
pub(crate) const UNLIMITED: i128 = 1_000_000_000_000_000;

/// One asset; exposures in quanta.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub(crate) previous: i128,
    pub(crate) target: i128,
    pub(crate) min: i128,
    pub(crate) max: i128,
    pub(crate) max_delta: i128,
    pub(crate) market_open: bool,
    pub(crate) price_trusted: bool,
    pub(crate) active: bool,
    pub(crate) block: Block,
    /// Threshold and block of the shock rule.
    pub(crate) shock: Option<(i128, Block)>,
    pub(crate) score: Option<i128>,
    pub(crate) ramp_remaining: u32,
    /// Its class and its currency, by number.
    pub(crate) class: usize,
    pub(crate) currency: usize,
    /// Its identifier, by number; unique.
    pub(crate) name: usize,
    /// Which groups list it.
    pub(crate) in_group: [bool; 2],
    /// Initial margin in hundredths of the notional, 1 to 100, of what is margined.
    pub(crate) margin: i128,
    /// Leverage factor of a token, 1 for all else.
    pub(crate) factor: i128,
}

/// One cycle; exposures in quanta.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) assets: Vec<Asset>,
    pub(crate) groups: [i128; 2],
    pub(crate) classes: [i128; 2],
    pub(crate) currencies: [i128; 2],
    pub(crate) gross: i128,
    pub(crate) net: i128,
    pub(crate) cash_headroom: i128,
    pub(crate) dead_band: i128,
    /// Blocks of every asset, by the portfolio's score and by a breaker.
    pub(crate) block: Block,
    pub(crate) breaker: Block,
}

/// What was decided, in the order of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) allowed: Vec<i128>,
    pub(crate) bindings: Vec<Vec<Binding>>,
}

impl Asset {
    pub(crate) fn open(&self) -> bool {
        self.market_open && self.active && self.price_trusted
    }

    /// The target once the asset's own ramp, bounds and blocks have had their say (steps 0, 1).
    pub(crate) fn bounded_target(&self, portfolio: Block) -> i128 {
        if !self.open() {
            return self.previous;
        }
        let steps = i128::from(self.ramp_remaining.max(1));
        let ramped = self.previous + (self.target - self.previous) / steps;
        match self.block_now(portfolio) {
            Block::Flatten => 0,
            Block::ReduceOnly => {
                let inside = ramped.clamp(self.min, self.max);
                if self.previous > 0 {
                    inside.clamp(0, self.previous)
                } else {
                    inside.clamp(self.previous, 0)
                }
            }
            Block::None => ramped.clamp(self.min, self.max),
        }
    }

    /// The strongest block. A shock rule without a score blocks increases.
    pub(crate) fn block_now(&self, portfolio: Block) -> Block {
        let shock = match (self.shock, self.score) {
            (Some(_), None) => Block::ReduceOnly,
            (Some((threshold, block)), Some(score)) if score > threshold => block,
            _ => Block::None,
        };
        self.block.max(shock).max(portfolio)
    }

    /// Capital that one unit of absolute exposure ties up, in quanta: `margin / factor`, up.
    pub(crate) fn rate(&self) -> i128 {
        let hundredths = self.margin * (Ratio::SCALE / 100);
        (hundredths + self.factor - 1) / self.factor
    }

    fn spec(&self) -> AssetSpec {
        AssetSpec {
            asset_id: asset_name(self.name).parse().unwrap(),
            class: format!("class-{}", self.class).parse().unwrap(),
            instrument: if self.factor > 1 {
                Instrument::LeveragedToken
            } else {
                Instrument::Margin
            },
            currency: ["EUR", "USD"][self.currency].parse().unwrap(),
            lot_size: Quantity::QUANTUM,
            tick_size: Price::QUANTUM,
            min_notional: Money::ZERO,
            contract_multiplier: Ratio::ONE,
            leverage_factor: Ratio::from_units(self.factor * Ratio::SCALE),
            initial_margin_rate: Ratio::from_units(self.margin * (Ratio::SCALE / 100)),
            maintenance_margin_rate: Ratio::QUANTUM,
            expiry: None,
            payoff: ios012_core::Payoff::Linear,
            active: self.active,
        }
    }

    fn limits(&self) -> AssetLimits {
        AssetLimits {
            asset_id: asset_name(self.name).parse().unwrap(),
            min_exposure: Exposure::from_units(self.min),
            max_exposure: Exposure::from_units(self.max),
            max_delta_exposure: Exposure::from_units(self.max_delta),
            max_leverage: Ratio::from_units(1_000 * Ratio::SCALE),
            block: self.block,
            max_order_quantity: None,
            shock: self.shock.map(|(threshold, block)| ShockRule {
                threshold: Ratio::from_units(threshold),
                block,
            }),
        }
    }
}

impl Case {
    /// Decides with fresh buffers.
    pub(crate) fn decide(&self) -> Outcome {
        self.decide_into(&mut Decisions::default())
    }

    /// Decides with buffers that may hold anything.
    pub(crate) fn decide_into(&self, decisions: &mut Decisions) -> Outcome {
        decide(
            &self.universe(),
            &self.states(),
            PortfolioState {
                cash_headroom: Exposure::from_units(self.cash_headroom),
                block: self.block,
                breaker: self.breaker,
            },
            decisions,
        )
        .unwrap();
        Outcome {
            allowed: decisions.allowed().iter().map(|e| e.units()).collect(),
            bindings: decisions.bindings().to_vec(),
        }
    }

    /// The stronger one of the blocks of every asset.
    pub(crate) fn block_of_all(&self) -> Block {
        self.block.max(self.breaker)
    }

    pub(crate) fn universe(&self) -> Universe {
        let limits = Limits::new(self.limit_set()).unwrap();
        let specs: Vec<AssetSpec> = self.assets.iter().map(Asset::spec).collect();
        Universe::new(&limits, &specs.iter().collect::<Vec<_>>()).unwrap()
    }

    pub(crate) fn states(&self) -> Vec<AssetState> {
        let state = |asset: &Asset| AssetState {
            previous: Exposure::from_units(asset.previous),
            target: Exposure::from_units(asset.target),
            market_open: asset.market_open,
            price_trusted: asset.price_trusted,
            shock_score: asset.score.map(Ratio::from_units),
            ramp_remaining: asset.ramp_remaining,
        };
        self.assets.iter().map(state).collect()
    }

    fn limit_set(&self) -> LimitSet {
        let exposure = Exposure::from_units;
        LimitSet {
            assets: self.assets.iter().map(Asset::limits).collect(),
            groups: (0..2)
                .map(|group| GroupCap {
                    id: format!("group-{group}").parse().unwrap(),
                    members: self
                        .members(|asset| asset.in_group[group])
                        .map(|asset| asset_name(asset.name).parse().unwrap())
                        .collect(),
                    cap: exposure(self.groups[group]),
                })
                .collect(),
            classes: (0..2)
                .map(|class| Cap {
                    id: format!("class-{class}").parse().unwrap(),
                    cap: exposure(self.classes[class]),
                })
                .collect(),
            currencies: (0..2)
                .map(|currency| Cap {
                    id: ["EUR", "USD"][currency].parse().unwrap(),
                    cap: exposure(self.currencies[currency]),
                })
                .collect(),
            gross: exposure(self.gross),
            net: exposure(self.net),
            cash_floor: Exposure::ZERO,
            dead_band: exposure(self.dead_band),
            ramp_steps: 1,
            fee: Ratio::ZERO,
            slippage: Ratio::ZERO,
            collar: Ratio::ZERO,
            max_order_notional: None,
            schedule: ios012_core::Schedule::Immediate,
            max_orders_per_cycle: None,
            max_turnover: None,
            max_daily_turnover: None,
            max_orders_per_minute: None,
            repeated_execution: None,
            breakers: ios012_constraints::BreakerLimits::default(),
            soft_shock_threshold: None,
            hard_shock_threshold: None,
            jump_band: None,
            max_price_age_s: None,
        }
    }

    fn members(&self, belongs: impl Fn(&Asset) -> bool) -> impl Iterator<Item = &Asset> {
        self.assets.iter().filter(move |asset| belongs(asset))
    }

    /// Every cap on a sum of absolute exposures: its name in bindings, its value, its members.
    pub(crate) fn caps(&self) -> Vec<(String, i128, Vec<usize>)> {
        let indices = |belongs: &dyn Fn(&Asset) -> bool| -> Vec<usize> {
            let all = 0..self.assets.len();
            all.filter(|&index| belongs(&self.assets[index])).collect()
        };
        let mut caps = Vec::new();
        for group in 0..2 {
            let members = indices(&|asset| asset.in_group[group]);
            caps.push((format!("group:group-{group}"), self.groups[group], members));
        }
        for class in 0..2 {
            let members = indices(&|asset| asset.class == class);
            caps.push((format!("class:class-{class}"), self.classes[class], members));
        }
        for (currency, code) in ["EUR", "USD"].into_iter().enumerate() {
            let members = indices(&|asset| asset.currency == currency);
            let cap = self.currencies[currency];
            caps.push((format!("currency:{code}"), cap, members));
        }
        caps.push(("gross".into(), self.gross, indices(&|_| true)));
        caps
    }

    /// Capital that these exposures tie up, in quanta of exposure times quanta of the rate.
    pub(crate) fn capital(&self, exposures: impl IntoIterator<Item = i128>) -> i128 {
        let pairs = self.assets.iter().zip(exposures);
        pairs
            .map(|(asset, exposure)| asset.rate() * exposure.abs())
            .sum()
    }

    /// Free capital once the portfolio holds these exposures, in the same quanta.
    pub(crate) fn free_capital(&self, exposures: impl IntoIterator<Item = i128>) -> i128 {
        let held = self.capital(self.assets.iter().map(|asset| asset.previous));
        self.cash_headroom * Ratio::SCALE + held - self.capital(exposures)
    }

    /// The same portfolio counted in a smaller unit.
    pub(crate) fn times(mut self, unit: i128) -> Self {
        for asset in &mut self.assets {
            for value in [
                &mut asset.previous,
                &mut asset.target,
                &mut asset.min,
                &mut asset.max,
                &mut asset.max_delta,
            ] {
                *value *= unit;
            }
        }
        for caps in [&mut self.groups, &mut self.classes, &mut self.currencies] {
            for cap in caps {
                *cap *= unit;
            }
        }
        self.gross *= unit;
        self.net *= unit;
        self.cash_headroom *= unit;
        self.dead_band *= unit;
        self
    }

    /// The same portfolio under other targets.
    pub(crate) fn with_targets(&self, targets: &[i128]) -> Self {
        let mut case = self.clone();
        for (asset, &target) in case.assets.iter_mut().zip(targets) {
            asset.target = target;
        }
        case
    }

    /// The same portfolio with the ramps over.
    pub(crate) fn without_ramps(mut self) -> Self {
        for asset in &mut self.assets {
            asset.ramp_remaining = 1;
        }
        self
    }

    /// The same portfolio with nothing but the portfolio limits in the way: markets open, no
    /// blocks, no ramps, `max_delta` and dead band off, previous inside its bounds.
    pub(crate) fn only_portfolio_limits(mut self) -> Self {
        for asset in &mut self.assets {
            asset.max_delta = UNLIMITED;
            asset.market_open = true;
            asset.price_trusted = true;
            asset.active = true;
            asset.block = Block::None;
            asset.shock = None;
            asset.ramp_remaining = 1;
            asset.previous = asset.previous.clamp(asset.min, asset.max);
        }
        self.dead_band = 0;
        self.block = Block::None;
        self.breaker = Block::None;
        self
    }

    /// The same portfolio with no portfolio limit.
    pub(crate) fn without_portfolio_limits(mut self) -> Self {
        self.groups = [UNLIMITED; 2];
        self.classes = [UNLIMITED; 2];
        self.currencies = [UNLIMITED; 2];
        self.gross = UNLIMITED;
        self.net = UNLIMITED;
        self.cash_headroom = UNLIMITED;
        self
    }

    /// The same portfolio without shorts.
    pub(crate) fn long_only(mut self) -> Self {
        for asset in &mut self.assets {
            asset.previous = asset.previous.abs();
            asset.target = asset.target.abs();
            asset.min = 0;
        }
        self
    }
}

/// Same-sign `min(|previous|, |target|)`, as a magnitude: the kept part (step 2).
pub(crate) fn kept(previous: i128, target: i128) -> i128 {
    if previous.signum() == target.signum() {
        previous.abs().min(target.abs())
    } else {
        0
    }
}

/// The part given up, as a magnitude.
pub(crate) fn reduction(previous: i128, target: i128) -> i128 {
    previous.abs() - kept(previous, target)
}

/// The part added, as a magnitude.
pub(crate) fn increase(previous: i128, target: i128) -> i128 {
    target.abs() - kept(previous, target)
}

/// Names whose byte order is not the numeric order.
fn asset_name(name: usize) -> String {
    format!("A{name}")
}
