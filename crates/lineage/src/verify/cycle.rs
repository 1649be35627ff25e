//! The grammar of cycles, and what the records of one cycle say of one another.

use std::collections::BTreeMap;
use std::fmt;

use ios012_core::{AssetId, CurrencyCode, Exposure, Money, Quantity, UtcTime};

use super::failure::{Breach, FailureCode};
use crate::derive::{OrderId, input_state_hash, lineage_hash, order_id};
use crate::record::{
    Amount, Cycle, CycleOutcome, Decision, Entry, Fill, Metadata, Order, Outcome, OutcomeState,
    Record, Seal,
};
use crate::{Code, Hash};

/// What is open between one record and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nothing.
    Idle,
    /// A cycle.
    Cycle,
    /// A refusal that waits for its seal.
    Refusal,
    /// A recovery, with or without a cycle, that waits for its seal.
    Recovery,
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Idle => "nothing is open",
            Self::Cycle => "a cycle is open",
            Self::Refusal => "a refusal waits for its seal",
            Self::Recovery => "a recovery waits for its seal",
        })
    }
}

/// Counts over the whole ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub(crate) cycles: u64,
    pub(crate) decisions: u64,
    pub(crate) orders: u64,
    pub(crate) fills: u64,
    pub(crate) refusals: u64,
}

/// The state of the check. Its memory is that of one cycle.
#[derive(Debug)]
pub(crate) struct CycleCheck {
    pub(crate) unit: Unit,
    pub(crate) totals: Totals,
    sealed: Totals,
    cycle: Option<(Hash, UtcTime, Hash)>,
    /// Transition and asset of the last decision.
    last_move: Option<(u64, AssetId)>,
    /// The lineage hashes of each asset's decisions, by transition.
    decisions: BTreeMap<AssetId, Vec<Hash>>,
    orders: BTreeMap<OrderId, Sent>,
}

#[derive(Debug)]
struct Sent {
    quantity: Quantity,
    filled: Quantity,
    fill_ids: Vec<Code>,
}

impl CycleCheck {
    pub(crate) const fn new() -> Self {
        const NONE: Totals = Totals {
            cycles: 0,
            decisions: 0,
            orders: 0,
            fills: 0,
            refusals: 0,
        };
        Self {
            unit: Unit::Idle,
            totals: NONE,
            sealed: NONE,
            cycle: None,
            last_move: None,
            decisions: BTreeMap::new(),
            orders: BTreeMap::new(),
        }
    }

    /// Takes the next record. `begins_epoch` says whether it is the first of its epoch.
    pub(crate) fn take(
        &mut self,
        hash: Hash,
        record: &Record,
        begins_epoch: bool,
    ) -> Result<(), Breach> {
        let recovers = matches!(record, Record::Recovery(_));
        let left_open = begins_epoch && self.unit != Unit::Idle;
        if (left_open && !recovers) || (recovers && !begins_epoch) {
            return Err(Breach::new(
                FailureCode::CycleGrammar,
                "a recovery begins an epoch, and nothing else does when a cycle was left open",
            ));
        }
        self.allow(record)?;
        match record {
            Record::Cycle(cycle) => self.begin(hash, cycle),
            Record::Decision(decision) => self.decide(decision),
            Record::Order(order) => self.send(order),
            Record::Outcome(outcome) => self.hear(outcome),
            Record::Fill(fill) => self.fill(fill),
            Record::Residual(residual) => self.decided(&residual.asset_id).map(|_| ()),
            Record::Seal(seal) => self.seal(seal),
            Record::Refusal(_) => {
                self.unit = Unit::Refusal;
                self.totals.refusals += 1;
                Ok(())
            }
            Record::Recovery(_) => {
                self.unit = Unit::Recovery;
                Ok(())
            }
            Record::Entry(entry) => check_balance(entry),
            Record::Genesis(_)
            | Record::Breaker(_)
            | Record::Governance(_)
            | Record::Unknown { .. } => Ok(()),
        }
    }

    /// Which kinds may stand in which unit.
    fn allow(&self, record: &Record) -> Result<(), Breach> {
        let allowed = match record {
            Record::Genesis(_) | Record::Cycle(_) | Record::Refusal(_) => self.unit == Unit::Idle,
            Record::Decision(_) | Record::Order(_) | Record::Residual(_) => {
                self.unit == Unit::Cycle
            }
            Record::Outcome(_) | Record::Fill(_) => {
                matches!(self.unit, Unit::Cycle | Unit::Recovery)
            }
            Record::Entry(_)
            | Record::Breaker(_)
            | Record::Governance(_)
            | Record::Unknown { .. } => self.unit != Unit::Refusal,
            Record::Recovery(_) => true,
            Record::Seal(_) => self.unit != Unit::Idle,
        };
        if allowed {
            return Ok(());
        }
        Err(Breach::new(
            FailureCode::CycleGrammar,
            format!(
                "a {} record may not stand here: {}",
                record.kind(),
                self.unit
            ),
        ))
    }

