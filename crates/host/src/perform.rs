//! How a debt is paid: at least once, and what comes of it is a command.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use handfast_engine::{
    AskModel, CallTool, Command, ModelReply, ModelTrouble, ToolError, ToolOutcome, ToolReply,
};
use handfast_events::{Failure, FailureClass};
use handfast_model::Place;
use handfast_tool::ToolCall;

use crate::Kit;

/// Asks a model. A panic below is an answer that nobody can know.
pub(crate) async fn ask(kit: Arc<Kit>, debt: AskModel) -> Command {
    let place = Place { run: debt.run, step: debt.step.clone(), turn: debt.turn, attempt: debt.attempt };
    let request = debt.prompt.text();
    let timeout = Duration::from_millis(debt.timeout_ms);
    let asked = kit.models.ask(&debt.model, &request, &place, timeout);
    let reply = AssertUnwindSafe(asked).catch_unwind().await.unwrap_or_else(|_| ModelReply {
        outcome: Err(ModelTrouble { failure: panicked(), may_have_cost: true }),
        body: None,
        latency_ms: 0,
        request_id: None,
    });
    Command::ModelReturned { step: debt.step, turn: debt.turn, attempt: debt.attempt, reply }
}

/// Calls a tool. A panic below is a call that may have left.
pub(crate) async fn call(kit: Arc<Kit>, debt: CallTool) -> Command {
    let (call, attempt) = (debt.call.clone(), debt.attempt);
    let request = ToolCall {
        run: debt.run,
        call: debt.call,
        attempt: debt.attempt,
        tool: debt.tool,
        args: debt.args,
        sends: debt.sends,
        key: debt.key,
        timeout: Duration::from_millis(debt.timeout_ms),
    };
    let reply =
        AssertUnwindSafe(kit.tools.call(&request)).catch_unwind().await.unwrap_or_else(|_| ToolReply {
            outcome: ToolOutcome::Lost(ToolError {
                text: panicked().detail,
                class: Some(FailureClass::Unknown),
                ..ToolError::default()
            }),
            latency_ms: 0,
        });
    Command::ToolReturned { call, attempt, reply }
}

fn panicked() -> Failure {
    Failure::new(FailureClass::Unknown, "the worker panicked while it waited for this: a defect of Handfast")
}
