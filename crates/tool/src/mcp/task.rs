//! A call that an MCP server has made a task of: how it stands.

use handfast_contract::Tool;
use handfast_engine::{PollOutcome, TakenOn, ToolError, ToolOutcome};
use handfast_events::{FailureClass, Handle};
use rmcp::ServiceError;
use rmcp::model::{CallToolResult, ErrorCode, JsonObject, ServerResult, Task, TaskPayload, TaskStatus};
use serde_json::Value;

use crate::limits::HANDLE_BYTES_MAX;
use crate::mcp::answer::{failed, value};
use crate::tools::Site;
use crate::trouble::{trouble, with_causes};

/// The server made a task of the call.
pub(crate) fn taken_on(task: Task) -> ToolOutcome {
    if task.task_id.is_empty() || task.task_id.len() > HANDLE_BYTES_MAX {
        let text = "the server took the call on as a task with an id that is none: it may still take effect";
        return ToolOutcome::Lost(trouble(FailureClass::ToolBreach, text));
    }
    ToolOutcome::TakenOn(at_work(task))
}

fn at_work(task: Task) -> TakenOn {
    let word = serde_json::to_value(task.status).ok().and_then(|word| word.as_str().map(str::to_owned));
    TakenOn {
        handle: Handle::Task(task.task_id),
        says: task.status_message.or(word),
        ask_after_ms: task.poll_interval_ms,
    }
}

/// What the server says of a task.
pub(crate) fn stands(tool: &Tool, result: ServerResult) -> PollOutcome {
    let ServerResult::GetTaskResult(got) = result else {
        let text = "the server's answer is none to how a task stands";
        return PollOutcome::Unasked(trouble(FailureClass::ToolBreach, text));
    };
    let (task, payload) = (got.task.task, got.task.payload);
    let told = |text: &str, code: &str| ToolError {
        text: task.status_message.clone().unwrap_or_else(|| text.to_owned()),
        code: Some(code.to_owned()),
        ..ToolError::default()
    };
    match payload {
        TaskPayload::Completed { result } => PollOutcome::Finished(completed(tool, result)),
        TaskPayload::Failed { error } => PollOutcome::Finished(ToolOutcome::Failed(erred(&error))),
        TaskPayload::Cancelled => {
            let error = told("the server cancelled the task", "cancelled");
            PollOutcome::Finished(ToolOutcome::Failed(error))
        }
        TaskPayload::InputRequired { .. } => {
            let text = "the server asks for more input before it goes on, which a contract can't give it";
            PollOutcome::Finished(ToolOutcome::Failed(told(text, "input_required")))
        }
        _ if task.status == TaskStatus::Working => PollOutcome::Working(at_work(task)),
        _ => PollOutcome::Unasked(trouble(FailureClass::ToolBreach, "the server says nothing of the task")),
    }
}

/// As if the call itself had been answered so.
fn completed(tool: &Tool, result: JsonObject) -> ToolOutcome {
    match serde_json::from_value::<CallToolResult>(Value::Object(result)) {
        Ok(result) if result.is_error == Some(true) => ToolOutcome::Failed(failed(&result)),
        Ok(result) => ToolOutcome::Returned(value(tool, result)),
        Err(error) => {
            let text = format!("the task is completed, and its result is none of a call: {error}");
            ToolOutcome::Lost(trouble(FailureClass::ToolBreach, text))
        }
    }
}

/// A JSON-RPC error that ended a task: the tool had begun.
fn erred(error: &JsonObject) -> ToolError {
    let text = error.get("message").and_then(Value::as_str).unwrap_or("the task failed without a word");
    let code = error.get("code").map(Value::to_string);
    ToolError { text: text.to_owned(), code, ..ToolError::default() }
}

/// No answer, or one that says that there is no such task.
pub(crate) fn unanswered(site: &Site, error: &ServiceError) -> PollOutcome {
    let text = format!("`servers.{}`: {}", site.name, with_causes(error));
    match error {
        ServiceError::McpError(error)
            if matches!(error.code, ErrorCode::INVALID_PARAMS | ErrorCode::METHOD_NOT_FOUND) =>
        {
            PollOutcome::Forgotten(trouble(FailureClass::Unknown, text))
        }
        _ => PollOutcome::Unasked(trouble(FailureClass::Unavailable, text)),
    }
}
