//! Parts of a canary: twelve bytes in a row are found, fewer are not.

use std::io::{self, Read};

use base64ct::{Base64, Encoding as _};
use ios012_canary::{Canaries, Encoding, Kind, Search};

/// What docs/canaries.md promises.
const WINDOW: usize = 12;

#[test]
fn each_window_is_found_in_each_form() {
    let canaries = one();
    let search = Search::new(&canaries).unwrap();
    for window in canaries.bytes(Kind::ApiSecret).unwrap().windows(WINDOW) {
        let text = str::from_utf8(window).unwrap();
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(times(&search, window), 1);
        assert!(times(&search, &utf16) > 0);
        assert!(times(&search, base16ct::lower::encode_string(window).as_bytes()) > 0);
        assert!(times(&search, base16ct::upper::encode_string(window).as_bytes()) > 0);
        assert!(times(&search, format!("{window:?}").as_bytes()) > 0);
        assert!(times(&search, format!("{window:#?}").as_bytes()) > 0);
        assert!(times(&search, text.chars().rev().collect::<String>().as_bytes()) > 0);
        for before in ["", "k", "id"] {
            let around = [before.as_bytes(), window, b"!"].concat();
            assert!(times(&search, Base64::encode_string(&around).as_bytes()) > 0);
        }
    }
}

/// So a program that shows the first eight characters of a secret passes: a stated limit.
#[test]
fn eleven_bytes_are_not_found_so_eight_are_not() {
    let canaries = one();
    let search = Search::new(&canaries).unwrap();
    let secret = canaries.bytes(Kind::ApiSecret).unwrap();
    assert_eq!(times(&search, &secret[..8]), 0);
    for part in secret.windows(WINDOW - 1) {
        assert_eq!(times(&search, part), 0);
        assert_eq!(
            times(&search, base16ct::lower::encode_string(part).as_bytes()),
            0
        );
    }
}

#[test]
fn a_cut_value_is_found_at_its_place() {
    let canaries = one();
    let mut search = Search::new(&canaries).unwrap();
    let secret = canaries.text(Kind::ApiSecret).unwrap();
    let masked = format!("key={}...; key=...{}", &secret[..13], &secret[50..]);
    search.bytes("log", masked.as_bytes());
    let [finding] = search.report().findings() else {
        panic!("one finding for one form in one output");
    };
    assert_eq!(
        (finding.kind, finding.encoding),
        (Kind::ApiSecret, Encoding::Raw)
    );
    assert_eq!(
        (finding.source.as_str(), finding.offset, finding.times),
        ("log", 4, 2)
    );
}

/// Gives a byte at a time, so that each border lies between two reads.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut buffer[..1])
    }
}

#[test]
fn a_reader_is_searched_over_the_borders_of_its_pieces() {
    let canaries = one();
    let secret = canaries.bytes(Kind::ApiSecret).unwrap();
    // Around the end of what is read at a time.
    for before in [
        (1 << 18) - 64,
        (1 << 18) - 32,
        (1 << 18) - 1,
        1 << 18,
        (1 << 19) - 30,
    ] {
        let output = [&vec![b'.'; before], secret, b"."].concat();
        let mut search = Search::new(&canaries).unwrap();
        search.reader("reader", &mut Slow(&output)).unwrap();
        let [finding] = search.report().findings() else {
            panic!("one finding");
        };
        assert_eq!(
            (finding.offset, finding.times),
            (before.try_into().unwrap(), 1)
        );
    }
}

fn one() -> Canaries {
    let mut canaries = Canaries::none();
    canaries.plant(Kind::ApiSecret).unwrap();
    canaries
}

fn times(search: &Search<'_>, output: &[u8]) -> u64 {
    let mut search = search.empty();
    search.bytes("output", output);
    search
        .report()
        .findings()
        .iter()
        .map(|finding| finding.times)
        .sum()
}
