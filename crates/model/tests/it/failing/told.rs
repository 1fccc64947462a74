//! What a run came to, in a few words: the class of the first trouble, what was done about it, and how it ended.

use handfast_events::{Body, ContextAdjusted, Failure, ModelFailed, Party, PauseReason, Status};

use crate::agent::Small;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The class of what came first.
    pub(super) class: String,
    /// What was done, and how it ended.
    pub(super) story: String,
    /// Whether it ended, or rests on somebody.
    pub(super) is_settled: bool,
    /// What its model's first failed call failed with.
    pub(super) failure: Option<Failure>,
    /// What the model said last.
    pub(super) said: Option<String>,
}

impl Told {
    pub(super) fn of(small: &Small) -> Self {
        let class = small.bodies().find_map(class).unwrap_or_else(|| "answered".into());
        let mut steps: Vec<(String, usize)> = Vec::new();
        for done in small.bodies().filter_map(remedy) {
            match steps.last_mut().filter(|(last, _)| *last == done) {
                Some((_, times)) => *times += 1,
                None => steps.push((done, 1)),
            }
        }
        let told = |(step, times): (String, usize)| match times {
            1 => step,
            times => format!("{step} ×{times}"),
        };
        let mut story: Vec<String> = steps.into_iter().map(told).collect();
        story.push(outcome(small));
        let status = small.run.status();
        let is_settled = status.is_ended() || status.rests();
        let said = small.bodies().filter_map(|body| match body {
            Body::ModelAnswered(answered) => Some(answered.answer.text.clone()),
            _ => None,
        });
        let failure = small.bodies().find_map(|body| match body {
            Body::ModelFailed(failed) => Some(failed.failure.clone()),
            _ => None,
        });
        Self { class, story: story.join(", "), is_settled, failure, said: said.last() }
    }
}

/// The class that an event tells, if it tells of trouble.
fn class(body: &Body) -> Option<String> {
    match body {
        Body::ModelFailed(failed) => Some(failed.failure.class.name().into()),
        Body::ContextAdjusted(adjusted) => Some(adjusted.why.split(':').next().unwrap_or_default().into()),
        Body::StepFailed(failed) => Some(failed.failure.class.name().into()),
        Body::CallRefused(_) => Some("refused call".into()),
        _ => None,
    }
}

/// What an event does about it.
fn remedy(body: &Body) -> Option<String> {
    match body {
        Body::ModelFailed(ModelFailed { retry: Some(retry), .. }) => {
            let asked = retry.why.strip_prefix("the other side asks for ");
            Some(asked.map_or("backed off".into(), |wait| format!("waited {wait}")))
        }
        Body::ModelHeld(_) => Some("held".into()),
        Body::ModelSwitched(_) => Some("next model".into()),
        Body::ContextAdjusted(adjusted) => Some(adjustment(adjusted).into()),
        Body::CallRefused(_) => Some("told".into()),
        _ => None,
    }
}

fn adjustment(adjusted: &ContextAdjusted) -> &'static str {
    match adjusted {
        ContextAdjusted { replaces: Some(_), why, .. } if why.contains("an extract") => "an extract",
        ContextAdjusted { replaces: Some(_), .. } => "summed up",
        ContextAdjusted { output_tokens_max: Some(_), .. } => "a shorter answer",
        ContextAdjusted { what, .. } if what.is_empty() => "not counted",
        ContextAdjusted { .. } => "reminded",
    }
}

/// How it ended, or on what it rests.
fn outcome(small: &Small) -> String {
    let asked = small.bodies().filter_map(|body| match body {
        Body::ModelIntended(intent) => Some(intent.model.as_str()),
        _ => None,
    });
    let paused = small.bodies().filter_map(|body| match body {
        Body::RunPaused(paused) => Some(&paused.reason),
        _ => None,
    });
    let failed = small.bodies().filter_map(|body| match body {
        Body::StepFailed(failed) => Some(failed),
        _ => None,
    });
    match (small.run.status(), paused.last(), failed.last()) {
        (Status::Done, ..) => format!("done by {}", asked.last().unwrap_or_default()),
        (_, Some(PauseReason::Limit { clause, .. }), _) => {
            format!("paused at its {}", clause.rsplit('.').next().unwrap_or_default())
        }
        (_, Some(PauseReason::Operator { .. }), _) => "paused for the operator".into(),
        (_, _, Some(failed)) => format!("failed, blames {}", blamed(failed.party)),
        (status, ..) => status.name().into(),
    }
}

fn blamed(party: Party) -> &'static str {
    match party {
        Party::Model => "the model",
        Party::Server => "the provider",
        Party::Author => "the contract",
        Party::Runtime => "Handfast",
        Party::Unknown => "nobody",
        Party::Step | Party::Tool | Party::Environment | Party::Person => "another",
    }
}
