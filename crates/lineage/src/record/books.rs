//! The opening of the books and every change of them that is not a fill.

use ios012_core::{AssetId, CurrencyCode, Money, Quantity, UtcTime};

use super::macros::record;
use crate::canonical::JsonReader;
use crate::field::{Field, Memo};
use crate::text::text_enum;
use crate::{Code, JsonWriter, LineageError};

text_enum! {
    /// The version of the format.
    Format {
        /// Version 1.
        V1 = "ios012.ledger.v1",
    }
}

/// An amount of a currency, or a number of units of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// Money.
    Cash(CurrencyCode, Money),
    /// Units of an asset.
    Asset(AssetId, Quantity),
}

/// What an account held when the ledger began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The account.
    pub account: Code,
    /// What it held.
    pub quantity: Amount,
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLine {
    /// The account.
    pub account: Code,
    /// What it received, negative for what it gave.
    pub amount: Amount,
}

record! {
    /// The first record of a ledger.
    Genesis = "genesis" {
        /// The currency of NLV.
        base_currency: CurrencyCode,
        = epoch,
        /// The version of the format.
        format: Format,
        = kind,
        /// The books at the start.
        opening: Vec<Opening>,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
    }
}

record! {
    /// A change of the books other than a fill.
    Entry = "entry" {
        = epoch,
        /// Its cause: `funding`, `interest`, `variation`, `dividend`, `split`, `transfer`,
        /// `expiry`, `rounding`.
        event: Code,
        = kind,
        /// The lines, which balance.
        lines: Vec<EntryLine>,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
        /// When it took effect.
        time: UtcTime,
    }
}

/// Members `account`, `asset_id` or `currency`, `quantity`.
impl Field for Opening {
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo) {
        json.object(|object| {
            self.account.write(object.member("account"), memo);
            match &self.quantity {
                Amount::Asset(asset_id, quantity) => {
                    asset_id.write(object.member("asset_id"), memo);
                    quantity.write(object.member("quantity"), memo);
                }
                Amount::Cash(currency, money) => {
                    currency.write(object.member("currency"), memo);
                    money.write(object.member("quantity"), memo);
                }
            }
        });
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        let mut object = json.object()?;
        let account = Code::read(object.member("account")?, memo)
            .map_err(|error| error.in_member("account"))?;
        let unit = object.next()?;
        let quantity = match unit.as_deref() {
            Some("asset_id") => Amount::Asset(
                AssetId::read(object.value(), memo)?,
                Quantity::read(object.member("quantity")?, memo)?,
            ),
            Some("currency") => Amount::Cash(
                CurrencyCode::read(object.value(), memo)?,
                Money::read(object.member("quantity")?, memo)?,
            ),
            _ => return Err(no_unit()),
        };
        object.end()?;
        Ok(Self { account, quantity })
    }
}

/// Members `account`, `amount`, `asset_id` or `currency`.
impl Field for EntryLine {
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo) {
        json.object(|object| {
            self.account.write(object.member("account"), memo);
            match &self.amount {
                Amount::Asset(asset_id, quantity) => {
                    quantity.write(object.member("amount"), memo);
                    asset_id.write(object.member("asset_id"), memo);
                }
                Amount::Cash(currency, money) => {
                    money.write(object.member("amount"), memo);
                    currency.write(object.member("currency"), memo);
                }
            }
        });
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        let mut object = json.object()?;
        let account = Code::read(object.member("account")?, memo)
            .map_err(|error| error.in_member("account"))?;
        let text = object.member("amount")?.plain()?;
        let unit = object.next()?;
        let amount = match unit.as_deref() {
            Some("asset_id") => Amount::Asset(AssetId::read(object.value(), memo)?, text.parse()?),
            Some("currency") => {
                Amount::Cash(CurrencyCode::read(object.value(), memo)?, text.parse()?)
            }
            _ => return Err(no_unit()),
        };
        object.end()?;
        Ok(Self { account, amount })
    }
}

fn no_unit() -> LineageError {
    LineageError::Member {
        member: "asset_id".to_owned(),
        rule: "a line has either `asset_id` or `currency`".to_owned(),
    }
}
