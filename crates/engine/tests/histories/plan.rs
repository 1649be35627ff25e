//! What a random history is: numbers, from which limits and days are chosen. A number of zero always
//! chooses the plainest, so that a failure shrinks.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::world::{ASSETS, N};

/// The numbers of a history.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// Of the limits, before and after they change.
    pub(crate) limits: [Vec<u16>; 2],
    /// The cycle from which the second limits hold.
    pub(crate) change_at: usize,
    pub(crate) cycles: Vec<Vec<u16>>,
}

pub(crate) fn history() -> impl Strategy<Value = History> {
    let limits = || vec(any::<u16>(), 96);
    (
        limits(),
        limits(),
        4..24_usize,
        vec(vec(any::<u16>(), 64), 10..=18),
    )
        .prop_map(|(first, second, change_at, cycles)| History {
            limits: [first, second],
            change_at,
            cycles,
        })
}

/// Reads numbers one after another; after the last one, zeros.
pub(crate) struct Tape<'a> {
    words: &'a [u16],
}

impl<'a> Tape<'a> {
    pub(crate) const fn new(words: &'a [u16]) -> Self {
        Self { words }
    }

    pub(crate) fn word(&mut self) -> u16 {
        let Some((first, rest)) = self.words.split_first() else {
            return 0;
        };
        self.words = rest;
        *first
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u16) -> u16 {
        self.word() % end
    }

    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.word()) % from.len()]
    }

    /// From `least` to `most`, both included; zero on the tape is `least`.
    pub(crate) fn range(&mut self, least: i64, most: i64) -> i64 {
        least + i64::from(self.word()) % (most - least + 1)
    }

    /// True `times` of 16.
    pub(crate) fn is_one_of(&mut self, times: u16) -> bool {
        self.word() % 16 >= 16 - times
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Block {
    None,
    ReduceOnly,
    Flatten,
}

/// What a breaker does; in the order in which one is tighter than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Response {
    Abort,
    ReduceOnly,
    ToCash,
}

impl Response {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::ReduceOnly => "reduce_only",
            Self::ToCash => "to_cash",
        }
    }
}

/// Limits of one asset; exposures in thousandths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssetLimits {
    pub(crate) max: i64,
    pub(crate) min: i64,
    pub(crate) max_delta: i64,
    pub(crate) block: Block,
    /// Lots of the largest order.
    pub(crate) max_lots: Option<i64>,
    /// Whether a shock score above 3 blocks it.
    pub(crate) shock: Block,
}

/// A cap on the assets of a set.
#[derive(Debug, Clone)]
pub(crate) struct Cap {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) members: [bool; N],
    pub(crate) most: i64,
}

/// Limits; exposures in thousandths.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) assets: [AssetLimits; N],
    pub(crate) caps: Vec<Cap>,
    pub(crate) gross: i64,
    pub(crate) net: i64,
    pub(crate) cash_floor: i64,
    pub(crate) dead_band: i64,
    pub(crate) ramp_steps: i64,
    pub(crate) jump_band: Option<i64>,
    pub(crate) slippage_bps: i64,
    pub(crate) collar_bps: i64,
    pub(crate) max_order_notional: Option<i64>,
    pub(crate) twap: Option<(i64, i64)>,
    pub(crate) max_orders_per_cycle: Option<i64>,
    pub(crate) max_orders_per_minute: Option<i64>,
    pub(crate) max_turnover: Option<i64>,
    pub(crate) max_daily_turnover: Option<i64>,
    pub(crate) repeated: Option<(i64, i64)>,
    pub(crate) margin_breach: Option<Response>,
    pub(crate) daily_loss: Option<(i64, Response)>,
    pub(crate) drawdown: Option<(i64, Response)>,
}

/// What stays as it is over a history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Choice of lots.
    pub(crate) lots: usize,
    pub(crate) fee_bps: i64,
    /// Hours between cycles.
    pub(crate) hours: i64,
}

impl Terms {
    pub(crate) fn read(tape: &mut Tape<'_>) -> Self {
        Self {
            lots: usize::from(tape.below(3)),
            fee_bps: tape.choose(&[0, 1, 10, 30]),
            hours: tape.choose(&[24, 8, 5, 30, 1]),
        }
    }
}

