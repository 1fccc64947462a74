//! People on the command line: what waits is listed with its verb, answered once, and runs are stopped by hand.

use serde_json::{Value, json};

use crate::kit::{Folder, until};

/// A step that needs a yes before a program runs, and says what it was given.
const CONTRACT: &str = r#"
handfast: 1
name: desk
version: "1"
roles: { lead: {}, boss: {} }
servers: { desk: { process: { command: [ sh, pay.sh ] } } }
tools:
  pay:
    via: desk.pay
    description: Pays one bill.
    input: { bill: string, amount: number }
    output: string
    effects: [ { writes: "bill/{args.bill}" }, notifies: the supplier ]
    idempotency: none
    reconcile: { ask: lead }
    compensate: { leaves: [ the payment ] }
    approval:
      by: [ lead, { role: boss, when: args.amount > 1000.0 } ]
      saying: "Pay {args.amount} for bill {args.bill}?"
      within: 4h
workflows:
  bill:
    input: { bill: string, amount: number }
    steps:
      pay: { tool: pay, with: { bill: input.bill, amount: input.amount } }
    output: steps.pay
"#;

/// A step that people decide.
const LETTER: &str = r#"
handfast: 1
name: letter
version: "1"
roles: { lead: {}, boss: {} }
workflows:
  letter:
    input: { text: string }
    steps:
      review:
        approval: { by: [ lead, boss ], saying: "Send it?", presents: input, asks: [ send, "send it later", drop ] }
    output: steps.review.decision
"#;

fn desk() -> Folder {
    let folder = Folder::with(CONTRACT, "{}");
    folder.write("pay.sh", "echo paid >> paid\ncat > /dev/null\necho paid\n");
    folder
}

fn start(folder: &Folder, bill: &str, amount: f64) {
    let input = json!({ "bill": bill, "amount": amount }).to_string();
    folder.expect(9, &["run", ".", "--input", &input]);
}

fn items(folder: &Folder) -> Vec<Value> {
    folder.expect(0, &["inbox", "--json"]).json()["items"].as_array().unwrap().clone()
}

/// The id of the one item that waits.
fn item(folder: &Folder) -> String {
    items(folder)[0]["id"].as_str().unwrap().to_owned()
}

fn paid(folder: &Folder) -> usize {
    std::fs::read_to_string(folder.path().join("paid")).unwrap_or_default().lines().count()
}

/// Whoever it was, on whichever machine.
fn nameless(told: &str) -> String {
    let mut parts = told.split("asserted:tester@");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c));
        format!("{told}WHO{rest}")
    })
}

#[test]
fn what_waits_is_listed_with_its_verb_and_said_yes_to_once() {
    let folder = desk();
    start(&folder, "b\u{202e}7", 40.5);
    let id = item(&folder);
    let hide = |told: String| nameless(&told.replace(&id, "ITEM"));
    let story = [
        hide(folder.expect(0, &["inbox"]).told(&folder)),
        hide(folder.expect(0, &["approve", &id, "--note", "as agreed", "--follow"]).told(&folder)),
        hide(folder.expect(1, &["deny", &id, "--note", "too late"]).told(&folder)),
        hide(folder.expect(0, &["inbox"]).told(&folder)),
    ];
    insta::assert_snapshot!(story.join("\n"));
    assert_eq!(paid(&folder), 1);
}

#[test]
fn a_no_ends_the_step_and_says_what_was_said() {
    let folder = desk();
    start(&folder, "b8", 40.0);
    let id = item(&folder);
    folder.expect(2, &["deny", &id, "--note", " "]);
    let said = folder.expect(1, &["deny", &id, "--note", "we paid that", "--follow"]);
    assert!(said.stderr.contains("said no: we paid that"), "{}", said.stderr);
    assert!(said.stderr.contains("fault     a person"), "{}", said.stderr);
    assert_eq!(paid(&folder), 0);
}

#[test]
fn several_roles_answer_each_for_itself() {
    let folder = desk();
    start(&folder, "b9", 2000.0);
    let id = item(&folder);
    let refused = folder.expect(1, &["approve", &id]);
    assert!(refused.stderr.contains("say for whom, `--as lead` or `--as boss`"), "{}", refused.stderr);
    folder.expect(0, &["approve", &id, "--as", "boss"]);
    let waiting = &items(&folder)[0];
    assert!(waiting["evidence"].to_string().contains("boss answered approved"), "{waiting}");
    assert_eq!(waiting["next"][0]["command"], json!(format!("handfast approve {id}")));
    assert_eq!(folder.expect(0, &["approve", &id, "--follow"]).json(), json!("paid"));
}

#[test]
fn an_item_that_is_not_there_says_where_to_look() {
    let folder = desk();
    start(&folder, "b1", 1.0);
    for id in ["nothing", "00000000-abcdefg", "x"] {
        let said = folder.expect(5, &["approve", id]);
        assert!(said.stderr.contains("`handfast inbox` lists those that wait"), "{}", said.stderr);
    }
}

