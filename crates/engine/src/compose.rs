//! What a model is sent: the opening, what its agent is given, and the passages of its conversation.

use handfast_events::{Answer, Ask, Prompt, PromptDelta};

use crate::decide::Draft;
use crate::dialect::{Dialect, Message, ToolResult};
use crate::plan::{Briefed, Briefing};
use crate::state::{AgentStep, Call, CallState, Passage, TurnDue, Written};

/// The next request, before its close.
pub(crate) struct Question {
    pub(crate) due: TurnDue,
    /// What it adds to the head, or the whole head where it goes on from nothing.
    pub(crate) added: String,
    /// How many messages that is.
    pub(crate) messages: u64,
    /// Whether it goes on from nothing, though a request stood before it.
    pub(crate) is_anew: bool,
}

/// Messages as one model's dialect writes them.
pub(crate) struct Writer<'a> {
    dialect: &'a dyn Dialect,
    /// The model's name in the contract: what it said itself is given back as it was.
    model: &'a str,
    /// Whether nothing but the head stands before the next message.
    is_first: bool,
    pub(crate) text: String,
    pub(crate) messages: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(model: &'a str, briefed: &'a Briefed) -> Self {
        Self { dialect: &*briefed.sheet.dialect, model, is_first: false, text: String::new(), messages: 0 }
    }

    /// What stands before all messages, the instructions in it.
    pub(crate) fn open(&mut self, opening: &str) {
        self.text.push_str(opening);
        self.is_first = true;
        self.messages += 1;
    }

    pub(crate) fn user(&mut self, text: &str) {
        self.say(&Message::User(text), 1);
    }

    fn say(&mut self, message: &Message<'_>, count: u64) {
        let is_first = std::mem::take(&mut self.is_first);
        let said = if is_first { self.dialect.first(message) } else { self.dialect.message(message) };
        self.text.push_str(&said);
        self.messages += count;
    }

    fn assistant(&mut self, by: &str, answer: &Answer, with_calls: bool) {
        let calls = if with_calls { answer.calls.as_slice() } else { &[] };
        let verbatim = answer.verbatim.as_deref().filter(|_| with_calls && by == self.model);
        self.say(&Message::Assistant { text: &answer.text, calls, verbatim }, 1);
    }
}

impl Draft {
    /// What the next request of this agent adds to those before it, for the model of this name; nothing where none is due.
    pub(crate) fn question(
        &self,
        agent: &AgentStep,
        briefing: &Briefing,
        (model, briefed): (&str, &Briefed),
    ) -> Option<Question> {
        let mut agent = agent.clone();
        agent.close_turn();
        let due = agent.turn.next_due()?;
        let mut writer = Writer::new(model, briefed);
        let written = match &agent.written {
            Some(Written { model: by, passages }) if **by == *model => *passages,
            _ => {
                writer.open(&briefed.opening);
                // Who is talked to is given nothing to begin with but what is said.
                if self.run.chat().is_none() || agent.input.as_object().is_none_or(|input| !input.is_empty())
                {
                    writer.user(&briefing.given(&agent.input));
                }
                0
            }
        };
        for passage in agent.past.in_order_from(written) {
            self.tell_passage(&mut writer, passage);
        }
        let is_anew =
            !agent.prompt.is_empty() && agent.written.as_ref().is_none_or(|own| *own.model != *model);
        Some(Question { due, added: writer.text, messages: writer.messages, is_anew })
    }

    /// Writes one passage as a model is told it.
    pub(crate) fn tell_passage(&self, writer: &mut Writer<'_>, passage: &Passage) {
        match passage {
            Passage::Answered { model, answer, calls } => {
                writer.assistant(model, answer, true);
                let results = self.results(answer, calls);
                if !results.is_empty() {
                    // Each result is a message of its own in some dialects.
                    writer.say(&Message::Results(&results), results.len() as u64);
                }
            }
            Passage::Amended { model, answer, what } => {
                // What it asked for beside was never called: an ask without a result is refused by every provider.
                writer.assistant(model, answer, false);
                writer.user(what);
            }
            Passage::Heard(text) | Passage::Noticed(text) | Passage::SummedUp(text) => writer.user(text),
        }
    }

    /// What came of the calls that an answer asked for.
    pub(crate) fn results(&self, answer: &Answer, calls: &[Call]) -> Vec<ToolResult> {
        let result = |(ask, call): (&Ask, &Call)| {
            let CallState::Closed(closed) = &call.state else { return None };
            let text = self.told(&ask.tool, call, closed);
            Some(ToolResult { id: ask.id.clone(), text, is_error: closed.is_error() })
        };
        answer.calls.iter().zip(calls).filter_map(result).collect()
    }
}

impl Question {
    /// The request with this close.
    pub(crate) fn prompt(&self, before: &Prompt, close: &str) -> PromptDelta {
        if self.is_anew { Prompt::anew(&self.added, close) } else { before.then(&self.added, close).1 }
    }
}
