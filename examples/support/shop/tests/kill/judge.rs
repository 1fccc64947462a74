//! The judge: what the command says of a run, held against what truly happened in the shop.
//!
//! It reads `handfast journal RUN --json` and nothing of the product's own types, so that it can't share their faults.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shop;

/// What a journal says of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) tool: String,
    pub(crate) args: Value,
    pub(crate) key: Option<String>,
    /// `reads`, `natural`, `key`, `none`.
    pub(crate) class: String,
    /// Whether an attempt may be under way.
    pub(crate) is_open: bool,
    /// Whether nobody knows what came of it.
    pub(crate) is_in_doubt: bool,
    pub(crate) is_applied: bool,
    pub(crate) was_doubted: bool,
    /// Who settled it, where a person did.
    pub(crate) settled_by: Option<String>,
}

impl Call {
    pub(crate) fn is_bare(&self) -> bool {
        self.class == "none"
    }

    /// What it did in the shop.
    pub(crate) fn effects<'l>(&self, ledger: &'l [Value]) -> Vec<&'l Value> {
        let is_its = |row: &&Value| shop::is_of(row, &self.tool, &self.args, self.key.as_deref());
        ledger.iter().filter(is_its).collect()
    }
}

/// Every call that may have left, by its id.
pub(crate) fn calls(journal: &[Value]) -> BTreeMap<String, Call> {
    let mut calls = BTreeMap::<String, Call>::new();
    for event in journal {
        let (envelope, body) = (&event["envelope"], &event["body"]);
        let Some(id) = envelope["call"].as_str() else { continue };
        let call = calls.entry(id.to_owned()).or_default();
        match envelope["kind"].as_str().unwrap() {
            "CallProposed" | "SideCallProposed" => {
                (call.tool, call.args) = (body["tool"].as_str().unwrap().to_owned(), body["args"].clone());
            }
            "CallIntended" => {
                let again = call.is_bare() && call.is_in_doubt;
                assert!(!again, "{id} takes no key, was in doubt, and left again: {call:#?}");
                call.is_open = true;
                call.key = body["idempotency"]["key"].as_str().map(str::to_owned);
                let class = body["idempotency"].as_str().unwrap_or("key");
                call.class = class.to_owned();
            }
            "CallDoubted" => (call.is_open, call.is_in_doubt, call.was_doubted) = (false, true, true),
            // Of this attempt it is known that it did nothing: one before it may be in doubt, unless nothing follows.
            "CallNotApplied" | "CallNotSent" => {
                call.is_open = false;
                call.is_in_doubt &= body["next"] != "give_up";
            }
            "CallApplied" => (call.is_open, call.is_in_doubt, call.is_applied) = (false, false, true),
            "CallSettled" => {
                call.is_in_doubt = false;
                call.is_applied = body["settled"].get("applied").is_some();
                call.settled_by = body["who"].as_str().map(str::to_owned);
            }
            _ => {}
        }
    }
    calls.retain(|_, call| !call.class.is_empty());
    calls
}

/// What was found of a run that has ended.
pub(crate) struct Verdict {
    pub(crate) effects: usize,
    /// Whether somebody had to say of a call that it did not take effect.
    pub(crate) is_other: bool,
}

