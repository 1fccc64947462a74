//! Every request that a run's models were sent, rebuilt to the byte.

use std::collections::BTreeMap;

use handfast_events::{Body, Event, Prompt, RebuildError, Seq, StepId};

/// One request.
#[derive(Clone, Debug)]
pub struct AskedPrompt {
    /// The event that intended it.
    pub seq: Seq,
    /// The step whose agent asked.
    pub step: StepId,
    /// Its turn.
    pub turn: u32,
    /// The attempt within the turn.
    pub attempt: u32,
    /// The model, by its name in the contract.
    pub model: String,
    /// How many of the oldest passages it is to sum up; none where it asks for the agent's answer.
    pub summarises: Option<u32>,
    /// The request; its digest is the one recorded.
    pub prompt: Prompt,
}

/// A request can't be rebuilt.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// The journal is damaged here: quarantine the run, and look at it with `handfast journal`.
    #[error("the request at seq {seq} can't be rebuilt: the journal is damaged there")]
    Damaged {
        /// The event.
        seq: Seq,
        /// What doesn't fit.
        #[source]
        cause: RebuildError,
    },
    /// The event names no step, so nothing says which request it goes on from.
    #[error("the request at seq {seq} belongs to no step: the journal is damaged there")]
    Homeless {
        /// The event.
        seq: Seq,
    },
}

/// Rebuilds every request, one at a time: all of them together would take as much as a run's length squared.
///
/// # Errors
/// [`PromptError`] in place of a request that doesn't fit: the journal is damaged. Those of its step behind it are
/// damaged too.
pub fn prompts(events: &[Event]) -> impl Iterator<Item = Result<AskedPrompt, PromptError>> + '_ {
    let mut newest: BTreeMap<StepId, Prompt> = BTreeMap::new();
    events.iter().filter_map(move |event| {
        let Body::ModelIntended(intent) = &event.body else { return None };
        let seq = event.seq;
        let Some(step) = event.step.clone() else { return Some(Err(PromptError::Homeless { seq })) };
        let before = newest.get(&step).cloned().unwrap_or_default();
        Some(match before.follow(&intent.prompt) {
            Ok(prompt) => {
                newest.insert(step.clone(), prompt.clone());
                let (turn, attempt, model) = (intent.turn, intent.attempt, intent.model.clone());
                let summarises = intent.summarises;
                Ok(AskedPrompt { seq, step, turn, attempt, model, summarises, prompt })
            }
            Err(cause) => Err(PromptError::Damaged { seq, cause }),
        })
    })
}
