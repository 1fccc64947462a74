//! `handfast test` as people and scripts use it: what passes, what fails and how that is told.

use std::path::Path;

use serde_json::Value;

use crate::kit::Folder;

fn hello_with(tests: &str) -> Folder {
    let folder = Folder::with_hello();
    folder.write("handfast.test.yaml", tests);
    folder
}

#[test]
fn tests_that_fail_say_what_was_expected_what_came_and_where() {
    let folder = hello_with(
        r#"handfast_test: 1
tests:
  it is as it was:
    given: { tools: { count_words: { returns: 8 } } }
    run: {}
    expect: { done: true }
  another number of words:
    given: { tools: { count_words: { returns: 8 } } }
    run: {}
    expect: { done: true, output: { words: 7 }, calls: { count_words: 2 } }
  another outcome:
    given: { tools: { count_words: { returns: 0 } } }
    run: { input: { name: Ada } }
    expect: { done: true, output: { words: 8 }, held: tools.count_words.ensures.a-text-has-words }
  another clause:
    call: { tool: count_words, as: writer, with: { text: "" } }
    expect: { refused: tools.count_words.input }
  a call that is fine:
    given: { tools: { count_words: { returns: 3 } } }
    call: { tool: count_words, as: writer, with: { text: one two three } }
    expect: { refused: tools.count_words.requires.there-is-something-to-count }
"#,
    );
    insta::assert_snapshot!(folder.expect(1, &["test"]).told(&folder));
}

#[test]
fn what_a_test_leaves_open_fails_it_by_name_and_is_never_made_up() {
    let folder = hello_with(
        r#"handfast_test: 1
tests:
  a fake is missing:
    run: {}
    expect: { failed: true }
  a fake has said all it has to say:
    given:
      tools: { count_words: [ { returns: 3 } ] }
      model:
        write: [ { calls: [ { tool: count_words, with: { text: a } }, { tool: count_words, with: { text: b } } ] }, { json: { welcome: a, words: 1 } } ]
    run: {}
    expect: { done: true }
  no answer fits:
    given: { tools: { count_words: { when: args.text == 'b', returns: 3 } } }
    call: { tool: count_words, with: { text: a } }
    expect: { failed: true }
  the model has said all it has to say:
    given:
      tools: { count_words: { returns: 3 } }
      model: { write: [ { calls: [ { tool: count_words, with: { text: a } } ] } ] }
    run: {}
    expect: { failed: true }
  a condition can't be evaluated:
    given: { tools: { count_words: { gives: int(args.text) } } }
    call: { tool: count_words, with: { text: a } }
    expect: { failed: true }
"#,
    );
    insta::assert_snapshot!(folder.expect(1, &["test"]).told(&folder));
}

#[test]
fn tests_that_are_wrong_are_told_with_their_places_and_nothing_is_tried() {
    let folder = hello_with(
        "handfast_test: 1\ntests:\n  a:\n    call: { tool: count_word, with: { text: a } }\n    \
         expect: { refused: tools.count_words.requires.there-is-nothing-to-count }\n",
    );
    insta::assert_snapshot!(folder.expect(3, &["test"]).told(&folder));
}

#[test]
fn a_model_of_a_provider_is_never_asked_by_a_test() {
    let folder = hello_with("handfast_test: 1\ntests:\n  a:\n    run: {}\n    expect: { failed: true }\n");
    let real = folder.read("handfast.yaml").replace("use: script/script.json", "use: openai/gpt-5-mini");
    folder.write("handfast.yaml", &real);
    let said = folder.expect(1, &["test"]).stdout;
    assert!(said.contains("the model of step `write` has nothing to say in turn 1"), "{said}");
}

#[test]
fn tests_are_found_beside_a_contract_by_their_own_name_and_by_what_they_name() {
    let folder = Folder::with_hello();
    let passes = |args: &[&str]| assert!(folder.expect(0, args).stdout.contains("3 passed, 0 failed"));
    passes(&["test"]);
    passes(&["test", "."]);
    passes(&["test", "handfast.yaml"]);
    passes(&["test", "handfast.test.yaml"]);
    let named = format!("contract: handfast.yaml\n{}", folder.read("handfast.test.yaml"));
    folder.write("other.test.yaml", &named);
    passes(&["test", "other.test.yaml"]);
    folder.expect(5, &["test", "nowhere"]);
    std::fs::remove_file(folder.path().join("handfast.test.yaml")).unwrap();
    let said = folder.expect(5, &["test"]).stderr;
    assert!(said.contains("`handfast.test.yaml` can't be read"), "{said}");
}

