//! What memory holds after it was given back: for tests alone, of this program and of one without its allocator.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;

/// Where an allocator may keep its list of free places: two pointers.
const LINKS: usize = 16;

/// The bytes in the place of a text that was dropped, but for the first few, which the allocator takes for
/// itself. The kernel reads them, so that the program touches nothing that it gave back.
pub(crate) fn of_a_dropped_text() -> Vec<u8> {
    let memory = File::open("/proc/self/mem").expect("the process's own memory");
    let text = black_box("CANARY-4417-".repeat(40));
    let place = u64::try_from(text.as_ptr().addr()).expect("64 bits");
    let mut bytes = vec![0; text.len()];
    let mut read = || {
        let read = memory.read_exact_at(&mut bytes, place);
        read.expect("mapped memory");
        bytes.get(LINKS..).expect("a longer text").to_vec()
    };
    assert_eq!(read(), text.as_bytes()[LINKS..], "it was not there before");
    drop(text);
    read()
}
