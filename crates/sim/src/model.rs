//! The simulated models: what they decide hangs on the seed and the place, what they bill is the truth.

use handfast_engine::{AskModel, ModelSaid, ModelTrouble};
use handfast_events::{Answer, Ask, Failure, FailureClass, Finish, Money, Usage};

use crate::plan::{RATES, cap};
use crate::random::Random;

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

pub(crate) fn reply(seed: u64, ask: &AskModel, random: &mut Random, is_troubled: bool) -> Reply {
    let prompt = ask.prompt.text();
    // Three bytes to a token: fewer tokens than bytes, as with every tokeniser in use.
    let input = (prompt.len() as u64).div_ceil(3);
    let output = random.between(5, 200).min(cap(&prompt));
    let usage = Usage { input, input_cached: 0, output };
    let bill = Bill { tokens: usage.total(), cost: RATES.cost(usage) };
    if is_troubled && random.chance(20) {
        return trouble(random, bill);
    }
    let answer = decide(seed, ask, is_troubled);
    let usage = Some(usage).filter(|_| !random.chance(5));
    Reply { outcome: Some(Ok(ModelSaid { answer, usage })), bill }
}

fn trouble(random: &mut Random, bill: Bill) -> Reply {
    let at_the_door = [FailureClass::RateLimited, FailureClass::Overloaded, FailureClass::Billing];
    let on_the_way = [FailureClass::Timeout, FailureClass::ConnectionLost];
    if random.chance(15) {
        return Reply { outcome: None, bill };
    }
    let may_have_cost = random.chance(50);
    let classes: &[FailureClass] = if may_have_cost { &on_the_way } else { &at_the_door };
    let drawn = usize::try_from(random.between(0, classes.len() as u64)).unwrap_or(0);
    let class = classes.get(drawn).copied().unwrap_or(FailureClass::Unavailable);
    let mut failure = Failure::new(class, "the provider said so");
    if class == FailureClass::RateLimited {
        failure.retry_after_ms = Some(random.between(100, 3_000));
    }
    let was_billed = may_have_cost && random.chance(50);
    Reply {
        outcome: Some(Err(ModelTrouble { failure, may_have_cost })),
        bill: if was_billed { bill } else { Bill::default() },
    }
}

/// What the model says at this place: the same on every attempt, but for the form that it may miss.
fn decide(seed: u64, ask: &AskModel, is_troubled: bool) -> Answer {
    let mut random = Random::at(seed, &format!("{}@{}", ask.step, ask.turn));
    let mut form = Random::at(seed, &format!("{}@{}#{}", ask.step, ask.turn, ask.attempt));
    if is_troubled && form.chance(12) {
        return Answer { text: String::new(), ..Answer::default() };
    }
    if ask.turn >= 4 || random.chance(25) {
        return Answer { text: r#"{"text":"all is well"}"#.into(), ..Answer::default() };
    }
    let count = random.between(1, 4);
    let calls = (0..count).map(|index| {
        let order = random.between(1, 4);
        let (tool, args) = match random.between(0, 12) {
            0..=1 => ("read", format!(r#"{{"order":"o{order}"}}"#)),
            2..=4 => ("refund", format!(r#"{{"order":"o{order}","amount":{}}}"#, random.between(1, 40))),
            5 => ("refund", format!(r#"{{"order":"o{order}","amount":60}}"#)),
            6 => ("note", format!(r#"{{"order":"o{order}","text":"looked at"}}"#)),
            7..=9 => ("mail", r#"{"to":"ada"}"#.to_owned()),
            10 => ("delete", "{}".to_owned()),
            _ => ("refund", r#"{"order":7}"#.to_owned()),
        };
        Ask { id: format!("c{index}"), tool: tool.into(), args }
    });
    Answer { calls: calls.collect(), finish: Finish::Calls, ..Answer::default() }
}
