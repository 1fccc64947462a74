//! A person who looks into the inbox, and does what each item says.

use std::path::Path;
use std::process::Command;

use handfast_events::RunId;
use serde_json::Value;

use crate::judge::{Call, calls};
use crate::shop;
use crate::victim::{pause, said};

/// What the person did.
#[derive(Debug, Default)]
pub(crate) struct Did {
    pub(crate) approved: usize,
    pub(crate) settled: usize,
    /// Of calls that take no key.
    pub(crate) bare_settled: usize,
}

/// Attends to the first thing that a run rests on. Whatever it waits for stands in the inbox, or the test fails: nothing is decided where
/// nobody can know, and nothing waits unseen.
pub(crate) fn attend(
    handfast: &impl Fn() -> Command,
    run: RunId,
    db: &Path,
    journal: &[Value],
    did: &mut Did,
) {
    let run = run.to_string();
    if says_next(handfast, &run, journal) {
        return;
    }
    let inbox = said(handfast().args(["inbox", &run, "--json"]));
    let items = inbox["items"].as_array().unwrap();
    let calls = calls(journal);
    let doubts: Vec<&str> = items.iter().filter(|item| item["kind"] == "doubt").map(place).collect();
    let in_doubt: Vec<&str> =
        calls.iter().filter(|(_, call)| call.is_in_doubt).map(|(id, _)| id.as_str()).collect();
    let (mut shown, mut known) = (doubts.clone(), in_doubt);
    shown.sort_unstable();
    known.sort_unstable();
    assert_eq!(shown, known, "the inbox shows other doubts than the journal holds: {inbox:#}");
    // What is done about one may be the end of another.
    if let Some(item) = items.first() {
        match item["kind"].as_str().unwrap() {
            "approval" => {
                // In a conversation the yes is said there.
                let is_talk = item["next"][0]["command"].as_str().unwrap().starts_with("handfast chat ");
                if is_talk {
                    said(handfast().args(["say", &run, "Yes, please.", "--json"]));
                } else {
                    said(handfast().args(["approve", item["id"].as_str().unwrap(), "--json"]));
                }
                did.approved += 1;
            }
            "doubt" => {
                let call = &calls[place(item)];
                if settle(handfast, &run, place(item), call, db) {
                    did.settled += 1;
                    did.bare_settled += usize::from(call.is_bare());
                }
            }
            // What else holds a run has its verb beside it: typed as it stands there.
            _ => {
                let command = item["next"][0]["command"].as_str().unwrap();
                said(handfast().args(command.split_whitespace().skip(1)).arg("--json"));
            }
        }
    }
}

/// What the customer of a conversation says, one thing after the other.
const SAYS: [&str; 3] = ["Hello", "Pay the boots back", "And have somebody look at it"];

/// Says the next thing where a conversation waits for it, and leaves behind the last one.
fn says_next(handfast: &impl Fn() -> Command, run: &str, journal: &[Value]) -> bool {
    let listed = said(handfast().args(["runs", "--json"]));
    if listed["runs"][0]["status"] != "waiting (message)" {
        return false;
    }
    let heard = journal.iter().filter(|event| event["envelope"]["kind"] == "MessageHeard").count();
    match SAYS.get(heard) {
        Some(text) => said(handfast().args(["say", run, text, "--json"])),
        None => said(handfast().args(["leave", run, "--json"])),
    };
    true
}

fn place(item: &Value) -> &str {
    item["place"].as_str().unwrap()
}

/// Says whether the call in doubt took effect, by what the shop shows. It may be too early to say that it did not.
fn settle(handfast: &impl Fn() -> Command, run: &str, id: &str, call: &Call, db: &Path) -> bool {
    let ledger = shop::ledger(db);
    let mut settle = handfast();
    settle.args(["settle", run, id, "--evidence", "seen in the shop"]);
    match call.effects(&ledger).as_slice() {
        [] => settle.arg("--not-applied"),
        [row] => settle.args(["--applied", &shop::gave(row).to_string()]),
        more => panic!("DUPLICATE: {id}: {more:#?}"),
    };
    let out = settle.output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    let is_early = out.status.code() == Some(1) && told.contains("look again then");
    assert!(is_early || out.status.success(), "{told}");
    if is_early {
        pause(200);
    }
    !is_early
}
