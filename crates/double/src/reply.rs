//! From a cue and a request to the reply: status, headers, the body in its units, and where it breaks off.

use serde_json::Value;

use crate::asked::Asked;
use crate::cue::{At, Break, Cue, How, Numbers, What};
use crate::fault::{Content, Form};
use crate::said::Said;
use crate::wire::{Headers, Wire};
use crate::{chat, messages, responses};

/// The window of a model of which nobody says one.
const WINDOW: u64 = 200_000;
/// What is meant for an answer where the request doesn't say.
const ANSWER: u64 = 20_000;
/// The status of a double that is used wrongly: no test expects it.
const MISUSED: u16 = 599;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";
const HTML: &str = "text/html";
const TEXT: &str = "text/plain; charset=utf-8";

/// A reply, ready to be written.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// The body, an event each where it is a stream.
    pub(crate) units: Vec<Vec<u8>>,
    pub(crate) is_streamed: bool,
    pub(crate) broken: Option<Break>,
}

/// What this cue comes to, asked this.
pub(crate) fn reply(cue: &Cue, asked: &Asked) -> Reply {
    let unstreamed = cue.is_whole.then(|| asked.unstreamed());
    let asked = unstreamed.as_ref().unwrap_or(asked);
    let mut reply = match &cue.what {
        What::Raw { status, headers, body } => raw(*status, headers, body),
        What::Answer => answer(&cue.said, asked),
        What::Fault(fault) => match fault.form(asked.wire, asked.is_streamed()) {
            Some(form) => failure(form, cue, asked),
            None => {
                misuse(&format!("the double has no `{fault}` for this kind of request on {}", asked.wire))
            }
        },
    };
    for (name, value) in &cue.headers {
        match value {
            Some(value) => reply.headers.set(name, value),
            None => reply.headers.remove(name),
        }
    }
    reply.broken = cue.broken.or(reply.broken);
    reply
}

