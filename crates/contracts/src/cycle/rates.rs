//! Rates of a cycle's currencies to the base currency.

use std::collections::{BTreeMap, VecDeque};

use ios012_core::{CoreError, CurrencyCode, FxRate, Price, Ratio, Rounding, UtcTime, mul_div};

use super::Checks;
use crate::fx::FxQuote;
use crate::registry::FxPair;
use crate::{DocumentKind, Place, Refusal, RefusalCode, Token};

/// Units of the worth of a currency while a loop is followed: finer than any rate.
const WORTH: i128 = 1_000_000_000_000_000_000;

/// What the currencies of a snapshot are worth in base currency, in the order of their codes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates(Vec<(CurrencyCode, Quoted)>);

/// A rate, and the quote that it comes from.
#[derive(Debug, Clone)]
struct Quoted {
    rate: FxRate,
    pair: Token,
    time: UtcTime,
}

impl Rates {
    /// The rate of a currency that has a pair with the base currency.
    pub(super) fn get(&self, currency: &CurrencyCode) -> Option<FxRate> {
        self.find(currency).map(|quoted| quoted.rate)
    }

    fn find(&self, currency: &CurrencyCode) -> Option<&Quoted> {
        let row = self.0.binary_search_by(|(code, _)| code.cmp(currency));
        self.0.get(row.ok()?).map(|(_, quoted)| quoted)
    }
}

/// A quote with the pair that it belongs to.
struct Edge<'input> {
    pair: &'input FxPair,
    quote: &'input FxQuote,
}

impl Edge<'_> {
    /// The other currency of the pair.
    fn across(&self, currency: &CurrencyCode) -> &CurrencyCode {
        if self.pair.base == *currency {
            &self.pair.quote
        } else {
            &self.pair.base
        }
    }
}

/// A currency that has been reached from the root of its tree of pairs.
struct Reached<'input> {
    /// What a unit is worth in the root's currency, in units of [`WORTH`].
    worth: i128,
    /// The pairs from the root.
    path: Vec<&'input Token>,
}

