//! How a story is told. Lines begin with one of these words; a line that begins with none goes on from the one before.
//!
//! ```text
//! start  WORKFLOW {input}        the first workflow with {} where it isn't said
//! given  …, …                    what came before; nothing is said of what follows from it
//! when   …, …                    the same, and what follows is looked at:
//! then   …, …                    exactly these events, in this order
//! says   "…", …                  somewhere in these events
//! refuses "…"                    nothing was recorded, for this reason
//! owes   …, … | nothing          exactly these debts
//! status …                       exactly this status
//! doubts …, … | nothing          exactly these calls for a person to settle, each with its tool and role
//! spent, forfeited, reserved     tokens and money
//! told   "…", …                  somewhere in the newest request to the model
//! ```
//!
//! What is expected may say less than there is: its words must be found in the event's or debt's in the same order.
//! What can happen is said in [`crate::act::act`].

use handfast_engine::{Doubt, Refusal};
use handfast_events::Reserved;
use serde_json::Value;

use crate::act::act;
use crate::world::World;

const KEYWORDS: [&str; 13] = [
    "start",
    "given",
    "when",
    "then",
    "says",
    "refuses",
    "owes",
    "status",
    "doubts",
    "spent",
    "forfeited",
    "reserved",
    "told",
];

/// Lets a story happen, and holds it against what it says.
#[track_caller]
pub(crate) fn check(contract: &str, story: &str) {
    let mut teller = Teller {
        world: World::new(contract),
        since: 0,
        has_begun: false,
        refused: None,
        told: String::new(),
    };
    for (keyword, text) in lines(story) {
        teller.told.push_str(&format!("{keyword} {text}\n"));
        teller.line(&keyword, &text);
    }
    assert!(teller.refused.is_none(), "refused, and the story does not say so: {:?}", teller.refused);
}

struct Teller {
    world: World,
    /// Where the journal stood before the last `when`.
    since: usize,
    has_begun: bool,
    refused: Option<Refusal>,
    told: String,
}