/// Bytes as they are; a stream of events in its events.
fn raw(status: u16, headers: &Headers, body: &[u8]) -> Reply {
    let is_streamed = headers.get("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut units = vec![Vec::new()];
    for byte in body {
        if is_streamed && units.last().is_some_and(|unit: &Vec<u8>| unit.ends_with(b"\n\n")) {
            units.push(Vec::new());
        }
        if let Some(unit) = units.last_mut() {
            unit.push(*byte);
        }
    }
    Reply { headers: headers.clone(), is_streamed, ..Reply::of(status, &[], units) }
}

/// A reply that says what is wrong with the test.
pub(crate) fn misuse(why: &str) -> Reply {
    Reply::of(MISUSED, &[("content-type", TEXT)], vec![why.as_bytes().to_vec()])
}

/// A reply to a request on no wire.
pub(crate) fn stray() -> Reply {
    let body = br#"{"error":{"message":"the double has nothing here","type":"invalid_request_error","param":null,"code":null}}"#;
    Reply::of(404, &[("content-type", JSON)], vec![body.to_vec()])
}

impl Reply {
    fn of(status: u16, headers: &[(&str, &str)], units: Vec<Vec<u8>>) -> Self {
        Self { status, headers: headers.iter().copied().collect(), units, is_streamed: false, broken: None }
    }

    /// The same with the header by which this wire's providers name a request.
    fn named(mut self, asked: &Asked) -> Self {
        self.headers.set(asked.wire.id_header(), &id(asked));
        self
    }
}

fn answer(said: &Said, asked: &Asked) -> Reply {
    if asked.is_streamed() {
        let events = events(said, asked).into_iter().map(String::into_bytes).collect();
        let headers = [("content-type", EVENTS), ("cache-control", "no-cache")];
        return Reply { is_streamed: true, ..Reply::of(200, &headers, events) }.named(asked);
    }
    let whole = match asked.wire {
        Wire::Chat => chat::whole(said, asked),
        Wire::Responses => responses::whole(said, asked),
        Wire::Messages => messages::whole(said, asked),
    };
    document(200, &whole).named(asked)
}

fn events(said: &Said, asked: &Asked) -> Vec<String> {
    match asked.wire {
        Wire::Chat => chat::stream(said, asked),
        Wire::Responses => responses::stream(said, asked),
        Wire::Messages => messages::stream(said, asked),
    }
}

fn document(status: u16, value: &Value) -> Reply {
    Reply::of(status, &[("content-type", JSON)], vec![value.to_string().into_bytes()])
}

fn failure(form: Form, cue: &Cue, asked: &Asked) -> Reply {
    let numbers = numbers(cue, asked);
    match form {
        Form::Twist(twist) => answer(&twist(cue.said.clone(), asked, numbers), asked),
        Form::Warp(warp) => {
            let mut reply = answer(&cue.said, asked);
            reply.units = warp(reply.units);
            reply
        }
        Form::Break(broken) => Reply { broken: Some(broken), ..answer(&cue.said, asked) },
        Form::Reply { status, headers, content } => {
            let (kind, body) = match content {
                Content::Json(body) => (Some(JSON), filled(body, asked, numbers)),
                Content::Html(body) => (Some(HTML), body.to_owned()),
                Content::Text(body) => (Some(TEXT), body.to_owned()),
                Content::Nothing => (None, String::new()),
            };
            if let Some(events) = cue.within {
                let error =
                    if let Content::Json(_) = content { serde_json::from_str(&body).ok() } else { None };
                if asked.is_streamed() || error.is_none() {
                    return interrupted(cue, asked, events, error.as_ref());
                }
                if let Some(reply) = error.and_then(|error| failed_whole(&error, asked)) {
                    return reply;
                }
            }
            let mut reply = Reply::of(status, headers, vec![body.into_bytes()]);
            if let Some(kind) = kind {
                reply.headers.set("content-type", kind);
            }
            // A page comes from in front of the provider, which has not named the request.
            if matches!(content, Content::Json(_)) { reply.named(asked) } else { reply }
        }
    }
}

/// The first events of the answer, then the error; without one, the connection ends there.
fn interrupted(cue: &Cue, asked: &Asked, events: usize, error: Option<&Value>) -> Reply {
    let mut reply = answer(&cue.said, asked);
    if reply.is_streamed {
        reply.units.truncate(events);
    }
    let Some(error) = error else {
        let so_far = if reply.is_streamed { reply.units.iter().map(Vec::len).sum() } else { 0 };
        return Reply { broken: Some(Break { at: At::Byte(so_far), how: How::Cut }), ..reply };
    };
    let broken = match asked.wire {
        Wire::Chat => chat::broken(error),
        Wire::Responses => responses::broken(error, asked, reply.units.len()),
        Wire::Messages => messages::broken(error),
    };
    reply.units.extend(broken.into_iter().map(String::into_bytes));
    reply
}

/// An error within an answer that is no stream; none on a wire that has no such thing.
fn failed_whole(error: &Value, asked: &Asked) -> Option<Reply> {
    match asked.wire {
        Wire::Chat => Some(document(200, error).named(asked)),
        Wire::Responses => {
            Some(document(200, &responses::failed(&responses::inner(error), asked)).named(asked))
        }
        Wire::Messages => None,
    }
}

fn numbers(cue: &Cue, asked: &Asked) -> Numbers {
    let window = cue.window.unwrap_or(WINDOW);
    // A prompt that would have fitted fails all the same, where it was told to.
    let beyond = window + window / 20 + 1;
    let tokens = if asked.tokens() > window { asked.tokens() } else { beyond };
    let keys = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
    let answer =
        keys.into_iter().find_map(|key| asked.json.get(key).and_then(Value::as_u64)).unwrap_or(ANSWER);
    Numbers { tokens, window, answer }
}

fn filled(body: &str, asked: &Asked, numbers: Numbers) -> String {
    let Numbers { tokens, window, answer } = numbers;
    // A name is quoted within JSON, without the quotes that stand there already.
    let model = Value::from(asked.model()).to_string();
    let model = model.trim_matches('"');
    [
        ("{model}", model),
        ("{id}", &id(asked)),
        ("{tokens}", &tokens.to_string()),
        ("{window}", &window.to_string()),
        ("{over}", &tokens.saturating_sub(window).to_string()),
        ("{answer}", &answer.to_string()),
        ("{total}", &tokens.saturating_add(answer).to_string()),
    ]
    .into_iter()
    .fold(body.to_owned(), |body, (hole, value)| body.replace(hole, value))
}

fn id(asked: &Asked) -> String {
    format!("req_double{}", asked.ordinal)
}
