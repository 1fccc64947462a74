//! The table of an agent at work on one step: its turn, what was said before, and what its model was sent of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_events::{Body, ModelIntended, Prompt, StepId, StepStarted, Timestamp, Usage};
use serde_json::Value;

use crate::limits::{BYTES_PER_TOKEN_LEAST, BYTES_PER_TOKEN_MAX, CUT_TOKENS_MIN};

use super::messages::since;
use super::step::evolve_one;
use super::{Call, Happened, Illegal, Listening, Passage, Past, Reads, Turn};

/// An agent at work on one step.
#[derive(Clone, Debug)]
pub(crate) struct AgentStep {
    pub(crate) agent: Arc<str>,
    pub(crate) input: Arc<Value>,
    pub(crate) turn: Turn,
    /// What was said before this turn.
    pub(crate) past: Past,
    /// The model that goes on; none where the first choice does.
    pub(crate) model: Option<Arc<str>>,
    /// The newest request.
    pub(crate) prompt: Prompt,
    /// What of the past the newest request holds, and for whom it was written.
    pub(crate) written: Option<Written>,
    /// How many tokens the newest request comes to.
    pub(crate) counted: Option<Counted>,
    /// What it read of memory.
    pub(crate) reads: Reads,
    /// What people said in this turn.
    pub(crate) heard: Vec<Arc<str>>,
    /// What the runtime tells it with what comes of this turn.
    pub(crate) notices: Vec<Arc<str>>,
    /// Tools that are out of its reach, until when where that is known.
    pub(crate) taken_away: BTreeMap<Arc<str>, Option<Timestamp>>,
    /// All that people said to it.
    pub(crate) was_told: Arc<Vec<Arc<str>>>,
    /// How long it waited for people: for messages, and for answers while none of its calls was under way.
    pub(crate) waited: Duration,
    /// The model that was found to cut what it is sent, and to how many tokens.
    cuts: Option<(Arc<str>, u64)>,
    /// Since when it waits for answers.
    asking_since: Option<Timestamp>,
}

/// What a request holds.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// For which model it was written.
    pub(crate) model: Arc<str>,
    /// How many passages of the past it holds.
    pub(crate) passages: usize,
}

/// The tokens of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) tokens: u64,
    /// Whether the provider counted them; else they are what was reserved, the allowance for the close included.
    pub(crate) is_measured: bool,
    /// The length of the request's head that it is for.
    pub(crate) head_len: usize,
    /// What the provider counted for a request that this one begins with, and the length of its head: the last that leaves no
    /// doubt.
    pub(crate) begins_with: Option<(u64, usize)>,
}

impl AgentStep {
    pub(super) fn new(agent: &str, started: &StepStarted, turn: Turn) -> Self {
        Self {
            agent: agent.into(),
            input: Arc::new(started.input.clone()),
            turn,
            past: Past::default(),
            model: None,
            prompt: Prompt::default(),
            written: None,
            counted: None,
            reads: Reads::default(),
            heard: Vec::new(),
            notices: Vec::new(),
            taken_away: BTreeMap::new(),
            was_told: Arc::default(),
            waited: Duration::ZERO,
            cuts: None,
            asking_since: None,
        }
    }

    /// What this turn came to belongs to the past, and the next one is due; nothing where it isn't over.
    pub(crate) fn close_turn(&mut self) {
        let Some(due) = self.turn.next_due() else { return };
        let turn = std::mem::replace(&mut self.turn, Turn::Due(due));
        if let Turn::Calling { answer, calls, .. } = turn {
            self.said(answer, calls.into());
        }
        self.heard.drain(..).for_each(|text| self.past.push(Passage::Heard(text)));
        self.notices.drain(..).for_each(|text| self.past.push(Passage::Noticed(text)));
    }

