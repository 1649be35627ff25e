//! What breakers, stop orders and signed commands make of the level (ADR-016).

use ios012_constraints::defcon::{Alarm, RecordId, RedAction, Trip as AlarmTrip};
use ios012_constraints::{Block, BreakerResponse};
use ios012_core::{Defcon, Mode, UtcTime};
use ios012_governance::{AuthorisedCommand, Directive};
use ios012_lineage::{Breaker, Code, Evidence, Governance, Hash};

use super::guard::Trip;
use super::state::Cut;
use super::{Engine, plain};
use crate::{Alert, Effect, EngineError, StopOrder};

/// Why what waited for its time was left by a stop.
const STOPPED: Code = Code::literal("breaker");

impl Engine {
    /// The level, what must be answered before it may be lowered, and since when.
    pub const fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    /// Whether the next cycle unwinds everything to cash, with or without a mandate.
    pub fn must_unwind(&self) -> bool {
        self.alarm.posture().red_action() == Some(RedAction::ToCash)
    }

    pub(super) fn level(&self) -> Defcon {
        self.alarm.posture().level()
    }

    pub(super) fn is_halted_by_level(&self) -> bool {
        self.level() == Defcon::Black
    }

    /// The block that the level sets on every asset.
    pub(super) fn level_block(&self) -> Block {
        match (self.level(), self.alarm.posture().red_action()) {
            (Defcon::Green | Defcon::Yellow, _) => Block::None,
            (Defcon::Orange, _) if self.mode == Mode::Paper => Block::None,
            (Defcon::Orange, _) | (Defcon::Red, Some(RedAction::ReduceOnly) | None) => {
                Block::ReduceOnly
            }
            // Nothing is decided at BLACK; if it were, nothing could grow.
            (Defcon::Red, Some(RedAction::ToCash)) | (Defcon::Black, _) => Block::Flatten,
        }
    }

    /// Records a trip that stops a cycle: watch from now on.
    pub(super) fn trip_abort(&mut self, trip: &Trip, at: UtcTime) -> Result<(), EngineError> {
        self.trip(trip, "abort", Defcon::Yellow, RedAction::ReduceOnly, at)
    }

    /// Records a trip that a decision cures, or that closes one asset: watch from now on.
    pub(super) fn trip_watch(
        &mut self,
        trip: &Trip,
        action: &'static str,
        at: UtcTime,
    ) -> Result<(), EngineError> {
        self.trip(trip, action, Defcon::Yellow, RedAction::ReduceOnly, at)
    }

    /// Lets a response that tightens take hold, and records it once: not where it holds already.
    pub(super) fn respond(
        &mut self,
        trip: &Trip,
        response: BreakerResponse,
        at: UtcTime,
    ) -> Result<(), EngineError> {
        let Some(red_action) = RedAction::of(response) else {
            return self.trip_abort(trip, at);
        };
        let holds = match self.alarm.posture().red_action() {
            Some(standing) => standing >= red_action,
            None => self.level() > Defcon::Red,
        };
        if holds {
            return Ok(());
        }
        self.trip(trip, red_action.as_str(), Defcon::Red, red_action, at)
    }

    /// Records what was told of one asset without a change of level.
    pub(super) fn tell_trip(
        &mut self,
        trip: &Trip,
        action: &'static str,
    ) -> Result<(), EngineError> {
        let record = trip.record(action.parse()?, self.level());
        self.alerts.push(Alert::of(&record));
        self.write(record)?;
        Ok(())
    }

    /// Records a trip, and lets its level hold from now on.
    pub(super) fn trip(
        &mut self,
        trip: &Trip,
        action: &'static str,
        level: Defcon,
        red_action: RedAction,
        at: UtcTime,
    ) -> Result<(), EngineError> {
        let record = trip.record(action.parse()?, self.level().max(level));
        self.tighten(record, level, red_action, at)
    }

    fn tighten(
        &mut self,
        record: Breaker,
        level: Defcon,
        red_action: RedAction,
        at: UtcTime,
    ) -> Result<(), EngineError> {
        self.alerts.push(Alert::of(&record));
        let hash: Hash = self.write(record)?;
        self.alarm = self.alarm.tighten(&AlarmTrip {
            record: RecordId(*hash.as_bytes()),
            level,
            red_action,
            at,
        });
        Ok(())
    }

