//! Runs that wait because something may not leave yet: the list, the trace and the reason say the same.

use serde_json::json;

use crate::kit::Folder;

#[test]
fn a_list_says_what_a_run_is_held_by_and_until_when() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml");
    folder.write(
        "handfast.yaml",
        &contract.replace("    effects: []\n", "    effects: []\n    volatile: every 5h\n"),
    );
    let count = json!([{ "tool": "count_words", "args": { "text": "Welcome." } }]);
    let turn = |turn: u32| json!({ "step": "write", "turn": turn, "calls": count });
    let script = json!({ "handfast_script": 1, "decisions": [turn(1), turn(2)] });
    folder.write("script.json", &script.to_string());
    folder.expect(0, &["run", ".", "--detach"]);
    folder.until("waiting (retry)");

    let run = folder.runs()[0].clone();
    assert_eq!(run["held"]["call"], "write@2.0", "{run}");
    let second = |time: &serde_json::Value| time.as_str().unwrap()[..19].to_owned();
    assert_eq!(second(&run["held"]["until"]), second(&run["wake_at"]), "{run}");
    let why = "what `count_words` tells changes by itself: it is not asked sooner";
    assert_eq!(run["held"]["why"], why);

    let table = folder.expect(0, &["runs"]).stdout;
    let mut lines = table.lines();
    assert!(lines.next().unwrap().ends_with("WAITS"), "{table}");
    let line = lines.next().unwrap();
    assert!(
        line.contains("waiting (retry)") && line.contains(" held until ") && line.ends_with(why),
        "{table}"
    );

    let trace = folder.expect(0, &["trace", "last", "--json"]).json();
    assert_eq!(trace["held"], run["held"]);
    let headline = trace["why"]["headline"].as_str().unwrap();
    assert!(headline.starts_with("call write@2.0 is held until ") && headline.ends_with(why), "{headline}");
}
