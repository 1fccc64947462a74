//! What the tests have in common: a model of a contract, a place, and a reply in words.

use std::path::{Path, PathBuf};
use std::time::Duration;

use handfast_contract::{ModelUse, Secret};
use handfast_double::{Cue, Double};
use handfast_engine::ModelReply;
use handfast_events::{RunId, StepId};
use handfast_model::{Models, ModelsOptions, OpenError, Place, Source};

/// The key that must never be seen.
pub(crate) const KEY: &str = "sk-test-0123456789abcdef";

/// Longer than any test that works takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The model `main`, behind this URL, with a key.
pub(crate) fn model(url: &str) -> ModelUse {
    ModelUse {
        name: "main".into(),
        provider: "openai".into(),
        model: "gpt-test".into(),
        url: Some(url.into()),
        api_key: Some(Secret("TEST_API_KEY".into())),
        price: None,
        timeout: None,
        speaks: None,
        window: None,
        limits: handfast_contract::Limits::default(),
    }
}

/// A provider that gives these replies, in order.
pub(crate) async fn provider(cues: impl IntoIterator<Item = Cue>) -> Double {
    Double::giving(cues).await.unwrap()
}

/// A whole JSON document as a reply.
pub(crate) fn document(status: u16, body: &str) -> Cue {
    Cue::raw(status, &[("content-type", "application/json")], body)
}

/// A stream of events as a reply.
pub(crate) fn stream(body: &str) -> Cue {
    Cue::raw(200, &[("content-type", "text/event-stream"), ("x-request-id", "req-1")], body)
}

/// A model that is this script.
pub(crate) fn scripted(file: &str) -> ModelUse {
    ModelUse { provider: "script".into(), model: file.into(), url: None, api_key: None, ..model("") }
}

/// Options with this folder and source.
pub(crate) fn options(folder: &Path, source: Source) -> ModelsOptions {
    ModelsOptions { folder: folder.into(), source, priced_at: "2026-11-01T00:00:00Z".parse().unwrap() }
}

/// This model, answered by this source, with its key in the environment.
pub(crate) fn open(used: &ModelUse, source: Source) -> Result<Models, OpenError> {
    Models::of([used], &options(&PathBuf::from("."), source), |name| {
        (name == "TEST_API_KEY").then(|| KEY.to_owned())
    })
}

/// A place in a run.
pub(crate) fn place(step: &str, turn: u32, attempt: u32) -> Place {
    Place { run: RunId::from_bytes([7; 16]), step: StepId::new(step), turn, attempt }
}

/// A reply as one line: what the engine would decide on.
pub(crate) fn in_words(reply: &ModelReply) -> String {
    match &reply.outcome {
        Ok(said) => {
            let calls: Vec<String> =
                said.answer.calls.iter().map(|call| format!("{}({})", call.tool, call.args)).collect();
            let refusal =
                said.answer.refusal.as_ref().map_or(String::new(), |words| format!(" refusal {words:?}"));
            let usage = said.usage.map_or_else(
                || "tokens unknown".into(),
                |usage| format!("{} ({} cached) in, {} out", usage.input, usage.input_cached, usage.output),
            );
            format!("{:?} {:?} {}{refusal}; {usage}", said.answer.finish, said.answer.text, calls.join(" "))
        }
        Err(trouble) => {
            let failure = &trouble.failure;
            let cost = if trouble.may_have_cost { "may have cost" } else { "cost nothing" };
            let wait = failure.retry_after_ms.map_or(String::new(), |wait| format!("; wait {wait} ms"));
            let code = failure.code.as_ref().map_or(String::new(), |code| format!(" [{code}]"));
            format!("{}{code}, {cost}{wait}: {}", failure.class.name(), failure.detail)
        }
    }
}