#[test]
fn a_run_is_paused_resumed_and_killed_by_hand() {
    let folder = desk();
    start(&folder, "b2", 1.0);
    let first = item(&folder);
    folder.expect(0, &["pause", "last", "--reason", "the bank is closed"]);
    assert_eq!(folder.runs()[0]["status"], "paused (person)");
    let waiting = &items(&folder)[0];
    assert_eq!((&waiting["kind"], &waiting["status"]), (&json!("paused"), &json!("paused (person)")));
    let late = folder.expect(1, &["approve", &first]);
    assert!(late.stderr.contains("is over: withdrawn: the run is paused"), "{}", late.stderr);
    folder.expect(0, &["resume", "last"]);
    until("it is asked anew", || items(&folder).first().is_some_and(|item| item["kind"] == "approval"));
    assert_ne!(item(&folder), first);
    let killed = folder.expect(0, &["kill", "last", "--reason", "wrong desk"]);
    assert!(killed.stderr.contains("is killed"), "{}", killed.stderr);
    let told = folder.expect(0, &["trace", "last"]).stdout;
    assert!(told.contains("`pay` was not sent: people were asked"), "{told}");
    assert_eq!((items(&folder).len(), paid(&folder)), (0, 0));
    assert_eq!(folder.expect(11, &["go", "last"]).stdout, "");
}

#[test]
fn a_halt_is_in_force_when_the_command_says_so_and_lets_go_when_it_is_lifted() {
    let folder = desk();
    start(&folder, "b3", 1.0);
    folder.expect(2, &["halt", "tool:pay"]);
    folder.expect(2, &["halt", "tool"]);
    folder.expect(0, &["halt", "tool:pay", "--reason", "it pays twice"]);
    assert!(folder.expect(0, &["halt"]).stdout.contains("tool:pay by asserted:tester@"));
    folder.expect(9, &["approve", &item(&folder), "--follow"]);
    let held = folder.expect(0, &["inbox"]).stdout;
    for part in ["tool:pay is halted by asserted:tester@", "it pays twice", "handfast unhalt tool:pay"] {
        assert!(held.contains(part), "no `{part}` in\n{held}");
    }
    assert_eq!(paid(&folder), 0);
    let lifted = folder.expect(0, &["unhalt", "tool:pay", "--json"]).json();
    assert_eq!((&lifted["was_halted"], lifted["resumed"].as_array().unwrap().len()), (&json!(true), 1));
    until("it asks anew", || items(&folder).first().is_some_and(|item| item["kind"] == "approval"));
    assert_eq!(folder.expect(0, &["approve", &item(&folder), "--follow"]).json(), json!("paid"));
    assert_eq!(paid(&folder), 1);
}

#[test]
fn two_terminals_that_say_yes_at_once_send_once() {
    let folder = desk();
    start(&folder, "b4", 1.0);
    let id = item(&folder);
    let both: Vec<_> = (0..2).map(|_| folder.begin(&["approve", &id])).collect();
    let said: Vec<_> = both.into_iter().map(|one| one.wait_with_output().unwrap()).collect();
    let mut codes: Vec<i32> = said.iter().map(|one| one.status.code().unwrap()).collect();
    codes.sort_unstable();
    let told = said.iter().map(|one| String::from_utf8_lossy(&one.stderr).into_owned()).collect::<String>();
    assert_eq!(codes, [0, 1], "{told}");
    assert!(
        told.contains("approved by asserted:tester@") || told.contains("it was answered already"),
        "{told}"
    );
    folder.until("done");
    assert_eq!(paid(&folder), 1);
}

#[test]
fn a_step_asks_shows_what_it_presents_and_gives_what_was_said() {
    let folder = Folder::with(LETTER, "{}");
    let input = json!({ "text": "Dear all,\nthe desk is\u{202e} closed." }).to_string();
    let begin = || folder.expect(9, &["run", ".", "--input", &input]);
    let begun = begin();
    let id = item(&folder);
    let hide = |told: String| nameless(&told.replace(&id, "ITEM"));
    folder.expect(1, &["approve", &id, "--as", "lead"]);
    let story = [
        hide(begun.told(&folder)),
        hide(folder.expect(0, &["inbox"]).told(&folder)),
        hide(folder.expect(0, &["answer", &id, "send", "--as", "boss", "--note", "at last"]).told(&folder)),
        hide(folder.expect(0, &["answer", &id, "send it later", "--follow"]).told(&folder)),
    ];
    insta::assert_snapshot!(story.join("\n"));
    let told = folder.expect(0, &["trace", "last"]).stdout;
    assert!(
        told.contains("review · approval") && told.contains("send it later by asserted:tester@"),
        "{told}"
    );
    assert!(items(&folder).is_empty());
}
