//! What an MCP server's answer, or its silence, says about a call.

use handfast_contract::Tool;
use handfast_engine::{ToolError, ToolOutcome};
use handfast_events::FailureClass;
use rmcp::ServiceError;
use rmcp::model::{CallToolResult, ErrorCode, ErrorData, ServerResult};
use rmcp::transport::streamable_http_client::StreamableHttpError;
use serde_json::Value;

use crate::mcp::connect::Health;
use crate::mcp::task;
use crate::tools::{Site, text_or_json};
use crate::trouble::{trouble, with_causes};

/// What an answer means.
pub(crate) fn answered(tool: &Tool, result: ServerResult) -> ToolOutcome {
    match result {
        ServerResult::CallToolResult(result) if result.is_error == Some(true) => {
            ToolOutcome::Failed(failed(&result))
        }
        ServerResult::CallToolResult(result) => ToolOutcome::Returned(value(tool, result)),
        ServerResult::InputRequiredResult(_) => ToolOutcome::Failed(ToolError {
            text: "the server asks for more input before it goes on, which a contract can't give it"
                .to_owned(),
            code: Some("input_required".to_owned()),
            ..ToolError::default()
        }),
        ServerResult::CreateTaskResult(created) => task::taken_on(created.task),
        _ => ToolOutcome::Lost(trouble(
            FailureClass::Unknown,
            "the server's answer is none to a call of a tool",
        )),
    }
}

/// MCP's structured content, else its one text block, else its blocks as they are.
pub(super) fn value(tool: &Tool, result: CallToolResult) -> Value {
    if let Some(structured) = result.structured_content {
        return structured;
    }
    let mut blocks = result.content;
    match (blocks.pop(), blocks.is_empty()) {
        (None, _) => Value::Null,
        (Some(last), true) => match last.as_text() {
            Some(text) => text_or_json(tool, text.text.clone()),
            None => serde_json::to_value(vec![last]).unwrap_or(Value::Null),
        },
        (Some(last), false) => {
            blocks.push(last);
            serde_json::to_value(blocks).unwrap_or(Value::Null)
        }
    }
}

pub(super) fn failed(result: &CallToolResult) -> ToolError {
    let field = |name: &str| result.structured_content.as_ref().and_then(|content| content.get(name));
    let texts: Vec<&str> =
        result.content.iter().filter_map(|block| Some(block.as_text()?.text.as_str())).collect();
    let text = match (texts.is_empty(), field("text").and_then(Value::as_str)) {
        (false, _) => texts.join("\n"),
        (true, Some(text)) => text.to_owned(),
        (true, None) => match &result.structured_content {
            Some(content) => content.to_string(),
            None => "the tool failed without a word".to_owned(),
        },
    };
    let code = match field("code") {
        Some(Value::String(code)) => Some(code.clone()),
        Some(Value::Number(code)) => Some(code.to_string()),
        _ => None,
    };
    ToolError { text, code, ..ToolError::default() }
}

/// What a failure of the protocol or the transport means, and whether the connection is still of use.
pub(crate) fn unanswered(site: &Site, error: &ServiceError) -> (ToolOutcome, Health) {
    match error {
        ServiceError::McpError(error) => (refused(error), Health::Good),
        ServiceError::TransportSend(error) => {
            match error.error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
                Some(http) => unposted(site, http),
                None => (broken(site, &with_causes(&*error.error)), Health::Gone),
            }
        }
        error => (broken(site, &with_causes(error)), Health::Unsure),
    }
}

/// A JSON-RPC error. Only a method that isn't there surely kept the call from the tool. Servers answer an unknown tool
/// with "invalid params", and so do handlers in the middle of their work: which of them spoke can't be told, so it is a
/// failure, which the contract may name by its code.
fn refused(error: &ErrorData) -> ToolOutcome {
    let code = error.code;
    let text = match &error.data {
        Some(data) => format!("{} ({data})", error.message),
        None => error.message.to_string(),
    };
    let told = |class| ToolError { text, code: Some(code.0.to_string()), class, ..ToolError::default() };
    match code {
        ErrorCode::METHOD_NOT_FOUND => ToolOutcome::TurnedAway(told(Some(FailureClass::BadRequest))),
        ErrorCode::INVALID_PARAMS
        | ErrorCode::INVALID_REQUEST
        | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::HEADER_MISMATCH => ToolOutcome::Failed(told(Some(FailureClass::BadRequest))),
        _ => ToolOutcome::Failed(told(None)),
    }
}

