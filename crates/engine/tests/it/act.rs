//! What can happen in a story: one fact, read and told to the run.

use std::time::Duration;

use handfast_engine::{ModelSaid, ModelTrouble, PollOutcome, Refusal, TakenOn, ToolError, ToolOutcome};
use handfast_events::{
    Answer, Ask, CallId, Ceiling, Failure, FailureClass, Finish, Handle, LimitKind, Mail, Settlement, Usage,
};
use serde_json::Value;

use crate::story::{json, split, unquoted};
use crate::world::World;

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
/// CALL [#ATTEMPT] is taken on as PATH [asking for 3s]
/// CALL is still at work [as PATH] [asking for 3s] | is forgotten | can't be reached    its server says so, or can't be reached
/// a lost worker hears CALL #ATTEMPT …                what a tool says, as above, by mail
/// a worker takes over
/// nobody drives for 3s                               the time passes, and the run is told nothing
/// time passes [3s]                                   as long as the run waits where it isn't said
/// WHO settles CALL applied VALUE | not applied
/// WHO raises LIMIT to AMOUNT · WHO cancels · WHO resumes · WHO pauses · WHO kills
/// WHO retries CALL · WHO accepts CALL
/// WHO halts SCOPE · WHO unhalts                      nothing follows until the run is told something
/// WHO answers PLACE "answer" [as ROLE] [saying "note"]   what was asked last of that call or step
/// WHO says "text" [to nothing]                       to what is asked in the conversation, where something is
/// WHO leaves
/// WHO signals NAME VALUE                             to whichever step waits for it; `for STEP` in between means that one
/// ```
pub(crate) fn act(world: &mut World, fact: &str) -> Result<(), Refusal> {
    if let Some(rest) = fact.strip_prefix("the model") {
        return model(world, rest.trim());
    }
    if fact == "a worker takes over" {
        return world.take();
    }
    if let Some(time) = fact.strip_prefix("nobody drives for ") {
        world.now = world.now.checked_add(duration(time)).expect("a time within the calendar");
        return Ok(());
    }
    if let Some(time) = fact.strip_prefix("time passes") {
        let until = || world.due().expect("it waits for a time").max(world.now).duration_since(world.now);
        let time =
            if time.is_empty() { Duration::try_from(until()).expect("a later time") } else { duration(time) };
        return world.pass(time);
    }
    if let Some(step) = fact.strip_suffix(" asked") {
        assert!(world.asks().iter().any(|ask| ask.step.as_str() == step), "`{step}` is not asked");
        return Ok(());
    }
    if let Some(heard) = fact.strip_prefix("a lost worker hears ") {
        let (call, rest) = heard.split_once(" #").expect("hears CALL #ATTEMPT …");
        let (attempt, rest) = rest.split_once(' ').expect("hears CALL #ATTEMPT …");
        let heard = outcome(rest, call).heard().expect("something that is to be told");
        let attempt = attempt.parse().expect("an attempt's number");
        return world.mail("worker-1", Mail::Late { call: CallId::new(call), attempt, heard });
    }
    if let Some((step, value)) = fact.split_once(" done ") {
        if let Some(ask) = world.asks().into_iter().find(|ask| ask.step.as_str() == step) {
            return world.model((step, ask.turn, ask.attempt), Ok(said(value)));
        }
        let call = world.calls().into_iter().find(|call| call.call.step().as_str() == step);
        let call = call.unwrap_or_else(|| panic!("`{step}` owes nothing"));
        return world.tool(call.call.as_str(), call.attempt, ToolOutcome::Returned(json(value)));
    }
    if let Some((who, rest)) = fact.split_once(" answers ").filter(|(who, _)| !who.contains(' ')) {
        let mail = answer(world, rest);
        return world.mail(who, mail);
    }
    if let Some((who, rest)) = fact.split_once(" says ") {
        let (text, to) = match rest.strip_suffix(" to nothing") {
            Some(text) => (text, None),
            None => (rest, world.asked_in_talk()),
        };
        return world.mail(who, Mail::Say { text: unquoted(text).into(), to });
    }
    if let Some(who) = fact.strip_suffix(" leaves") {
        return world.mail(who, Mail::Leave);
    }
    if let Some((who, scope)) = fact.split_once(" halts ") {
        world.halt(who, Some(scope));
        return Ok(());
    }
    if let Some((who, _)) = fact.split_once(" unhalts") {
        world.halt(who, None);
        return Ok(());
    }
    if let Some((who, mail)) = mail(fact) {
        return world.mail(who, mail);
    }
    tool(world, fact)
}

