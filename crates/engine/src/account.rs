//! The trial balance as a canonical document, which each cycle names by its hash.

use ios012_core::Money;
use ios012_core::account::{Account, Balance, Books};
use ios012_lineage::JsonWriter;
use ios012_lineage::canonical::ObjectWriter;

/// What `schema` holds in a trial balance.
pub(crate) const ACCOUNT_SCHEMA: &str = "ios012.account.v1";

/// Appends the canonical trial balance (docs/documents.md): debits are positive, credits negative,
/// an account without a balance is left out.
pub(crate) fn write_trial_balance(books: &Books, out: &mut String) {
    let mut portfolio: [Option<Money>; 6] = [None; 6];
    for balance in books.trial_balance() {
        if let Balance::Portfolio(account, money) = balance
            && let Some(slot) = place(account).and_then(|place| portfolio.get_mut(place))
        {
            *slot = Some(money);
        }
    }
    let [cash, fees, opening, realised, slippage, unrealised] = portfolio;
    JsonWriter::new(out).object(|object| {
        amount(object, "cash", cash);
        object
            .member("currency")
            .plain(|out| out.push_str(books.currency().as_str()));
        amount(object, "fees", fees);
        amount(object, "opening", opening);
        object.member("positions").array(|array| {
            for position in books.positions() {
                array.element().object(|object| {
                    object
                        .member("asset_id")
                        .plain(|out| out.push_str(position.asset_id.as_str()));
                    amount(object, "cost", Some(position.cost));
                    object
                        .member("quantity")
                        .plain(|out| position.quantity.write_to(out));
                    amount(object, "revaluation", Some(position.revaluation));
                });
            }
        });
        amount(object, "realised", realised);
        object
            .member("schema")
            .plain(|out| out.push_str(ACCOUNT_SCHEMA));
        amount(object, "slippage", slippage);
        amount(object, "unrealised", unrealised);
    });
}

fn amount(object: &mut ObjectWriter<'_>, key: &'static str, money: Option<Money>) {
    if let Some(money) = money {
        object.member(key).plain(|out| money.write_to(out));
    }
}

const fn place(account: Account) -> Option<usize> {
    match account {
        Account::Cash => Some(0),
        Account::Fees => Some(1),
        Account::Opening => Some(2),
        Account::Realised => Some(3),
        Account::Slippage => Some(4),
        Account::Unrealised => Some(5),
        Account::PositionCost | Account::Revaluation => None,
    }
}
