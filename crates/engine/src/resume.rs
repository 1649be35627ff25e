//! Going on with a ledger: as it was left, or as a crash left it.
//!
//! Nothing new is sent before each order that is on the ledger without an end was asked for by its id.

use std::path::Path;

use ios012_broker::{Broker, BrokerEvent, News};
use ios012_lineage::ledger::Found;
use ios012_lineage::{Chain, Code, LedgerWriter, OrderId, OutcomeState, Recovery, ResolvedOrder};

use crate::engine::Unresolved;
use crate::heard::Heard;
use crate::replay::{ReplayedEnd, replay_to_end};
use crate::{Alert, Effect, Engine, EngineError, Event, FileSink, LedgerSink};

/// How often a broker is asked for the end of an order, before a person is.
const MOST_QUESTIONS: u32 = 100;

/// How many records are replayed before a sink makes sure of its ownership again.
const RECORDS_BETWEEN_RENEWALS: u64 = 10_000;

/// What a broker that was asked for an order, and never saw it, says of it on the ledger.
const NEVER_RECEIVED: Code = Code::literal("never_received");

/// An engine that goes on.
#[derive(Debug)]
pub struct Resumed<W = LedgerWriter> {
    /// The engine, between two cycles.
    pub engine: Engine,
    /// What keeps its ledger.
    pub writer: W,
    /// What a crash had left, if there was one; it is on the ledger.
    pub recovery: Option<Recovery>,
    /// What the crash kept from being told.
    pub alerts: Vec<Alert>,
    /// What the broker told by now: it may tell it once more.
    pub heard: Heard,
}

/// Goes on with a ledger that was opened for writing: replays it, and where a crash had left it, asks the broker
/// for every order without an end, and records all of it. What was torn is aside by then.
///
/// # Errors
/// [`EngineError::ReplayDiffers`], [`EngineError::Broker`] and [`EngineError::Unresolved`] if the broker cannot say
/// what became of an order (nothing was recorded), and those of the engine.
pub async fn resume<B: Broker>(
    directory: &Path,
    (writer, chain, found): (LedgerWriter, Chain, Found),
    broker: &mut B,
) -> Result<Resumed, EngineError> {
    let resumed = go_on(directory, (FileSink::new(writer), chain, found), broker).await?;
    Ok(Resumed {
        engine: resumed.engine,
        writer: resumed.writer.into_writer(),
        recovery: resumed.recovery,
        alerts: resumed.alerts,
        heard: resumed.heard,
    })
}

/// [`resume`] over whatever keeps the ledger; `directory` is how it stands there.
pub(crate) async fn go_on<B: Broker, S: LedgerSink>(
    directory: &Path,
    (mut sink, chain, found): (S, Chain, Found),
    broker: &mut B,
) -> Result<Resumed<S>, EngineError> {
    let mut owned = Ok(());
    let (report, replayed) = replay_to_end(directory, &mut |records| {
        if records % RECORDS_BETWEEN_RENEWALS == 0 && owned.is_ok() {
            owned = sink.stay_owner();
        }
    })?;
    owned?;
    if let Some(difference) = report.difference {
        return Err(EngineError::ReplayDiffers {
            seq: difference.seq,
            kind: difference.kind,
        });
    }
    let ReplayedEnd {
        engine,
        crash,
        mut heard,
    } = replayed;
    let mut engine = engine.go_on(chain);
    if !found.is_due() && crash.lost.is_empty() {
        return Ok(Resumed {
            engine,
            writer: sink,
            recovery: None,
            alerts: Vec::new(),
            heard,
        });
    }
    let mut ended = Vec::new();
    for order in engine.unresolved(&crash.lost) {
        ended.push(end_of(&mut sink, broker, &order).await?);
    }
    let orders = ended.iter().map(|end| ResolvedOrder {
        order_id: end.order.order_id,
        state: end.state,
    });
    let recovery = Recovery {
        found: found.code(),
        orders: orders.collect(),
        side_file: found.side_file,
    };
    let mut effects = Vec::new();
    engine.recover(recovery.clone(), crash, &mut effects)?;
    for end in ended {
        for event in &end.history {
            heard.remember(event);
        }
        for event in end.news {
            engine.handle(Event::Broker(event), &mut effects)?;
        }
    }
    sink.records(engine.chain_mut())?;
    let alerts = effects.into_iter().filter_map(|effect| match effect {
        Effect::Alert(alert) => Some(alert),
        _ => None,
    });
    Ok(Resumed {
        engine,
        writer: sink,
        recovery: Some(recovery),
        alerts: alerts.collect(),
        heard,
    })
}

/// What a broker says of an order that it was asked for by its id. An order that it never saw has ended: it
/// is told so, and it is not sent again.
pub(crate) async fn history_of<B: Broker>(
    broker: &mut B,
    order_id: OrderId,
) -> Result<Vec<BrokerEvent>, EngineError> {
    let mut history = broker.history(order_id).await?;
    if let Some(other) = history.iter().find(|event| event.order_id != order_id) {
        return Err(EngineError::UnknownOrder {
            order_id: other.order_id,
        });
    }
    if history.is_empty() {
        history.push(BrokerEvent {
            order_id,
            news: News::Rejected(NEVER_RECEIVED),
        });
    }
    Ok(history)
}

