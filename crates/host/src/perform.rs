//! How a debt is paid: at least once, and what comes of it is a command.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handfast_engine::{
    AskModel, CallTool, Command, Debt, ModelReply, ModelTrouble, PollCall, PollOutcome, ToolError,
    ToolOutcome, ToolReply,
};
use handfast_events::{Failure, FailureClass};
use handfast_model::Place;
use handfast_tool::{ToolCall, ToolPoll};
use tokio::time::Instant;

use crate::Kit;

/// Performs a debt; none where only time pays it. Its intent was asked to be remembered at this time, when the run was
/// certainly held: from then on a call has a while to leave.
pub(crate) fn perform(kit: Arc<Kit>, debt: Debt, asked: Instant) -> Option<BoxFuture<'static, Command>> {
    Some(match debt {
        Debt::AskModel(debt) => ask(kit, *debt).boxed(),
        Debt::CallTool(debt) => call(kit, debt, asked).boxed(),
        Debt::PollCall(debt) => poll(kit, debt).boxed(),
        Debt::Wait { .. } => return None,
    })
}

/// Asks a model. A panic below is an answer that nobody can know.
async fn ask(kit: Arc<Kit>, debt: AskModel) -> Command {
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
async fn call(kit: Arc<Kit>, debt: CallTool, asked: Instant) -> Command {
    let (call, attempt) = (debt.call.clone(), debt.attempt);
    let request = ToolCall {
        run: debt.run,
        call: debt.call,
        attempt: debt.attempt,
        tool: debt.tool,
        args: debt.args,
        sends: debt.sends,
        key: debt.key,
        send_by: Some(asked + Duration::from_millis(debt.send_within_ms)),
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

/// Asks how a call stands. A panic below is a poll that came to nothing.
async fn poll(kit: Arc<Kit>, debt: PollCall) -> Command {
    let (call, attempt, poll) = (debt.call, debt.attempt, debt.poll);
    let timeout = Duration::from_millis(debt.timeout_ms);
    let request = ToolPoll { tool: debt.tool, handle: debt.handle, timeout };
    let outcome = AssertUnwindSafe(kit.tools.poll(&request)).catch_unwind().await.unwrap_or_else(|_| {
        let class = Some(FailureClass::Unknown);
        PollOutcome::Unasked(ToolError { text: panicked().detail, class, ..ToolError::default() })
    });
    Command::CallPolled { call, attempt, poll, outcome }
}

fn panicked() -> Failure {
    Failure::new(FailureClass::Unknown, "the worker panicked while it waited for this: a defect of Handfast")
}
