//! Holds the bytes that it is given on its input, after their number and a line end, and does what each byte after them
//! orders: `w` overwrites them, `a` aborts. It answers with a line each time.
#![expect(clippy::print_stdout, reason = "the test waits for each line")]

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;

fn main() -> io::Result<()> {
    // `Stdin` would keep a copy in its buffer.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut length = 0;
    while let Some(digit) = next(&mut input)?.filter(u8::is_ascii_digit) {
        length = 10 * length + usize::from(digit - b'0');
    }
    let mut held = vec![0; length];
    input.read_exact(&mut held)?;
    println!("held");
    while let Some(order) = next(&mut input)? {
        match order {
            b'w' => held.fill(0),
            _ => std::process::abort(),
        }
        println!("{}", std::hint::black_box(&held).len());
    }
    Ok(())
}

fn next(input: &mut File) -> io::Result<Option<u8>> {
    let mut byte = [0];
    Ok((input.read(&mut byte)? == 1).then_some(byte[0]))
}