    /// Whether the provider counted fewer tokens than the newest request has: it answers to a part of it, and doesn't say so.
    pub(crate) fn was_cut(&self, counted: u64) -> bool {
        let Some(least) = self.counted.and_then(|counted| counted.begins_with).map(|known| self.least(known))
        else {
            return false;
        };
        // What a model thought before is no part of what it is asked later.
        let has_thought = |passage: &Passage| matches!(passage, Passage::Answered { answer, .. } if answer.verbatim.is_some());
        counted + CUT_TOKENS_MIN < least && !self.past.newest_first().any(has_thought)
    }

    /// How many tokens the newest request has at least, for one with which it begins had so many.
    fn least(&self, (tokens, head_len): (u64, usize)) -> u64 {
        tokens + self.prompt.head_len().saturating_sub(head_len) as u64 / BYTES_PER_TOKEN_MAX
    }

    /// How many tokens the newest request probably has: what was counted of it, and the rest by its bytes.
    pub(crate) fn probable_tokens(&self) -> u64 {
        let (tokens, head_len) = match self.counted {
            Some(counted) if counted.is_measured => (counted.tokens, counted.head_len),
            Some(counted) => counted.begins_with.unwrap_or_default(),
            None => (0, 0),
        };
        tokens + self.prompt.head_len().saturating_sub(head_len) as u64 / BYTES_PER_TOKEN_LEAST
    }

    /// The newest request has so many tokens, says its provider. Where that is fewer than it can have, what is counted later is
    /// held against what was known before: a prompt that is cut a little at a time is found out, too.
    fn was_counted(&mut self, tokens: u64) {
        let known = self.counted.and_then(|counted| counted.begins_with);
        let begins_with = known.filter(|known| tokens < self.least(*known));
        let head_len = self.prompt.head_len();
        self.counted = Some(Counted { tokens, is_measured: true, head_len, begins_with });
    }

    /// How much this model reads of what it is sent, where it was found to cut that.
    pub(crate) fn cut_by(&self, model: &str) -> Option<u64> {
        self.cuts.as_ref().filter(|(cuts, _)| **cuts == *model).map(|(_, tokens)| *tokens)
    }

    fn said(&mut self, answer: Arc<handfast_events::Answer>, calls: Arc<[Call]>) {
        let model = self.model.clone().unwrap_or_default();
        self.past.push(Passage::Answered { model, answer, calls });
    }

    pub(super) fn evolve(mut self, step: &StepId, happened: &Happened<'_>) -> Result<Self, Illegal> {
        let Happened { time, call, body, .. } = *happened;
        if self.reads.follow(body) {
            return Ok(self);
        }
        if let (Turn::Calling { calls, .. }, Some(_), false) =
            (&mut self.turn, call, matches!(body, Body::CallProposed(_)))
        {
            evolve_one(calls, call, time, body)?;
            self.note_waiting(time);
            if let Body::ApprovalAnswered(said) = body
                && said.message.is_some()
            {
                Arc::make_mut(&mut self.was_told).push(said.answer.as_str().into());
            }
            return Ok(self);
        }
        match body {
            Body::ToolTakenAway(away) => {
                self.taken_away.insert(away.tool.as_str().into(), away.until);
                self.notices.push(away.what.as_str().into());
                return Ok(self);
            }
            Body::ContextAdjusted(notice) if matches!(self.turn, Turn::Calling { .. }) => {
                self.notices.push(notice.what.as_str().into());
                return Ok(self);
            }
            Body::ModelIntended(_) | Body::ModelHeld(_) | Body::ModelSwitched(_) => self.close_turn(),
            _ => {}
        }
        self.follow(step, happened)?;
        self.turn = self.turn.evolve(step, time, body)?;
        Ok(self)
    }

