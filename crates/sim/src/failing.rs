//! The failures that a contract names, made: an error of which its own condition says that it is this one.

use handfast_contract::{FailureRule, Scope, Then, Tool};
use serde_json::{Value, json};

use crate::literals::Literals;
use crate::make::Maker;
use crate::random::Random;

/// One named failure, as a tool would show it.
#[derive(Clone, Debug)]
pub(crate) struct Failing {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) code: Option<String>,
    pub(crate) status: Option<u16>,
    /// Whether it may have taken effect, for all that the name promises.
    pub(crate) is_doubtful: bool,
    /// Whether it is an answer in truth: it takes effect like one.
    pub(crate) is_answer: bool,
}

/// Statuses that conditions like to speak of, beside those that they name.
const STATUSES: [u16; 10] = [0, 400, 403, 404, 409, 422, 429, 500, 502, 503];

/// One error for each failure that the tool's contract names and that can be made by trying.
pub(crate) fn failings(tool: &Tool, settings: &Value, literals: &Literals) -> Vec<Failing> {
    let spoken = Literals::of(tool.failures.iter().map(|rule| &rule.when));
    let mut random = Random::at(0, &tool.name);
    let args = Maker { random: &mut random, literals }.fitting(&tool.input);
    let made = tool.failures.iter().enumerate().filter_map(|(at, rule)| {
        let before = tool.failures.get(..at).unwrap_or_default();
        let is_it = |(text, code, status): &(&str, &str, u16)| {
            let error = json!({ "text": text, "code": code, "status": status });
            let scope = Scope::default()
                .with("args", &args)
                .with("error", &error)
                .with("result", &Value::Null)
                .with("settings", settings);
            let holds = |rule: &FailureRule| rule.when.holds(&scope);
            holds(rule) == Ok(true) && before.iter().all(|other| holds(other) != Ok(true))
        };
        let (text, code, status) = candidates(&spoken).find(is_it)?;
        Some(Failing {
            name: rule.name.to_string(),
            text: text.to_owned(),
            code: (!code.is_empty()).then(|| code.to_owned()),
            status: (status != 0).then_some(status),
            is_doubtful: rule.then == Then::Doubtful,
            is_answer: rule.gives.is_some(),
        })
    });
    made.collect()
}

/// Errors worth trying: each text and code that a condition speaks of, with each status.
fn candidates(spoken: &Literals) -> impl Iterator<Item = (&str, &str, u16)> {
    let texts = || std::iter::once("it failed").chain(spoken.words.iter().map(String::as_str));
    let codes = || std::iter::once("").chain(spoken.words.iter().map(String::as_str));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is no status is filtered out first"
    )]
    let named =
        spoken.numbers.iter().filter(|number| (100.0..600.0).contains(*number)).map(|number| *number as u16);
    let beside = named.flat_map(|status| [status, status + 1, status - 1]);
    let statuses: Vec<u16> = STATUSES.into_iter().chain(beside).collect();
    statuses
        .into_iter()
        .flat_map(move |status| codes().map(move |code| (code, status)))
        .flat_map(move |(code, status)| texts().map(move |text| (text, code, status)))
}
