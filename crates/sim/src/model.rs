//! The simulated models: what they decide hangs on the seed and the place, what they bill is the truth.

use handfast_contract::{ASK, Agent, Grant, Scope, Tool};
use handfast_engine::{AskModel, ModelSaid, ModelTrouble};
use handfast_events::{Answer, Ask, Failure, FailureClass, Finish, Money, Usage};
use serde_json::Value;

use crate::dialect::{RATES, cap};
use crate::faults::Fault;
use crate::make::Maker;
use crate::random::Random;
use crate::subject::Subject;

/// What can break at a model.
pub(crate) const COULD_BREAK: [Fault; 8] = [
    Fault::RateLimited,
    Fault::Overloaded,
    Fault::Billing,
    Fault::ModelTimeout,
    Fault::ModelLost,
    Fault::ModelSilent,
    Fault::Malformed,
    Fault::UsageMissing,
];

/// What the provider truly charged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bill {
    pub(crate) tokens: u64,
    pub(crate) cost: Money,
}

/// What a model does with a request.
pub(crate) struct Reply {
    /// What reaches the caller; nothing where the answer is lost on its way.
    pub(crate) outcome: Option<Result<ModelSaid, ModelTrouble>>,
    pub(crate) bill: Bill,
}

/// Where an answer belongs.
pub(crate) struct Asked<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) seed: u64,
    pub(crate) agent: &'a Agent,
    pub(crate) ask: &'a AskModel,
    /// What the agent was given.
    pub(crate) input: &'a Value,
    /// Whether it does all that it may, one thing after the other, and nothing amiss.
    pub(crate) is_good: bool,
}

pub(crate) fn reply(asked: &Asked<'_>, fault: Option<Fault>, random: &mut Random) -> Reply {
    let prompt = asked.ask.prompt.text();
    // Three bytes to a token: fewer tokens than bytes, as with every tokeniser in use.
    let input = (prompt.len() as u64).div_ceil(3);
    let output = random.between(5, 200).min(cap(&prompt));
    let usage = Usage { input, input_cached: 0, input_written: 0, output };
    let bill = Bill { tokens: usage.total(), cost: RATES.cost(usage) };
    let failed = |class, may_have_cost: bool, bill| {
        let failure = Failure::new(class, "the provider said so");
        Reply { outcome: Some(Err(ModelTrouble { failure, may_have_cost })), bill }
    };
    let was_billed = if random.chance(50) { bill } else { Bill::default() };
    match fault {
        Some(Fault::ModelSilent) => Reply { outcome: None, bill },
        Some(Fault::Overloaded) => failed(FailureClass::Overloaded, false, Bill::default()),
        Some(Fault::Billing) => failed(FailureClass::Billing, false, Bill::default()),
        Some(Fault::ModelTimeout) => failed(FailureClass::Timeout, true, was_billed),
        Some(Fault::ModelLost) => failed(FailureClass::ConnectionLost, true, was_billed),
        Some(Fault::RateLimited) => {
            let mut failure = Failure::new(FailureClass::RateLimited, "the provider said so");
            failure.retry_after_ms = Some(random.between(100, 3_000));
            let trouble = ModelTrouble { failure, may_have_cost: false };
            Reply { outcome: Some(Err(trouble)), bill: Bill::default() }
        }
        Some(Fault::Malformed) => {
            let said = ModelSaid { answer: Answer::default(), usage: Some(usage) };
            Reply { outcome: Some(Ok(said)), bill }
        }
        fault => {
            let usage = Some(usage).filter(|_| fault != Some(Fault::UsageMissing));
            Reply { outcome: Some(Ok(ModelSaid { answer: decide(asked), usage })), bill }
        }
    }
}

/// What the model says at this place: the same on every attempt.
fn decide(asked: &Asked<'_>) -> Answer {
    let Asked { subject, seed, agent, ask, .. } = *asked;
    let mut random = Random::at(seed, &format!("{}@{}", ask.step, ask.turn));
    let turn = u64::from(ask.turn);
    let turns = agent.limits.turns.unwrap_or(crate::limits::TURNS).min(crate::limits::TURNS);
    let may: Vec<&Grant> = agent.grants().collect();
    let is_done = if asked.is_good { turn > may.len() as u64 } else { random.chance(25) };
    if is_done || turn >= turns || may.is_empty() {
        return finish(asked, &mut random);
    }
    let count = if asked.is_good { 1 } else { random.between(1, 4) };
    let calls = (0..count).map(|index| {
        let drawn = random.pick(&may);
        let in_turn = may.get(usize::try_from(turn - 1).unwrap_or(0));
        let grant = if asked.is_good { in_turn } else { drawn };
        let id = format!("c{index}");
        let Some(grant) = grant else { return Ask { id, tool: "whatever".into(), args: "{}".into() } };
        let way = if asked.is_good { 100 } else { random.between(0, 100) };
        let mut maker = Maker { random: &mut random, literals: &subject.literals };
        let (tool, args) = match way {
            20..28 if !agent.talks_to.is_empty() => {
                (ASK.to_owned(), r#"{"question":"Which one is it?"}"#.to_owned())
            }
            0..4 => ("whatever".to_owned(), "{}".to_owned()),
            4..8 => (grant.tool.shown_name(), maker.amiss(&grant.tool.input).to_string()),
            8..10 => (grant.tool.shown_name(), "{ no JSON".to_owned()),
            10..20 => (grant.tool.shown_name(), maker.fitting(&grant.tool.input).to_string()),
            _ => {
                let condition = grant.condition.as_ref().map(|clause| &clause.condition);
                let holds = |args: &Value| {
                    let scope = Scope::default()
                        .with("args", args)
                        .with("input", asked.input)
                        .with("settings", subject.rules.settings());
                    condition.is_none_or(|condition| condition.holds(&scope) != Ok(false))
                        && requires(&grant.tool, &scope)
                };
                (grant.tool.shown_name(), maker.fitting_where(&grant.tool.input, holds).to_string())
            }
        };
        Ask { id, tool, args }
    });
    Answer { calls: calls.collect(), finish: Finish::Calls, ..Answer::default() }
}

/// Whether nothing that the tool requires is seen to be false.
fn requires(tool: &Tool, scope: &Scope<'_>) -> bool {
    tool.requires.iter().all(|clause| clause.condition.holds(scope) != Ok(false))
}

fn finish(asked: &Asked<'_>, random: &mut Random) -> Answer {
    let text = match &asked.agent.output {
        None => "all is well".to_owned(),
        Some(output) => {
            let mut maker = Maker { random, literals: &asked.subject.literals };
            maker.fitting(output).to_string()
        }
    };
    Answer { text, ..Answer::default() }
}