#[test]
fn one_test_can_be_tried_alone_and_a_word_that_none_has_is_said_so() {
    let folder = Folder::with_hello();
    let said = folder.expect(0, &["test", "--filter", "must be something"]).stdout;
    assert!(said.contains("1 passed, 0 failed"), "{said}");
    folder.expect(5, &["test", "--filter", "no such sentence"]);
}

#[test]
fn programs_read_the_same_as_one_document() {
    let folder = Folder::with_hello();
    let told = folder.expect(0, &["test", "--json"]).json();
    assert_eq!((&told["ok"], &told["passed"], &told["failed"]), (&true.into(), &3.into(), &0.into()));
    let refused = &told["tests"][1];
    assert_eq!(
        (&refused["name"], &refused["ok"]),
        (&"there must be something to count".into(), &true.into())
    );
    let clause = |address: &str| -> Value {
        let clauses = told["clauses"].as_array().unwrap();
        clauses.iter().find(|clause| clause["address"] == address).unwrap().clone()
    };
    let requires = clause("tools.count_words.requires.there-is-something-to-count");
    assert_eq!((&requires["held"], &requires["violated"]), (&2.into(), &1.into()));
    assert_eq!(clause("workflows.welcome.steps.write")["kind"], "step");
}

#[test]
fn a_test_leaves_nothing_behind_and_needs_no_program_and_no_secret() {
    let folder = Folder::with_hello();
    let away = folder.read("handfast.yaml").replace("[wc, -w]", "[/nowhere/at/all]");
    folder.write("handfast.yaml", &away);
    let scratch = folder.path().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let said = folder.command(&["test"]).env("TMPDIR", &scratch).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
    assert!(!folder.store().exists());
}

#[test]
fn waits_between_attempts_take_no_time_and_a_crowd_of_tests_is_tried_together() {
    let busy = "    given: { tools: { count_words: { fails: { text: later, code: busy } } } }\n    run: {}\n    \
                expect: { done: true, effects: { count_words: 0 } }\n";
    let many: String = (0..40).map(|n| format!("  busy {n}:\n{busy}")).collect();
    let folder = hello_with(&format!("handfast_test: 1\ntests:\n{many}"));
    let contract = folder.read("handfast.yaml").replace(
        "    limits: { timeout: 10s }",
        "    failures: { busy: { when: error.code == 'busy', then: transient } }\n    limits: { timeout: 10s, attempts: 4 }",
    );
    folder.write("handfast.yaml", &contract);
    let said = folder.expect(0, &["test"]).stdout;
    assert!(said.contains("40 passed, 0 failed"), "{said}");
    assert!(said.contains("tools.count_words.failures.busy                         seen 160×"), "{said}");
}

#[test]
fn settings_are_those_of_the_test_over_the_files_over_the_environments() {
    let folder = Folder::with_hello();
    let contract = folder
        .read("handfast.yaml")
        .replace("models:\n", "settings: { least: { type: integer, default: 1 }, most: integer }\nmodels:\n")
        .replace("result > 0", "result >= settings.least && result <= settings.most");
    folder.write("handfast.yaml", &contract);
    let call = "    call: { tool: count_words, with: { text: a } }\n";
    let tests = format!(
        "handfast_test: 1\ngiven: {{ settings: {{ most: 5 }}, tools: {{ count_words: {{ returns: 4 }} }} }}\ntests:\n  in between:\n{call}    \
         expect: {{ done: true }}\n  too few:\n    given: {{ settings: {{ least: 5 }} }}\n{call}    \
         expect: {{ violated: tools.count_words.ensures.a-text-has-words }}\n"
    );
    folder.write("handfast.test.yaml", &tests);
    folder.expect(0, &["test"]);
    // Without what the file gives, the contract itself is not whole.
    folder.write("handfast.test.yaml", &tests.replace("settings: { most: 5 }, ", ""));
    folder.expect(3, &["test"]);
    folder.expect(0, &["test", "--set", "most=5"]);
}