/// Holds an ended run against the ledger: each effect is that of one call that is said to have had it, and each call that
/// is said to have taken effect did, once.
pub(crate) fn judge(journal: &[Value], ledger: &[Value]) -> Verdict {
    let calls = calls(journal);
    let mut owned = 0;
    for (id, call) in &calls {
        if call.class == "reads" {
            continue;
        }
        let times = call.effects(ledger).len();
        assert!(times <= 1, "DUPLICATE: {id} took effect {times} times: {ledger:#?}");
        assert!(times == 1 || !call.is_applied, "LOSS: {id} is said to have taken effect: {ledger:#?}");
        assert!(times == 0 || call.is_applied, "UNSAID: {id} took effect: {call:#?}");
        assert!(!call.is_open && !call.is_in_doubt, "UNSAID: the run ended and {id} is open: {call:#?}");
        let is_decided = call.is_bare() && call.was_doubted && call.settled_by.is_none();
        assert!(!is_decided, "DECIDED: {id} takes no key, was in doubt, and nobody settled it: {call:#?}");
        owned += times;
    }
    assert_eq!(owned, ledger.len(), "an effect is no call's: {ledger:#?}");
    took_back(journal, &calls, ledger);
    talked(journal);
    let is_other = calls.values().any(|call| call.settled_by.is_some() && !call.is_applied);
    Verdict { effects: ledger.len(), is_other }
}

/// A run that failed says of each of its effects that it was taken back, or stands; and what was taken back was, the last
/// first.
fn took_back(journal: &[Value], calls: &BTreeMap<String, Call>, ledger: &[Value]) {
    let end = journal.last().unwrap();
    if end["envelope"]["kind"] != "RunFailed" {
        return;
    }
    let named = |field: &str| -> Vec<String> {
        let names = end["body"][field].as_array();
        names.into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (compensated, standing) = (named("compensated"), named("standing"));
    let left = journal.iter().filter(|event| event["envelope"]["kind"] == "CallLeftStanding");
    let left: Vec<&str> = left.filter_map(|event| event["envelope"]["call"].as_str()).collect();
    for (id, call) in calls.iter().filter(|(_, call)| call.class != "reads" && call.is_applied) {
        let is_named = compensated.contains(id) || standing.contains(id) || left.contains(&id.as_str());
        assert!(is_named || id.contains('~'), "UNSAID: nothing says what became of {id}: {call:#?}");
    }
    // Where in the ledger each was done, and where it was taken back.
    let place = |is_it: &dyn Fn(&str) -> bool| -> Option<i64> {
        let (_, call) = calls.iter().find(|(id, call)| call.is_applied && is_it(id))?;
        call.effects(ledger).first().and_then(|row| row["n"].as_i64())
    };
    let mut places: Vec<(i64, i64)> = Vec::new();
    for id in &compensated {
        let behind = format!("{id}~compensate");
        let (done, undone) = (place(&|other| other == id), place(&|other| other.starts_with(&behind)));
        let (Some(done), Some(undone)) = (done, undone) else {
            panic!("LOSS: {id} is said to be taken back: {ledger:#?}")
        };
        places.push((done, undone));
    }
    places.sort_unstable();
    let is_reverse = places.windows(2).all(|pair| pair[0].1 > pair[1].1);
    assert!(is_reverse, "taken back in another order than last first: {ledger:#?}");
}

/// Every message of a conversation was heard once, or taken once for an answer, and each that was heard was answered.
fn talked(journal: &[Value]) {
    let of = |kind: &'static str| journal.iter().filter(move |event| event["envelope"]["kind"] == kind);
    let mail = of("MailTaken").filter(|event| event["body"]["outcome"] == "done");
    let mut said: Vec<&Value> = mail
        .filter(|event| event["body"]["mail"].get("say").is_some())
        .map(|event| &event["body"]["id"])
        .collect();
    let heard: Vec<&Value> = of("MessageHeard").map(|event| &event["body"]["id"]).collect();
    let answers = of("ApprovalAnswered").map(|event| &event["body"]["message"]).filter(|id| !id.is_null());
    let mut taken: Vec<&Value> = heard.iter().copied().chain(answers).collect();
    said.sort_unstable_by_key(|id| id.to_string());
    taken.sort_unstable_by_key(|id| id.to_string());
    let is_whole = of("TalkEnded").count() == 1;
    assert!(said == taken || !is_whole, "LOSS or DUPLICATE: said {said:?}, heard {taken:?}");
    assert!(!is_whole || of("Said").count() == heard.len(), "{} answers to {heard:?}", of("Said").count());
}
