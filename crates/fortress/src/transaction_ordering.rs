//! The order in which a broker tells its news changes no book: the books are the same, or the engine
//! refuses by name.

use std::path::Path;
use std::sync::Arc;

use ios012_contracts::{Mandate, Market, Standing};
use ios012_engine::EngineError;
use ios012_lineage::verify;
use ios012_paper::{Action, Rule, Script};

use crate::courier::{Courier, Telling};
use crate::desk::{Desk, Told, judge, no_drift, paper};
use crate::error::ensure;
use crate::report::{Held, Recorder};
use crate::story::{STOCKS, Story};
use crate::{FortressError, Size};

/// Ways to tell news that change nothing. What is told again is taken once.
const HARMLESS: [(&str, Telling); 9] = [
    ("at once", Telling::InOrder),
    ("last order first", Telling::LastFirst),
    ("one piece at a time, last order first", Telling::OneByOne),
    ("interleaved (1)", Telling::Interleaved(1)),
    ("interleaved (2)", Telling::Interleaved(2)),
    ("interleaved (3)", Telling::Interleaved(3)),
    ("a part of an order filled twice", Telling::FirstFillTwice),
    ("the last fill of an order told twice", Telling::LastTwice),
    ("the last piece of an order again, later", Telling::Later),
];

type IsRefusal = fn(&EngineError) -> bool;

/// Ways to tell news that can't be true, each with the refusal that it must meet.
const REFUSED: [(&str, Telling, IsRefusal); 3] = [
    (
        "a part of an order told again as another",
        Telling::FirstFillOtherwise,
        |error| matches!(error, EngineError::RepeatedFill { .. }),
    ),
    (
        "an order ends before its fills",
        Telling::EndFirst,
        |error| matches!(error, EngineError::UnknownOrder { .. }),
    ),
    ("news that never come", Telling::Never, |error| {
        matches!(error, EngineError::Sequence(_))
    }),
];

pub(crate) fn run(golden: &Path, size: Size, recorder: &mut Recorder<'_>) {
    let cycles = Story::golden(golden, STOCKS)
        .and_then(|story| story.around("2020-03-16", size.pick(6, 60), size.pick(2, 60)))
        .and_then(|story| {
            let standing = story.standing()?;
            let cycles = story.cycles(&standing)?.collect::<Result<Vec<_>, _>>()?;
            Ok(Day { standing, cycles })
        });
    let day = match cycles {
        Ok(day) => day,
        Err(error) => return recorder.part(STOCKS, || Err(error)),
    };
    let base = match day.told(Telling::AsTheyCome) {
        Ok(told) => told,
        Err(error) => return recorder.part("as they come", || Err(error)),
    };
    for (name, telling) in HARMLESS {
        recorder.part(name, || {
            let told = day.told(telling)?;
            ensure(told == base, || "decisions or books differ".to_owned())?;
            Ok(held(&told, "the same decisions and books"))
        });
    }
    for (name, telling, is_refusal) in REFUSED {
        recorder.part(name, || day.refused(telling, is_refusal));
    }
}

fn held(told: &Told, shows: &str) -> Held {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Held {
        cycles: count(told.seals.len()),
        decisions: count(told.decisions.len()),
        shows: shows.to_owned(),
    }
}

/// What is run in every way.
struct Day {
    standing: Arc<Standing>,
    cycles: Vec<(Mandate, Market)>,
}

impl Day {
    fn courier(&self, telling: Telling) -> Result<Courier, FortressError> {
        Ok(Courier::new(paper(&self.standing, partial()?), telling))
    }

    fn told(&self, telling: Telling) -> Result<Told, FortressError> {
        let mut desk = Desk::open(&self.standing, self.courier(telling)?)?;
        desk.cycles(self.cycles.iter().cloned().map(Ok))?;
        let directory = desk.close()?;
        judge(directory.path())?;
        Told::read(directory.path())
    }

    /// The engine stops with the refusal and stays stopped; what is on disk verifies and replays.
    fn refused(&self, telling: Telling, is_refusal: IsRefusal) -> Result<Held, FortressError> {
        let mut desk = Desk::durable(&self.standing, self.courier(telling)?)?;
        let mut refusal = None;
        for (mandate, market) in &self.cycles {
            let cycle = desk.cycle(None, mandate.clone(), market.clone(), None);
            match (cycle, &refusal) {
                (Ok(_), None) => {}
                (Err(FortressError::Engine(error)), None) => refusal = Some(error),
                (
                    Err(FortressError::Engine(EngineError::Halted | EngineError::Sequence(_))),
                    Some(_),
                ) => break,
                (Err(error), _) => return Err(error),
                (Ok(_), Some(refusal)) => {
                    let what = format!("the engine goes on after: {refusal}");
                    return Err(FortressError::Broken(what));
                }
            }
        }
        let refusal =
            refusal.ok_or_else(|| FortressError::Broken("nothing is refused".to_owned()))?;
        ensure(is_refusal(&refusal), || {
            format!("another refusal: {refusal}")
        })?;
        let directory = desk.abandon();
        verify(directory.path(), None).map_err(Box::new)?;
        no_drift(directory.path())?;
        Ok(held(&Told::read(directory.path())?, &refusal.to_string()))
    }
}

/// Some orders are filled in part only, so that news of one order are of more than one kind.
fn partial() -> Result<Script, FortressError> {
    let rule = |asset: &str, part: &str| {
        Ok::<_, FortressError>(Rule {
            asset_id: Some(asset.parse()?),
            side: None,
            as_of: None,
            action: Action::Partial(part.parse()?),
        })
    };
    Ok(Script::new(vec![rule("JPM", "0.5")?, rule("XOM", "0.31")?]))
}
