//! What people read, whole.

use crate::kit::Folder;

#[test]
fn a_stranger_gets_from_nothing_to_a_trace() {
    let folder = Folder::new();
    let told = |args: &[&str]| format!("$ handfast {}\n{}", args.join(" "), folder.say(args).told(&folder));
    let story = [
        told(&["init"]),
        told(&["check"]),
        told(&["test"]),
        told(&["run", "."]),
        told(&["runs"]),
        told(&["trace", "last"]),
        told(&["journal", "last"]),
    ];
    insta::assert_snapshot!(story.join("\n"));
}

#[test]
fn what_a_model_sees_can_be_shown_and_every_prompt_too() {
    let folder = Folder::with_hello();
    folder.expect(0, &["run", "."]);
    let shown = folder.expect(0, &["show", ".", "writer"]).stdout;
    for part in
        ["Writes a welcome of at most eight words", "--- tool count_words ---", "--- the answer's schema ---"]
    {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    assert_eq!(folder.expect(0, &["show", ".", "count_words", "--json"]).json()["tool"], "count_words");
    assert!(
        folder.expect(0, &["show", ".", "welcome"]).stdout.contains("write  agent writer  reads input.name")
    );
    let drawn = folder.expect(0, &["show", ".", "welcome", "--mermaid"]).stdout;
    assert!(drawn.starts_with("flowchart TD\n  s1(\"write<br/>agent writer\")"), "{drawn}");
    assert!(folder.expect(0, &["explain", "hf0008"]).stdout.starts_with("HF0008: an unknown key\n\n"));
    let prompts = folder.expect(0, &["trace", "last", "--prompts", "--json"]).stdout;
    let prompts: Vec<serde_json::Value> =
        prompts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<&str> = prompts.iter().map(|prompt| prompt["request"].as_str().unwrap()).collect();
    assert_eq!(requests.len(), 2);
    assert!(
        requests[1].contains("count_words") && requests.iter().all(|one| one.contains("Writes a welcome"))
    );
}

#[test]
fn an_invalid_contract_is_told_all_at_once_and_nothing_starts() {
    let folder = Folder::with_hello();
    let broken = folder
        .read("handfast.yaml")
        .replace("description:", "descripton:")
        .replace("may: [ count_words ]", "may: [ count ]");
    folder.write("handfast.yaml", &broken);
    insta::assert_snapshot!(folder.expect(3, &["run", "."]).told(&folder));
    assert!(!folder.store().exists());
    let found = folder.expect(3, &["check", "--json"]).json();
    assert_eq!(found["ok"], false);
    assert!(found["diagnostics"].as_array().unwrap().len() >= 2, "{found}");
}

#[test]
fn every_command_shows_an_example() {
    let folder = Folder::new();
    let help = folder.expect(0, &["--help"]).stdout;
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut seen = 0;
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let page = folder.expect(0, &[command, "--help"]).stdout;
        assert!(page.contains("Example"), "handfast {command} --help shows no example");
        seen += 1;
    }
    assert!(seen >= 19, "{help}");
}

#[test]
fn findings_are_told_as_sarif_where_they_stand() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace("turns: 5, cost: 0.05 USD", "time: 5m");
    folder.write("handfast.yaml", &contract);
    let sarif = folder.expect(0, &["check", ".", "--format", "sarif"]).json();
    let run = &sarif["runs"][0];
    assert_eq!((&sarif["version"], &run["tool"]["driver"]["name"]), (&"2.1.0".into(), &"handfast".into()));
    let found = &run["results"][0];
    assert_eq!((&found["ruleId"], &found["level"]), (&"HF0104".into(), &"warning".into()));
    let place = &found["locations"][0]["physicalLocation"];
    let line = contract.lines().position(|line| line.contains("time: 5m")).unwrap() + 1;
    assert_eq!(place["region"]["startLine"], line);
    assert_eq!(place["artifactLocation"]["uri"], "handfast.yaml");

    let reason = contract
        .replace("    unsure: refuse\n", "    unsure: refuse\n    allow: { HF0104: it is watched }\n");
    folder.write("handfast.yaml", &reason);
    let sarif = folder.expect(0, &["check", ".", "--format", "sarif"]).json();
    let suppressed = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppressed["justification"], "it is watched", "{sarif}");
}
