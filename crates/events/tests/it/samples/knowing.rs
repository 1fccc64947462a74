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

/// What is read and written of memory.
pub(super) fn memory() -> Vec<Sample> {
    let own = CallId::new("resolve@1.0");
    let row = Some(Digest::of(b"what the row held"));
    let written = |memory: &str, row, what| MemoryWritten {
        memory: memory.to_owned(),
        version: 3,
        row,
        what,
        by: own.clone(),
    };
    vec![
        (None, None, ClaimSeen { name: "memory/desk/stock".into(), digest: row }.into()),
        (None, None, ClaimSeen { name: "memory/desk/notes".into(), digest: None }.into()),
        (
            None,
            None,
            ClaimChanged {
                name: "memory/desk/stock".into(),
                before: ClaimBefore::Digest(Digest::of(b"what the row held")),
                value: Some(r#"{"version":4,"value":7}"#.into()),
            }
            .into(),
        ),
        (
            Some("resolve"),
            None,
            MemoryRead { memory: "stock".into(), version: 2, row, by: own.clone() }.into(),
        ),
        (
            Some("resolve"),
            None,
            MemoryRead { memory: "cms.plan".into(), version: 0, row: None, by: own.clone() }.into(),
        ),
        (Some("resolve"), None, written("stock", row, None).into()),
        (Some("resolve"), None, written("plan", None, Some(Written::Value(json!({ "to": 7 })))).into()),
        (Some("resolve"), None, written("notes", None, Some(Written::Entry(json!("seen")))).into()),
    ]
}

/// Who gave a value that broke a clause.
pub(super) fn blamed() -> Vec<Sample> {
    let broke = StepFailed {
        failure: super::failure(FailureClass::RefusedByClause),
        clause: Some("tools.refund.requires.it-is-more-than-nothing".into()),
        party: Party::Step,
        from: vec![StepId::new("triage"), StepId::new("study[1]/found")],
        caught_by: None,
    };
    vec![(Some("refund"), None, broke.into())]
}
