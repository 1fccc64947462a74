//! What a run establishes, what it keeps to itself, and how often it may call.

use handfast_events::*;
use serde_json::json;

type Sample = (Option<&'static str>, Option<&'static str>, Body);

/// One of each, and of each form.
pub(super) fn all() -> Vec<Sample> {
    let withheld = CallWithheld {
        clause: "tools.find_order.shows.the-order-is-this-customer-s".into(),
        sentence: "the order is this customer's".into(),
        reason: "`result.customer == facts.customer` does not hold of the result".into(),
        mend: "Ask for something else, or do without.".into(),
    };
    let by = CallId::new("who@0.0");
    let (clause, limit) = ("tools.find_rate.limits.per_run".to_owned(), LimitKind::Calls);
    let raised = LimitRaised { clause: clause.clone(), limit, to: Ceiling::Count(30) };
    let (ceiling, used, needs) = (Ceiling::Count(20), Ceiling::Count(20), Ceiling::Count(1));
    let reason = PauseReason::Limit { clause, limit, ceiling, used, needs, step: StepId::new("resolve") };
    vec![
        (None, None, FactSet { fact: "customer".into(), value: json!("c-7"), by: by.clone() }.into()),
        (None, None, FactSet { fact: "cms.tries".into(), value: json!(2), by }.into()),
        (Some("resolve"), Some("resolve@1.0"), withheld.into()),
        (None, None, raised.into()),
        (None, None, RunPaused { reason }.into()),
    ]
}