fn answer(world: &World, rest: &str) -> Mail {
    let (place, rest) = rest.split_once(' ').expect("answers PLACE \"answer\"");
    let (rest, note) = rest.split_once(" saying ").unwrap_or((rest, ""));
    let (answer, role) = match rest.split_once(" as ") {
        Some((answer, role)) => (answer, Some(role.to_owned())),
        None => (rest, None),
    };
    let id = world.asked(place);
    Mail::Answer { id, answer: unquoted(answer).into(), role, note: unquoted(note).into() }
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
            "calls" => (LimitKind::Calls, count(to)),
            "cost" => (LimitKind::Cost, Ceiling::Money(to.parse().expect("an amount of money"))),
            "time" => {
                let ms = u64::try_from(duration(to).as_millis()).expect("a short time");
                (LimitKind::Time, Ceiling::Ms(ms))
            }
            other => panic!("no limit `{other}`"),
        };
        return Some((who, Mail::Raise { limit, to, reason: "it is worth it".into() }));
    }
    if let Some((who, rest)) = fact.split_once(" signals ") {
        let (name, value) = rest.split_once(' ').expect("signals NAME VALUE");
        let (key, value) = match value.strip_prefix("for ").and_then(|rest| rest.split_once(' ')) {
            Some((step, value)) => (Some(step.to_owned()), value),
            None => (None, value),
        };
        return Some((who, Mail::Signal { name: name.into(), key, value: json(value) }));
    }
    let reason = || "somebody said so".into();
    if let Some(who) = fact.strip_suffix(" cancels") {
        return Some((who, Mail::Cancel { reason: reason() }));
    }
    if let Some(who) = fact.strip_suffix(" pauses") {
        return Some((who, Mail::Pause { reason: reason() }));
    }
    if let Some(who) = fact.strip_suffix(" kills") {
        return Some((who, Mail::Kill { reason: reason() }));
    }
    if let Some((who, call)) = fact.split_once(" retries ") {
        return Some((who, Mail::Retry { call: CallId::new(call), reason: reason() }));
    }
    if let Some((who, call)) = fact.split_once(" accepts ") {
        return Some((who, Mail::Accept { call: CallId::new(call), reason: reason() }));
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
            let (calls, usage) = counted(calls);
            let asks = split(calls, " and ").into_iter().enumerate().map(|(index, call)| {
                let (tool, args) = call.split_once(' ').expect("calls TOOL {args}");
                Ask { id: format!("c{index}"), tool: tool.into(), args: unquoted(args).into() }
            });
            let answer = Answer { calls: asks.collect(), finish: Finish::Calls, ..Answer::default() };
            Ok(ModelSaid { answer, usage })
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
    let polled =
        world.polls().into_iter().find(|poll| poll.call.as_str() == place || &*poll.tool.name == place);
    if let Some(poll) = polled.filter(|_| !rest.starts_with('#')) {
        let error = |text: &str| ToolError { text: text.into(), ..ToolError::default() };
        let outcome = match rest {
            "is forgotten" => PollOutcome::Forgotten(error("no such operation")),
            "can't be reached" => PollOutcome::Unasked(error("no connection")),
            _ => match rest.strip_prefix("is still at work") {
                Some(how) => PollOutcome::Working(taken_on(how, &poll.handle)),
                None => PollOutcome::Finished(outcome(rest, place)),
            },
        };
        return world.polled(&poll, outcome);
    }
    let owed = world.calls();
    let named = owed.iter().find(|call| call.call.as_str() == place || &*call.tool.name == place);
    let (attempt, rest) = match rest.strip_prefix('#').and_then(|rest| rest.split_once(' ')) {
        Some((attempt, rest)) => (attempt.parse().expect("an attempt's number"), rest),
        None => (named.map_or(1, |call| call.attempt), rest),
    };
    let call = named.map_or(place, |call| call.call.as_str());
    let (call, outcome) = (call.to_owned(), outcome(rest, place));
    world.tool(&call, attempt, outcome)
}

