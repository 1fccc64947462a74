//! What a run took, all in all.

use handfast_events::{Money, Usage};
use serde::Serialize;

use super::{Attempt, AttemptState, CallState, Step, Trace, Turn};

/// Sums over a run, a step or a turn. What was measured and what is assumed stay apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Tokens that providers counted.
    pub usage: Usage,
    /// What was spent: what those tokens cost, and what tools cost.
    pub cost: Money,
    /// Of this, what answers cost that could not be used.
    pub cost_unusable: Money,
    /// Of this, what it cost to sum up what no longer fitted.
    pub cost_summing: Money,
    /// Of this, what tools cost.
    pub cost_tools: Money,
    /// Tokens that are assumed, because nobody can know what a lost answer took.
    pub tokens_forfeited: u64,
    /// What those would cost, and what attempts of tools would that are in doubt.
    pub cost_forfeited: Money,
    /// Attempts to ask a model.
    pub models_asked: u64,
    /// Of these, to sum up.
    pub summaries: u64,
    /// Calls that were sent at least once.
    pub calls_sent: u64,
    /// Calls that a clause refused.
    pub calls_refused: u64,
    /// Attempts beyond the first, of models and tools; to sum up is none.
    pub retries: u64,
    /// Time spent waiting for models, in milliseconds; what ran side by side counts each for itself.
    pub model_ms: u64,
    /// Time spent waiting for tools, likewise.
    pub tool_ms: u64,
}

impl Totals {
    fn plus(self, other: Self) -> Self {
        Self {
            usage: Usage {
                input: self.usage.input.saturating_add(other.usage.input),
                input_cached: self.usage.input_cached.saturating_add(other.usage.input_cached),
                input_written: self.usage.input_written.saturating_add(other.usage.input_written),
                output: self.usage.output.saturating_add(other.usage.output),
            },
            cost: self.cost.plus(other.cost),
            cost_unusable: self.cost_unusable.plus(other.cost_unusable),
            cost_summing: self.cost_summing.plus(other.cost_summing),
            cost_tools: self.cost_tools.plus(other.cost_tools),
            tokens_forfeited: self.tokens_forfeited.saturating_add(other.tokens_forfeited),
            cost_forfeited: self.cost_forfeited.plus(other.cost_forfeited),
            models_asked: self.models_asked.saturating_add(other.models_asked),
            summaries: self.summaries.saturating_add(other.summaries),
            calls_sent: self.calls_sent.saturating_add(other.calls_sent),
            calls_refused: self.calls_refused.saturating_add(other.calls_refused),
            retries: self.retries.saturating_add(other.retries),
            model_ms: self.model_ms.saturating_add(other.model_ms),
            tool_ms: self.tool_ms.saturating_add(other.tool_ms),
        }
    }
}

impl std::iter::Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), Self::plus)
    }
}

impl Trace {
    /// What the run took so far.
    pub fn totals(&self) -> Totals {
        self.steps.iter().map(Step::totals).sum()
    }
}

impl Step {
    /// What the step took so far.
    pub fn totals(&self) -> Totals {
        let models: Totals = self.turns.iter().map(Turn::totals).sum();
        let tools: Totals = self.all_calls().map(super::Call::totals).sum();
        models.plus(tools)
    }
}

impl Turn {
    fn totals(&self) -> Totals {
        let attempts: Totals = self.attempts.iter().map(Attempt::totals).sum();
        let for_answers = attempts.models_asked.saturating_sub(attempts.summaries);
        Totals { retries: for_answers.saturating_sub(1), ..attempts }
    }
}

impl Attempt {
    fn totals(&self) -> Totals {
        let sums_up = self.summarises.is_some();
        let one = Totals { models_asked: 1, summaries: u64::from(sums_up), ..Totals::default() };
        match &self.state {
            AttemptState::Asked => one,
            AttemptState::Answered { usage, cost, latency_ms, unusable, .. } => {
                let if_so = |is_so: bool| if is_so { *cost } else { Money::ZERO };
                Totals {
                    usage: *usage,
                    cost: *cost,
                    cost_unusable: if_so(unusable.is_some()),
                    cost_summing: if_so(sums_up),
                    model_ms: *latency_ms,
                    ..one
                }
            }
            AttemptState::Failed { forfeited, latency_ms, .. } => Totals {
                tokens_forfeited: forfeited.tokens,
                cost_forfeited: forfeited.cost,
                model_ms: *latency_ms,
                ..one
            },
        }
    }
}

impl super::Call {
    fn totals(&self) -> Totals {
        let attempts = u64::try_from(self.attempts.len()).unwrap_or(u64::MAX);
        // Of an attempt in doubt nobody knows whether it was charged.
        let costs = |is_doubtful: bool| -> Money {
            let attempts = self.attempts.iter().filter(|attempt| attempt.is_doubtful == is_doubtful);
            attempts.map(|attempt| attempt.costs).sum()
        };
        Totals {
            cost: costs(false),
            cost_tools: costs(false),
            cost_forfeited: costs(true),
            calls_sent: attempts.min(1),
            calls_refused: u64::from(matches!(self.state, CallState::Refused(_))),
            retries: attempts.saturating_sub(1),
            tool_ms: self.attempts.iter().filter_map(|attempt| attempt.latency_ms).sum(),
            ..Totals::default()
        }
    }
}
