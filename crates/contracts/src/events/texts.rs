//! The members of an event as documents write them.

use ios012_core::{BookEvent, BookEventKind};

/// Members of an event as texts, in the order of canonical JSON.
pub(crate) fn texts(event: &BookEvent) -> Vec<(&'static str, String)> {
    let mut texts = vec![
        ("kind", event.kind.as_str().to_owned()),
        ("time", event.time.to_string()),
    ];
    if let Some(asset_id) = event.kind.asset_id() {
        texts.push(("asset_id", asset_id.to_string()));
    }
    if let Some(into) = event.kind.into_asset() {
        texts.push(("into", into.to_string()));
    }
    values(&event.kind, &mut |member, text| texts.push((member, text)));
    texts.sort_unstable_by_key(|(member, _)| *member);
    texts
}

/// The members of an event that name no asset.
fn values(kind: &BookEventKind, put: &mut dyn FnMut(&'static str, String)) {
    match kind {
        BookEventKind::Settlement { price, .. } | BookEventKind::Expiry { price, .. } => {
            put("price", price.to_string());
        }
        BookEventKind::Roll {
            price, into_price, ..
        } => {
            put("price", price.to_string());
            put("into_price", into_price.to_string());
        }
        BookEventKind::Funding { rate, price, .. } => {
            put("rate", rate.to_string());
            put("price", price.to_string());
        }
        BookEventKind::Interest {
            currency,
            debit_rate,
            credit_rate,
            days,
            day_count,
        } => {
            put("currency", currency.to_string());
            put("debit_rate", debit_rate.to_string());
            put("credit_rate", credit_rate.to_string());
            put("days", days.to_string());
            put("day_count", day_count.as_str().to_owned());
        }
        BookEventKind::Financing {
            long_rate,
            short_rate,
            days,
            day_count,
            price,
            ..
        } => {
            put("long_rate", long_rate.to_string());
            put("short_rate", short_rate.to_string());
            put("days", days.to_string());
            put("day_count", day_count.as_str().to_owned());
            put("price", price.to_string());
        }
        BookEventKind::Dividend { per_unit, .. } => put("per_unit", per_unit.to_string()),
        BookEventKind::Split {
            numerator,
            denominator,
            ..
        } => {
            put("numerator", numerator.to_string());
            put("denominator", denominator.to_string());
        }
        BookEventKind::SymbolChange { .. } => {}
        BookEventKind::Transfer { currency, amount } => {
            put("currency", currency.to_string());
            put("amount", amount.to_string());
        }
    }
}
