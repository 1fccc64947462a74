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
//! spent, forfeited, reserved     tokens and money
//! told   "…", …                  somewhere in the newest request to the model
//! ```
//!
//! What is expected may say less than there is: its words must be found in the event's or debt's in the same order.
//! What can happen is said in [`crate::story::act`].

use std::time::Duration;

use handfast_engine::{ModelSaid, ModelTrouble, Refusal, ToolError, ToolOutcome};
use handfast_events::{
    Answer, Ask, CallId, Ceiling, Failure, FailureClass, Finish, LimitKind, Mail, Reserved, Settlement, Usage,
};
use serde_json::Value;

use crate::world::World;

const KEYWORDS: [&str; 12] = [
    "start", "given", "when", "then", "says", "refuses", "owes", "status", "spent", "forfeited", "reserved", "told",
];

/// Lets a story happen, and holds it against what it says.
#[track_caller]
pub(crate) fn check(contract: &str, story: &str) {
    let mut teller = Teller { world: World::new(contract), since: 0, refused: None, told: String::new() };
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
        if self.world.journal.is_empty() {
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
                let said: String = bodies.map(|body| String::from_utf8_lossy(&body).replace("\\\"", "\"") + "\n").collect();
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
            "status" => self.expect(self.world.run.status().name() == text, text, self.world.run.status().name()),
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
        let asks = self.world.asks().into_iter().map(|ask| {
            format!("ask {}@{} #{}", ask.step, ask.turn, ask.attempt)
        });
        let calls = self.world.calls().into_iter().map(|call| {
            let key = if call.key.is_some() { " with key" } else { "" };
            format!("call {} #{}{key} {}", call.call, call.attempt, call.sends)
        });
        let wait = self.world.wait().map(|until| {
            format!("wait {}s", until.duration_since(self.world.now).as_secs_f64())
        });
        asks.chain(calls).chain(wait).collect()
    }

    fn expect_each(&self, expected: &[&str], found: &[&str]) {
        let fits = expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| is_within(e, f));
        self.expect(fits, &expected.join("\n"), &found.join("\n"));
    }

    fn expect_all_in(&self, quoted: &str, found: &str) {
        for text in split(quoted, ",") {
            self.expect(found.contains(unquoted(text)), text, found);
        }
    }

    fn expect(&self, holds: bool, expected: &str, found: &str) {
        let (told, journal) = (&self.told, self.world.in_words(0));
        assert!(holds, "the story so far:\n{told}\nexpected:\n{expected}\n\nfound:\n{found}\n\njournal:\n{journal}\n");
    }
}

/// Lets one thing happen. `CALL` is a call's id, or a tool's name where only one call of it is owed.
///
/// ```text
/// STEP asked                                         its model is owed an ask (a check, nothing happens)
/// STEP done VALUE                                    its model answers so, or its tool returns so
/// the model [of STEP] answers VALUE | "text"         [using IN+OUT tokens | uncounted]
/// the model [of STEP] calls TOOL {args} and …
/// the model [of STEP] declines "…" | is filtered | is cut off
/// the model [of STEP] fails CLASS [for nothing] [asking for 3s]
/// CALL [#ATTEMPT] returns VALUE | returns N bytes
/// CALL [#ATTEMPT] fails "text" [code CODE] [status 503]
/// CALL [#ATTEMPT] is lost | times out | is turned away | is not sent [CLASS]
/// a worker takes over
/// time passes [3s]                                   as long as the run waits where it isn't said
/// WHO settles CALL applied VALUE | not applied
/// WHO raises LIMIT to AMOUNT · WHO cancels · WHO resumes
/// ```
pub(crate) fn act(world: &mut World, fact: &str) -> Result<(), Refusal> {
    if let Some(rest) = fact.strip_prefix("the model") {
        return model(world, rest.trim());
    }
    if fact == "a worker takes over" {
        return world.take();
    }
    if let Some(time) = fact.strip_prefix("time passes") {
        let until = || world.wait().expect("it waits for a time").duration_since(world.now);
        let time = if time.is_empty() { Duration::try_from(until()).expect("a later time") } else { duration(time) };
        return world.pass(time);
    }
    if let Some(step) = fact.strip_suffix(" asked") {
        assert!(world.asks().iter().any(|ask| ask.step.as_str() == step), "`{step}` is not asked");
        return Ok(());
    }
    if let Some((step, value)) = fact.split_once(" done ") {
        if let Some(ask) = world.asks().into_iter().find(|ask| ask.step.as_str() == step) {
            return world.model((step, ask.turn, ask.attempt), Ok(said(value)));
        }
        let call = world.calls().into_iter().find(|call| call.call.step().as_str() == step);
        let call = call.unwrap_or_else(|| panic!("`{step}` owes nothing"));
        return world.tool(call.call.as_str(), call.attempt, ToolOutcome::Returned(json(value)));
    }
    if let Some((who, mail)) = mail(fact) {
        return world.mail(who, mail);
    }
    tool(world, fact)
}

