//! The hashes and ids that a reader derives again (docs/lineage-format.md, Hashes).

use std::fmt;
use std::str::FromStr;

use ios012_core::{AssetId, Exposure, Price};

use crate::canonical::JsonReader;
use crate::field::{Field, Memo};
use crate::hash::{Hash, sha256};
use crate::{JsonWriter, LineageError};

/// What `schema` holds in an input state.
pub const INPUT_STATE_SCHEMA: &str = "ios012.input_state.v1";

/// The hash of what one decision was made from: the cycle (and through it every document), the
/// asset, its exposure before and its price.
pub fn input_state_hash(
    asset_id: &AssetId,
    cycle_hash: Hash,
    previous_exposure: Exposure,
    reference_price: Price,
) -> Hash {
    let mut text = String::with_capacity(320);
    JsonWriter::new(&mut text).object(|object| {
        object
            .member("asset_id")
            .plain(|out| out.push_str(asset_id.as_str()));
        object
            .member("cycle_hash")
            .plain(|out| cycle_hash.write_to(out));
        object
            .member("previous_exposure")
            .plain(|out| previous_exposure.write_to(out));
        object
            .member("reference_price")
            .plain(|out| reference_price.write_to(out));
        object
            .member("schema")
            .plain(|out| out.push_str(INPUT_STATE_SCHEMA));
    });
    sha256(text.as_bytes())
}

/// `sha256(input_state_hash + target_exposure + constraints_hash)` of the seed, section 5, over
/// the texts of the three.
pub fn lineage_hash(
    input_state_hash: Hash,
    target_exposure: Exposure,
    constraints_hash: Hash,
) -> Hash {
    let mut text = String::with_capacity(192);
    input_state_hash.write_to(&mut text);
    target_exposure.write_to(&mut text);
    constraints_hash.write_to(&mut text);
    sha256(text.as_bytes())
}

/// The id of an order: derived from its decision, so sending twice is sending once.
pub fn order_id(lineage_hash: Hash, leg: u64) -> OrderId {
    let mut text = String::with_capacity(96);
    lineage_hash.write_to(&mut text);
    text.push('/');
    text.push_str(itoa::Buffer::new().format(leg));
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(sha256(text.as_bytes()).as_bytes()) {
        *to = *from;
    }
    OrderId(id)
}

/// An order's id: 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId([u8; 16]);

impl OrderId {
    /// The grammar, as a regular expression.
    pub const GRAMMAR: &'static str = "^[0-9a-f]{32}$";

    /// The id as 32 lower-case hexadecimal ASCII bytes.
    pub fn to_hex(self) -> [u8; 32] {
        let mut text = [b'0'; 32];
        // The buffer has the exact length, so encoding cannot fail.
        let _ = base16ct::lower::encode(&self.0, &mut text);
        text
    }
}

impl FromStr for OrderId {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
        let mut bytes = [0; 16];
        let decoded = base16ct::lower::decode(text.as_bytes(), &mut bytes).map(<[u8]>::len);
        if decoded == Ok(bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(LineageError::TextGrammar {
                what: "an order_id",
                grammar: Self::GRAMMAR,
            })
        }
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(std::str::from_utf8(&self.to_hex()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OrderId({self})")
    }
}

impl Field for OrderId {
    fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
        let mut text = [0; 32];
        // The buffer has the exact length, so encoding cannot fail.
        let text = base16ct::lower::encode_str(&self.0, &mut text).unwrap_or_default();
        json.plain(|out| out.push_str(text));
    }

    fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
        json.fixed(32)?.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors and failed tests show an order by the id that the ledger has.
    #[test]
    fn an_order_id_is_shown_as_the_ledger_writes_it() {
        let text = "000102030405060708090a0b0c0d0e0f";
        let id: OrderId = text.parse().expect("an id");
        assert_eq!(format!("{id} {id:?}"), format!("{text} OrderId({text})"));
    }
}