impl Teller {
    fn line(&mut self, keyword: &str, text: &str) {
        if keyword != "refuses" {
            self.expect(self.refused.is_none(), "no refusal", &format!("{:?}", self.refused));
        }
        if keyword == "start" {
            let (workflow, input) = text.split_once(' ').unwrap_or((text, "{}"));
            return self.start(workflow, json(input));
        }
        if !self.has_begun {
            let workflow = self.world.workflow();
            self.start(&workflow, json("{}"));
        }
        match keyword {
            "given" => split(text, ",").into_iter().for_each(|fact| self.act(fact)),
            "when" => {
                self.since = self.world.journal.len();
                split(text, ",").into_iter().for_each(|fact| self.act(fact));
            }
            "then" => {
                let found = self.world.in_words(self.since);
                self.expect_each(&listed(text), &found.lines().collect::<Vec<_>>());
            }
            "says" => {
                let new = self.world.journal.get(self.since..).unwrap_or_default();
                let bodies = new.iter().filter_map(|event| event.body.encode().ok());
                let said: String =
                    bodies.map(|body| String::from_utf8_lossy(&body).replace("\\\"", "\"") + "\n").collect();
                self.expect_all_in(text, &said);
            }
            "refuses" => {
                let refused = self.refused.take().map_or("nothing".into(), |refused| refused.to_string());
                self.expect_all_in(text, &refused);
            }
            "owes" => {
                let owed: Vec<String> = self.owed();
                self.expect_each(&listed(text), &owed.iter().map(String::as_str).collect::<Vec<_>>());
            }
            "status" => {
                self.expect(self.world.run.status().name() == text, text, self.world.run.status().name())
            }
            "doubts" => {
                let in_words = |doubt: Doubt<'_>| {
                    format!("{} {} {}", doubt.call, doubt.tool, doubt.role.unwrap_or("anybody"))
                };
                let doubts: Vec<String> = self.world.run.doubts().map(in_words).collect();
                self.expect_each(&listed(text), &doubts.iter().map(String::as_str).collect::<Vec<_>>());
            }
            "told" => {
                let prompts: Vec<String> = self.world.asks().iter().map(|ask| ask.prompt.text()).collect();
                self.expect_all_in(text, &prompts.join("\n"));
            }
            account => {
                let spend = self.world.run.spend();
                let amount = match account {
                    "spent" => spend.spent,
                    "forfeited" => spend.forfeited,
                    _ => spend.reserved,
                };
                let found = in_words(amount);
                self.expect(is_within(text, &found), text, &found);
            }
        }
    }

    fn start(&mut self, workflow: &str, input: Value) {
        self.has_begun = true;
        if let Err(refused) = self.world.start(workflow, input) {
            self.refused = Some(refused);
            return;
        }
        self.world.take().expect("a run that began can be taken");
    }

    fn act(&mut self, fact: &str) {
        if let Err(refused) = act(&mut self.world, fact) {
            assert!(self.refused.is_none(), "two refusals in one line");
            self.refused = Some(refused);
        }
    }

    fn owed(&self) -> Vec<String> {
        let asks = self
            .world
            .asks()
            .into_iter()
            .map(|ask| format!("ask {}@{} #{}", ask.step, ask.turn, ask.attempt));
        let calls = self.world.calls().into_iter().map(|call| {
            let key = if call.key.is_some() { " with key" } else { "" };
            format!("call {} #{}{key} {}", call.call, call.attempt, call.sends)
        });
        let wait = self
            .world
            .wait()
            .map(|until| format!("wait {}s", until.duration_since(self.world.now).as_secs_f64()));
        let polls = self.world.polls().into_iter().map(|poll| {
            let left = poll.at.duration_since(self.world.now).as_secs_f64();
            format!("poll {} #{}.{} {} in {left}s", poll.call, poll.attempt, poll.poll, poll.handle)
        });
        asks.chain(calls).chain(polls).chain(wait).collect()
    }

    fn expect_each(&self, expected: &[&str], found: &[&str]) {
        let fits = expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| is_within(e, f));
        self.expect(fits, &expected.join("\n"), &found.join("\n"));
    }

    fn expect_all_in(&self, quoted: &str, found: &str) {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in split(quoted, ",") {
            self.expect(flat(found).contains(&flat(unquoted(text))), text, found);
        }
    }

    fn expect(&self, holds: bool, expected: &str, found: &str) {
        let (told, journal) = (&self.told, self.world.in_words(0));
        assert!(
            holds,
            "the story so far:\n{told}\nexpected:\n{expected}\n\nfound:\n{found}\n\njournal:\n{journal}\n"
        );
    }
}

fn in_words(amount: Reserved) -> String {
    format!("{} tokens {}", amount.tokens, amount.cost)
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}` is no JSON: {error}"))
}

pub(crate) fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Whether these words are found in that order.
fn is_within(expected: &str, found: &str) -> bool {
    let mut found = found.split_whitespace();
    let mut expected = expected.split_whitespace();
    // The first word says what it is.
    expected.next() == found.next() && expected.all(|word| found.any(|other| other == word))
}

fn listed(text: &str) -> Vec<&str> {
    if text == "nothing" { Vec::new() } else { split(text, ",") }
}

/// Parts a line where the separator stands outside of quotes and brackets.
pub(crate) fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        if !quoted && depth == 0 && at >= from && text[at..].starts_with(separator) {
            parts.push(text[from..at].trim());
            from = at + separator.len();
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The lines of a story, each with its keyword.
fn lines(story: &str) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (KEYWORDS.contains(&first), lines.last_mut()) {
            (true, _) => lines.push((first.to_owned(), rest.trim().to_owned())),
            (false, Some((_, text))) => *text = format!("{text} {line}"),
            (false, None) => panic!("a story does not begin with `{first}`"),
        }
    }
    lines
}