    fn begin(&mut self, hash: Hash, cycle: &Cycle) -> Result<(), Breach> {
        self.totals.cycles += 1;
        if cycle.cycle_id != self.totals.cycles {
            return Err(Breach::new(
                FailureCode::CycleId,
                format!("{} where {} is due", cycle.cycle_id, self.totals.cycles),
            ));
        }
        self.unit = Unit::Cycle;
        self.cycle = Some((hash, cycle.as_of, cycle.constraints_hash));
        Ok(())
    }

    fn decide(&mut self, decision: &Decision) -> Result<(), Breach> {
        let Some((cycle_hash, as_of, constraints_hash)) = self.cycle else {
            return Err(Breach::new(FailureCode::CycleGrammar, "no cycle is open"));
        };
        let metadata = &decision.metadata;
        if decision.timestamp != as_of {
            return Err(Breach::new(
                FailureCode::Timestamp,
                format!("{} in the cycle of {as_of}", decision.timestamp),
            ));
        }
        self.follow_moves(&decision.asset_id, metadata.transition)?;
        check_binding(decision, metadata)?;
        let input = input_state_hash(
            &decision.asset_id,
            cycle_hash,
            decision.previous_exposure,
            metadata.reference_price,
        );
        derives(
            FailureCode::InputStateHash,
            metadata.input_state_hash,
            input,
        )?;
        let lineage = lineage_hash(input, decision.target_exposure, constraints_hash);
        derives(FailureCode::LineageHash, decision.lineage_hash, lineage)?;
        self.totals.decisions += 1;
        let moves = self.decisions.entry(decision.asset_id.clone());
        moves.or_default().push(lineage);
        Ok(())
    }

    /// Decisions ascend by transition and asset, and the transitions of each asset count from 0.
    fn follow_moves(&mut self, asset_id: &AssetId, transition: u64) -> Result<(), Breach> {
        let ascends = self
            .last_move
            .as_ref()
            .is_none_or(|(last, last_id)| (*last, last_id) < (transition, asset_id));
        let made = self.decisions.get(asset_id).map_or(0, Vec::len);
        if !ascends || u64::try_from(made) != Ok(transition) {
            return Err(Breach::new(
                FailureCode::DecisionOrder,
                format!("{asset_id} transition {transition} stands at the wrong place"),
            ));
        }
        self.last_move = Some((transition, asset_id.clone()));
        Ok(())
    }

    /// The lineage hashes of an asset's decisions in this cycle, one at least.
    fn decided(&self, asset_id: &AssetId) -> Result<&[Hash], Breach> {
        self.decisions
            .get(asset_id)
            .map(Vec::as_slice)
            .ok_or_else(|| {
                Breach::new(
                    FailureCode::NoDecision,
                    format!("the cycle decided nothing for {asset_id}"),
                )
            })
    }

    fn send(&mut self, order: &Order) -> Result<(), Breach> {
        let derived = self
            .decided(&order.asset_id)?
            .iter()
            .any(|lineage_hash| order_id(*lineage_hash, order.leg) == order.order_id);
        if !derived {
            return Err(Breach::new(
                FailureCode::OrderId,
                format!(
                    "{} is not derived from a decision for {} and leg {}",
                    order.order_id, order.asset_id, order.leg
                ),
            ));
        }
        above_zero(order.quantity)?;
        let sent = Sent {
            quantity: order.quantity,
            filled: Quantity::ZERO,
            fill_ids: Vec::new(),
        };
        if self.orders.insert(order.order_id, sent).is_some() {
            return Err(Breach::new(
                FailureCode::OrderId,
                format!("{} is used twice", order.order_id),
            ));
        }
        self.totals.orders += 1;
        Ok(())
    }

    fn hear(&mut self, outcome: &Outcome) -> Result<(), Breach> {
        let sent = sent(&mut self.orders, outcome.order_id)?;
        if outcome.state == OutcomeState::Filled && sent.filled != sent.quantity {
            return Err(Breach::new(
                FailureCode::Quantity,
                format!("filled, but {} of {}", sent.filled, sent.quantity),
            ));
        }
        Ok(())
    }

    fn fill(&mut self, fill: &Fill) -> Result<(), Breach> {
        let sent = sent(&mut self.orders, fill.order_id)?;
        if sent.fill_ids.contains(&fill.fill_id) {
            return Err(Breach::new(
                FailureCode::FillId,
                format!("{} is booked twice", fill.fill_id),
            ));
        }
        above_zero(fill.quantity)?;
        let filled = match sent.filled.checked_add(fill.quantity) {
            Ok(filled) if filled <= sent.quantity => filled,
            _ => {
                return Err(Breach::new(
                    FailureCode::Quantity,
                    format!("more was filled than the {} ordered", sent.quantity),
                ));
            }
        };
        sent.filled = filled;
        sent.fill_ids.push(fill.fill_id.clone());
        self.totals.fills += 1;
        Ok(())
    }

