//! The trial balance as a canonical document, which each cycle names by its hash.

use ios012_core::account::{Account, Books, Position};
use ios012_core::{Accounts, CurrencyCode, Money};
use ios012_lineage::JsonWriter;
use ios012_lineage::canonical::ObjectWriter;

/// What `schema` holds in a trial balance.
pub(crate) const ACCOUNT_SCHEMA: &str = "ios012.account.v1";

/// Appends the canonical trial balance (docs/documents.md): debits are positive, credits negative,
/// an account without a balance is left out. The members of the object are those of the branch of
/// the base currency and of the base ledger; `currencies` holds the other branches.
pub(crate) fn write_trial_balance(accounts: &Accounts, out: &mut String) {
    let (books, flows) = (accounts.books(), accounts.flows());
    let mut currencies = books.currencies();
    let Some(base) = currencies.next() else {
        return;
    };
    let foreign = currencies.count() > 0;
    JsonWriter::new(out).object(|object| {
        balance(object, books, base, "cash", Account::Cash);
        if foreign {
            object.member("currencies").array(|array| {
                for currency in books.currencies().skip(1) {
                    array.element().object(|object| {
                        balance(object, books, currency, "cash", Account::Cash);
                        branch(object, books, currency, None);
                    });
                }
            });
        }
        branch(
            object,
            books,
            base,
            Some((flows.fx_revaluation(), flows.rounding())),
        );
    });
}

/// The members of a branch after `cash` and `currencies`. The base branch also has what belongs to
/// the base ledger: the change of value with the rates, and what translation rounded away.
fn branch(
    object: &mut ObjectWriter<'_>,
    books: &Books,
    currency: &CurrencyCode,
    base: Option<(Money, Money)>,
) {
    object
        .member("currency")
        .plain(|out| out.push_str(currency.as_str()));
    let own = |object: &mut ObjectWriter<'_>, key, account| {
        balance(object, books, currency, key, account);
    };
    own(object, "dividends", Account::Dividends);
    own(object, "fees", Account::Fees);
    own(object, "funding", Account::Funding);
    if let Some((fx_revaluation, _)) = base {
        amount(object, "fx_revaluation", fx_revaluation);
    }
    own(object, "interest", Account::Interest);
    own(object, "opening", Account::Opening);
    object.member("positions").array(|array| {
        let settled = |position: &&Position| position.spec().currency == *currency;
        for position in books.positions().filter(settled) {
            array
                .element()
                .object(|object| write_position(object, position));
        }
    });
    own(object, "realised", Account::Realised);
    if let Some((_, rounding)) = base {
        amount(object, "rounding", rounding);
        object
            .member("schema")
            .plain(|out| out.push_str(ACCOUNT_SCHEMA));
    }
    own(object, "slippage", Account::Slippage);
    own(object, "transfers", Account::Transfers);
    own(object, "unrealised", Account::Unrealised);
}

/// The cost of a contract is not on the sheet, so it has another name.
fn write_position(object: &mut ObjectWriter<'_>, position: &Position) {
    object
        .member("asset_id")
        .plain(|out| out.push_str(position.asset_id().as_str()));
    let holds_value = position.spec().instrument.holds_value();
    let cost = if holds_value { "cost" } else { "entry_value" };
    object
        .member(cost)
        .plain(|out| position.cost().write_to(out));
    object
        .member("quantity")
        .plain(|out| position.quantity().write_to(out));
    object
        .member("revaluation")
        .plain(|out| position.revaluation().write_to(out));
}

fn balance(
    object: &mut ObjectWriter<'_>,
    books: &Books,
    currency: &CurrencyCode,
    key: &'static str,
    account: Account,
) {
    amount(object, key, books.balance(currency, account));
}

fn amount(object: &mut ObjectWriter<'_>, key: &'static str, money: Money) {
    if !money.is_zero() {
        object.member(key).plain(|out| money.write_to(out));
    }
}
