//! `ios012 breaker status`: the level, its causes, since when, and who may lower it.

use ios012_constraints::defcon::loosening_rule;
use ios012_core::Defcon;
use ios012_engine::{Engine, replay};
use ios012_governance::StopFile;
use ios012_lineage::{LedgerReader, Record, verify};

use crate::args::LedgerArgs;
use crate::exit::{Exit, require_directory};
use crate::output::{print, print_json};

/// A trip or step since the level was last GREEN.
struct Cause {
    seq: u64,
    text: String,
    level: String,
}

pub(crate) fn status(args: &LedgerArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    verify(&args.ledger, None)?;
    let (_, engine) = replay(&args.ledger, &mut |_| ())?;
    let causes = causes(args)?;
    let is_pending = args.ledger.join(StopFile::NAME).exists();
    if json {
        tell_json(&engine, &causes, is_pending);
    } else {
        tell(&engine, &causes, is_pending);
    }
    Ok(Exit::Executed)
}

/// The events that move the level, from the last one that left it GREEN on.
fn causes(args: &LedgerArgs) -> anyhow::Result<Vec<Cause>> {
    let mut causes = Vec::new();
    for stored in LedgerReader::open(&args.ledger)? {
        let stored = stored?;
        let (text, level) = match &stored.record {
            Record::Breaker(breaker) => (
                format!("{}:{} {}", breaker.breaker, breaker.cause, breaker.action),
                breaker.level.as_str().to_owned(),
            ),
            Record::Governance(step) => {
                let fact = |name: &str| {
                    let found = step.evidence.iter().find(|fact| fact.name.as_str() == name);
                    found.map_or_else(String::new, |fact| fact.value.to_string())
                };
                let text = format!("command {} by {}", step.event, fact("signers"));
                (text, fact("level"))
            }
            _ => continue,
        };
        causes.push(Cause {
            seq: stored.envelope.seq,
            text,
            level,
        });
        if causes.last().is_some_and(|cause| cause.level == "GREEN") {
            causes.clear();
        }
    }
    Ok(causes)
}

/// The next step down, who may take it, and after how long.
fn step(level: Defcon) -> Option<(Defcon, String, i64)> {
    let to = match level {
        Defcon::Green => return None,
        Defcon::Yellow => Defcon::Green,
        Defcon::Orange => Defcon::Yellow,
        Defcon::Red => Defcon::Orange,
        Defcon::Black => Defcon::Red,
    };
    let rule = loosening_rule(level, to)?;
    let who: Vec<_> = rule.signatures.iter().map(ToString::to_string).collect();
    Some((to, who.join(", and "), rule.cool_down_s))
}

fn tell(engine: &Engine, causes: &[Cause], is_pending: bool) {
    let (alarm, posture) = (engine.alarm(), engine.alarm().posture());
    let action = posture.red_action();
    let action = action.map_or_else(String::new, |action| format!(" {action}"));
    print(&format!("{}{action}", posture.level()));
    if is_pending {
        print("A trip file waits: the next engine records it before anything else.");
    }
    for cause in causes {
        print(&format!(
            "  record {:<8}{:<8}{}",
            cause.seq, cause.level, cause.text
        ));
    }
    if let Some((to, who, cool_down_s)) = step(posture.level()) {
        print(&format!("Since        {}", alarm.since()));
        if let Some(record) = alarm.answers() {
            print(&format!("To answer    {record}"));
        }
        print(&format!(
            "To {to:<9} signed by {who}; {cool_down_s} s after the last trip or step"
        ));
    }
}

fn tell_json(engine: &Engine, causes: &[Cause], is_pending: bool) {
    let (alarm, posture) = (engine.alarm(), engine.alarm().posture());
    print_json(|object| {
        match alarm.answers() {
            Some(record) => object.member("answers").display(record),
            None => object.member("answers").null(),
        }
        object.member("causes").array(|array| {
            for cause in causes {
                array.element().object(|object| {
                    object.member("cause").string(&cause.text);
                    object.member("level").string(&cause.level);
                    object.member("seq").display(cause.seq);
                });
            }
        });
        object.member("level").display(posture.level());
        match posture.red_action() {
            Some(action) => object.member("red_action").display(action),
            None => object.member("red_action").null(),
        }
        match step(posture.level()) {
            Some((to, who, cool_down_s)) => object.member("reset").object(|object| {
                object.member("cool_down_s").display(cool_down_s);
                object.member("signed_by").string(&who);
                object.member("to").display(to);
            }),
            None => object.member("reset").null(),
        }
        object.member("since").display(alarm.since());
        object.member("trip_pending").boolean(is_pending);
    });
}
