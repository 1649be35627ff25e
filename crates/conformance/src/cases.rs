//! The cases. Each gets a new place.

use std::sync::Barrier;

use ios012_lineage::store::{Append, Renew, Settle, Store};
use ios012_lineage::{Chain, DocumentKind, Hash};

use crate::records::{document, line_of, note, notes, of, portfolio};
use crate::{Place, acquired, documents, is_held, lines};

/// How many workers want a chain at the same time.
const WORKERS: usize = 6;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("lines are text")
}

/// The first writer begins at nothing.
pub fn an_empty_place_begins_the_first_epoch<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let chain = acquired(&mut store);
    assert_eq!((chain.epoch(), chain.head()), (1, (0, Hash::ZERO)));
    assert_eq!(*chain.portfolio_id(), portfolio());
    assert_eq!(
        (lines(&mut store, 0), documents(&mut store)),
        Default::default()
    );
}

/// Bytes and order are those of the chain.
pub fn what_is_appended_is_read_back<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let mut chain = acquired(&mut store);
    let mut written = String::new();
    for texts in [
        &["one", "two"][..],
        &[],
        &["three"],
        &["four \\ \"five\" ~"],
    ] {
        let batch = notes(&mut chain, texts);
        assert_eq!(
            store.append(&[], &batch).expect("it works"),
            Append::Appended
        );
        written.push_str(&text(batch.lines()));
        assert_eq!(lines(&mut store, 0), written);
    }
    assert_eq!(store.settle().expect("it works"), Settle::Clear);
    let starts = written.match_indices('\n').map(|(at, _)| at + 1);
    for (from, start) in [0].into_iter().chain(starts).enumerate() {
        assert_eq!(
            lines(&mut store, from as u64),
            written[start..],
            "from {from}"
        );
    }
    // Another reader sees the same without owning anything.
    assert_eq!(lines(&mut place.store(portfolio()), 0), written);
    let mut first = None;
    store
        .read(1, &mut |hash, _| {
            assert_eq!(first.replace(hash), None, "it was asked to stop");
            std::ops::ControlFlow::Break(())
        })
        .expect("it works");
    assert_eq!(
        first,
        Some(of(&written.lines().nth(1).expect("a line")[..64]))
    );
}

/// A batch that is there is not written twice, be it the last or an earlier one.
pub fn the_same_append_again_is_a_duplicate<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let mut chain = acquired(&mut store);
    let kept = document(DocumentKind::Command, "kept");
    let batches = [
        notes(&mut chain, &["one"]),
        notes(&mut chain, &["two", "three"]),
    ];
    for batch in &batches {
        let answer = store.append(std::slice::from_ref(&kept), batch);
        assert_eq!(answer.expect("it works"), Append::Appended);
    }
    let before = (lines(&mut store, 0), documents(&mut store));
    for batch in [&batches[1], &batches[0], &batches[1]] {
        let answer = store.append(std::slice::from_ref(&kept), batch);
        assert_eq!(answer.expect("it works"), Append::Duplicate);
    }
    assert_eq!((lines(&mut store, 0), documents(&mut store)), before);
    let next = notes(&mut chain, &["four"]);
    assert_eq!(
        store.append(&[], &next).expect("it works"),
        Append::Appended
    );
}

/// What does not continue the chain as it stands is refused and changes nothing.
pub fn other_content_at_the_same_place_is_a_conflict<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let mut chain = acquired(&mut store);
    let first = notes(&mut chain, &["one"]);
    assert_eq!(
        store.append(&[], &first).expect("it works"),
        Append::Appended
    );
    let fork = || Chain::resume(portfolio(), 1, first.head().0, first.head().1);
    let second = notes(&mut chain, &["two", "three"]);
    assert_eq!(
        store.append(&[], &second).expect("it works"),
        Append::Appended
    );
    let before = lines(&mut store, 0);

    // One batch that nobody sent lies between.
    drop(notes(&mut chain, &["four"]));
    let ahead = notes(&mut chain, &["five"]);
    let elsewhere = || Chain::resume(portfolio(), 1, second.head().0, Hash::ZERO);
    let further = || Chain::resume(portfolio(), 1, second.head().0 + 1, second.head().1);
    let longer = notes(&mut fork(), &["two", "three", "four"]);
    let unwritten = document(DocumentKind::Command, "unwritten");
    for (what, batch) in [
        ("another record", notes(&mut fork(), &["other"])),
        ("other records", notes(&mut fork(), &["two", "other"])),
        ("more records", longer),
        ("no record", notes(&mut fork(), &[])),
        ("a gap", ahead),
        ("another head", notes(&mut elsewhere(), &["four"])),
        ("another count", notes(&mut further(), &["four"])),
    ] {
        let answer = store.append(std::slice::from_ref(&unwritten), &batch);
        assert_eq!(answer.expect("it works"), Append::Conflict, "{what}");
    }
    assert_eq!(lines(&mut store, 0), before);
    assert_eq!(documents(&mut store), "");
    let mut straight = Chain::resume(portfolio(), 1, second.head().0, second.head().1);
    let next = notes(&mut straight, &["four"]);
    assert_eq!(
        store.append(&[], &next).expect("it works"),
        Append::Appended
    );
}

