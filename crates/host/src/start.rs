//! A run begins: its first event, and its key claimed in the same commit.

use handfast_engine::{Plan, Refusal, Run, Start};
use handfast_events::{Body, Event, Head, RunId, Sources};
use handfast_store::{
    Append, AppendError, Claim, ClaimChange, ClaimSet, Expected, Hold, LoadError, ReadError, RunBirth, Store,
    WriteError,
};
use serde_json::json;

use crate::{new_append_id, new_run_id, new_salt, now};

/// A run that began, now or before under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The run.
    pub run: RunId,
    /// Whether it began just now.
    pub is_new: bool,
}

/// A run did not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The workflow, its input or its models are not as they must be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key belongs to a run of another contract, or with another workflow or input: choose another key.
    #[error("key `{key}` began run `{run}` with another contract, workflow or input: choose another key")]
    KeyTaken {
        /// The key.
        key: String,
        /// The run that has it.
        run: RunId,
    },
    /// The store could not take it.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The store could not keep the contract.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The run that has the key could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Begins a run of a contract whose sources these are. Whoever drives the store takes it from there.
///
/// # Errors
/// Nothing began; see [`StartError`] for what to mend. After an unconfirmed append, start again with the same key.
pub async fn start<S: Store>(
    store: &S,
    plan: std::sync::Arc<Plan>,
    sources: &Sources,
    start: Start,
) -> Result<Started, StartError> {
    let id = new_run_id();
    let run = Run::new(plan, id);
    let at = now();
    let start = Start { folder: sources.root.clone(), ..start };
    let events = run.start(start.clone(), at)?;
    let next = events.iter().try_fold(run, Run::evolve).map_err(Refusal::from)?;
    store.put_contract(sources).await?;
    let fingerprint = events.first().map(fingerprint).unwrap_or_default();
    let claim = start.key.as_ref().map(|key| ClaimChange {
        name: format!("start/{key}"),
        expected: Expected::Absent,
        set: ClaimSet::To(fingerprint.clone()),
    });
    let append = Append {
        id: new_append_id(),
        run: id,
        follows: Head::default(),
        epoch: handfast_events::Epoch(0),
        salt: new_salt(),
        events,
        status: next.status(),
        wake_at: None,
        hold: Hold::Keep,
        taken: Vec::new(),
        claims: claim.into_iter().collect(),
        start: Some(RunBirth {
            contract: next.contract_name().to_owned(),
            workflow: start.workflow.clone(),
            started: at,
        }),
    };
    match (store.append(&append).await, &start.key) {
        (Ok(_), _) => Ok(Started { run: id, is_new: true }),
        (Err(AppendError::ClaimHeld { name, .. }), Some(key)) => {
            let Some(Claim { run, value, .. }) = store.claim(&name).await? else {
                return Err(AppendError::ClaimHeld { name, by: None }.into());
            };
            if value == fingerprint {
                Ok(Started { run, is_new: false })
            } else {
                Err(StartError::KeyTaken { key: key.clone(), run })
            }
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// What a second start under the same key must have in common with the first. A new version of the contract may follow
/// the old one, but another contract is another matter.
fn fingerprint(first: &Event) -> String {
    let Body::RunStarted(began) = &first.body else { return String::new() };
    let what = json!({ "contract": began.contract, "workflow": began.workflow, "input": began.input });
    handfast_events::Digest::of(&handfast_events::canonical(&what)).to_string()
}
