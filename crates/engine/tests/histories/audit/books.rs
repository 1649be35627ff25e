//! Events, fills and net liquidation value (I11).

use ios012_core::Accounts;
use ios012_core::account::Account;
use ios012_lineage::{Amount, Entry, Fill, Outcome, OutcomeState};
use rust_decimal::Decimal;

use super::{Auditor, Check, Prices, ensure, money, price, quanta, units};
use crate::day::{Event, Happened};
use crate::world::{ASSETS, CURRENCIES, N, place};

/// What an event must do to cash: an amount within two quanta, or one that only NLV can tell.
enum Cash {
    Is(usize, Decimal),
    IsVariation(usize),
}

impl Auditor {
    /// Finds the event of an entry among those that have not been read, and books it.
    pub(super) fn entry(&mut self, entry: &Entry) -> Check {
        loop {
            let cycle = self.open()?;
            ensure!(
                cycle.prices == Prices::Unread,
                "an event after the books were marked"
            );
            let events = &cycle.facts.day.events;
            let event = events
                .get(cycle.next_event)
                .ok_or("an entry without an event")?
                .clone();
            cycle.next_event += 1;
            let is_it = event.kind() == entry.event.as_str()
                && event.time == entry.time
                && concerns(&event, entry)
                // The lines of a payment do not name its asset. One of nothing has no entry.
                && (is_cash(&event) || !self.held[event.asset].is_zero())
                && !pays_nothing(&event, self.held[event.asset]);
            self.happen(&event, is_it.then_some(entry))?;
            if is_it {
                return Ok(());
            }
        }
    }

    /// Books the events that have no entry, and takes the prices of the day.
    pub(super) fn end_entries(&mut self) -> Check {
        loop {
            let cycle = self.open()?;
            if cycle.prices != Prices::Unread {
                return Ok(());
            }
            let Some(event) = cycle.facts.day.events.get(cycle.next_event).cloned() else {
                break;
            };
            cycle.next_event += 1;
            self.happen(&event, None)?;
        }
        self.mark()
    }

    fn happen(&mut self, event: &Event, entry: Option<&Entry>) -> Check {
        let before = self.held;
        let at = event.asset;
        let held = self.held[at];
        let cash = self.effect(event, held)?;
        if let Happened::Split {
            numerator,
            denominator,
        } = event.what
        {
            let ratio = Decimal::from(denominator) / Decimal::from(numerator);
            self.accepted[at] = self.accepted[at].map(|price| price * ratio);
        }
        if let Happened::SymbolChange { into } = event.what
            && let Some(price) = self.accepted[at].take()
        {
            self.accepted[into] = Some(price);
        }
        let mut recorded = Decimal::ZERO;
        let mut moved = [Decimal::ZERO; N];
        let mut sum = Decimal::ZERO;
        for line in entry.iter().flat_map(|entry| &entry.lines) {
            match &line.amount {
                Amount::Cash(_, amount) => {
                    sum += money(*amount);
                    if line.account.as_str() == "cash" {
                        recorded += money(*amount);
                    }
                }
                Amount::Asset(id, amount) => moved[place(id.as_str())] += units(*amount),
            }
        }
        ensure!(sum.is_zero(), "the lines of {event:?} sum to {sum}");
        let (currency, expected) = match cash {
            Cash::Is(currency, expected) => (currency, Some(expected)),
            Cash::IsVariation(currency) => (currency, None),
        };
        if let Some(expected) = expected {
            let off = (recorded - expected).abs();
            // What a split leaves of a quantum is paid.
            let is_split = matches!(event.what, Happened::Split { .. });
            let rest = self.marks[at].filter(|_| is_split).unwrap_or_default() * Decimal::new(1, 9);
            ensure!(
                off <= quanta(2) + rest,
                "{event:?} of {held} units: cash {recorded}, not {expected}"
            );
            self.paid[currency] += recorded;
        }
        self.open()?.facts.cash[currency] += recorded;
        self.roundings[currency] += Decimal::from(3);
        for asset in 0..N {
            let change = self.held[asset] - before[asset];
            let off = (change - moved[asset]).abs();
            ensure!(
                off <= Decimal::new(1, 9),
                "{event:?}: units of {} by {}, not {change}",
                ASSETS[asset].id,
                moved[asset]
            );
            self.held[asset] = before[asset] + moved[asset];
        }
        Ok(())
    }