    /// Takes an order to stop, inside a cycle or outside. Open orders are cancelled before anything
    /// else is performed: it must work where the ledger can't be written.
    pub(super) fn take_stop(
        &mut self,
        stop: StopOrder,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let action = match stop.level {
            Defcon::Black => "halt",
            Defcon::Red => stop.red_action.as_str(),
            Defcon::Green | Defcon::Yellow | Defcon::Orange => "none",
        };
        let record = Breaker {
            action: action.parse()?,
            breaker: Code::literal("operator"),
            cause: stop.cause,
            evidence: vec![
                evidence("at", &stop.at.to_string())?,
                evidence("evidence", stop.evidence.as_str())?,
                evidence("level", stop.level.as_str())?,
            ],
            level: self.level().max(stop.level),
        };
        self.tighten(record, stop.level, stop.red_action, stop.at)?;
        let first = effects.len();
        if stop.level >= Defcon::Red
            && let Some(mut open) = self.open.take()
        {
            open.cut = Some(Cut::Stop);
            let ended = self.end_plan(&mut open, STOPPED);
            let working = open.working.iter().filter(|order| !order.is_final);
            effects.extend(working.map(|order| Effect::Cancel(order.order_id)));
            self.open = Some(open);
            ended?;
            self.advance(effects)?;
        }
        self.tell_alerts(first, effects);
        effects.push(Effect::KeepRecords);
        Ok(())
    }

    /// Takes a command whose signatures were verified, outside a cycle. One that the machine does not
    /// allow changes nothing, and the refusal is recorded.
    pub(super) fn take_command(
        &mut self,
        command: &AuthorisedCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        if self.open.is_some() {
            return Err(EngineError::Sequence(
                "a command came while a cycle is open",
            ));
        }
        self.bundle = Some(command.bundle());
        effects.push(Effect::KeepDocuments);
        let at = command.as_of();
        match command.directive() {
            Directive::Tighten { level, red_action } => {
                self.write_command(command, "tightened", self.level().max(level), None)?;
                let record = Breaker {
                    action: match level {
                        Defcon::Black => Code::literal("halt"),
                        Defcon::Red => red_action.as_str().parse()?,
                        Defcon::Green | Defcon::Yellow | Defcon::Orange => Code::literal("none"),
                    },
                    breaker: Code::literal("command"),
                    cause: command.command().reason().clone(),
                    evidence: vec![evidence("issuer", command.command().issuer().as_str())?],
                    level: self.level().max(level),
                };
                self.tighten(record, level, red_action, at)?;
            }
            Directive::Loosen(loosening) => {
                // The step's own record is what the next command answers, so it is tried first.
                match self.alarm.loosen(&loosening, RecordId([0; 32]), at) {
                    Ok(next) => {
                        let level = next.posture().level();
                        let hash = self.write_command(command, "loosened", level, None)?;
                        let record = RecordId(*hash.as_bytes());
                        if let Ok(next) = self.alarm.loosen(&loosening, record, at) {
                            self.alarm = next;
                        }
                        self.rebase_safety()?;
                        if level == Defcon::Green {
                            self.sent.open_all();
                        }
                    }
                    Err(refused) => {
                        let code = refused.code();
                        self.write_command(command, "refused", self.level(), Some(code))?;
                    }
                }
            }
        }
        self.tell_alerts(effects.len(), effects);
        effects.push(Effect::KeepRecords);
        Ok(())
    }

    /// Puts the alerts of what was recorded since at a place among the effects.
    pub(super) fn tell_alerts(&mut self, place: usize, effects: &mut Vec<Effect>) {
        let alerts = self.alerts.drain(..).map(Effect::Alert);
        effects.splice(place..place, alerts);
    }

    fn write_command(
        &mut self,
        command: &AuthorisedCommand,
        event: &'static str,
        level: Defcon,
        refused: Option<&'static str>,
    ) -> Result<Hash, EngineError> {
        let bundle = self.bundle.as_ref().map(|(hash, _)| *hash);
        let signers: Vec<_> = command.signers().map(ToString::to_string).collect();
        let mut facts = vec![
            evidence("at", &command.as_of().to_string())?,
            evidence("command", &command.command().hash().to_string())?,
            evidence("from", command.command().from().as_str())?,
            evidence("to", command.command().to().as_str())?,
            evidence("level", level.as_str())?,
            evidence("reason", command.command().reason().as_str())?,
            evidence("signers", &signers.join(" "))?,
            evidence("roles", &command.roles_hash().to_string())?,
        ];
        if let Some(code) = refused {
            facts.push(evidence("refused", code)?);
        }
        self.write(Governance {
            document_hash: bundle,
            event: event.parse()?,
            evidence: facts,
        })
    }
}

fn evidence(name: &'static str, value: &str) -> Result<Evidence, EngineError> {
    Ok(Evidence {
        name: name.parse()?,
        value: plain(value)?,
    })
}