/// An order with its end, and the news that the ledger does not have.
struct Ended {
    order: Unresolved,
    state: OutcomeState,
    history: Vec<BrokerEvent>,
    news: Vec<BrokerEvent>,
}

/// Asks for an order until it has ended. One that is still worked is cancelled first: the cycle that it belongs to
/// is over.
async fn end_of<B: Broker, S: LedgerSink>(
    sink: &mut S,
    broker: &mut B,
    order: &Unresolved,
) -> Result<Ended, EngineError> {
    // Whatever comes here is in the order's history too.
    let mut elsewhere = Vec::new();
    for question in 0..MOST_QUESTIONS {
        // What is still worked is cancelled: only the owner may.
        sink.stay_owner()?;
        let history = history_of(broker, order.order_id).await?;
        let mut news = news_of(order, &history);
        if let Some((events, state)) = end_in(order, &news)? {
            news.truncate(events);
            return Ok(Ended {
                order: order.clone(),
                state,
                history,
                news,
            });
        }
        if question == 0 {
            broker.cancel(order.order_id, &mut elsewhere).await?;
        } else {
            broker.poll(&mut elsewhere).await?;
        }
    }
    Err(EngineError::Unresolved { orders: 1 })
}

/// What the ledger does not have of an order's history.
fn news_of(order: &Unresolved, history: &[BrokerEvent]) -> Vec<BrokerEvent> {
    let is_new = |event: &&BrokerEvent| match &event.news {
        News::Accepted | News::Unknown(_) => false,
        News::Filled(fill) => !order.fill_ids.contains(&fill.fill_id),
        News::Rejected(_) | News::Cancelled | News::Expired(_) => true,
    };
    history.iter().filter(is_new).cloned().collect()
}

/// How an order ended, and after how many events; none if it is still worked. A cancellation that crossed the last
/// fill says nothing more, but nothing is traded after an end.
fn end_in(
    order: &Unresolved,
    news: &[BrokerEvent],
) -> Result<Option<(usize, OutcomeState)>, EngineError> {
    let mut left = order.left;
    let mut end = None;
    for (events, event) in news.iter().enumerate() {
        let state = match &event.news {
            News::Filled(_) if end.is_some() => {
                let order_id = order.order_id;
                return Err(EngineError::Overfilled { order_id });
            }
            News::Filled(fill) => {
                left = left.checked_sub(fill.quantity)?;
                if !left.is_zero() {
                    continue;
                }
                OutcomeState::Filled
            }
            News::Rejected(_) => OutcomeState::Rejected,
            News::Cancelled => OutcomeState::Cancelled,
            News::Expired(_) => OutcomeState::Expired,
            News::Accepted | News::Unknown(_) => continue,
        };
        end.get_or_insert((events + 1, state));
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use ios012_broker::BrokerFill;
    use ios012_core::UtcTime;

    use super::*;

    /// An order of ten units, of which two are on the ledger, and what becomes of the rest.
    fn end(news: Vec<News>) -> Result<Option<(usize, OutcomeState)>, EngineError> {
        let order_id = "0123456789abcdef0123456789abcdef".parse().expect("an id");
        let order = Unresolved {
            order_id,
            left: "8".parse().expect("units"),
            fill_ids: vec![Code::literal("1")],
        };
        let history: Vec<_> = news
            .into_iter()
            .map(|news| BrokerEvent { order_id, news })
            .collect();
        end_in(&order, &news_of(&order, &history))
    }

    fn filled(fill_id: &'static str, quantity: &str) -> News {
        News::Filled(BrokerFill {
            fill_id: fill_id.parse().expect("a code"),
            quantity: quantity.parse().expect("units"),
            price: "1".parse().expect("a price"),
            fee: "0".parse().expect("money"),
            currency: "USD".parse().expect("a currency"),
            time: UtcTime::from_date("2026-11-20").expect("a date"),
        })
    }

    #[test]
    fn an_order_ends_once_whatever_is_told_after_it() {
        let code = || Code::literal("c");
        let (known, three, five) = (filled("1", "2"), filled("2", "3"), filled("3", "5"));
        let ended = |news: &[&News]| end(news.iter().map(|&news| news.clone()).collect());
        for (news, expected) in [
            (vec![], None),
            (vec![&known, &three], None),
            (vec![&known, &three, &five], Some((2, OutcomeState::Filled))),
            (
                vec![&five, &three, &News::Cancelled],
                Some((2, OutcomeState::Filled)),
            ),
            (
                vec![&three, &News::Cancelled, &News::Expired(code())],
                Some((2, OutcomeState::Cancelled)),
            ),
            (
                vec![&News::Accepted, &News::Rejected(code())],
                Some((1, OutcomeState::Rejected)),
            ),
        ] {
            assert_eq!(ended(&news).expect("it can be"), expected, "{news:?}");
        }
        for news in [
            vec![&News::Cancelled, &three],
            vec![&five, &three, &filled("4", "1")],
        ] {
            assert!(
                matches!(ended(&news), Err(EngineError::Overfilled { .. })),
                "{news:?}"
            );
        }
    }
}
