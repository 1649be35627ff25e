//! An explanation as canonical JSON: decimals are strings, as in the ledger.

use std::fmt::Display;

use ios012_lineage::JsonWriter;
use ios012_lineage::canonical::ObjectWriter;

use super::{Documents, ExplainedOrder, Explanation, Move};

/// What `schema` holds in an explanation.
const SCHEMA: &str = "ios012.explanation.v1";

pub(super) fn render(explanation: &Explanation) -> String {
    let mut out = String::new();
    JsonWriter::new(&mut out).object(|object| {
        object.member("as_of").display(explanation.as_of);
        object.member("asset_id").display(&explanation.asset_id);
        object
            .member("base_currency")
            .display(&explanation.base_currency);
        object.member("cycle_hash").display(explanation.cycle_hash);
        object.member("cycle_id").display(explanation.cycle_id);
        documents(object.member("documents"), &explanation.documents);
        object.member("left_undone").array(|array| {
            for left in &explanation.left_undone {
                array.element().object(|object| {
                    object.member("meaning").string(left.meaning);
                    object.member("quantity").display(left.quantity);
                    object.member("reason").string(&left.reason);
                });
            }
        });
        object.member("mode").display(explanation.mode);
        object.member("moves").array(|array| {
            explanation
                .moves
                .iter()
                .for_each(|step| moved(array.element(), explanation, step));
        });
        optional(object, "nlv_before", explanation.nlv_before);
        object.member("orders").array(|array| {
            explanation
                .orders
                .iter()
                .for_each(|order| ordered(array.element(), order));
        });
        optional(object, "outcome", explanation.outcome);
        object
            .member("portfolio_id")
            .display(&explanation.portfolio_id);
        object.member("schema").plain(|out| out.push_str(SCHEMA));
    });
    out
}

fn moved(json: JsonWriter<'_>, explanation: &Explanation, step: &Move) {
    let value = |exposure| explanation.value(exposure);
    json.object(|object| {
        object.member("allowed_exposure").display(step.allowed);
        optional(object, "allowed_value", value(step.allowed));
        object.member("derives").boolean(step.derives);
        object.member("estimated_cost").display(step.estimated_cost);
        object
            .member("input_state_hash")
            .display(step.input_state_hash);
        object.member("limits").array(|array| {
            for limit in &step.limits {
                array.element().object(|object| {
                    object.member("after").display(limit.after);
                    object.member("before").display(limit.before);
                    let taken = limit.after.checked_sub(limit.before).ok();
                    optional(object, "change", taken);
                    optional(object, "change_value", taken.and_then(value));
                    object.member("limit").string(&limit.limit);
                    object.member("meaning").string(&limit.meaning);
                });
            }
        });
        object.member("lineage_hash").display(step.lineage_hash);
        object.member("previous_exposure").display(step.previous);
        optional(object, "previous_value", value(step.previous));
        object.member("reason").string(&step.reason);
        object
            .member("reference_price")
            .display(step.reference_price);
        object.member("target_exposure").display(step.target);
        optional(object, "target_value", value(step.target));
        object.member("transition").display(step.transition);
    });
}

fn ordered(json: JsonWriter<'_>, order: &ExplainedOrder) {
    json.object(|object| {
        object.member("end").string(&order.end);
        object.member("fills").array(|array| {
            for fill in &order.fills {
                array.element().object(|object| {
                    object.member("fee").display(fill.fee);
                    object.member("price").display(fill.price);
                    object.member("quantity").display(fill.quantity);
                    object.member("slippage").display(fill.slippage);
                    object.member("value").display(fill.value);
                });
            }
        });
        object.member("limit_price").display(order.limit_price);
        object.member("order_id").display(order.order_id);
        object.member("quantity").display(order.quantity);
        object
            .member("side")
            .plain(|out| out.push_str(order.side.as_str()));
    });
}

fn documents(json: JsonWriter<'_>, documents: &Documents) {
    json.object(|object| {
        object.member("account").display(documents.account);
        object.member("constraints").display(documents.constraints);
        optional(object, "mandate", documents.mandate);
        object.member("market").display(documents.market);
        optional(object, "regimes", documents.regimes);
        object.member("registry").display(documents.registry);
    });
}

fn optional(object: &mut ObjectWriter<'_>, key: &'static str, value: Option<impl Display>) {
    match value {
        Some(value) => object.member(key).display(value),
        None => object.member(key).null(),
    }
}
