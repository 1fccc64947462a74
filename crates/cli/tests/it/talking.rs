//! Conversations on the command line: line by line, by a script, from several terminals.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::kit::{Folder, Said, until};

/// The example, in a folder of its own: it changes its orders.
fn desk() -> Folder {
    let folder = Folder::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/desk");
    for name in ["handfast.yaml", "script.json", "shop.sh", "orders/1042.json", "orders/1043.json"] {
        std::fs::create_dir_all(folder.path().join("orders")).unwrap();
        std::fs::copy(root.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// Talks with these lines on standard input.
fn talk(folder: &Folder, args: &[&str], lines: &str) -> Said {
    let mut command = folder.command(&[&["chat"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    Said::of(child.wait_with_output().unwrap())
}

fn status(folder: &Folder, order: &str) -> String {
    let order: serde_json::Value =
        serde_json::from_str(&folder.read(&format!("orders/{order}.json"))).unwrap();
    order["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_customer_talks_says_yes_and_leaves() {
    let folder = desk();
    let said = talk(&folder, &["."], "Hello\n1042, please\n\nCancel it\nYes, please.\n");
    assert_eq!(said.code, 0, "{}", said.stderr);
    insta::assert_snapshot!(said.told(&folder));
    assert_eq!(
        (status(&folder, "1042").as_str(), folder.runs()[0]["status"].clone()),
        ("cancelled", json!("done"))
    );
    let told = folder.expect(0, &["trace", "last"]).stdout;
    for part in [
        "heard     Hello",
        "asked     Cancel order 1042 (kettle)?",
        "talk with clerk",
        "approved by asserted:tester@",
    ] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
}

#[test]
fn anything_else_is_no_yes_and_the_conversation_goes_on_from_another_terminal() {
    let folder = desk();
    let said = talk(&folder, &[".", "--stay"], "Hello\n1042, please\nCancel it\n");
    assert_eq!(said.code, 9, "{}", said.stderr);
    assert!(said.stdout.ends_with("Cancel order 1042 (kettle)? (yes or no)\n"), "{}", said.stdout);
    assert!(said.stderr.contains("handfast chat --run "), "{}", said.stderr);
    let item = &folder.expect(0, &["inbox", "--json"]).json()["items"][0];
    assert_eq!((&item["kind"], &item["status"]), (&json!("approval"), &json!("waiting (approval)")));
    let answered = folder.expect(0, &["say", "last", "Only if it hasn't left", "--wait", "--json"]);
    assert!(answered.stderr.contains("to: Cancel order 1042 (kettle)?"), "{}", answered.stderr);
    let answered = answered.json();
    assert_eq!(answered["said"][0]["text"], "As you like: nothing was changed.");
    assert_eq!(
        (&answered["said"][0]["by"], &answered["status"]),
        (&json!("agent"), &json!("waiting (message)"))
    );
    assert_eq!(status(&folder, "1042"), "open");
    let rest = talk(&folder, &["--run", "last", "--stay"], "");
    assert!(rest.stdout.starts_with("> Hello\nGood day!"), "{}", rest.stdout);
    assert!(rest.stderr.contains("it waits for the next message"), "{}", rest.stderr);
    folder.expect(0, &["leave", "last", "--follow"]);
    assert_eq!(folder.runs()[0]["status"], "done");
    let late = folder.expect(1, &["say", "last", "Are you there?"]);
    assert!(late.stderr.contains("has ended"), "{}", late.stderr);
}

#[test]
fn nobody_says_anything_to_a_run_that_is_no_conversation() {
    let folder = Folder::with_hello();
    folder.expect(0, &["run", "."]);
    assert!(folder.expect(2, &["say", "last", "hello"]).stderr.contains("is no conversation"));
    assert!(talk(&folder, &["--run", "last"], "").stderr.contains("is no conversation"));
    let said = talk(&folder, &["."], "");
    assert_eq!(said.code, 5);
    assert!(said.stderr.contains("the contract has no conversation"), "{}", said.stderr);
}

#[test]
fn silence_ends_a_conversation_while_somebody_drives_and_later_otherwise() {
    let folder = desk();
    let contract = folder.read("handfast.yaml").replace("idle: 30m", "idle: 400ms");
    folder.write("handfast.yaml", &contract);
    folder.expect(9, &["run", "."]);
    until("it is over", || {
        folder.say(&["go"]);
        folder.runs()[0]["status"] == "done"
    });
    let told = folder.expect(0, &["journal", "last"]).stdout;
    assert!(told.contains("nobody said anything for too long"), "{told}");
}