/// What a server says of a call that it has taken on.
fn taken_on(how: &str, before: &Handle) -> TakenOn {
    let (how, ask_after_ms) = match how.split_once(" asking for ") {
        Some((how, time)) => (how, Some(u64::try_from(duration(time).as_millis()).expect("a short time"))),
        None => (how, None),
    };
    let handle = how.trim().strip_prefix("as ").map_or(before.clone(), |path| Handle::Path(path.into()));
    TakenOn { handle, says: Some("running".into()), ask_after_ms }
}

fn outcome(rest: &str, place: &str) -> ToolOutcome {
    let error = |text: &str| ToolError { text: text.into(), ..ToolError::default() };
    let of_class = |text, class| ToolError { class, ..error(text) };
    match rest {
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
            _ if rest.starts_with("is turned away ") => {
                ToolOutcome::TurnedAway(tool_error(rest.trim_start_matches("is turned away ")))
            }
            _ if rest.starts_with("is taken on") => {
                let how = rest.trim_start_matches("is taken on");
                ToolOutcome::TakenOn(taken_on(how, &Handle::Task("1".into())))
            }
            _ => match rest.strip_prefix("is not sent ") {
                Some(class) => ToolOutcome::NotSent(of_class("not sent", Some(failure_class(class)))),
                None => panic!("can't read `{rest}`: is `{place}` owed?"),
            },
        },
    }
}

const USAGE: Usage = Usage { input: 100, input_cached: 0, input_written: 0, output: 10 };

fn said(text: &str) -> ModelSaid {
    let (text, usage) = counted(text);
    ModelSaid { answer: Answer { text: unquoted(text).into(), ..Answer::default() }, usage }
}

/// What it says, and how its provider counts it: `… using IN+OUT`, `… uncounted`.
fn counted(text: &str) -> (&str, Option<Usage>) {
    match (text.strip_suffix(" uncounted"), text.rsplit_once(" using ")) {
        (Some(text), _) => (text, None),
        (_, Some((text, usage))) => {
            let (input, output) = usage.split_once('+').expect("using IN+OUT");
            let number = |text: &str| text.parse().expect("a number of tokens");
            (text, Some(Usage { input: number(input), output: number(output), ..USAGE }))
        }
        (None, None) => (text, Some(USAGE)),
    }
}

fn trouble(how: &str) -> ModelTrouble {
    let (how, asks) = match how.split_once(" asking for ") {
        Some((how, time)) => (how, Some(u64::try_from(duration(time).as_millis()).expect("a short time"))),
        None => (how, None),
    };
    let (how, may_have_cost) = match how.strip_suffix(" for nothing") {
        Some(how) => (how, false),
        None => (how, true),
    };
    let (class, status) = match how.split_once(" status ") {
        Some((class, status)) => (class, Some(status.parse().expect("an HTTP status"))),
        None => (how, None),
    };
    let failure = Failure::new(failure_class(class), "the provider said so");
    ModelTrouble { failure: Failure { retry_after_ms: asks, status, ..failure }, may_have_cost }
}

fn tool_error(how: &str) -> ToolError {
    let (how, retry_after_ms) = match how.rsplit_once(" asking for ") {
        Some((how, time)) => (how, Some(u64::try_from(duration(time).as_millis()).expect("a short time"))),
        None => (how, None),
    };
    let (how, status) = match how.rsplit_once(" status ") {
        Some((how, status)) => (how, Some(status.parse().expect("an HTTP status"))),
        None => (how, None),
    };
    let (how, code) = match how.rsplit_once(" code ") {
        Some((how, code)) => (how, Some(code.to_owned())),
        None => (how, None),
    };
    ToolError { text: unquoted(how).into(), code, status, retry_after_ms, ..ToolError::default() }
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
