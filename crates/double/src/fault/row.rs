//! One row of the tables: a failure, the wires that know it, and how it looks there.

use super::{Fault, Filed, Meaning, Speech};
use crate::asked::Asked;
use crate::cue::{Break, Numbers};
use crate::said::Said;
use crate::wire::Wire;

/// OpenAI's two wires.
pub(crate) const OPENAI: &[Wire] = &[Wire::Chat, Wire::Responses];
/// Chat alone.
pub(crate) const CHAT: &[Wire] = &[Wire::Chat];
/// Responses alone.
pub(crate) const RESPONSES: &[Wire] = &[Wire::Responses];
/// Messages alone.
pub(crate) const MESSAGES: &[Wire] = &[Wire::Messages];
/// Every wire.
pub(crate) const ALL: &[Wire] = &Wire::ALL;

/// A row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) wires: &'static [Wire],
    pub(crate) fault: Fault,
    pub(crate) meaning: Meaning,
    pub(crate) source: &'static str,
    pub(crate) form: Form,
    pub(crate) speech: Speech,
}

/// How a failure looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// A reply in the answer's place.
    Reply { status: u16, headers: &'static [(&'static str, &'static str)], content: Content },
    /// An answer that says otherwise.
    Twist(fn(Said, &Asked, Numbers) -> Said),
    /// The answer's bytes, otherwise.
    Warp(fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>),
    /// The answer, broken off.
    Break(Break),
}

/// What a reply holds. `{model}`, `{tokens}`, `{window}`, `{over}`, `{answer}`, `{total}` and `{id}` are filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    Json(&'static str),
    Html(&'static str),
    Text(&'static str),
    Nothing,
}

/// A row whose reply is JSON.
pub(crate) const fn json(
    wires: &'static [Wire],
    fault: Fault,
    meaning: Meaning,
    source: &'static str,
    (status, headers, body): (u16, &'static [(&'static str, &'static str)], &'static str),
) -> Row {
    let form = Form::Reply { status, headers, content: Content::Json(body) };
    Row { wires, fault, meaning, source, form, speech: Speech::Any }
}

impl Row {
    pub(crate) fn filed(&self) -> Filed {
        // What nobody knows is an error by its status alone: within a stream it is an event to be passed over.
        let is_error = self.meaning != Meaning::Unknown;
        let comes_within = is_error
            && matches!(self.form, Form::Reply { content: Content::Json(_), status, .. } if status >= 400);
        Filed {
            fault: self.fault,
            meaning: self.meaning,
            source: self.source,
            speech: self.speech,
            comes_within,
        }
    }
}
