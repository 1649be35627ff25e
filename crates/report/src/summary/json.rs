//! The summary as canonical JSON: decimals and counters are strings, as in the ledger.

use std::fmt::Display;

use ios012_core::Money;
use ios012_lineage::canonical::ObjectWriter;
use ios012_lineage::{JsonWriter, LedgerStatus};

use super::{
    Breaches, CheckpointLine, Count, Drawdown, MarginMetrics, MarginPoint, Summary, Tally, Trading,
    VerifyLine,
};

/// What `schema` holds in a summary.
const SCHEMA: &str = "ios012.summary.v1";

/// The summary as one line of canonical JSON. What is not known is null.
pub fn to_json(
    summary: &Summary,
    verification: &VerifyLine,
    checkpoint: &CheckpointLine,
) -> String {
    let mut out = String::new();
    JsonWriter::new(&mut out).object(|object| {
        object
            .member("base_currency")
            .display(&summary.base_currency);
        breaches(object.member("breaches"), &summary.breaches);
        tally(object.member("breakers"), &summary.breakers);
        signed(object.member("checkpoint"), checkpoint);
        object.member("cycles").object(|object| {
            object.member("aborted").display(summary.cycles.aborted);
            object.member("executed").display(summary.cycles.executed);
            object.member("open").display(summary.cycles.open);
            object.member("recovered").display(summary.cycles.recovered);
        });
        tally(object.member("decisions"), &summary.decisions);
        drawdown(object.member("drawdown"), summary.drawdown.as_ref());
        tally(object.member("events"), &summary.events);
        money(object, "final_cash", summary.final_cash);
        money(object, "final_liabilities", summary.final_liabilities);
        money(object, "final_nlv", summary.final_nlv);
        optional(object, "first_as_of", summary.period.map(|period| period.0));
        object.member("head").display(summary.head);
        optional(object, "last_as_of", summary.period.map(|period| period.1));
        counts(object.member("limits"), &summary.limits);
        margin(object.member("margin"), summary.margin.as_ref());
        money(object, "opening_cash", summary.opening_cash);
        money(object, "opening_nlv", summary.opening_nlv);
        counts(object.member("order_ends"), &summary.order_ends);
        object.member("orders").display(summary.orders);
        object.member("payments").object(|object| {
            money(object, "dividends", summary.payments.dividends);
            money(object, "funding", summary.payments.funding);
            money(object, "interest", summary.payments.interest);
            money(object, "transfers", summary.payments.transfers);
        });
        object.member("portfolio_id").display(&summary.portfolio_id);
        object.member("records").display(summary.records);
        tally(object.member("refusals"), &summary.refusals);
        tally(object.member("residuals"), &summary.residuals);
        object.member("schema").plain(|out| out.push_str(SCHEMA));
        optional(object, "total_return", summary.total_return);
        trading(object.member("trading"), &summary.trading);
        verified(object.member("verification"), verification);
    });
    out
}

fn breaches(json: JsonWriter<'_>, breaches: &Breaches) {
    json.object(|object| {
        object.member("cycles").display(breaches.cycles);
        counts(object.member("limits"), &breaches.limits);
        match &breaches.worst {
            None => object.member("worst").null(),
            Some(worst) => object.member("worst").object(|object| {
                object.member("as_of").display(worst.as_of);
                optional(object, "asset_id", worst.asset_id.as_ref());
                object.member("bound").display(worst.bound);
                object.member("cycle_id").display(worst.cycle_id);
                object.member("exposure").display(worst.exposure);
                object.member("limit").string(&worst.limit);
            }),
        }
    });
}

fn drawdown(json: JsonWriter<'_>, drawdown: Option<&Drawdown>) {
    let Some(fall) = drawdown else {
        return json.null();
    };
    json.object(|object| {
        object.member("fraction").display(fall.fraction);
        object.member("peak_as_of").display(fall.peak_as_of);
        money(object, "peak_nlv", fall.peak_nlv);
        object.member("trough_as_of").display(fall.trough_as_of);
        money(object, "trough_nlv", fall.trough_nlv);
    });
}

