use ios012_paper::Script;
use serde_json::json;

use super::*;
use crate::desk::run;
use crate::story::{STOCKS, Story};

type Change = fn(&mut Story);

/// A ledger that was made under one set of limits, judged by another: whatever the run used is
/// seen where the other one forbids it.
#[test]
fn what_a_limit_forbids_is_seen() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
    let story = Story::golden(&golden, STOCKS).expect("the golden history");
    let story = story.around("2008-10-15", 6, 2).expect("a window");
    let standing = story.standing().expect("agree");
    let cycles = story.cycles(&standing).expect("tables");
    let (counts, ledger) = run(&standing, cycles, Script::default()).expect("runs");
    let open = BTreeSet::new();
    let seen = watch(ledger.path(), &standing, &open).expect("no limit is passed");
    assert_eq!((seen.cycles, seen.decisions), (9, counts.decisions));

    let tighter: [(&str, Change); 6] = [
        ("longer than max_delta", |story| {
            each(story, "max_delta_exposure", "0.019");
        }),
        ("above max_exposure", |story| {
            each(story, "max_exposure", "0.03");
        }),
        ("group health goes", |story| {
            story.constraints["groups"][2]["cap"] = json!("0.1");
        }),
        ("class equity goes", |story| {
            story.constraints["classes"][0]["cap"] = json!("0.5");
        }),
        ("net goes", |story| {
            story.constraints["portfolio"]["net"] = json!("0.5");
        }),
        ("its floor is", |story| {
            story.constraints["portfolio"]["cash_floor"] = json!("0.5");
        }),
    ];
    for (expected, change) in tighter {
        let mut story = story.clone();
        change(&mut story);
        let standing = story.standing().expect("agree");
        let error = watch(ledger.path(), &standing, &open).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    }

    let day = UtcTime::from_date("2008-10-15").expect("a date");
    let closed = story
        .assets
        .iter()
        .map(|id| (day, id.parse().expect("an id")));
    let error = watch(ledger.path(), &standing, &closed.collect()).expect_err("a closed market");
    assert!(
        error.to_string().contains("its market is closed"),
        "{error}"
    );
}

fn each(story: &mut Story, limit: &str, value: &str) {
    for row in Story::rows(&mut story.constraints).expect("rows") {
        row[limit] = json!(value);
    }
}
