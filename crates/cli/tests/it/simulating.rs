//! `handfast sim` as people and scripts use it.

use serde_json::Value;

use crate::kit::Folder;

const MAIL: &str = r#"handfast: 1
name: mail
version: "1"
servers:
  post:
    process: { command: [ no-such-program ] }
    failures: { full: { when: error.code == 'full', then: transient } }
tools:
  write:
    via: post.write
    description: Keeps one letter.
    input: { to: email }
    output: { fields: { id: string } }
    effects: [ { creates: letter/* } ]
    idempotency: { key: { env: KEY } }
  send:
    via: post.send
    description: Sends one letter.
    input: { id: string }
    effects: [ { notifies: its reader } ]
workflows:
  letter:
    input: { to: email }
    steps:
      write: { tool: write, with: { to: input.to } }
      send:  { tool: send, with: { id: steps.write.id } }
"#;

#[test]
fn a_contract_is_told_what_did_not_survive_and_needs_no_program_and_no_secret() {
    let folder = Folder::with(MAIL, "{}");
    let told = folder.expect(0, &["sim", "--worlds", "30"]);
    insta::assert_snapshot!(told.told(&folder));
    assert!(!folder.store().exists());
}

#[test]
fn the_same_seed_is_the_same_worlds_as_one_document() {
    let folder = Folder::with(MAIL, "{}");
    let say = || -> Value {
        serde_json::from_str(&folder.expect(0, &["sim", "--worlds", "8", "--seed", "5", "--json"]).stdout)
            .unwrap()
    };
    let (one, two) = (say(), say());
    assert_eq!(one, two);
    assert_eq!(one["ok"], true);
    assert_eq!(one["workflows"][0]["worlds"], 8);
    assert_eq!(one["workflows"][0]["broken"], Value::Null);
}
