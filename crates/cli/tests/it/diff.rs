//! `handfast diff`: two versions of the contract that `init` writes.

use serde_json::Value;

use crate::kit::Folder;

#[test]
fn two_versions_are_compared_and_a_pipeline_stops_where_it_is_told_to() {
    let folder = Folder::with_hello();
    let text = folder.read("handfast.yaml");
    assert!(text.contains("turns: 5"), "{text}");
    folder.write("same.yaml", &format!("# the same\n{text}"));
    folder.write("next.yaml", &text.replacen("turns: 5", "turns: 4", 1));
    folder.write("more.yaml", &text.replacen("turns: 5", "turns: 9", 1));
    folder.write("broken.yaml", "handfast: 1\n");

    let said = folder.expect(0, &["diff", ".", "same.yaml", "--fail-on", "reevaluate"]);
    assert_eq!(said.stdout, "no change: both mean the same\n");
    let said = folder.expect(0, &["diff", ".", "next.yaml"]);
    assert!(said.stdout.starts_with("Breaking: "), "{}", said.stdout);
    assert!(said.stdout.contains("was `5`, is `4`"), "{}", said.stdout);
    assert!(said.stdout.contains("the next version is a major one"), "{}", said.stdout);
    folder.expect(1, &["diff", ".", "next.yaml", "--fail-on", "breaking"]);
    folder.expect(0, &["diff", ".", "more.yaml", "--fail-on", "breaking"]);
    folder.expect(1, &["diff", ".", "more.yaml", "--fail-on", "reapprove"]);

    let said = folder.expect(0, &["diff", ".", "more.yaml", "--json"]);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&document["weight"], &document["version"]), (&"reapprove".into(), &"minor".into()));
    assert_eq!(document["changes"][0]["rule"], "limit-rises");
    assert_eq!(folder.say(&["diff", ".", "broken.yaml"]).code, 3);
    assert_eq!(folder.say(&["diff", ".", "nowhere.yaml"]).code, 5);
    assert_eq!(folder.say(&["diff", "."]).code, 2);
}