/// A POST that brought no JSON-RPC answer.
fn unposted(site: &Site, error: &StreamableHttpError<reqwest::Error>) -> (ToolOutcome, Health) {
    let text = format!("`servers.{}`: {}", site.name, with_causes(error));
    match error {
        StreamableHttpError::Client(error) if error.is_connect() || error.is_builder() => {
            (ToolOutcome::NotSent(trouble(FailureClass::Unavailable, text)), Health::Gone)
        }
        StreamableHttpError::SessionExpired => {
            // The server answered without looking at the call: a new connection has a new session.
            (ToolOutcome::NotSent(trouble(FailureClass::ConnectionLost, text)), Health::Gone)
        }
        StreamableHttpError::HttpStatus(error) => (by_status(error.status, text), Health::Unsure),
        StreamableHttpError::ReservedHeaderConflict(_) => {
            (ToolOutcome::NotSent(trouble(FailureClass::Author, text)), Health::Good)
        }
        _ => match status_of(error) {
            Some(status) => (by_status(status, text), Health::Good),
            None => (broken(site, &with_causes(error)), Health::Unsure),
        },
    }
}

/// The HTTP status behind an error, where there is one.
pub(crate) fn status_of(error: &StreamableHttpError<reqwest::Error>) -> Option<u16> {
    match error {
        StreamableHttpError::AuthRequired(_) => Some(401),
        StreamableHttpError::InsufficientScope(_) => Some(403),
        StreamableHttpError::HttpStatus(error) => Some(error.status),
        StreamableHttpError::UnexpectedServerResponse(words) => status_in(words),
        _ => None,
    }
}

/// What an HTTP status says. 4xx was turned away at the door, but for those that a server gives while it works. A
/// redirect may follow work that is done (303 says so), and it isn't followed to find out.
fn by_status(status: u16, text: String) -> ToolOutcome {
    let class = match status {
        401 | 403 => FailureClass::Authentication,
        429 => FailureClass::RateLimited,
        408 => FailureClass::Timeout,
        500.. => FailureClass::Unavailable,
        _ => FailureClass::BadRequest,
    };
    let error = ToolError { text, status: Some(status), class: Some(class), ..ToolError::default() };
    match status {
        408 | 409 | 425 => ToolOutcome::Failed(error),
        300..=399 => ToolOutcome::Lost(error),
        400..=499 => ToolOutcome::TurnedAway(error),
        _ => ToolOutcome::Failed(error),
    }
}

/// rmcp keeps the status of a plain refusal in its words only: `HTTP 404 Not Found: …`.
fn status_in(words: &str) -> Option<u16> {
    words.strip_prefix("HTTP ")?.get(..3)?.parse().ok()
}

fn broken(site: &Site, what: &str) -> ToolOutcome {
    let text =
        format!("the connection to `servers.{}` broke while the call was under way: {what}", site.name);
    ToolOutcome::Lost(trouble(FailureClass::ConnectionLost, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_whether_the_tool_saw_the_call() {
        let outcome = |status| match by_status(status, String::new()) {
            ToolOutcome::TurnedAway(error) => ("turned away", error.class),
            ToolOutcome::Failed(error) => ("failed", error.class),
            ToolOutcome::Lost(error) => ("lost", error.class),
            other => panic!("{other:?}"),
        };
        assert_eq!(outcome(400), ("turned away", Some(FailureClass::BadRequest)));
        assert_eq!(outcome(404), ("turned away", Some(FailureClass::BadRequest)));
        assert_eq!(outcome(401), ("turned away", Some(FailureClass::Authentication)));
        assert_eq!(outcome(429), ("turned away", Some(FailureClass::RateLimited)));
        assert_eq!(outcome(303), ("lost", Some(FailureClass::BadRequest)));
        assert_eq!(outcome(408), ("failed", Some(FailureClass::Timeout)));
        assert_eq!(outcome(409), ("failed", Some(FailureClass::BadRequest)));
        assert_eq!(outcome(503), ("failed", Some(FailureClass::Unavailable)));
        assert_eq!(status_in("HTTP 404 Not Found: nothing"), Some(404));
        assert_eq!(status_in("expect json"), None);
    }
}