/// A batch goes only into the ledger of its portfolio.
pub fn records_of_another_portfolio_are_a_conflict<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let _ = acquired(&mut store);
    let foreign = notes(&mut Chain::new(of("other"), 1), &["one"]);
    let answer = store.append(&[], &foreign);
    assert_eq!(answer.expect("it works"), Append::Conflict);
    assert_eq!(lines(&mut store, 0), "");
}

/// Records of a writer that was followed by another are refused, whoever brings them.
pub fn an_older_epoch_is_fenced<P: Place>(place: &P) {
    let (mut older, mut newer) = (place.store(portfolio()), place.store(portfolio()));
    let mut old_chain = acquired(&mut older);
    let first = notes(&mut old_chain, &["one"]);
    assert_eq!(
        older.append(&[], &first).expect("it works"),
        Append::Appended
    );
    older.release().expect("it works");

    let mut new_chain = acquired(&mut newer);
    assert_eq!((new_chain.epoch(), new_chain.head()), (2, first.head()));
    let late = notes(&mut old_chain, &["late"]);
    for store in [&mut older, &mut newer] {
        assert_eq!(store.append(&[], &late).expect("it works"), Append::Fenced);
    }
    let second = notes(&mut new_chain, &["two"]);
    assert_eq!(
        newer.append(&[], &second).expect("it works"),
        Append::Appended
    );
    // What is there already is not its writer's any more either.
    for batch in [&late, &first] {
        assert_eq!(older.append(&[], batch).expect("it works"), Append::Fenced);
        assert_eq!(newer.append(&[], batch).expect("it works"), Append::Fenced);
    }
    let mut future = Chain::resume(portfolio(), 3, second.head().0, second.head().1);
    let early = notes(&mut future, &["early"]);
    assert_eq!(
        newer.append(&[], &early).expect("it works"),
        Append::Conflict
    );
    let both = [first.lines(), second.lines()].concat();
    assert_eq!(lines(&mut newer, 0), text(&both));
}

/// Whoever owns the chain may acquire it anew, which begins an epoch.
pub fn a_store_may_acquire_again<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let mut old_chain = acquired(&mut store);
    let first = notes(&mut old_chain, &["one"]);
    assert_eq!(
        store.append(&[], &first).expect("it works"),
        Append::Appended
    );
    let mut chain = acquired(&mut store);
    assert_eq!((chain.epoch(), chain.head()), (2, first.head()));
    let late = notes(&mut old_chain, &["late"]);
    assert_eq!(store.append(&[], &late).expect("it works"), Append::Fenced);
    let second = notes(&mut chain, &["two"]);
    assert_eq!(
        store.append(&[], &second).expect("it works"),
        Append::Appended
    );
}

/// Neither before acquiring nor after releasing.
pub fn nothing_is_appended_without_ownership<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let batch = notes(&mut Chain::new(portfolio(), 1), &["one"]);
    let kept = [document(DocumentKind::Command, "unwritten")];
    assert_eq!(
        store.append(&kept, &batch).expect("it works"),
        Append::Fenced
    );
    assert_eq!(store.renew().expect("it works"), Renew::Fenced);

    let mut chain = acquired(&mut store);
    assert_eq!(store.renew().expect("it works"), Renew::Renewed);
    let first = notes(&mut chain, &["one"]);
    assert_eq!(
        store.append(&[], &first).expect("it works"),
        Append::Appended
    );
    assert_eq!(store.renew().expect("it works"), Renew::Renewed);
    store.release().expect("it works");
    let next = notes(&mut chain, &["two"]);
    assert_eq!(
        store.append(&kept, &next).expect("it works"),
        Append::Fenced
    );
    assert_eq!(store.renew().expect("it works"), Renew::Fenced);
    assert_eq!(lines(&mut store, 0), text(first.lines()));
    assert_eq!(documents(&mut store), "");
}

/// Of workers that want the chain at once one gets it, and the others hear so.
pub fn of_many_workers_one_acquires<P: Place>(place: &P) {
    let mut first = place.store(portfolio());
    let batch = notes(&mut acquired(&mut first), &["one"]);
    assert_eq!(
        first.append(&[], &batch).expect("it works"),
        Append::Appended
    );
    let mut second = place.store(portfolio());
    assert!(is_held(&mut second));
    first.release().expect("it works");

    let (ready, done) = (Barrier::new(WORKERS), Barrier::new(WORKERS));
    let owners: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut store = place.store(portfolio());
                    ready.wait();
                    let owns = !is_held(&mut store);
                    // Nobody lets go before everybody has asked.
                    done.wait();
                    usize::from(owns)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker ends well"))
            .sum()
    });
    assert_eq!(owners, 1);
}