#[test]
fn what_is_checked_and_not_run_yet_makes_no_test_pass_that_leans_on_it() {
    let folder = hello_with(
        r#"handfast_test: 1
given: { tools: { count_words: { returns: 8 } } }
tests:
  a refusal needs nothing that comes later:
    call: { tool: count_words, as: writer, with: { text: "" } }
    expect: { refused: tools.count_words.requires.there-is-something-to-count }
  a call that is sent would have needed a yes:
    call: { tool: count_words, as: writer, with: { text: hello } }
    expect: { done: true }
  a run would have done without it:
    given: { model: { write: [ { json: { welcome: Hello, words: 1 } } ] } }
    run: { workflow: welcome }
    expect: { done: true }
  a run whose step nobody answers:
    run: { workflow: twice }
    expect: { done: true }
  a run whose step is answered:
    given: { approvals: { steps.again: stop } }
    run: { workflow: twice }
    expect: { done: true, output: stop }
"#,
    );
    let contract = folder
        .read("handfast.yaml")
        .replace(
            "    limits: { timeout: 10s }",
            "    approval: { by: [ boss ], saying: \"Count {args.text}?\" }\n    limits: { timeout: 10s }",
        )
        .replace("servers:\n", "roles: { boss: { reached: inbox } }\nservers:\n")
        + "  twice:\n    steps:\n      again: { approval: { by: [ boss ], saying: \"Again?\", asks: [ again, stop ] } }\n    output: steps.again.decision\n    limits: { cost: 0.10 USD }\n";
    folder.write("handfast.yaml", &contract);
    insta::assert_snapshot!(folder.expect(1, &["test"]).told(&folder));
}

/// The examples and their tests.
fn example(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    root.canonicalize().unwrap().display().to_string()
}

#[test]
fn the_tests_of_the_examples_pass_and_exercise_nearly_all_of_them() {
    let folder = Folder::new();
    for (name, left) in [("support", 3), ("files", 3), ("desk", 1)] {
        let told = folder.expect(0, &["test", &example(name), "--json"]).json();
        let clauses = told["clauses"].as_array().unwrap();
        let never: Vec<&Value> = clauses.iter().filter(|clause| clause["exercised"] == false).collect();
        assert!(never.len() <= left, "{name}: {never:?}");
    }
}

const PAGE: &str = include_str!("../../../../docs/reference/tests.md");

/// The blocks of the page under this word.
fn blocks(word: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut rest = PAGE;
    while let Some((_, behind)) = rest.split_once("```") {
        let (info, behind) = behind.split_once('\n').unwrap();
        let (text, behind) = behind.split_once("```").unwrap();
        if info == word {
            found.push(text);
        }
        rest = behind;
    }
    found
}

#[test]
fn every_example_of_the_reference_passes() {
    let folder = Folder::new();
    folder.write("handfast.yaml", blocks("yaml contract")[0]);
    let whole = blocks("yaml tests")[0];
    folder.write("handfast.test.yaml", whole);
    let said = folder.expect(0, &["test"]);
    assert_eq!(said.stdout, blocks("text")[0], "the page shows what the command says");
    let single = blocks("yaml test");
    assert!(single.len() >= 6);
    for test in single {
        folder.write("handfast.test.yaml", &format!("handfast_test: 1\ntests:\n{}", indented(test)));
        folder.expect(0, &["test"]);
    }
}

#[test]
fn the_reference_names_every_key() {
    let keys = [
        "returns",
        "gives",
        "fails",
        "times_out",
        "when",
        "times",
        "done",
        "refused",
        "violated",
        "held",
        "failed",
        "in_doubt",
        "paused",
        "output",
        "calls",
        "effects",
        "settings",
        "tools",
        "model",
        "contract",
    ];
    for key in keys {
        assert!(PAGE.contains(&format!("`{key}")), "docs/reference/tests.md says nothing of `{key}`");
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}
