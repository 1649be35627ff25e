//! What the world says on one day: targets, prices, markets, and the events since the day before.

use ios012_core::UtcTime;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::plan::{Tape, Terms};
use crate::world::{ASSETS, EXPIRY, FUNDING_S, GCJ, GCM, Kind, MGN, MGN2, N, PERP, place};

#[derive(Debug, Clone)]
pub(crate) enum Happened {
    Settlement {
        price: Decimal,
    },
    Expiry {
        price: Decimal,
    },
    Roll {
        price: Decimal,
        into: usize,
        into_price: Decimal,
    },
    Funding {
        rate: Decimal,
        price: Decimal,
    },
    Interest {
        currency: usize,
        debit: Decimal,
        credit: Decimal,
        days: i64,
    },
    Financing {
        long: Decimal,
        short: Decimal,
        days: i64,
        price: Decimal,
    },
    Dividend {
        per_unit: Decimal,
    },
    Split {
        numerator: i64,
        denominator: i64,
    },
    SymbolChange {
        into: usize,
    },
    Transfer {
        currency: usize,
        amount: Decimal,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) time: UtcTime,
    /// The asset that it concerns; of interest and transfers, not read.
    pub(crate) asset: usize,
    pub(crate) what: Happened,
}

impl Event {
    pub(crate) const fn asset_id(&self) -> &'static str {
        ASSETS[self.asset].id
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self.what {
            Happened::Settlement { .. } => "settlement",
            Happened::Expiry { .. } => "expiry",
            Happened::Roll { .. } => "roll",
            Happened::Funding { .. } => "funding",
            Happened::Interest { .. } => "interest",
            Happened::Financing { .. } => "financing",
            Happened::Dividend { .. } => "dividend",
            Happened::Split { .. } => "split",
            Happened::SymbolChange { .. } => "symbol_change",
            Happened::Transfer { .. } => "transfer",
        }
    }

    /// The asset that takes the place of another.
    pub(crate) const fn into(&self) -> Option<usize> {
        match self.what {
            Happened::Roll { into, .. } | Happened::SymbolChange { into } => Some(into),
            _ => None,
        }
    }

    /// What no two events of one time have in common.
    const fn key(&self) -> (UtcTime, &'static str, usize) {
        let place = match self.what {
            Happened::Interest { currency, .. } | Happened::Transfer { currency, .. } => currency,
            _ => self.asset,
        };
        (self.time, self.kind(), place)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) as_of: UtcTime,
    /// The end of the mandate; none for a snapshot without one.
    pub(crate) until: Option<UtcTime>,
    /// When the next day begins.
    pub(crate) next: UtcTime,
    /// Thousandths; none where the mandate does not name the asset.
    pub(crate) targets: [Option<i64>; N],
    pub(crate) prices: [Decimal; N],
    /// Rates of the pairs, by the currency that is not the base one.
    pub(crate) rates: [Decimal; 3],
    pub(crate) closed: [bool; N],
    pub(crate) volatile: [bool; N],
    pub(crate) shocks: [i64; N],
    pub(crate) events: Vec<Event>,
    /// For the broker.
    pub(crate) seed: u64,
}

/// The world between days.
#[derive(Debug)]
pub(crate) struct World {
    terms: Terms,
    hours: i64,
    prices: [Decimal; N],
    rates: [Decimal; 3],
    targets: [i64; N],
}

const HOUR_MS: i64 = 3_600_000;

pub(crate) fn later(time: UtcTime, milliseconds: i64) -> UtcTime {
    time.checked_add_milliseconds(milliseconds).expect("a time")
}

