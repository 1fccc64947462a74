//! What a tool promises arrives where the engine will look, and what an including contract adds holds for everybody.

use std::collections::BTreeMap;
use std::time::Duration;

use handfast_contract::{
    Compensate, Contract, DataLabel, KeyPlace, Limits, Loaded, ModelChoice, Paint, Rate, Reconcile, Severity,
    Speaks, Transport, Unanswered, load,
};

use crate::loaded;

/// A contract in which tools say all that they can.
pub(crate) const TOOLS: &str = include_str!("tools.yaml");

/// Loads a contract that includes `TOOLS` as `shop`, with this for its own `tools`.
pub(crate) fn including(tools: &str) -> Loaded {
    let main = format!(
        "handfast: 1\nname: outer\nversion: \"1\"\ninclude: {{ shop: shop.yaml }}\nroles: {{ boss: {{}} }}\ntools:\n{tools}"
    );
    load("outer.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "outer.yaml" => Ok(main.clone()),
        "shop.yaml" => Ok(TOOLS.to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

fn checked(loaded: &Loaded) -> &Contract {
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "{}", loaded.report(Paint::Plain));
    loaded.checked().unwrap()
}

fn sentences(clauses: &[handfast_contract::Clause]) -> Vec<&str> {
    clauses.iter().map(|clause| &*clause.address).collect()
}

#[test]
fn everything_that_a_tool_says_is_in_the_contract() {
    let loaded = loaded(TOOLS);
    let contract = checked(&loaded);
    let refund = &contract.tools["refund"];
    let warned = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Warning);
    assert_eq!(warned.count(), 0, "{}", loaded.report(Paint::Plain));
    assert_eq!(refund.owner.as_deref(), Some("payments-team"));
    assert_eq!(refund.labels, [DataLabel::Untrusted, DataLabel::Private]);
    assert_eq!(refund.from["order_id"], ["input", "steps.order.id"]);
    assert_eq!(refund.relies.iter().map(|name| &**name).collect::<Vec<_>>(), ["notes"]);
    assert_eq!(refund.once_per.as_ref().unwrap().source(), "args.order_id");
    assert_eq!((&*refund.probes[0].name, &*refund.probes[0].tool), ("order", "find_order"));
    assert_eq!(refund.effects[0].when.as_ref().map(|when| when.source()), None);
    assert_eq!(refund.effects[1].when.as_ref().map(|when| when.source()), Some("args.amount > 100.0"));
    assert_eq!(sentences(&refund.shows), ["tools.refund.shows.it-was-for-this-customer"]);
    let Some(Reconcile::Look { tool, settle, gives, .. }) = &refund.reconcile else { panic!() };
    assert_eq!((&**tool, *settle), ("find_refund", Some(Duration::from_secs(30))));
    assert_eq!(gives.as_ref().unwrap().source(), "result");
    let Some(Compensate::By { undo: Some((tool, with)), leaves }) = &refund.compensate else { panic!() };
    assert_eq!((&**tool, with["refund_id"].source()), ("cancel_refund", "result.refund_id"));
    assert_eq!(leaves, &["the message"]);
    let approval = refund.approval.as_ref().unwrap();
    assert_eq!(approval.by.iter().map(|by| &*by.role).collect::<Vec<_>>(), ["customer", "lead"]);
    assert_eq!(approval.unanswered, Unanswered::Deny);
    let relax = approval.relax.as_ref().unwrap();
    assert_eq!((relax.after, relax.back_on_no, relax.back_on_breach), (50, true, true));
    assert_eq!(&*refund.fallback.as_ref().unwrap().via.server, "spare");
    assert_eq!(contract.tools["find_customer"].establishes["customer"].source(), "result.id");
    assert!(matches!(&contract.tools["charge"].reconcile, Some(Reconcile::Ask { role }) if role == "lead"));
    assert!(matches!(contract.tools["charge"].compensate, Some(Compensate::Impossible)));
}

#[test]
fn how_much_is_asked_at_a_time_and_what_it_costs_is_in_the_contract() {
    let loaded = loaded(TOOLS);
    let contract = checked(&loaded);
    let rate = |count, seconds| Some(Rate { count, per: Duration::from_secs(seconds) });
    let main = &contract.models["main"];
    assert_eq!((main.speaks, main.window), (Some(Speaks::Responses), Some(200_000)));
    assert_eq!(main.limits, Limits { rate: rate(60, 60), at_once: Some(4), ..Limits::default() });
    assert_eq!(contract.servers["cms"].limits.rate, rate(10, 1));
    let refund = &contract.tools["refund"].limits;
    assert_eq!(
        (refund.rate, refund.at_once),
        (rate(30, 60), Some(2)),
        "the slower one, which is its group's"
    );
    assert_eq!(contract.tools["charge"].limits.rate, rate(30, 60));
    assert_eq!(contract.tools["charge"].costs.map(|costs| costs.to_string()).as_deref(), Some("0.01 USD"));
    assert_eq!(contract.tools["find_refund"].volatile, Some(Duration::from_secs(30)));
    let clauses: Vec<String> = contract.clauses().into_iter().map(|clause| clause.address).collect();
    for address in ["models.main.limits.rate", "servers.cms.limits.rate", "tools.refund.limits.at_once"] {
        assert!(clauses.iter().any(|clause| clause == address), "{address}");
    }
    let levels: Vec<String> = contract.levels().into_iter().map(|clause| clause.address).collect();
    for address in ["models.main.limits", "tools.charge.costs", "tools.find_refund.volatile"] {
        assert!(levels.iter().any(|clause| clause == address), "{address}");
    }
}

#[test]
fn a_model_may_have_a_condition_at_the_agent_and_at_its_step() {
    let loaded = loaded(TOOLS);
    let contract = checked(&loaded);
    let told = |choices: &[ModelChoice]| -> Vec<(String, String)> {
        let told = |choice: &ModelChoice| {
            let when = choice.when.as_ref().map(|when| format!("{}: {}", when.address, when.condition));
            (choice.model.to_string(), when.unwrap_or_default())
        };
        choices.iter().map(told).collect()
    };
    let main = || ("main".to_owned(), String::new());
    let small = |when: &str| ("small".to_owned(), when.to_owned());
    let clerk = &contract.agents["clerk"];
    assert_eq!(told(&clerk.models), [small("agents.clerk.model.small: size(input.text) < 400"), main()]);
    assert_eq!(ModelChoice::usual(&clerk.models).map(|name| &**name), Some("main"));
    let ticket = &contract.workflows["ticket"];
    let write = ticket.steps.iter().find(|step| &*step.name == "write").unwrap();
    let when = "workflows.ticket.steps.write.model.small: facts.customer != ''";
    assert_eq!(told(write.models.as_ref().unwrap()), [small(when), main()]);
    assert!(ticket.steps.iter().filter(|step| &*step.name != "write").all(|step| step.models.is_none()));
    let levels: Vec<String> = contract.levels().into_iter().map(|clause| clause.address).collect();
    assert!(levels.iter().any(|clause| clause == "agents.clerk.model.small"), "{levels:?}");
    let graph = contract.workflow_graph("ticket").unwrap();
    assert!(graph.contains("agent clerk on small where facts.customer != '', main"), "{graph}");
}

#[test]
fn a_request_of_an_http_api_is_a_tool() {
    let loaded = loaded(TOOLS);
    let contract = checked(&loaded);
    let Transport::Http { url, bearer, headers } = &contract.servers["cms"].transport else { panic!() };
    assert_eq!((url.as_str(), bearer.is_some(), headers.len()), ("https://cms.example", true, 2));
    let publish = &contract.tools["publish"];
    assert_eq!(publish.via.tool, "POST /articles/{args.slug}");
    let request = publish.via.request.as_ref().unwrap();
    assert_eq!((request.method, request.path.source()), ("POST", "/articles/{args.slug}"));
    assert_eq!((request.query.len(), request.headers.len()), (1, 1));
    assert_eq!(request.body.as_ref().unwrap().source(), "args");
    let handfast_contract::IdempotencyRule::Key { place, .. } = &publish.idempotency else { panic!() };
    assert_eq!(place, &KeyPlace::Header("Idempotency-Key".into()));
    assert_eq!(publish.failures.iter().map(|rule| &*rule.name).collect::<Vec<_>>(), ["gone"]);
}

#[test]
fn a_group_s_clauses_stand_behind_the_tool_s_own_and_before_its_server_s() {
    let loaded = loaded(TOOLS);
    let contract = checked(&loaded);
    let (refund, charge) = (&contract.tools["refund"], &contract.tools["charge"]);
    assert_eq!(sentences(&refund.requires)[2], "groups.money.requires.it-is-more-than-nothing");
    assert_eq!(sentences(&charge.requires), ["groups.money.requires.it-is-more-than-nothing"]);
    assert_eq!(refund.not_for, ["exchanges", "gifts"]);
    let names: Vec<&str> = refund.failures.iter().map(|rule| &*rule.name).collect();
    assert_eq!(names, ["expired", "bank_down"]);
    // Of all ceilings, its own and its groups', the lowest holds.
    assert_eq!(refund.limits.timeout, Some(Duration::from_secs(5)));
    assert_eq!((refund.limits.attempts, refund.limits.per_run), (Some(2), Some(3)));
    // Its own approval counts; where it has none, its group's.
    assert_eq!(refund.approval.as_ref().unwrap().by.len(), 2);
    assert_eq!(charge.approval.as_ref().unwrap().by[0].role, "lead");
    let money = &contract.groups["money"];
    assert_eq!(money.tools.iter().map(|name| &**name).collect::<Vec<_>>(), ["refund", "charge"]);
    let granted: Vec<&str> = contract.agents["clerk"].may.iter().map(|grant| &*grant.tool.name).collect();
    assert_eq!(granted, ["find_order", "refund", "charge"]);
}

#[test]
fn who_includes_a_tool_narrows_it_for_everybody() {
    let loaded = including(
        "  shop.refund:
    not_for: [ tips ]
    requires: { it is a small one: args.amount < 50.0 }
    ensures: { it is what was asked for: result.amount == args.amount }
    shows: { the order is still there: order.id == args.order_id }
    limits: { timeout: 5s, attempts: 1 }
    at_least: enforced
  shop.find_customer:
    approval: { by: boss }
",
    );
    let contract = checked(&loaded);
    let refund = &contract.tools["shop.refund"];
    assert_eq!(sentences(&refund.requires).last(), Some(&"tools.shop.refund.requires.it-is-a-small-one"));
    assert_eq!(refund.requires.len(), 4);
    assert_eq!((refund.ensures.len(), refund.shows.len()), (2, 2));
    assert_eq!(refund.not_for.last().unwrap(), "tips");
    assert_eq!((refund.limits.timeout, refund.limits.attempts), (Some(Duration::from_secs(5)), Some(1)));
    assert_eq!(refund.at_least, Some(handfast_contract::Level::Enforced));
    assert_eq!(contract.tools["shop.find_customer"].approval.as_ref().unwrap().by[0].role, "boss");
    // The included contract's own agents and workflows get the narrowed tool.
    let granted = contract.agents["shop.clerk"].grant("shop.refund").unwrap();
    assert_eq!(granted.tool.requires.len(), 4);
    let handfast_contract::StepWork::Tool(tool) = &contract.workflows["shop.ticket"].steps[0].work else {
        panic!()
    };
    assert!(tool.approval.is_some());
}

#[test]
fn what_this_release_does_not_run_is_refused_by_name_and_checks() {
    let loaded = loaded(TOOLS);
    assert!(loaded.contract.is_none() && loaded.checked().is_some());
    let said: Vec<&str> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::NotRun)
        .filter_map(|found| found.message.split(" is checked").next())
        .collect();
    for part in ["relax", "fallback"] {
        assert!(said.iter().any(|said| said.contains(&format!("`{part}"))), "{part}: {said:?}");
    }
}
