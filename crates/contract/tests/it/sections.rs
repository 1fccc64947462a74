//! Roles, facts, memory, agents and invariants: one report for each kind of mistake, and what is no mistake.

use std::fmt::Write as _;

use handfast_contract::{Happening, Holding, Lives, Paint, Reached, Rule, Severity};

use crate::{EXAMPLE, loaded};

/// The example with people, facts, memory and invariants.
fn example() -> String {
    const HEAD: &str = r#"
roles:
  customer: { reached: conversation }
  support-lead: { reached: inbox, description: Decides what the rules don't. }
  Frau Müller: {}

facts:
  customer: { type: string, missing: find out who it is first }
  tries: { type: integer, set: anew }

memory:
  notes: { each: Reply, lives: for 30d, writes: [ clerk ], reads: { clerk: { fresh: 10m } } }
  stock: { is: { fields: { left: integer } }, writes: clerk, reads: [ clerk ] }

invariants:
  looked_first: { never: tools.refund, before: tools.find_order, same: args.order_id, when: args.amount > 1.0 }
  told: { after: steps.resolve, must: steps.tell, within: 1h, when: result.text != '' }
  few: { at_most: 3, of: tools.send_mail, same: args.to, when: has(steps.who) && steps.who.name != '' }
  drafted: { never: steps.write.review, before: steps.write.draft, when: "result.name != ''" }
  never_both: { never: steps.tell, when: "input.text == ''" }

models:
"#;
    const AGENT: &str = r#"  clerk:
    talks_to: [ customer, support-lead ]
    owner: refunds
    never:
      no_dates: Promise a delivery date.
      no_tips: { says: Give legal advice., judge: local }
      small: { tool: refund, when: args.amount > 100.0 || facts.customer == '' }
    handles: [ refunds, order status ]
    escalates: { about: [ a legal threat ], to: support-lead }
    refuses: { about: [ deleting an account ], saying: "I can't delete accounts." }
    ensures:
      an answer is said: output.text != ''
    accepts: [ irreversible ]
    at_least: judged
"#;
    const WORKFLOW: &str = r#"
  article:
    input: { text?: string }
    steps:
      write:
        repeat: 3
        until: steps.review.name != ''
        steps:
          draft:  { tool: find_order, with: { order_id: "'a'" } }
          review: { tool: find_customer, with: { email: "'a@b.example'" }, needs: draft }
"#;
    EXAMPLE.replacen("\nmodels:\n", HEAD, 1).replacen("  clerk:\n", AGENT, 1) + WORKFLOW
}

/// The reports of a text with one part replaced. What this release doesn't run yet is told elsewhere.
fn assert_reports_of(base: &str, name: &str, mistakes: &[(&str, &str, &str)]) {
    let mut all = String::new();
    for (name, from, to) in mistakes {
        assert!(base.contains(from), "{name}: the example has no `{from}`");
        let mut loaded = loaded(&base.replacen(from, to, 1));
        loaded.diagnostics.retain(|found| found.severity != Severity::NotRun);
        let report = loaded.report(Paint::Plain);
        assert!(report.contains("HF"), "{name}: nothing is said of it");
        writeln!(all, "## {name}\n\n{report}").unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, all) });
}

fn assert_reports(name: &str, mistakes: &[(&str, &str, &str)]) {
    assert_reports_of(&example(), name, mistakes);
}

