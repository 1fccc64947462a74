//! Workflows: every kind of step as it is read, what it gives, and what is said where one is wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use handfast_contract::{Contract, Loaded, Paint, Severity, load};
use serde_json::json;

/// A workflow of every kind.
const FLOW: &str = include_str!("flow.yaml");

fn loaded(text: &str) -> Loaded {
    load("flow.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "flow.yaml" => Ok(text.to_owned()),
        path => Err(format!("no {path}")),
    })
}

/// The contract with one part replaced; every text must stand there.
fn with(from: &str, to: &str) -> String {
    assert!(FLOW.contains(from), "the example has no `{from}`");
    FLOW.replacen(from, to, 1)
}

fn checked(text: &str) -> Contract {
    let loaded = loaded(text);
    let told = loaded.report(Paint::Plain);
    loaded.contract.or(loaded.unrun).expect(&told)
}

/// What is told of errors alone.
fn errors(text: &str) -> String {
    let loaded = loaded(text);
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| found.render(&loaded.sources, Paint::Plain) + "\n\n").collect()
}

fn assert_reports(name: &str, mistakes: &[(&str, &str, &str)]) {
    let mut all = String::new();
    for (mistake, from, to) in mistakes {
        let told = errors(&with(from, to));
        assert!(told.contains("HF"), "{mistake}: nothing is said of it");
        writeln!(all, "## {mistake}\n\n{told}").unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, all) });
}

#[test]
fn every_kind_is_read_and_shown() {
    let contract = checked(FLOW);
    let shown = ["article", "talk", "cover"].map(|name| contract.workflow_graph(name).unwrap()).join("\n");
    insta::assert_snapshot!("every_kind_as_text", shown);
    let drawn = ["article", "talk"].map(|name| contract.workflow_mermaid(name).unwrap()).join("\n");
    insta::assert_snapshot!("every_kind_as_mermaid", drawn);
}

#[test]
fn every_step_has_an_address_and_a_type() {
    let contract = checked(FLOW);
    let mut all = String::new();
    for (address, step) in contract.workflows.values().flat_map(|workflow| workflow.all_steps()) {
        let absent = if step.gives.absent { ", or nothing" } else { "" };
        writeln!(all, "{address} ({})\n  {}{absent}", step.work.kind(), step.gives.schema).unwrap();
    }
    insta::assert_snapshot!("addresses_and_types", all);
    let gives = &contract.workflows["article"].gives;
    assert_eq!(
        gives.schema["required"],
        json!(["title", "findings"]),
        "no branch of `publish` need give a url"
    );
}

