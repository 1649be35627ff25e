//! As much of HTTP/1.1 as a test needs.

use std::io::Read;

use crate::Answer;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method, path and version.
    pub line: String,
    /// The lines of the header.
    pub header: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Reads a request; none if the peer ends before it is whole.
pub(crate) fn read(stream: &mut impl Read) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.extend(byte);
        if bytes.ends_with(b"\r\n\r\n") {
            break bytes.len();
        }
    };
    let head = String::from_utf8(bytes).ok()?;
    let mut lines = head.get(..end)?.trim_end().lines().map(str::to_owned);
    let line = lines.next()?;
    let header: Vec<String> = lines.collect();
    let length = header.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Request { line, header, body })
}

/// The bytes of an answer.
pub(crate) fn bytes_of(answer: &Answer) -> Vec<u8> {
    let empty = |status: u16, header: &str| {
        format!("HTTP/1.1 {status} X\r\n{header}content-length: 0\r\n\r\n").into_bytes()
    };
    match answer {
        Answer::Status(status) => empty(*status, ""),
        Answer::Text(status, text) => format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )
        .into_bytes(),
        Answer::Redirect(to) => empty(307, &format!("location: {to}\r\n")),
        Answer::Large(length) => {
            let mut bytes =
                format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n").into_bytes();
            bytes.resize(bytes.len() + length, b'x');
            bytes
        }
        Answer::Garbage => b"\0\0\0 no HTTP\r\n\r\n".to_vec(),
        Answer::Cut => Vec::new(),
        Answer::Late(_) => empty(200, ""),
        Answer::Trickle(length, _) => {
            format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n").into_bytes()
        }
    }
}
