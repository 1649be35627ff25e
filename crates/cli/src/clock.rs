//! The one clock of the binary: it stamps what people order. No decision reads it.

use ios012_core::UtcTime;

/// Now, in whole milliseconds.
#[expect(
    clippy::disallowed_types,
    reason = "an order of a person is stamped when it is given; it reaches the engine as data"
)]
pub(crate) fn now() -> UtcTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let milliseconds = since.map_or(0, |since| since.as_millis());
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    UtcTime::from_unix_milliseconds(milliseconds).unwrap_or(UtcTime::FIRST)
}