impl<'input> Checks<'input> {
    /// The rates to the base currency; pairs that form loops agree.
    pub(super) fn rates(&self) -> Result<Rates, Refusal> {
        if self.market.fx.is_empty() {
            return Ok(Rates::default());
        }
        let edges = self.edges()?;
        self.loops(&edges)?;
        let base = self.standing.base_currency();
        let mut rates: Vec<_> = edges
            .iter()
            .filter_map(|edge| {
                let (currency, rate) = match edge.pair {
                    pair if pair.quote == *base => (&pair.base, FxRate::direct(edge.quote.rate)),
                    pair if pair.base == *base => (&pair.quote, FxRate::inverted(edge.quote.rate)),
                    _ => return None,
                };
                let quoted = Quoted {
                    rate,
                    pair: edge.quote.pair.clone(),
                    time: edge.quote.rate_time,
                };
                Some((currency.clone(), quoted))
            })
            .collect();
        rates.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Rates(rates))
    }

    /// The rate of a currency that `whose` needs. Where that is an asset whose market is open, the
    /// rate may be as old as a price.
    pub(super) fn rate(
        &self,
        rates: &Rates,
        currency: &CurrencyCode,
        whose: &dyn std::fmt::Display,
        market_open: bool,
    ) -> Result<FxRate, Refusal> {
        let base = self.standing.base_currency();
        if currency == base {
            return Ok(FxRate::ONE);
        }
        let Some(quoted) = rates.find(currency) else {
            return Err(self.no_rate(currency, whose));
        };
        let as_of = self.market.as_of;
        if let Some(oldest_s) = self.too_old(quoted.time).filter(|_| market_open) {
            let refusal = self.refuse_fx(RefusalCode::StalePrice, &quoted.pair, "rate_time");
            return Err(refusal
                .value(quoted.time)
                .rule(format!(
                    "the market of {whose} is open, so its rate may be {oldest_s} s old (max_price_age_s) at {as_of}"
                ))
                .remedy("take the snapshot again"));
        }
        Ok(quoted.rate)
    }

    fn no_rate(&self, currency: &CurrencyCode, whose: &dyn std::fmt::Display) -> Refusal {
        let base = self.standing.base_currency();
        let pairs = self.standing.registry().fx_pairs();
        let known = pairs.iter().find(|pair| {
            (pair.base == *currency && pair.quote == *base)
                || (pair.base == *base && pair.quote == *currency)
        });
        let rule = format!(
            "{whose} is in {currency}, so the rate of a pair of {currency} and {base} is needed"
        );
        let remedy = match known {
            Some(pair) => format!("add the rate of {} to fx", pair.pair),
            None => format!(
                "add a pair of {currency} and {base} to fx_pairs of the registry, and its rate to fx"
            ),
        };
        let place = match known {
            Some(pair) => Place::path(format_args!("fx[{}].rate", pair.pair)),
            None => Place::path("fx"),
        };
        let (code, kind) = (RefusalCode::NoRate, DocumentKind::Market);
        let refusal = Refusal::new(code, kind, self.market_file, place);
        refusal.value(currency).rule(rule).remedy(remedy)
    }

    fn edges(&self) -> Result<Vec<Edge<'input>>, Refusal> {
        let registry = self.standing.registry();
        let as_of = self.market.as_of;
        let edge = |quote: &'input FxQuote| {
            let known = registry.pair_position(quote.pair.as_str());
            let pair = known.and_then(|row| registry.fx_pairs().get(row));
            let pair = pair.ok_or_else(|| {
                let refusal = self.refuse_fx(RefusalCode::UnknownPair, &quote.pair, "pair");
                refusal.value(&quote.pair)
            })?;
            if quote.rate_time > as_of {
                let refusal = self.refuse_fx(RefusalCode::FuturePrice, &quote.pair, "rate_time");
                return Err(refusal
                    .value(quote.rate_time)
                    .rule(format!(
                        "a rate must not be from after as_of, which is {as_of}"
                    ))
                    .remedy("correct rate_time, or take the snapshot again"));
            }
            Ok(Edge { pair, quote })
        };
        self.market.fx.iter().map(edge).collect()
    }

    /// Each pair that closes a loop agrees with the shortest way through the other pairs, from the
    /// base currency outward.
    fn loops(&self, edges: &[Edge<'input>]) -> Result<(), Refusal> {
        // Two pairs never join the same currencies, so a loop has at least three.
        if edges.len() < 3 {
            return Ok(());
        }
        let base = self.standing.base_currency();
        let mut at: BTreeMap<&CurrencyCode, Vec<&Edge<'input>>> = BTreeMap::new();
        for edge in edges {
            at.entry(&edge.pair.base).or_default().push(edge);
            at.entry(&edge.pair.quote).or_default().push(edge);
        }
        let roots = std::iter::once(base).chain(at.keys().copied());
        let mut reached: BTreeMap<&CurrencyCode, Reached<'input>> = BTreeMap::new();
        for root in roots {
            self.reach(root, &at, &mut reached)?;
        }
        edges
            .iter()
            .try_for_each(|edge| self.closes(edge, &reached))
    }

    /// Follows the pairs from a root to every currency that has not been reached, nearest first.
    fn reach<'at>(
        &self,
        root: &'at CurrencyCode,
        at: &BTreeMap<&'at CurrencyCode, Vec<&'at Edge<'input>>>,
        reached: &mut BTreeMap<&'at CurrencyCode, Reached<'input>>,
    ) -> Result<(), Refusal> {
        if reached.contains_key(root) {
            return Ok(());
        }
        let start = Reached {
            worth: WORTH,
            path: Vec::new(),
        };
        reached.insert(root, start);
        let mut next = VecDeque::from([root]);
        while let Some(here) = next.pop_front() {
            for edge in at.get(here).into_iter().flatten() {
                let there = edge.across(here);
                if reached.contains_key(there) {
                    continue;
                }
                let Some(from) = reached.get(here) else {
                    continue;
                };
                let rate = edge.quote.rate.units();
                // A unit of the pair's base is worth `rate` units of its quote.
                let (factor, divisor) = if edge.pair.base == *there {
                    (rate, Price::SCALE)
                } else {
                    (Price::SCALE, rate)
                };
                let worth = mul_div(from.worth, factor, divisor, Rounding::HalfEven)
                    .map_err(|error| self.out_of_range(edge, &error))?;
                let mut path = from.path.clone();
                path.push(&edge.quote.pair);
                reached.insert(there, Reached { worth, path });
                next.push_back(there);
            }
        }
        Ok(())
    }

    /// Holds a pair against what the others imply for it; a pair of the tree implies itself.
    fn closes(
        &self,
        edge: &Edge<'input>,
        reached: &BTreeMap<&CurrencyCode, Reached<'input>>,
    ) -> Result<(), Refusal> {
        let ends = (reached.get(&edge.pair.base)).zip(reached.get(&edge.pair.quote));
        let Some((base, quote)) = ends else {
            return Ok(());
        };
        let own = |end: &Reached<'_>| end.path.last() == Some(&&edge.quote.pair);
        if own(base) || own(quote) {
            return Ok(());
        }
        let rate = edge.quote.rate;
        let tolerance = self.standing.constraints().fx_loop_tolerance();
        let measure = || {
            let implied = mul_div(base.worth, WORTH, quote.worth, Rounding::HalfEven)?;
            let given = mul_div(rate.units(), WORTH, Price::SCALE, Rounding::TowardZero)?;
            // The way through the other pairs was rounded; a quantum makes up for it.
            let tolerance = tolerance.checked_add(Ratio::QUANTUM)?.units();
            let allowed = mul_div(given, tolerance, Ratio::SCALE, Rounding::TowardZero)?;
            let shown = mul_div(implied, Price::SCALE, WORTH, Rounding::HalfEven)?;
            let agrees = implied.abs_diff(given) <= allowed.unsigned_abs();
            Ok((agrees, Price::from_units(shown)))
        };
        let (agrees, implied) = measure().map_err(|error| self.out_of_range(edge, &error))?;
        if agrees {
            return Ok(());
        }
        let refusal = self.refuse_fx(RefusalCode::CrossedFx, &edge.quote.pair, "rate");
        Err(refusal.value(rate).rule(format!(
            "the loop of {} and {} implies {implied}, and they may differ by {tolerance} of the rate (fx_loop_tolerance)",
            way(base, quote),
            edge.quote.pair
        )))
    }

    fn out_of_range(&self, edge: &Edge<'_>, error: &CoreError) -> Refusal {
        let refusal = self.refuse_fx(RefusalCode::CrossedFx, &edge.quote.pair, "rate");
        let rule = format!("a loop of pairs must be within the range of rates: {error}");
        refusal.value(edge.quote.rate).rule(rule)
    }

    fn refuse_fx(&self, code: RefusalCode, pair: &Token, field: &str) -> Refusal {
        let place = Place::path(format_args!("fx[{pair}].{field}"));
        Refusal::new(code, DocumentKind::Market, self.market_file, place)
    }
}

/// The pairs from one currency to another: up from the first and down to the second.
fn way(from: &Reached<'_>, to: &Reached<'_>) -> String {
    let ends = from.path.iter().zip(&to.path);
    let shared = ends.take_while(|(a, b)| a == b).count();
    let up = from.path.iter().skip(shared).rev();
    let down = to.path.iter().skip(shared);
    let names: Vec<_> = up.chain(down).map(|pair| pair.as_str()).collect();
    names.join(", ")
}