/// A leased chain goes to whoever asks after the lease, and its former owner is refused from then on.
/// A lock is never broken by time.
pub fn a_worker_that_outlives_its_lease<P: Place>(place: &P) {
    let (mut slow, mut other) = (place.store(portfolio()), place.store(portfolio()));
    let mut slow_chain = acquired(&mut slow);
    let first = notes(&mut slow_chain, &["one"]);
    assert_eq!(
        slow.append(&[], &first).expect("it works"),
        Append::Appended
    );
    place.outlive_lease();
    let late = notes(&mut slow_chain, &["late"]);
    if !P::LEASED {
        assert!(is_held(&mut other));
        assert_eq!(slow.append(&[], &late).expect("it works"), Append::Appended);
        return;
    }
    let mut other_chain = acquired(&mut other);
    assert_eq!((other_chain.epoch(), other_chain.head()), (2, first.head()));
    // Also before the new owner has written anything.
    assert_eq!(slow.append(&[], &late).expect("it works"), Append::Fenced);
    let second = notes(&mut other_chain, &["two"]);
    assert_eq!(
        other.append(&[], &second).expect("it works"),
        Append::Appended
    );
    assert_eq!(slow.append(&[], &late).expect("it works"), Append::Fenced);
    assert_eq!(slow.renew().expect("it works"), Renew::Fenced);
    assert!(is_held(&mut slow));
    // Giving up what one does not own takes it from nobody.
    slow.release().expect("it works");
    assert!(is_held(&mut place.store(portfolio())));
    let both = [first.lines(), second.lines()].concat();
    assert_eq!(lines(&mut slow, 0), text(&both));
}

/// No reader sees a record without the document that it names.
pub fn documents_come_with_their_records<P: Place<Store: Send>>(place: &P) {
    let mut store = place.store(portfolio());
    let mut chain = acquired(&mut store);
    let batch = notes(&mut chain, &[]);
    assert_eq!(
        store.append(&[], &batch).expect("it works"),
        Append::Appended
    );
    let rounds = 40;
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            for round in 0..rounds {
                let document = document(DocumentKind::Command, &round.to_string());
                let record = note("named", Some(&document));
                chain.append(&record).expect("a record");
                let batch = chain.take_batch();
                let answer = store.append(&[document], &batch);
                assert_eq!(answer.expect("it works"), Append::Appended);
            }
        });
        let mut reader = place.store(portfolio());
        loop {
            let is_last = writer.is_finished();
            // The documents are read after the records, so they are at least those of then.
            let records = lines(&mut reader, 1);
            let pack = documents(&mut reader);
            for line in records.lines() {
                let named = line.split(r#""document_hash":""#).nth(1).expect("a member");
                assert!(pack.contains(&named[..64]), "{line}");
            }
            if is_last {
                assert_eq!(records.lines().count(), rounds);
                break;
            }
        }
        writer.join().expect("everything was appended");
    });
}

/// The pack is the one that the format's page asks for: what differs from the last of its kind.
pub fn a_document_is_written_when_it_differs_from_the_last_of_its_kind<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let mut chain = acquired(&mut store);
    let of_kind = |text| document(DocumentKind::Market, text);
    // The same text may be two documents; one that returns stands again.
    let taken = [
        vec![of_kind("a"), document(DocumentKind::Mandate, "a")],
        vec![of_kind("a")],
        vec![of_kind("b"), of_kind("a"), of_kind("a")],
        vec![document(DocumentKind::Mandate, "a")],
        vec![of_kind("c"), of_kind("b")],
    ];
    for documents in &taken {
        let batch = notes(&mut chain, &["next"]);
        let answer = store.append(documents, &batch);
        assert_eq!(answer.expect("it works"), Append::Appended);
    }
    let expected: String = ["a", "a", "b", "a", "c", "b"]
        .map(|text| line_of(&of_kind(text)))
        .concat();
    assert_eq!(documents(&mut store), expected);
}

/// Megabytes, and many records, in one append.
pub fn large_batches_are_kept_whole<P: Place>(place: &P) {
    let mut store = place.store(portfolio());
    let mut chain = acquired(&mut store);
    let long = "x".repeat(50_000);
    let many_long = notes(&mut chain, &vec![long.as_str(); 200]);
    let many_short = notes(&mut chain, &vec!["short"; 20_000]);
    let document = document(DocumentKind::Market, &"y".repeat(8 << 20));
    assert!(many_long.lines().len() > 10 << 20, "it is large");
    for batch in [&many_long, &many_short] {
        let answer = store.append(std::slice::from_ref(&document), batch);
        assert_eq!(answer.expect("it works"), Append::Appended);
    }
    let written = [many_long.lines(), many_short.lines()].concat();
    assert!(lines(&mut store, 0) == text(&written), "another text");
    assert!(documents(&mut store) == line_of(&document), "another text");
    assert_eq!(
        store.append(&[], &many_long).expect("it works"),
        Append::Duplicate
    );
}

/// No answer is given where there is none.
pub fn an_unwritable_place_is_an_error<P: Place>(place: &P) {
    let mut store = place.unwritable(portfolio());
    let error = store.acquire().expect_err("nothing can be kept there");
    assert!(!error.to_string().is_empty());
    // Nobody owns anything after it.
    let batch = notes(&mut Chain::new(portfolio(), 1), &["one"]);
    match store.append(&[], &batch) {
        Ok(answer) => assert_eq!(answer, Append::Fenced),
        Err(error) => drop(error),
    }
}