    /// What the event changes beside the turn.
    fn follow(&mut self, step: &StepId, happened: &Happened<'_>) -> Result<(), Illegal> {
        let Happened { time, body, .. } = *happened;
        let illegal = |state| Illegal { place: format!("step `{step}`"), state, event: body.name() };
        match (body, &self.turn) {
            (Body::MessageHeard(_), turn) => {
                let message = happened.given.as_deref().and_then(Value::as_str);
                let message: Arc<str> = message.ok_or_else(|| illegal("without that message"))?.into();
                Arc::make_mut(&mut self.was_told).push(message.clone());
                self.heard.push(message);
                if let Turn::Listening(Listening { awaited: Some(awaited), .. }) = turn {
                    self.waited = self.waited.saturating_add(since(awaited.since, time));
                }
            }
            (Body::ModelIntended(intent), _) => {
                self.intended(intent).ok_or_else(|| illegal("at another prompt"))?
            }
            (Body::ModelAnswered(said), Turn::Asked(asked)) => {
                // What was booked because nobody counted is no count.
                let booked = Usage { input: asked.reserved.tokens, ..Usage::default() };
                if said.usage != booked {
                    self.was_counted(said.usage.input);
                }
            }
            (Body::Said(_), Turn::Answered(_, answer)) => {
                self.said(answer.clone(), Arc::new([]));
                // What is said next begins with the first choice again.
                self.model = None;
            }
            (Body::ContextAdjusted(adjusted), turn) => match (adjusted.replaces, turn) {
                (Some(oldest), _) => {
                    self.past
                        .sum_up(usize::try_from(oldest).unwrap_or(usize::MAX), adjusted.what.as_str().into());
                    self.written = None;
                }
                // An answer to less than was asked is no part of the conversation, and it tells how much is read.
                (None, Turn::Answered(asked, _)) if adjusted.what.is_empty() => {
                    self.cuts = self.counted.map(|counted| (asked.model.clone(), counted.tokens));
                }
                (None, Turn::Answered(asked, answer)) => {
                    let (model, what) = (asked.model.clone(), adjusted.what.as_str().into());
                    self.past.push(Passage::Amended { model, answer: answer.clone(), what });
                }
                (None, _) => {}
            },
            (Body::ModelSwitched(switched), _) => {
                self.past.forget_reminders();
                self.written = None;
                self.model = Some(switched.to.as_str().into());
            }
            _ => {}
        }
        Ok(())
    }

    /// The newest request is another one; nothing where it doesn't go on from the one before.
    fn intended(&mut self, intent: &ModelIntended) -> Option<()> {
        self.prompt = self.prompt.follow(&intent.prompt).ok()?;
        let model: Arc<str> = intent.model.as_str().into();
        // A request to sum up holds the past in other words.
        let is_own = intent.summarises.is_none();
        self.written = is_own.then(|| Written { model: model.clone(), passages: self.past.len() });
        self.model = Some(model);
        let tokens = intent.reserved.tokens.saturating_sub(intent.output_tokens_max);
        let measured = self.counted.filter(|counted| counted.is_measured && !intent.prompt.anew);
        let begins_with = match (measured, self.counted) {
            (Some(counted), _) => counted.begins_with.or(Some((counted.tokens, counted.head_len))),
            // An attempt that nobody counted says nothing: the one before it still does.
            (None, Some(counted)) if !intent.prompt.anew => counted.begins_with,
            _ => None,
        };
        let head_len = self.prompt.head_len();
        self.counted = Some(Counted { tokens, is_measured: false, head_len, begins_with });
        Some(())
    }

    /// Counts the time in which nothing but answers of people is waited for.
    fn note_waiting(&mut self, time: Timestamp) {
        let Turn::Calling { calls, .. } = &self.turn else { return };
        let is_waiting = |call: &Call| call.question().is_some();
        let waits =
            calls.iter().any(is_waiting) && calls.iter().all(|call| is_waiting(call) || call.is_closed());
        match self.asking_since {
            None if waits => self.asking_since = Some(time),
            Some(from) if !waits => {
                self.asking_since = None;
                self.waited = self.waited.saturating_add(since(from, time));
            }
            _ => {}
        }
    }
}