fn mail(fact: &str) -> Option<(&str, Mail)> {
    if let Some((who, rest)) = fact.split_once(" settles ") {
        let (call, how) = rest.split_once(' ').expect("settles CALL applied VALUE | not applied");
        let settlement = match how.strip_prefix("applied ") {
            Some(value) => Settlement::Applied(json(value)),
            None => Settlement::NotApplied,
        };
        let evidence = "looked at the shop".into();
        return Some((who, Mail::Settle { call: CallId::new(call), settlement, evidence }));
    }
    if let Some((who, rest)) = fact.split_once(" raises ") {
        let (limit, to) = rest.split_once(" to ").expect("raises LIMIT to AMOUNT");
        let (limit, to) = match limit {
            "turns" => (LimitKind::Turns, count(to)),
            "attempts" => (LimitKind::Attempts, count(to)),
            "tokens" => (LimitKind::Tokens, count(to)),
            "cost" => (LimitKind::Cost, Ceiling::Money(to.parse().expect("an amount of money"))),
            "time" => {
                let ms = u64::try_from(duration(to).as_millis()).expect("a short time");
                (LimitKind::Time, Ceiling::Ms(ms))
            }
            other => panic!("no limit `{other}`"),
        };
        return Some((who, Mail::Raise { limit, to, reason: "it is worth it".into() }));
    }
    let reason = || "somebody said so".into();
    if let Some(who) = fact.strip_suffix(" cancels") {
        return Some((who, Mail::Cancel { reason: reason() }));
    }
    fact.strip_suffix(" resumes").map(|who| (who, Mail::Resume { reason: reason() }))
}

fn model(world: &mut World, rest: &str) -> Result<(), Refusal> {
    let (step, rest) = match rest.strip_prefix("of ") {
        Some(of) => of.split_once(' ').expect("the model of STEP …"),
        None => ("", rest),
    };
    let asks = world.asks();
    let mut asks = asks.iter().filter(|ask| step.is_empty() || ask.step.as_str() == step);
    let (step, turn, attempt) = match (asks.next(), asks.next()) {
        (Some(ask), None) => (ask.step.as_str().to_owned(), ask.turn, ask.attempt),
        (None, _) => (step.to_owned(), 1, 1),
        (Some(_), Some(_)) => panic!("more than one model is asked: say `the model of STEP`"),
    };
    let (verb, what) = rest.split_once(' ').unwrap_or((rest, ""));
    let of = |answer: Answer| Ok(ModelSaid { answer, usage: Some(USAGE) });
    let outcome = match (verb, what) {
        ("answers", value) => Ok(said(value)),
        ("calls", calls) => {
            let asks = split(calls, " and ").into_iter().enumerate().map(|(index, call)| {
                let (tool, args) = call.split_once(' ').expect("calls TOOL {args}");
                Ask { id: format!("c{index}"), tool: tool.into(), args: unquoted(args).into() }
            });
            of(Answer { calls: asks.collect(), finish: Finish::Calls, ..Answer::default() })
        }
        ("declines", why) => of(Answer { refusal: Some(unquoted(why).into()), ..Answer::default() }),
        ("is", "filtered") => of(Answer { finish: Finish::Filtered, ..Answer::default() }),
        ("is", "cut off") => {
            of(Answer { text: "and so on and".into(), finish: Finish::Length, ..Answer::default() })
        }
        ("fails", how) => Err(trouble(how)),
        (verb, _) => panic!("no model `{verb}`"),
    };
    world.model((&step, turn, attempt), outcome)
}

