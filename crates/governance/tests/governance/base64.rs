//! Base64 (RFC 4648, 4), for signatures that the tests put together.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - group.len()));
        for digit in 0..4 {
            text.push(if digit <= group.len() {
                char::from(DIGITS[bits >> (18 - 6 * digit) & 63])
            } else {
                '='
            });
        }
    }
    text
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().fold(0_usize, |bits, digit| {
            bits << 6
                | DIGITS
                    .iter()
                    .position(|known| known == digit)
                    .expect("a digit")
        }) << (6 * (4 - group.len()));
        for byte in 0..group.len() - 1 {
            bytes.push(u8::try_from(bits >> (16 - 8 * byte) & 255).expect("a byte"));
        }
    }
    bytes
}
