//! Keys that change while a program works, from a real server: no call fails or mixes two keys, and an old key leaves
//! the memory. The harness would run a test beside its own threads and with its own allocator; what is looked at is the
//! memory of the program, so this has its own `main`.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "it has no harness that would print")]

mod house;
mod load;
mod memory;

/// As the binary has.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const TESTS: [(&str, fn()); 2] = [
    (
        "ten_thousand_calls_see_three_changes_and_none_fails",
        load::test,
    ),
    (
        "an_old_key_leaves_the_memory_after_the_overlap",
        memory::test,
    ),
];

/// With a folder it is the program that works; otherwise its lines are those of the usual harness.
fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(memory::CHILD) {
        memory::work(&arguments.next().expect("a folder"));
        return;
    }
    for (name, test) in TESTS {
        test();
        println!("test {name} ... ok");
    }
    let passed = TESTS.len();
    println!("test result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}