fn tool(world: &mut World, fact: &str) -> Result<(), Refusal> {
    let (place, rest) = fact.split_once(' ').unwrap_or_else(|| panic!("can't read `{fact}`"));
    let owed = world.calls();
    let named = owed.iter().find(|call| call.call.as_str() == place || &*call.tool.name == place);
    let (attempt, rest) = match rest.strip_prefix('#').and_then(|rest| rest.split_once(' ')) {
        Some((attempt, rest)) => (attempt.parse().expect("an attempt's number"), rest),
        None => (named.map_or(1, |call| call.attempt), rest),
    };
    let call = named.map_or(place, |call| call.call.as_str());
    let error = |text: &str| ToolError { text: text.into(), ..ToolError::default() };
    let of_class = |text, class| ToolError { class, ..error(text) };
    let outcome = match rest {
        "is lost" => ToolOutcome::Lost(error("the stream broke")),
        "times out" => ToolOutcome::Lost(of_class("no answer in time", Some(FailureClass::Timeout))),
        "is turned away" => ToolOutcome::TurnedAway(error("no such argument")),
        "is not sent" => ToolOutcome::NotSent(error("no connection")),
        _ => match rest.split_once(' ') {
            Some(("returns", what)) => ToolOutcome::Returned(match what.strip_suffix(" bytes") {
                Some(bytes) => Value::String("x".repeat(bytes.parse().expect("a number of bytes"))),
                None => json(what),
            }),
            Some(("fails", how)) => ToolOutcome::Failed(tool_error(how)),
            _ => match rest.strip_prefix("is not sent ") {
                Some(class) => ToolOutcome::NotSent(of_class("not sent", Some(failure_class(class)))),
                None => panic!("can't read `{fact}`: is `{place}` owed?"),
            },
        },
    };
    let call = call.to_owned();
    world.tool(&call, attempt, outcome)
}

const USAGE: Usage = Usage { input: 100, input_cached: 0, output: 10 };

fn said(text: &str) -> ModelSaid {
    let (text, usage) = match (text.strip_suffix(" uncounted"), text.rsplit_once(" using ")) {
        (Some(text), _) => (text, None),
        (_, Some((text, usage))) => {
            let (input, output) = usage.split_once('+').expect("using IN+OUT");
            let number = |text: &str| text.parse().expect("a number of tokens");
            (text, Some(Usage { input: number(input), output: number(output), input_cached: 0 }))
        }
        (None, None) => (text, Some(USAGE)),
    };
    ModelSaid { answer: Answer { text: unquoted(text).into(), ..Answer::default() }, usage }
}

fn trouble(how: &str) -> ModelTrouble {
    let (how, asks) = match how.split_once(" asking for ") {
        Some((how, time)) => (how, Some(u64::try_from(duration(time).as_millis()).expect("a short time"))),
        None => (how, None),
    };
    let (class, may_have_cost) = match how.strip_suffix(" for nothing") {
        Some(class) => (class, false),
        None => (how, true),
    };
    let failure = Failure::new(failure_class(class), "the provider said so");
    ModelTrouble { failure: Failure { retry_after_ms: asks, ..failure }, may_have_cost }
}

fn tool_error(how: &str) -> ToolError {
    let (how, status) = match how.rsplit_once(" status ") {
        Some((how, status)) => (how, Some(status.parse().expect("an HTTP status"))),
        None => (how, None),
    };
    let (how, code) = match how.rsplit_once(" code ") {
        Some((how, code)) => (how, Some(code.to_owned())),
        None => (how, None),
    };
    ToolError { text: unquoted(how).into(), code, status, class: None }
}

fn in_words(amount: Reserved) -> String {
    format!("{} tokens {}", amount.tokens, amount.cost)
}

fn failure_class(word: &str) -> FailureClass {
    serde_json::from_value(Value::String(word.into())).unwrap_or_else(|_| panic!("no failure `{word}`"))
}

fn count(text: &str) -> Ceiling {
    Ceiling::Count(text.parse().expect("a number"))
}

fn duration(text: &str) -> Duration {
    let text = text.trim();
    let seconds = text.strip_suffix('s').and_then(|number| number.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or_else(|| panic!("`{text}` is no time: write it like `3s`")))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}` is no JSON: {error}"))
}

fn unquoted(text: &str) -> &str {
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
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
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
