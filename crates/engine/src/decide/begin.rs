//! A worker takes a run: whatever the worker before it had under way is lost, or in doubt.

use handfast_events::{
    CallDoubted, CallNotApplied, Epoch, EpochBegan, Failure, FailureClass, ModelFailed, Next, Retry, StepId,
};

use super::Draft;
use crate::Refusal;
use crate::state::CallState;

impl Draft {
    pub(super) fn begin(&mut self, epoch: Epoch, worker: String) -> Result<(), Refusal> {
        let prices = self.run.plan.prices().map(str::to_owned);
        self.tell(EpochBegan { epoch, worker, prices })?;
        let steps: Vec<StepId> = self.run.steps.iter().map(|step| step.id.clone()).collect();
        for step in &steps {
            self.lose_ask(step)?;
        }
        self.doubt_calls()
    }

    /// An answer under way came to nobody: its spend is assumed, and it is asked for again.
    fn lose_ask(&mut self, step: &StepId) -> Result<(), Refusal> {
        let Some(asked) = self.run.step(step).and_then(|step| step.asked()).cloned() else { return Ok(()) };
        let lost = ModelFailed {
            turn: asked.due.turn,
            attempt: asked.due.attempt,
            failure: gone(),
            forfeited: asked.reserved,
            latency_ms: 0,
            body: None,
            retry: Some(self.at_once()),
        };
        self.tell_step(step, lost)
    }

    /// What may have left: reads are made again, the rest is in doubt.
    fn doubt_calls(&mut self) -> Result<(), Refusal> {
        let open = self.run.calls().filter_map(|call| match &call.state {
            CallState::Intended(sent) => Some((call.id.clone(), sent.clone(), self.is_looked_for(call))),
            _ => None,
        });
        for (id, sent, is_looked_for) in open.collect::<Vec<_>>() {
            let (attempt, failure, latency_ms) = (sent.intent.attempt, gone(), 0);
            let again = Next::Retry(self.at_once());
            if sent.only_reads() {
                self.tell_call(&id, CallNotApplied { attempt, failure, latency_ms, next: again })?;
            } else {
                let next = if sent.is_repeatable() && !is_looked_for { again } else { Next::Settlement };
                self.tell_call(&id, CallDoubted { attempt, failure, latency_ms, next })?;
            }
        }
        Ok(())
    }

    fn at_once(&self) -> Retry {
        Retry { at: self.now, why: "a worker took over".into() }
    }
}

fn gone() -> Failure {
    Failure::new(
        FailureClass::WorkerGone,
        "the worker that made this attempt is gone, and what came back with it",
    )
}