    /// Changes positions, marks and what is counted as paid; says what cash must do.
    fn effect(&mut self, event: &Event, held: Decimal) -> Result<Cash, String> {
        let at = event.asset;
        let asset = &ASSETS[at];
        let currency = asset.currency;
        let share =
            |rate: Decimal, days: i64, year: i64| rate * Decimal::from(days) / Decimal::from(year);
        let no_units = held.is_zero();
        Ok(match &event.what {
            Happened::Transfer { currency, amount } => {
                let rate = match self.rates[*currency] {
                    Some(rate) => rate,
                    None => self.now()?.rate_of(*currency),
                };
                self.rates[*currency] = Some(rate);
                self.safety.comes_in(*amount * rate);
                Cash::Is(*currency, *amount)
            }
            Happened::Interest {
                currency,
                debit,
                credit,
                days,
            } => {
                let cash = self.now()?.facts.cash[*currency];
                let rate = if cash.is_sign_negative() {
                    debit
                } else {
                    credit
                };
                Cash::Is(*currency, cash * share(*rate, *days, 360))
            }
            _ if no_units => Cash::Is(currency, Decimal::ZERO),
            Happened::Funding { rate, price } => {
                Cash::Is(currency, -held * asset.notional(*price) * rate)
            }
            Happened::Financing {
                long,
                short,
                days,
                price,
            } => {
                let rate = if held.is_sign_negative() { short } else { long };
                Cash::Is(
                    currency,
                    -held.abs() * asset.notional(*price) * share(*rate, *days, 365),
                )
            }
            Happened::Dividend { per_unit } => Cash::Is(currency, held * per_unit),
            Happened::Settlement { price } => {
                self.marks[at] = Some(*price);
                Cash::IsVariation(currency)
            }
            Happened::Expiry { price } => {
                self.paid[currency] += held * asset.value(*price);
                self.held[at] = Decimal::ZERO;
                Cash::IsVariation(currency)
            }
            Happened::Roll {
                price,
                into,
                into_price,
            } => {
                self.paid[currency] += held * (asset.value(*price) - asset.value(*into_price));
                self.held[at] = Decimal::ZERO;
                self.held[*into] += held;
                self.marks[*into] = Some(*into_price);
                Cash::IsVariation(currency)
            }
            Happened::Split {
                numerator,
                denominator,
            } => {
                let ratio = Decimal::from(*numerator) / Decimal::from(*denominator);
                let grown = held * Decimal::from(*numerator) / Decimal::from(*denominator);
                self.held[at] = grown.trunc_with_scale(9);
                self.marks[at] = self.marks[at].map(|price| price / ratio);
                // The mark is cut to a quantum.
                self.roundings[currency] += held.abs() * ratio;
                Cash::Is(currency, Decimal::ZERO)
            }
            Happened::SymbolChange { into } => {
                self.held[at] = Decimal::ZERO;
                self.held[*into] += held;
                self.marks[*into] = self.marks[at];
                Cash::Is(currency, Decimal::ZERO)
            }
        })
    }

    pub(super) fn fill(&mut self, fill: &Fill) -> Check {
        let fee = self.fee;
        let cycle = self.open()?;
        cycle.counts[2] += 1;
        let order = cycle
            .orders
            .iter_mut()
            .find(|order| order.id == fill.order_id);
        let order = order
            .filter(|order| !order.is_final)
            .ok_or("a fill of no order that is out")?;
        let (at, quantity, paid) = (order.asset, units(fill.quantity), price(fill.price));
        ensure!(
            fill.quantity.is_positive() && quantity <= order.left,
            "a fill of more than is out"
        );
        ensure!(
            (paid - order.limit) * order.direction <= Decimal::ZERO,
            "a fill beyond the limit"
        );
        order.left -= quantity;
        let change = quantity * order.direction;
        let asset = &ASSETS[at];
        let reference = cycle.facts.day.prices[at];
        let most = quantity * asset.notional(paid) * fee + quanta(1);
        ensure!(
            money(fill.fee) <= most,
            "a fee of {} above {most}",
            fill.fee
        );
        self.held[at] += change;
        self.marks[at] = Some(reference);
        self.paid[asset.currency] -= change * asset.value(paid) + money(fill.fee);
        self.roundings[asset.currency] += Decimal::from(4);
        Ok(())
    }