const RESPONSES: [Response; 5] = [
    Response::ReduceOnly,
    Response::ToCash,
    Response::ToCash,
    Response::ToCash,
    Response::Abort,
];

impl Limits {
    pub(crate) fn read(tape: &mut Tape<'_>) -> Self {
        let dead_band = tape.choose(&[0, 5, 20]);
        let narrow = tape.is_one_of(6);
        let assets = std::array::from_fn(|at| Self::asset(tape, at, dead_band));
        let wide = |tape: &mut Tape<'_>, least: i64, most: i64| {
            if narrow {
                tape.range(least, most / 3)
            } else {
                tape.range(most / 2, most * 2)
            }
        };
        let (gross, net) = (wide(tape, 100, 3_000), wide(tape, 20, 1_200));
        let slices = tape
            .is_one_of(5)
            .then(|| (tape.range(2, 5), tape.choose(&[60, 10, 900])));
        Self {
            assets,
            caps: Self::caps(tape),
            gross,
            net,
            cash_floor: tape.choose(&[0, 20, 100, 300, 600]),
            dead_band,
            ramp_steps: tape.choose(&[1, 1, 1, 2, 4]),
            jump_band: tape.choose(&[None, Some(120), Some(200), Some(500)]),
            slippage_bps: tape.choose(&[0, 5]),
            collar_bps: tape.choose(&[20, 0, 50, 300]),
            max_order_notional: tape.choose(&[
                None,
                None,
                Some(400_000),
                Some(90_000),
                Some(30_000),
            ]),
            twap: slices,
            max_orders_per_cycle: tape.choose(&[None, None, None, Some(3), Some(8)]),
            max_orders_per_minute: tape.choose(&[None, None, None, None, Some(2), Some(6)]),
            max_turnover: tape.choose(&[None, None, None, Some(300), Some(1_500)]),
            max_daily_turnover: tape.choose(&[None, None, None, Some(800), Some(3_000)]),
            repeated: tape.choose(&[None, None, None, Some((4, 90_000)), Some((2, 30_000))]),
            margin_breach: tape.is_one_of(6).then(|| tape.choose(&RESPONSES)),
            daily_loss: tape
                .is_one_of(4)
                .then(|| (tape.range(2, 40), tape.choose(&RESPONSES))),
            drawdown: tape
                .is_one_of(4)
                .then(|| (tape.range(5, 80), tape.choose(&RESPONSES))),
        }
    }

    fn asset(tape: &mut Tape<'_>, at: usize, dead_band: i64) -> AssetLimits {
        let max = tape.choose(&[500, 300, 900, 100, 0]);
        let min = if ASSETS[at].kind.may_be_short() {
            tape.choose(&[-max, -max / 2, 0])
        } else {
            0
        };
        AssetLimits {
            max,
            min,
            max_delta: tape.choose(&[1_000, 400, 150, 60, 20]).max(dead_band),
            block: match tape.below(32) {
                30 => Block::ReduceOnly,
                31 => Block::Flatten,
                _ => Block::None,
            },
            max_lots: tape.is_one_of(2).then(|| tape.range(200, 3_000)),
            shock: if tape.is_one_of(1) {
                tape.choose(&[Block::ReduceOnly, Block::Flatten])
            } else {
                Block::None
            },
        }
    }

    fn caps(tape: &mut Tape<'_>) -> Vec<Cap> {
        let mut caps = Vec::new();
        for name in ["first", "second"] {
            if tape.is_one_of(6) {
                let mask = tape.word();
                caps.push(Cap {
                    kind: "group",
                    name: name.to_owned(),
                    members: std::array::from_fn(|at| mask >> at & 1 == 1),
                    most: tape.range(0, 900),
                });
            }
        }
        for class in ["equity", "metal"] {
            if tape.is_one_of(4) {
                caps.push(Cap {
                    kind: "class",
                    name: class.to_owned(),
                    members: ASSETS.map(|asset| asset.class == class),
                    most: tape.range(50, 900),
                });
            }
        }
        for (place, currency) in ["USD", "BTC", "JPY"].into_iter().enumerate() {
            if tape.is_one_of(3) {
                caps.push(Cap {
                    kind: "currency",
                    name: currency.to_owned(),
                    members: ASSETS.map(|asset| asset.currency == place),
                    most: tape.range(50, 1_500),
                });
            }
        }
        caps
    }
}