    fn seal(&mut self, seal: &Seal) -> Result<(), Breach> {
        let fits = match seal.outcome {
            CycleOutcome::Executed | CycleOutcome::Aborted => self.unit == Unit::Cycle,
            CycleOutcome::Refused => self.unit == Unit::Refusal,
            CycleOutcome::Recovered => self.unit == Unit::Recovery,
        };
        if !fits {
            return Err(Breach::new(
                FailureCode::CycleGrammar,
                format!(
                    "a seal `{}` may not stand here: {}",
                    seal.outcome, self.unit
                ),
            ));
        }
        let due = (
            self.totals.decisions - self.sealed.decisions,
            self.totals.orders - self.sealed.orders,
            self.totals.fills - self.sealed.fills,
        );
        let said = (seal.decisions, seal.orders, seal.fills);
        if said != due {
            return Err(Breach::new(
                FailureCode::Seal,
                format!("it counts (decisions, orders, fills) {said:?}; there are {due:?}"),
            ));
        }
        let amounts = [seal.cash, seal.liabilities, seal.nlv_before, seal.nlv_after];
        if seal.outcome == CycleOutcome::Executed && amounts.contains(&None) {
            return Err(Breach::new(
                FailureCode::Seal,
                "an executed cycle knows its cash, liabilities and NLV",
            ));
        }
        self.unit = Unit::Idle;
        self.sealed = self.totals;
        self.cycle = None;
        self.last_move = None;
        self.decisions.clear();
        self.orders.clear();
        Ok(())
    }
}

/// The lines in money sum to zero in each currency. Lines in units only say what moved.
fn check_balance(entry: &Entry) -> Result<(), Breach> {
    let mut sums: BTreeMap<&CurrencyCode, Money> = BTreeMap::new();
    for line in &entry.lines {
        if let Amount::Cash(currency, money) = &line.amount {
            let sum = sums.entry(currency).or_default();
            *sum = sum
                .checked_add(*money)
                .map_err(|error| Breach::new(FailureCode::EntryBalance, error.to_string()))?;
        }
    }
    match sums.iter().find(|(_, sum)| !sum.is_zero()) {
        None => Ok(()),
        Some((currency, sum)) => Err(Breach::new(
            FailureCode::EntryBalance,
            format!("the lines in {currency} sum to {sum}"),
        )),
    }
}

/// The limits form a chain from target to allowed; without one the two are equal.
fn check_binding(decision: &Decision, metadata: &Metadata) -> Result<(), Breach> {
    let mut at: Exposure = decision.target_exposure;
    for step in &metadata.binding {
        if step.before != at {
            return Err(Breach::new(
                FailureCode::Binding,
                format!("{} begins at {}, not at {at}", step.limit, step.before),
            ));
        }
        at = step.after;
    }
    if at == decision.allowed_exposure {
        return Ok(());
    }
    Err(Breach::new(
        FailureCode::Binding,
        format!(
            "the limits lead to {at}, allowed is {}",
            decision.allowed_exposure
        ),
    ))
}

fn derives(code: FailureCode, said: Hash, derived: Hash) -> Result<(), Breach> {
    if said == derived {
        return Ok(());
    }
    Err(Breach::new(
        code,
        format!("the record says {said}, derived is {derived}"),
    ))
}

fn above_zero(quantity: Quantity) -> Result<(), Breach> {
    if quantity.is_positive() {
        return Ok(());
    }
    Err(Breach::new(
        FailureCode::Quantity,
        format!("{quantity} is not above zero"),
    ))
}

fn sent(orders: &mut BTreeMap<OrderId, Sent>, id: OrderId) -> Result<&mut Sent, Breach> {
    orders
        .get_mut(&id)
        .ok_or_else(|| Breach::new(FailureCode::NoOrder, format!("the cycle has no order {id}")))
}

#[cfg(test)]
mod tests {
    use ios012_core::CoreError;

    use super::*;
    use crate::record::EntryLine;

    fn of<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
        text.parse().expect("a test's literal")
    }

    fn line(amount: Amount) -> EntryLine {
        EntryLine {
            account: Code::literal("cash"),
            amount,
        }
    }

    /// One currency never pays for another, and units are no money.
    #[test]
    fn an_entry_balances_in_each_currency() {
        let cash = |currency, amount| line(Amount::Cash(of(currency), of(amount)));
        let units = line(Amount::Asset(of("AAA"), of("-3")));
        let balanced = vec![cash("USD", "1.5"), units.clone(), cash("USD", "-1.5")];
        let cases = [
            (Vec::new(), true),
            (vec![units], true),
            (balanced.clone(), true),
            (
                [balanced.clone(), vec![cash("EUR", "0.00000001")]].concat(),
                false,
            ),
            (vec![cash("USD", "1"), cash("EUR", "-1")], false),
        ];
        for (lines, expected) in cases {
            let entry = Entry {
                event: Code::literal("split"),
                lines,
                time: UtcTime::from_date("2020-01-02").expect("a date"),
            };
            let code = check_balance(&entry).map_err(|breach| breach.code);
            assert_eq!(code.is_ok(), expected, "{entry:?}");
            assert!(code.is_ok() || code == Err(FailureCode::EntryBalance));
        }
    }
}