#[test]
fn all_of_it_arrives_where_the_engine_looks() {
    let loaded = loaded(&example());
    let errors = loaded.diagnostics.iter().filter(|found| found.code.id() != "HF0050").count();
    assert_eq!(errors, 0, "{}", loaded.report(Paint::Plain));
    let contract = loaded.checked().unwrap();
    let reached: Vec<(&str, Reached)> =
        contract.roles.values().map(|role| (role.name.as_str(), role.reached)).collect();
    let inbox = Reached::Inbox;
    assert_eq!(
        reached,
        [("Frau Müller", inbox), ("customer", Reached::Conversation), ("support-lead", inbox)]
    );
    assert!(contract.facts["customer"].once && !contract.facts["tries"].once);
    let notes = &contract.memory["notes"];
    assert!(matches!(notes.holds, Holding::Log(_)) && matches!(notes.lives, Lives::For(_)));
    assert_eq!(notes.reads["clerk"].map(|fresh| fresh.as_secs()), Some(600));
    let stock = &contract.memory["stock"];
    assert!(matches!(stock.holds, Holding::Value(_)) && stock.lives == Lives::Run);
    assert_eq!(stock.reads["clerk"], None);
    let clerk = &contract.agents["clerk"];
    let nevers: Vec<&str> = clerk.never.iter().map(|never| never.address.as_str()).collect();
    assert_eq!(
        nevers,
        ["agents.clerk.never.no_dates", "agents.clerk.never.no_tips", "agents.clerk.never.small"]
    );
    assert_eq!(clerk.talks_to, ["customer", "support-lead"]);
    assert_eq!(clerk.ensures[0].address, "agents.clerk.ensures.an-answer-is-said");
    let [first, second, third, nested, fourth] = contract.invariants.as_slice() else { panic!() };
    let tool = |name: &str| Happening::Tool(name.into());
    let step = |name: &str| Happening::Step(vec![name.into()]);
    assert!(
        matches!(&first.rule, Rule::Never { what, before: Some(before) } if *what == tool("refund") && *before == tool("find_order"))
    );
    assert!(
        matches!(&second.rule, Rule::After { what, must, within: Some(_) } if *what == step("resolve") && *must == step("tell"))
    );
    assert!(matches!(&third.rule, Rule::AtMost { count: 3, of } if *of == tool("send_mail")));
    assert!(matches!(&fourth.rule, Rule::Never { what, before: None } if *what == step("tell")));
    let path = |names: [&str; 2]| Happening::Step(names.map(Into::into).to_vec());
    assert!(matches!(&nested.rule, Rule::Never { what, .. } if *what == path(["write", "review"])));
    assert_eq!(first.address, "invariants.looked_first");
}

#[test]
fn a_step_that_an_invariant_names_is_read_by_its_path() {
    let text = example().replacen(
        r#"never: steps.write.review, before: steps.write.draft, when: "result.name != ''""#,
        "never: tools.refund, before: steps.write.review, when: steps.write.review.name != ''",
        1,
    );
    assert!(text.contains("when: steps.write.review.name"));
    let loaded = loaded(&text);
    assert!(loaded.checked().is_some(), "{}", loaded.report(Paint::Plain));
}

#[test]
fn people_and_facts() {
    assert_reports(
        "people_and_facts",
        &[
            ("a role with a line break", "support-lead: { reached: inbox,", "\"a\\nb\": { reached: inbox,"),
            ("a role reached nowhere", "reached: conversation", "reached: phone"),
            ("a fact without a type", "tries: { type: integer, set: anew }", "tries: { set: anew }"),
            ("a fact that is set somehow", "set: anew", "set: often"),
            ("a fact that isn't there", "facts.customer == ''", "facts.custmer == ''"),
            ("a fact of another type", "facts.customer == ''", "facts.customer > 1"),
        ],
    );
}

#[test]
fn what_agents_promise() {
    assert_reports(
        "what_agents_promise",
        &[
            ("a role that isn't there", "talks_to: [ customer,", "talks_to: [ custmer,"),
            ("a role twice", "talks_to: [ customer, support-lead ]", "talks_to: [ customer, customer ]"),
            ("an escalation to nobody known", "to: support-lead }", "to: suport-lead }"),
            ("an escalation about nothing", "about: [ a legal threat ], to", "to"),
            (
                "a refusal to somebody",
                "about: [ deleting an account ],",
                "about: [ deleting ], to: customer,",
            ),
            ("a judge that is no model", "judge: local", "judge: nobody"),
            ("a judge of nothing", "says: Give legal advice., judge: local", "judge: local"),
            ("a judge of a call", "tool: refund, when", "tool: refund, judge: local, when"),
            ("a bound of no tool", "small: { tool: refund, when", "small: { says: Big refunds., when"),
            ("a never about no tool", "small: { tool: refund,", "small: { tool: refnd,"),
            ("a bound that reads more", "args.amount > 100.0 ||", "result.amount > 100.0 ||"),
            ("an ensures of more", "output.text != ''", "args.text != ''"),
            ("an ensures of a field that isn't there", "output.text != ''", "output.txt != ''"),
            ("no model at all", "model: [ main, local ]", "model: []"),
            (
                "a model twice",
                "model: [ main, local ]",
                "model: [ { local: size(input.text) < 9 }, main, local ]",
            ),
            (
                "a model that isn't there, with a condition",
                "model: [ main, local ]",
                "model: [ { locl: size(input.text) < 9 }, main ]",
            ),
            (
                "models that may all be left out",
                "model: [ main, local ]",
                "model: [ { local: size(input.text) < 9 } ]",
            ),
            (
                "a model with a condition by itself",
                "model: [ main, local ]",
                "model: { local: size(input.text) < 9 }",
            ),
            (
                "a model by what it calls",
                "model: [ main, local ]",
                "model: [ { local: args.text != '' }, main ]",
            ),
            (
                "a model by no condition",
                "model: [ main, local ]",
                "model: [ { local: size(input.text) }, main ]",
            ),
            (
                "a model's condition cut by a comma",
                "model: [ main, local ]",
                "model: [ local: input.text in ['a', 'b'], main ]",
            ),
            ("accepting something else", "accepts: [ irreversible ]", "accepts: [ everything ]"),
            ("a level that isn't one", "at_least: judged", "at_least: sure"),
        ],
    );
}