    pub(super) fn outcome(&mut self, outcome: &Outcome) -> Check {
        let orders = &mut self.open()?.orders;
        let order = orders.iter_mut().find(|order| order.id == outcome.order_id);
        let order = order
            .filter(|order| !order.is_final)
            .ok_or("news of no order that is out")?;
        ensure!(
            order.left.is_zero() == (outcome.state == OutcomeState::Filled),
            "filled, or not"
        );
        order.is_final = outcome.state != OutcomeState::Accepted;
        Ok(())
    }

    /// Cash and positions at their marks, and how far roundings may have taken it.
    pub(super) fn nlv(&self) -> (Decimal, Decimal) {
        let (mut nlv, mut slack) = (Decimal::ZERO, quanta(3));
        for (place, rate) in self.rates.iter().enumerate() {
            let rate = rate.unwrap_or_default();
            let mut branch = self.paid[place];
            let mut roundings = self.roundings[place] + Decimal::ONE;
            for (at, asset) in ASSETS
                .iter()
                .enumerate()
                .filter(|(_, asset)| asset.currency == place)
            {
                if let (false, Some(mark)) = (self.held[at].is_zero(), self.marks[at]) {
                    branch += self.held[at] * asset.value(mark);
                    roundings += Decimal::from(2);
                }
            }
            nlv += branch * rate;
            slack += roundings * quanta(1) * rate;
        }
        (nlv, slack)
    }

    /// The books after an event: both sides and every branch agree, and they say what the records say.
    pub(crate) fn look(&mut self, accounts: &Accounts) -> Check {
        self.end_batch()?;
        accounts
            .audit()
            .map_err(|error| format!("the audit: {error}"))?;
        let (sheet, flows) = (accounts.nlv(), accounts.flows().nlv());
        ensure!(sheet == flows, "I11: {sheet:?} and {flows:?}");
        let books = accounts.books();
        for currency in books.currencies() {
            let lines = books
                .trial_balance()
                .filter(|line| line.currency == currency);
            let sum: i128 = lines.map(|line| line.amount.units()).sum();
            ensure!(sum == 0, "the trial balance of {currency} is {sum}");
        }
        for (at, asset) in ASSETS.iter().enumerate() {
            let id = asset.id.parse().map_err(|error| format!("{error}"))?;
            let booked = units(books.quantity(&id));
            ensure!(
                booked == self.held[at],
                "{} is {booked}, by the records {}",
                asset.id,
                self.held[at]
            );
        }
        let booked = money(sheet.map_err(|error| error.to_string())?);
        let (nlv, slack) = self.nlv();
        ensure!(
            (booked - nlv).abs() <= slack,
            "NLV is {booked}, by the records {nlv} within {slack}"
        );
        for (place, code) in CURRENCIES.iter().enumerate() {
            let code = code.parse().map_err(|error| format!("{error}"))?;
            let fees = books.balance(&code, Account::Fees);
            ensure!(!fees.is_negative(), "fees in {place} are {fees}");
        }
        self.decide_again(accounts)
    }
}

/// Whether an entry is of this event's asset or currency.
fn concerns(event: &Event, entry: &Entry) -> bool {
    let currency = match event.what {
        Happened::Interest { currency, .. } | Happened::Transfer { currency, .. } => currency,
        _ => ASSETS[event.asset].currency,
    };
    let is_cash = is_cash(event);
    entry.lines.iter().all(|line| match &line.amount {
        Amount::Cash(code, _) => {
            let account = line.account.as_str();
            let of_asset = account
                .split_once(':')
                .is_none_or(|(_, id)| names(event, id));
            code.as_str() == CURRENCIES[currency] && of_asset
        }
        Amount::Asset(id, _) => !is_cash && names(event, id.as_str()),
    })
}

/// Whether an event is of a currency, and of no asset.
fn pays_nothing(event: &Event, held: Decimal) -> bool {
    match &event.what {
        Happened::Funding { rate, .. } => rate.is_zero(),
        Happened::Financing { long, short, .. } => {
            let rate = if held.is_sign_negative() { short } else { long };
            rate.is_zero()
        }
        _ => false,
    }
}

fn is_cash(event: &Event) -> bool {
    matches!(
        event.what,
        Happened::Interest { .. } | Happened::Transfer { .. }
    )
}

fn names(event: &Event, id: &str) -> bool {
    let into = match event.what {
        Happened::Roll { into, .. } | Happened::SymbolChange { into } => Some(ASSETS[into].id),
        _ => None,
    };
    id == event.asset_id() || into == Some(id)
}