#[test]
fn a_step_comes_after_all_that_is_read_within_it() {
    let contract = checked(FLOW);
    let after = |name: &str| {
        let steps = &contract.workflows["article"].steps;
        let step = steps.iter().find(|step| *step.name == *name).unwrap();
        step.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(after("study"), "plan");
    assert_eq!(after("write"), "study", "`draft` and `review` are its own");
    assert_eq!(after("publish"), "go write ask");
    assert_eq!(after("pause"), "plan", "it needs it");
}

#[test]
fn what_is_wrong_with_one_step() {
    assert_reports(
        "what_is_wrong_with_one_step",
        &[
            ("two kinds", "go:     { wait:", "go:     { tool: publish, wait:"),
            ("no kind", "{ wait: { for: 10m }, needs: plan }", "{ needs: plan }"),
            ("a key of another kind", "needs: plan }", "needs: plan, until: 1 == 1 }"),
            ("steps of what has none", "needs: plan }", "needs: plan, steps: {} }"),
            (
                "what people are given",
                "approval: { by: editor,",
                "with: { a: input.topic }, approval: { by: editor,",
            ),
            (
                "a model of a tool",
                "pause:  { wait: { for: 10m },",
                "pause:  { tool: web_search, with: { q: input.topic }, model: main,",
            ),
            ("a model that isn't there", "with: input, limits", "with: input, model: mian, limits"),
            (
                "a model by what the workflow is given",
                "with: { text: steps.write.title } }\n",
                "with: { text: steps.write.title } }\n              more:  { agent: analyst, with: { query: input.topic, hits: \"[]\" }, model: [ { main: input.topic != '' } ] }\n",
            ),
            ("a limit of something else", "limits: { cost: 0.10 USD }", "limits: { turns: 3 }"),
            ("what is accepted", "accepts: [ irreversible ]", "accepts: [ everything ]"),
            ("a time longer than all", "time: 2h", "time: 30d"),
            ("a workflow that isn't there", "workflow: cover,", "workflow: covers,"),
            (
                "a conversation as a step",
                "workflow: cover, with: { text: steps.write.title }",
                "workflow: talk",
            ),
            (
                "a workflow's input that isn't known",
                "with: { text: steps.write.title }",
                "with: { txt: steps.write.title }",
            ),
            (
                "a workflow's input of another type",
                "with: { text: steps.write.title }",
                "with: { text: steps.plan.queries }",
            ),
            ("a field that a workflow doesn't give", "cover: steps.cover.url", "cover: steps.cover.uri"),
            ("no condition", "when: has(input.notify)", "when: input.topic"),
        ],
    );
}

#[test]
fn a_model_s_condition_is_addressed_wherever_its_step_stands() {
    let step = |text: &str| {
        format!(
            "agent: analyst, with: {{ query: {text}, hits: \"[]\" }}, model: [ small: input.query != '', main ]"
        )
    };
    let text = FLOW.replacen("gpt-5-mini } }", "gpt-5-mini }, small: { use: openai/gpt-5-nano } }", 1);
    let text = text.replacen(
        "with: { query: query, hits: steps.hits } }",
        "with: { query: query, hits: steps.hits }, model: [ small: input.query != '', main ] }",
        1,
    );
    let text = text.replacen(
        "nothing: { wait: { for: 1s } }",
        &format!("nothing: {{ {} }}", step("input.topic")),
        1,
    );
    let text = text.replacen(
        "otherwise: { tool: web_search, with: { q: input.topic }, otherwise: skip }",
        &format!("otherwise: {{ {}, otherwise: skip }}", step("input.topic")),
        1,
    );
    let loaded = loaded(&text);
    let contract = loaded.checked().unwrap_or_else(|| panic!("{}", loaded.report(Paint::Plain)));
    let steps = contract.workflows["article"].all_steps();
    let choices = steps.iter().flat_map(|(_, step)| step.models.iter().flatten());
    let found: Vec<&str> = choices.filter_map(|choice| Some(&*choice.when.as_ref()?.address)).collect();
    assert_eq!(
        found,
        [
            "workflows.article.steps.study.steps.found.model.small",
            "workflows.article.steps.publish.choose.never.steps.nothing.model.small",
            "workflows.article.steps.notify.otherwise.model.small",
        ]
    );
}

#[test]
fn what_is_wrong_with_whom_is_asked_and_what_is_waited_for() {
    assert_reports(
        "what_is_wrong_with_whom_is_asked_and_what_is_waited_for",
        &[
            ("nobody", "approval: { by: editor, presents", "approval: { presents"),
            ("an unknown role", "approval: { by: editor,", "approval: { by: editr,"),
            ("an empty list of roles", "approval: { by: editor,", "approval: { by: [],"),
            ("an unknown role in a list", "role: chief-editor", "role: chief-edtor"),
            ("a condition that reads nothing", "when: steps.go.hurry }", "when: steps.go.hurr }"),
            ("silence that means none of the answers", "unanswered: revise", "unanswered: revised"),
            ("silence without end", "within: 4d, asks", "asks"),
            ("an answer twice", "[ approved, revise ]", "[ approved, revise, revise ]"),
            ("no answers", "[ approved, revise ]", "[]"),
            (
                "an answer that never comes",
                "steps.review.decision == 'approved'",
                "steps.review.decision == 'aproved'",
            ),
            ("what is shown isn't there", "presents: steps.draft", "presents: steps.drafts"),
            ("a wait for nothing", "wait: { for: 10m }", "wait: {}"),
            ("a wait for two things", "wait: { for: 10m }", "wait: { for: 10m, signal: go }"),
            ("a wait until a list", "until: input.due }", "until: steps.plan.queries }"),
            ("a time that carries something", "wait: { for: 10m }", "wait: { for: 10m, gives: string }"),
            (
                "the value of a pause",
                "otherwise: { tool: web_search, with: { q: input.topic }",
                "otherwise: { tool: web_search, with: { q: steps.pause }",
            ),
            ("a conversation with nobody", "talks_to: reader, ", ""),
            ("a conversation with steps", "idle: 30m }", "idle: 30m, steps: {} }"),
            ("idle without a conversation", "  cover:\n    input", "  cover:\n    idle: 3m\n    input"),
            (
                "a conversation whose agent is given nothing",
                "talks_to: reader,",
                "talks_to: reader, input: { text: string },",
            ),
        ],
    );
}

#[test]
fn what_is_wrong_with_a_loop() {
    assert_reports(
        "what_is_wrong_with_a_loop",
        &[
            ("no end", "        until: steps.review.decision == 'approved'\n", ""),
            ("too many rounds", "repeat: 3", "repeat: 1000"),
            ("no list", "each: steps.plan.queries", "each: steps.plan.slug"),
            ("a list that may be absent", "queries: \"string[3..12]\"", "queries?: \"string[3..12]\""),
            ("a list that may be null", "queries: \"string[3..12]\"", "queries: \"string[3..12]?\""),
            ("no name", "        as: query\n", ""),
            ("a name that is a root", "as: query", "as: steps"),
            ("more than there are", "enough: 3", "enough: 13"),
            ("too many at once", "at_once: 6", "at_once: 600"),
            ("an item of another type", "query: query,", "query: steps.hits,"),
            (
                "a name that hides another",
                "          review: { approval",
                "          plan: { wait: { for: 1s } }\n          review: { approval",
            ),
            (
                "a lane within a lane",
                "          hits:  { tool: web_search, with: { q: query } }",
                "          hits:\n            each: steps.plan.queries\n            as: query\n            steps: { one: { tool: web_search, with: { q: query } } }",
            ),
            ("a branch that is never reached", "            when: steps.ask.decision == 'approved'\n", ""),
            (
                "no branches",
                "        choose:\n          now:\n",
                "        choose: {}\n        x:\n          now:\n",
            ),
        ],
    );
}

#[test]
fn what_is_wrong_with_what_a_step_sees() {
    assert_reports(
        "what_is_wrong_with_what_a_step_sees",
        &[
            ("a step within another", "body: steps.write.title }", "body: steps.write.draft.title }"),
            (
                "a step within another, by its own name",
                "body: steps.write.title }",
                "body: steps.draft.title }",
            ),
            ("a block without output", "        output: steps.draft\n", ""),
            ("what no branch need give", "body: steps.write.title }", "body: steps.publish + '!' }"),
            ("a round before none", "body: steps.write.title }", "body: last.review.note }"),
            ("a field of the round before", "last.review.note", "last.review.notes"),
            ("a step of the round before", "last.review.note", "last.reviews.note"),
            ("a step after itself", "with: { q: query }", "with: { q: steps.study }"),
            ("a step within that reads below", "note: last.review.note", "note: steps.ask.note"),
            ("a circle through a step within", "needs: [ study ]", "needs: [ study, ask ]"),
        ],
    );
}

#[test]
fn what_is_wrong_with_what_follows_and_with_sub_workflows() {
    assert_reports(
        "what_is_wrong_with_what_follows_and_with_sub_workflows",
        &[
            (
                "no lanes",
                "        output: steps.draft\n",
                "        output: steps.draft\n        otherwise: collect\n",
            ),
            ("a word that isn't one", "otherwise: collect", "otherwise: colect"),
            (
                "what follows is wrong itself",
                "with: { q: input.topic }, otherwise",
                "with: { query: input.topic }, otherwise",
            ),
            (
                "a workflow that starts itself",
                "    steps:\n      hits:",
                "    steps:\n      more: { workflow: cover, with: input }\n      hits:",
            ),
            (
                "workflows that start each other",
                "    steps:\n      hits:",
                "    steps:\n      more: { workflow: article, with: { topic: input.text } }\n      hits:",
            ),
            (
                "no steps",
                "            steps:\n              nothing: { wait: { for: 1s } }\n",
                "            steps: {}\n",
            ),
        ],
    );
}

#[test]
fn near_misses_load() {
    for (what, from, to) in [
        ("a role's list", "by: editor,", "by: [ editor ],"),
        ("one answer", "[ approved, revise ], unanswered: revise", "[ approved ], unanswered: approved"),
        (
            "the same name in two branches",
            "hits:  { tool: web_search, with: { q: query } }",
            "hits:  { tool: web_search, with: { q: query }, otherwise: \"[]\" }",
        ),
        ("a name that another block has", "needs: [ study ]", "needs: study"),
        ("all that there are", "enough: 3", "enough: 12"),
        ("the most rounds", "repeat: 3", "repeat: 100"),
        (
            "an outer step that a step within needs",
            "draft:  { agent: writer,",
            "draft:  { needs: study, agent: writer,",
        ),
        (
            "last in `until`",
            "until: steps.review.decision == 'approved'",
            "until: steps.review.decision == 'approved' || has(last.review)",
        ),
        ("what `when` asked for", "body: steps.write.title }", "body: input.notify + steps.write.title }"),
        ("a quoted word", "otherwise: collect", "otherwise: \"collect\""),
        ("an instant", "until: input.due }", "until: timestamp('2026-12-24T18:00:00Z') }"),
    ] {
        let told = errors(&with(from, to));
        assert!(told.is_empty(), "{what}: {told}");
    }
}

#[test]
fn what_may_be_too_much_is_bounded() {
    let step = |index: usize| format!("      s{index}: {{ tool: web_search, with: {{ q: input.text }} }}\n");
    let many: String = (0..199).map(step).collect();
    let from = "    steps:\n      hits: {";
    assert!(
        errors(&with(from, &format!("    steps:\n{many}      hits: {{"))).contains("201 steps; at most 200")
    );
    let deep = |levels: usize| {
        let open = "{ repeat: 2, until: 1 == 1, steps: { s";
        let names = (0..levels).map(|level| format!("{open}{level}: ")).collect::<String>();
        let close = " } }".repeat(levels);
        with(
            from,
            &format!("    steps:\n      deep: {names}{{ wait: {{ for: 1s }} }}{close}\n      hits: {{"),
        )
    };
    assert!(!errors(&deep(7)).contains("deep;"));
    assert!(errors(&deep(8)).contains("9 deep; 8 is the most"), "{}", errors(&deep(8)));
    let chain = |length: usize| {
        let next = |index: usize| match index + 1 == length {
            true => "{ wait: { for: 1s } }".to_owned(),
            false => format!("{{ workflow: w{} }}", index + 1),
        };
        let all: String =
            (0..length).map(|index| format!("  w{index}: {{ steps: {{ s: {} }} }}\n", next(index))).collect();
        format!("{FLOW}\n{all}")
    };
    assert_eq!(errors(&chain(8)), "");
    assert!(errors(&chain(10)).contains("more than 8 deep"), "{}", errors(&chain(10)));
    assert!(errors(&chain(400)).contains("more than 8 deep"));
}

#[test]
fn a_type_that_doubles_with_every_step_ends_as_unknown() {
    let double = |index: usize| {
        let before =
            index.checked_sub(1).map_or("input.text".to_owned(), |before| format!("steps.d{before}"));
        format!(
            "      d{index}: {{ each: \"[1]\", as: item, steps: {{ w{index}: {{ wait: {{ signal: go, gives: string }} }} }}, output: {{ a: {before}, b: {before} }} }}\n"
        )
    };
    let many: String = (0..60).map(double).collect();
    let text = with("    steps:\n      hits: {", &format!("    steps:\n{many}      hits: {{"));
    assert_eq!(errors(&text), "");
}

/// What the research desk includes.
const CMS: &str = r#"
handfast: 1
name: cms
version: "1"
servers: { files: { mcp: { command: [files] } } }
tools:
  upload_asset:
    via: files.upload
    description: Keeps one picture.
    input: { slug: string }
    output: { fields: { url: uri } }
    effects: [ creates: asset/* ]
    idempotency: natural
"#;

#[test]
fn the_research_desk_reads_as_written() {
    let loaded = load("research.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "research.yaml" => Ok(include_str!("research.yaml").to_owned()),
        "cms.contract.yaml" => Ok(CMS.to_owned()),
        path => Err(format!("no {path}")),
    });
    let told = loaded.report(Paint::Plain);
    let contract = loaded.checked().expect(&told);
    insta::assert_snapshot!("the_research_desk", contract.workflow_graph("article").unwrap());
}

#[test]
fn what_is_not_run_yet_is_named() {
    let judged: Vec<String> =
        (0..9).map(|rule| format!("a{rule}: {{ says: Give advice., judge: main }}")).collect();
    let never = format!("never: {{ {} }}", judged.join(", "));
    let rules = "invariants: { few: { at_most: 3, of: tools.send_mail } }\n\ntools:\n";
    let text = FLOW.replacen("tools:\n", rules, 1);
    let loaded = loaded(&text.replacen("talks_to: reader,", &format!("talks_to: reader, {never},"), 1));
    let said: Vec<&str> = loaded.diagnostics.iter().map(|found| found.message.as_str()).collect();
    for kind in ["judge", "invariants"] {
        assert!(said.iter().any(|said| said.starts_with(&format!("`{kind}` is checked"))), "{kind}");
    }
    let told = loaded.report(Paint::Plain);
    assert_eq!(told.matches("note[HF0050]").count(), 1, "many are told as one:\n{told}");
}
