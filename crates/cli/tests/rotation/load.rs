//! Calls to the paper broker, each signed, from four threads, while the key is replaced three times.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use ios012_broker::Broker as _;
use ios012_core::Ratio;
use ios012_paper::{PaperBroker, Script};
use ios012_secrets::{Keyring, Paper};
use sha2::Sha256;
use tokio::runtime::Builder;

use crate::house::{House, begin, later, start, taken};

const CALLS: u64 = 10_000;
const THREADS: usize = 4;

/// What a venue knows: the keys that it issued and did not take back, and how often each was used.
#[derive(Default)]
struct Venue {
    keys: BTreeMap<String, String>,
    used: BTreeMap<String, u64>,
    refused: u64,
}

impl Venue {
    /// Whether the signature is that of the key with this name. Another program's arithmetic would show a wrong
    /// signature; that two keys are mixed is shown by this one.
    fn hears(&mut self, name: &[u8], message: &[u8], signature: &str) -> bool {
        let name = String::from_utf8(name.to_vec()).expect("text");
        let is_good = self.keys.get(&name).is_some_and(|secret| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
            let bytes = mac.chain_update(message).finalize().into_bytes();
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat()
                == signature
        });
        if is_good {
            *self.used.entry(name).or_default() += 1;
        } else {
            self.refused += 1;
        }
        is_good
    }
}

pub(crate) fn test() {
    let house = House::new();
    let venue = Arc::new(Mutex::new(Venue::default()));
    let issue = |number: u64| {
        let (name, secret) = (
            format!("name-{number:03}-of-a-key"),
            format!("secret-{number}"),
        );
        let mut venue = venue.lock().expect("no test panicked with it");
        venue.keys.insert(name.clone(), secret.clone());
        drop(venue);
        house.put(&name, &secret);
        name
    };
    let mut name = issue(1);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut keys = runtime.block_on(begin(house.folder.path(), start()));
    let ring = keys.ring("one").expect("the key");
    let (calls, done) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let workers: Vec<_> = (0..THREADS)
        .map(|_| {
            let (ring, venue) = (Arc::clone(&ring), Arc::clone(&venue));
            let (calls, done) = (Arc::clone(&calls), Arc::clone(&done));
            thread::spawn(move || work(&ring, &venue, &calls, &done))
        })
        .collect();

    for change in 1..=3 {
        wait_for(&calls, change * CALLS / 4);
        let old = Arc::downgrade(&ring.current());
        let next = issue(ring.current().version() + 1);
        let now = i64::try_from(change).expect("small") * 100;
        let tended = runtime.block_on(keys.tend(later(now), taken));
        assert_eq!(
            (tended.rotated.len(), tended.notices.len()),
            (1, 0),
            "change {change}"
        );
        assert_eq!(ring.generations(), 2);
        // After the overlap nobody holds the old key but a call that is under way, and the venue takes it back.
        runtime.block_on(keys.tend(later(now + 10), taken));
        assert_eq!(ring.generations(), 1);
        while old.upgrade().is_some() {
            thread::yield_now();
        }
        venue
            .lock()
            .expect("no test panicked with it")
            .keys
            .remove(&name);
        name = next;
    }
    wait_for(&calls, CALLS);
    done.store(true, Ordering::Release);
    for worker in workers {
        worker.join().expect("a worker");
    }
    let venue = venue.lock().expect("no test panicked with it");
    assert_eq!(venue.refused, 0, "of {:?}", venue.used);
    assert!(venue.used.values().sum::<u64>() >= CALLS);
    assert_eq!(venue.used.len(), 4, "each key was used: {:?}", venue.used);
}

/// Calls the broker until it is told to end.
fn work(ring: &Keyring<Paper>, venue: &Mutex<Venue>, calls: &AtomicU64, done: &AtomicBool) {
    let mut broker = PaperBroker::new(Ratio::ZERO, Ratio::ZERO, Script::default());
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    while !done.load(Ordering::Acquire) {
        let key = ring.current();
        let name = key.credential().name_header().expect("a header");
        let message = format!("statement {}", calls.load(Ordering::Relaxed));
        // Another thread may change the key here.
        thread::yield_now();
        let signature = key.credential().sign(message.as_bytes()).hex();
        let mut venue = venue.lock().expect("no test panicked with it");
        let heard = venue.hears(name.as_bytes(), message.as_bytes(), &signature);
        drop(venue);
        if heard {
            runtime
                .block_on(broker.statement(start()))
                .expect("a statement");
        }
        drop(key);
        calls.fetch_add(1, Ordering::Release);
    }
}

fn wait_for(calls: &AtomicU64, number: u64) {
    while calls.load(Ordering::Acquire) < number {
        thread::yield_now();
    }
}