fn margin(json: JsonWriter<'_>, margin: Option<&MarginMetrics>) {
    let Some(metrics) = margin else {
        return json.null();
    };
    json.object(|object| {
        object.member("breaches").display(metrics.breaches);
        margin_point(object.member("most_used"), metrics.most_used.as_ref());
        margin_point(object.member("nearest"), metrics.nearest.as_ref());
    });
}

fn margin_point(json: JsonWriter<'_>, point: Option<&MarginPoint>) {
    let Some(point) = point else {
        return json.null();
    };
    json.object(|object| {
        object.member("as_of").display(point.as_of);
        object.member("cycle_id").display(point.cycle_id);
        object.member("free").display(point.free);
        optional(object, "liquidation_distance", point.liquidation_distance);
        object.member("maintenance").display(point.maintenance);
        object.member("used").display(point.used);
    });
}

fn trading(json: JsonWriter<'_>, trading: &Trading) {
    json.object(|object| {
        optional(object, "average_nlv", trading.average_nlv);
        optional(object, "fee_rate", trading.fee_rate);
        money(object, "fees", trading.fees);
        object.member("fills").display(trading.fills);
        money(object, "notional", trading.notional);
        money(object, "slippage", trading.slippage);
        optional(object, "slippage_rate", trading.slippage_rate);
        optional(object, "turnover", trading.turnover);
        optional(object, "turnover_per_year", trading.turnover_per_year);
    });
}

fn verified(json: JsonWriter<'_>, verification: &VerifyLine) {
    json.object(|object| match verification {
        VerifyLine::NotRun => object.member("status").plain(|out| out.push_str("not_run")),
        VerifyLine::Fails(failure) => {
            object.member("failure").string(&failure.to_string());
            object.member("status").plain(|out| out.push_str("failed"));
        }
        VerifyLine::Holds(report) => {
            if let LedgerStatus::Incomplete(open) = &report.status {
                object.member("open").string(&open.to_string());
            }
            optional(object, "proven_records", report.proven_records);
            let complete = report.status == LedgerStatus::Complete;
            let status = if complete { "complete" } else { "incomplete" };
            object.member("status").plain(|out| out.push_str(status));
        }
    });
}

fn signed(json: JsonWriter<'_>, checkpoint: &CheckpointLine) {
    json.object(|object| match checkpoint {
        CheckpointLine::None => object.member("status").plain(|out| out.push_str("none")),
        CheckpointLine::NotJudged => object
            .member("status")
            .plain(|out| out.push_str("not_judged")),
        CheckpointLine::Fails(why) => {
            object.member("failure").string(why);
            object.member("status").plain(|out| out.push_str("failed"));
        }
        CheckpointLine::Holds {
            log,
            records,
            witnesses,
        } => {
            object.member("log").string(log);
            object.member("records").display(records);
            object.member("status").plain(|out| out.push_str("holds"));
            object.member("witnesses").array(|array| {
                for witness in witnesses {
                    array.element().object(|object| {
                        object.member("name").string(&witness.name);
                        optional(object, "time", witness.time);
                    });
                }
            });
        }
    });
}

fn tally(json: JsonWriter<'_>, tally: &Tally) {
    json.object(|object| {
        counts(object.member("parts"), &tally.parts);
        object.member("total").display(tally.total);
    });
}

fn counts(json: JsonWriter<'_>, counts: &[Count]) {
    json.array(|array| {
        for part in counts {
            array.element().object(|object| {
                object.member("count").display(part.count);
                object.member("name").string(&part.name);
            });
        }
    });
}

fn money(object: &mut ObjectWriter<'_>, key: &'static str, amount: Money) {
    object.member(key).display(amount);
}

fn optional(object: &mut ObjectWriter<'_>, key: &'static str, value: Option<impl Display>) {
    match value {
        Some(value) => object.member(key).display(value),
        None => object.member(key).null(),
    }
}