impl World {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            hours: 0,
            prices: ASSETS.map(|asset| Decimal::from_i128_with_scale(asset.price, 8)),
            rates: [Decimal::ONE, Decimal::from(40_000), Decimal::from(150)],
            targets: [0; N],
        }
    }

    /// The next day. `held` are the units that the books hold, and `last` the time of the last cycle
    /// that was accepted; `unwinds` whether a mandate may be missing.
    pub(crate) fn day(
        &mut self,
        tape: &mut Tape<'_>,
        held: &[Decimal; N],
        last: Option<UtcTime>,
        unwinds: bool,
    ) -> Day {
        let start: UtcTime = "2025-03-03T00:00:00.000Z".parse().expect("a time");
        let as_of = later(start, self.hours * HOUR_MS);
        self.hours += if tape.is_one_of(2) {
            tape.range(1, 90)
        } else {
            self.terms.hours
        };
        let next = later(start, self.hours * HOUR_MS);
        let seed = u64::from(tape.word()) << 16 | u64::from(tape.word());
        let has_mandate = !(unwinds && tape.is_one_of(8));
        let length = if tape.is_one_of(3) {
            tape.range(1, 4_000) * 1_000
        } else {
            96 * HOUR_MS
        };
        let targets = self.next_targets(tape, held);
        self.move_prices(tape);
        let events = match last {
            Some(last) => self.events(tape, held, last, as_of),
            None => Vec::new(),
        };
        let mut prices = self.prices;
        // A price that is wrong today and right again tomorrow.
        if tape.is_one_of(1) {
            let wrong = usize::from(tape.below(9));
            prices[wrong] = moved(wrong, prices[wrong], tape.choose(&[6_000, -6_000, 100_000]));
        }
        Day {
            as_of,
            until: has_mandate.then(|| later(as_of, length)),
            next,
            targets: Self::named(tape, targets, held, as_of),
            prices,
            rates: self.rates,
            closed: std::array::from_fn(|_| tape.is_one_of(1)),
            volatile: std::array::from_fn(|_| tape.is_one_of(8)),
            shocks: std::array::from_fn(|_| i64::from(tape.is_one_of(2)) * 4),
            events,
            seed,
        }
    }

    fn next_targets(&mut self, tape: &mut Tape<'_>, held: &[Decimal; N]) -> [i64; N] {
        for (at, target) in self.targets.iter_mut().enumerate() {
            let size = tape.range(0, 900);
            *target = match tape.below(8) {
                0 => *target,
                1 | 2 => 0,
                3 => -*target,
                // Against what is held, or beyond it.
                4 if held[at].is_sign_positive() => -size,
                4 | 5 => size,
                6 => -size / 4,
                _ => size / 4,
            };
            if !ASSETS[at].kind.may_be_short() {
                *target = target.abs();
            }
        }
        self.targets
    }

    /// What the mandate names: everything that may be held, but for an asset that it forgets.
    fn named(
        tape: &mut Tape<'_>,
        targets: [i64; N],
        held: &[Decimal; N],
        as_of: UtcTime,
    ) -> [Option<i64>; N] {
        let forgets = tape.is_one_of(1).then(|| usize::from(tape.below(9)));
        let expired = as_of >= EXPIRY.parse().expect("a time");
        std::array::from_fn(|at| {
            if expired && at == GCJ {
                return (!held[at].is_zero()).then_some(0);
            }
            (forgets != Some(at)).then_some(targets[at])
        })
    }

    fn move_prices(&mut self, tape: &mut Tape<'_>) {
        for at in 0..N {
            let change = match tape.below(1_024) {
                1_005..=1_012 => -1_000,
                1_013..=1_020 => 1_100,
                1_021 => -1_700,
                1_022 => -3_500,
                1_023 => 3_000,
                _ => tape.range(0, 800) - 400,
            };
            self.prices[at] = moved(at, self.prices[at], change);
        }
        self.prices[MGN2] = self.prices[MGN];
        for rate in &mut self.rates[1..] {
            let change = Decimal::new(tape.range(0, 400) - 200, 4);
            *rate = (*rate * (Decimal::ONE + change)).round_dp(4);
        }
    }

    fn events(
        &mut self,
        tape: &mut Tape<'_>,
        held: &[Decimal; N],
        last: UtcTime,
        as_of: UtcTime,
    ) -> Vec<Event> {
        let mut events = self.fundings(tape, last, as_of);
        let span = as_of.unix_milliseconds() - last.unix_milliseconds();
        let mut leaves = false;
        for _ in 0..tape.range(2, 9) {
            let time = later(last, span * tape.range(1, 16) / 16);
            if let Some((asset, what)) = self.event(tape, held, &mut leaves, as_of) {
                events.push(Event { time, asset, what });
            }
        }
        let expiry: UtcTime = EXPIRY.parse().expect("a time");
        if last < expiry && as_of >= expiry && !leaves {
            let what = self.end_of_contract(tape, held);
            events.push(Event {
                time: expiry,
                asset: GCJ,
                what,
            });
        } else if as_of >= expiry && !held[GCJ].is_zero() && !leaves {
            let what = Happened::Expiry {
                price: self.prices[GCJ],
            };
            events.push(Event {
                time: as_of,
                asset: GCJ,
                what,
            });
        }
        events.sort_by_key(Event::key);
        events.dedup_by_key(|event| event.key());
        events.sort_by_key(|event| event.time);
        events
    }

    fn fundings(&self, tape: &mut Tape<'_>, last: UtcTime, as_of: UtcTime) -> Vec<Event> {
        let interval = FUNDING_S * 1_000;
        let first = last.unix_milliseconds().div_euclid(interval) + 1;
        let times = (first..).map(|step| step * interval);
        let times = times.take_while(|time| *time <= as_of.unix_milliseconds());
        let fundings = times.map(|time| {
            let rate = Decimal::new(tape.range(0, 600) - 300, 5);
            let price = moved(PERP, self.prices[PERP], tape.range(0, 200) - 100);
            Event {
                time: UtcTime::from_unix_milliseconds(time).expect("a time"),
                asset: PERP,
                what: Happened::Funding { rate, price },
            }
        });
        fundings.collect()
    }

    fn end_of_contract(&self, tape: &mut Tape<'_>, held: &[Decimal; N]) -> Happened {
        if tape.is_one_of(8) && Self::may_roll(held) {
            self.roll()
        } else {
            Happened::Expiry {
                price: self.prices[GCJ],
            }
        }
    }

    fn roll(&self) -> Happened {
        Happened::Roll {
            price: self.prices[GCJ],
            into: GCM,
            into_price: self.prices[GCM],
        }
    }

    /// A roll never turns the position in the next contract round.
    fn may_roll(held: &[Decimal; N]) -> bool {
        let (from, into) = (held[GCJ], held[GCM]);
        let after = from + into;
        into.is_zero() || after.is_zero() || after.is_sign_positive() == into.is_sign_positive()
    }

    fn event(
        &mut self,
        tape: &mut Tape<'_>,
        held: &[Decimal; N],
        leaves: &mut bool,
        as_of: UtcTime,
    ) -> Option<(usize, Happened)> {
        let mut rate = |scale| Decimal::new(tape.range(0, 1_000) - 400, scale);
        let (first, second) = (rate(4), rate(4));
        let days = tape.range(1, 5);
        let price_of = |world: &Self, at: usize| world.prices[at];
        Some(match tape.below(12) {
            0 => (
                0,
                Happened::Interest {
                    currency: usize::from(tape.below(3)),
                    debit: first,
                    credit: second,
                    days,
                },
            ),
            1 => {
                let at = if tape.is_one_of(8) { GCJ } else { GCM };
                (
                    at,
                    Happened::Settlement {
                        price: price_of(self, at),
                    },
                )
            }
            2..=4 => {
                let at = tape.choose(&[MGN, place("EURUSD"), MGN2]);
                (
                    at,
                    Happened::Financing {
                        long: first,
                        short: second,
                        days,
                        price: price_of(self, at),
                    },
                )
            }
            5 | 6 => {
                let at = tape.choose(&[place("STK"), MGN, place("TYO"), place("BULL3X"), MGN2]);
                let per_unit =
                    (price_of(self, at) * Decimal::new(tape.range(1, 30), 3)).round_dp(6);
                (at, Happened::Dividend { per_unit })
            }
            7 => self.split(tape),
            8 if !*leaves
                && tape.is_one_of(4)
                && Self::may_roll(held)
                && as_of < EXPIRY.parse().expect("a time") =>
            {
                *leaves = true;
                (GCJ, self.roll())
            }
            9 if tape.is_one_of(4) => {
                let (from, into) = tape.choose(&[(MGN, MGN2), (MGN2, MGN)]);
                if !held[into].is_zero() {
                    return None;
                }
                (from, Happened::SymbolChange { into })
            }
            10 => {
                let amount = match tape.below(16) {
                    15 => -700,
                    _ => tape.range(0, 450) - 200,
                };
                let amount = Decimal::from(amount * 1_000);
                if amount.is_zero() {
                    return None;
                }
                (
                    0,
                    match tape.below(8) {
                        6 => Happened::Transfer {
                            currency: 1,
                            amount: amount / Decimal::from(40_000),
                        },
                        7 => Happened::Transfer {
                            currency: 2,
                            amount: amount * Decimal::from(150),
                        },
                        _ => Happened::Transfer {
                            currency: 0,
                            amount,
                        },
                    },
                )
            }
            _ => return None,
        })
    }

    /// The price follows, as it does in the world.
    fn split(&mut self, tape: &mut Tape<'_>) -> (usize, Happened) {
        let at = tape.choose(&[place("STK"), place("TYO"), place("BULL3X")]);
        let (numerator, denominator) = tape.choose(&[(2, 1), (1, 2), (3, 7), (5, 3)]);
        let price = self.prices[at] * Decimal::from(denominator) / Decimal::from(numerator);
        self.prices[at] = on_tick(at, price);
        (
            at,
            Happened::Split {
                numerator,
                denominator,
            },
        )
    }
}

/// A price that has moved by basis points, on the tick and never below it.
fn moved(at: usize, price: Decimal, basis_points: i64) -> Decimal {
    let factor = Decimal::ONE + Decimal::new(basis_points, 4);
    on_tick(at, price * factor)
}

fn on_tick(at: usize, price: Decimal) -> Decimal {
    let asset = &ASSETS[at];
    let rounded = price.round_dp_with_strategy(asset.tick, RoundingStrategy::MidpointAwayFromZero);
    // Some prices are between two ticks.
    let kind_moves = matches!(asset.kind, Kind::InversePerpetual);
    let off = if kind_moves {
        Decimal::new(37, asset.tick + 2)
    } else {
        Decimal::ZERO
    };
    rounded.max(asset.tick()) + off
}