#[test]
fn an_agent_hands_over_to_somebody() {
    let nobody = EXAMPLE.replacen("owner: payments-team", "# nobody", 1);
    assert_reports_of(
        &nobody,
        "an_agent_hands_over_to_nobody",
        &[("nobody", "unsure: escalate", "escalates: { about: [ threats ] }")],
    );
    let owned = "escalates: { about: [ threats ] }\n    owner: support";
    assert!(loaded(&nobody.replacen("unsure: escalate", owned, 1)).checked().is_some());
    // When unsure it says so to whoever asked it.
    assert_eq!(loaded(&nobody).report(Paint::Plain), "");
}

#[test]
fn memory() {
    assert_reports(
        "memory",
        &[
            ("a value and a log", "each: Reply,", "each: Reply, is: Reply,"),
            ("nothing", "each: Reply, lives", "lives"),
            ("a type that isn't there", "each: Reply,", "each: Replay,"),
            ("a time alone", "lives: for 30d", "lives: 30d"),
            ("a time that isn't one", "lives: for 30d", "lives: for ever"),
            ("a word near one", "lives: for 30d", "lives: runs"),
            ("nobody writes", "writes: [ clerk ], reads: {", "reads: {"),
            ("a writer that isn't there", "writes: [ clerk ], reads: {", "writes: [ clark ], reads: {"),
            ("a reader twice", "reads: [ clerk ]", "reads: [ clerk, clerk ]"),
            ("a reader that isn't there", "reads: { clerk:", "reads: { clark:"),
            ("freshness that isn't a time", "fresh: 10m", "fresh: very"),
        ],
    );
}

#[test]
fn invariants() {
    assert_reports(
        "invariants",
        &[
            ("no rule", "never: tools.refund, before: tools.find_order, same: args.order_id,", ""),
            ("two rules", "after: steps.resolve,", "after: steps.resolve, never: steps.who,"),
            ("an after without must", "must: steps.tell, within: 1h,", "within: 1h,"),
            ("a must without after", "after: steps.resolve, must", "must"),
            ("a before without never", "never: tools.refund, before", "before"),
            ("a ceiling of nothing", "at_most: 3, of: tools.send_mail,", "at_most: 3,"),
            ("of without a ceiling", "at_most: 3, of", "of"),
            ("a ceiling that isn't a number", "at_most: 3", "at_most: few"),
            ("a time for a ceiling", "at_most: 3,", "at_most: 3, within: 1h,"),
            ("the same as nothing", "never: steps.tell, when", "never: steps.tell, same: args.to, when"),
            ("a tool without its section", "never: tools.refund", "never: refund"),
            ("something else", "never: tools.refund", "never: a refund"),
            ("a tool that isn't there", "never: tools.refund", "never: tools.refnd"),
            ("a group that isn't there", "never: tools.refund", "never: groups.money"),
            ("a step that isn't there", "must: steps.tell", "must: steps.tel"),
            ("a step within a step that has none", "must: steps.tell", "must: steps.tell.more"),
            ("an inner step that isn't there", "never: steps.write.review", "never: steps.write.reviw"),
            ("an inner step by itself", "never: steps.write.review", "never: steps.review"),
            ("a field of another step's result", "result.name != ''", "result.total > 1.0"),
            ("a step of no workflow", "has(steps.who) &&", "has(steps.whom) &&"),
            ("an input that not all workflows need", "has(steps.who) && steps.who.name", "input.text"),
            ("an argument that one of them lacks", "same: args.order_id", "same: args.amount"),
            (
                "a field that a named inner step lacks",
                "\"result.name != ''\"",
                "steps.write.draft.name != ''",
            ),
            ("a result's field that isn't there", "result.text != ''", "result.txt != ''"),
            ("an input that no workflow takes", "input.text == ''", "input.txt == ''"),
            ("a step that may not have come", "has(steps.who) && steps.who.name", "steps.who.name"),
            ("a root of another place", "when: args.amount > 1.0", "when: call.key != ''"),
        ],
    );
}
