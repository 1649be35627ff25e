//! `ios012 breaker status`: the level, its causes, since when, and who may lower it.

use ios012_constraints::defcon::loosening_rule;
use ios012_core::Defcon;
use ios012_governance::StopFile;
use ios012_lineage::{LedgerReader, Record};

use crate::args::LedgerArgs;
use crate::exit::Exit;
use crate::output::{print, print_json};

use super::standing::Standing;

/// A trip or step since the level was last GREEN.
struct Cause {
    /// Its place; none if it is not on the ledger.
    seq: Option<u64>,
    text: String,
    level: String,
}

pub(crate) fn status(args: &LedgerArgs, json: bool) -> anyhow::Result<Exit> {
    let standing = Standing::of(&args.ledger)?;
    let causes = causes(args, &standing)?;
    let is_pending = args.ledger.join(StopFile::NAME).exists();
    if json {
        tell_json(&standing, &causes, is_pending)?;
    } else {
        tell(&standing, &causes, is_pending, args)?;
    }
    Ok(Exit::Executed)
}

/// The events that move the level, from the last one that left it GREEN on: those on the ledger, and those that
/// follow from its last record.
fn causes(args: &LedgerArgs, standing: &Standing) -> anyhow::Result<Vec<Cause>> {
    let mut causes = Vec::new();
    for stored in LedgerReader::open(&args.ledger)? {
        let stored = stored?;
        add(&mut causes, &stored.record, Some(stored.envelope.seq));
    }
    for lost in &standing.lost {
        add(&mut causes, &lost.record, None);
    }
    Ok(causes)
}

fn add(causes: &mut Vec<Cause>, record: &Record, seq: Option<u64>) {
    let (text, level) = match record {
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
        _ => return,
    };
    if level == "GREEN" {
        causes.clear();
    } else {
        causes.push(Cause { seq, text, level });
    }
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

fn tell(
    standing: &Standing,
    causes: &[Cause],
    is_pending: bool,
    args: &LedgerArgs,
) -> anyhow::Result<()> {
    let (alarm, posture) = (standing.engine.alarm(), standing.engine.alarm().posture());
    let action = posture.red_action();
    let action = action.map_or_else(String::new, |action| format!(" {action}"));
    print(&format!("{}{action}", posture.level()));
    if let Some(due) = &standing.due {
        let ledger = args.ledger.display();
        print(&format!(
            "The ledger {ledger} is due for recovery: {due}. `ios012 run SCENARIO --ledger {ledger}` or `backtest` \
             recovers it, if no engine is writing it."
        ));
    }
    if is_pending {
        print("A trip file waits: the next engine records it before anything else.");
    }
    for cause in causes {
        let place = cause
            .seq
            .map_or_else(|| "not recorded".to_owned(), |seq| format!("record {seq}"));
        print(&format!("  {place:<15}{:<8}{}", cause.level, cause.text));
    }
    if let Some((to, who, cool_down_s)) = step(posture.level()) {
        print(&format!("Since        {}", alarm.since()));
        if let Some(record) = standing.answers()? {
            print(&format!("To answer    {record}"));
        } else if alarm.answers().is_some() {
            print("To answer    what is not recorded: its hash is known after the recovery");
        }
        print(&format!(
            "To {to:<9} signed by {who}; {cool_down_s} s after the last trip or step"
        ));
    }
    Ok(())
}

fn tell_json(standing: &Standing, causes: &[Cause], is_pending: bool) -> anyhow::Result<()> {
    let (alarm, posture) = (standing.engine.alarm(), standing.engine.alarm().posture());
    let answers = standing.answers()?;
    print_json(|object| {
        match answers {
            Some(record) => object.member("answers").display(record),
            None => object.member("answers").null(),
        }
        object.member("causes").array(|array| {
            for cause in causes {
                array.element().object(|object| {
                    object.member("cause").string(&cause.text);
                    object.member("level").string(&cause.level);
                    match cause.seq {
                        Some(seq) => object.member("seq").display(seq),
                        None => object.member("seq").null(),
                    }
                });
            }
        });
        object.member("level").display(posture.level());
        object
            .member("recovery_due")
            .boolean(standing.due.is_some());
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
    Ok(())
}
