//! What an HTTP answer, or its absence, says about a call.

use handfast_contract::Tool;
use handfast_engine::{ToolError, ToolOutcome};
use handfast_events::FailureClass;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::http::client::Astray;
use crate::http::poll::taken_on;
use crate::http::retry_after::retry_after_ms;
use crate::limits::{ERROR_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::tools::{Site, text_or_json};
use crate::trouble::{trouble, with_causes};

/// Reads an answer: a result, or a failure with what its body says.
pub(crate) async fn read(site: &Site, tool: &Tool, response: Response) -> ToolOutcome {
    let (status, headers) = (response.status(), response.headers().clone());
    if !status.is_success() {
        // What came says enough, even where the rest did not.
        let (body, _) = body(response, ERROR_BYTES_MAX).await;
        return failed(status, &headers, &body);
    }
    if let Some(taken) = taken_on(site, response.url(), status, &headers) {
        return taken;
    }
    match body(response, MESSAGE_BYTES_MAX).await {
        (body, Ok(())) => ToolOutcome::Returned(value(tool, &headers, &body)),
        (_, Err(error)) => {
            let what = with_causes(&error);
            let text = format!("the answer of `servers.{}` ({status}) broke off: {what}", site.name);
            ToolOutcome::Lost(ToolError {
                status: Some(status.as_u16()),
                ..trouble(FailureClass::ConnectionLost, text)
            })
        }
    }
}

/// The body up to this many bytes, and whether it came to its end. What is longer is cut: it arrived.
pub(crate) async fn body(mut response: Response, most: usize) -> (Vec<u8>, Result<(), reqwest::Error>) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = most.saturating_sub(body.len());
                body.extend_from_slice(chunk.get(..chunk.len().min(room)).unwrap_or_default());
                if chunk.len() > room {
                    return (body, Ok(()));
                }
            }
            Ok(None) => return (body, Ok(())),
            Err(error) => return (body, Err(error)),
        }
    }
}

/// A body as a result: JSON where the server says so; else as a text is read.
pub(crate) fn value(tool: &Tool, headers: &HeaderMap, body: &[u8]) -> Value {
    let json = is_json(headers).then(|| serde_json::from_slice(body).ok()).flatten();
    json.unwrap_or_else(|| text_or_json(tool, String::from_utf8_lossy(body).into_owned()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// What a status says. 4xx was turned away at the door, but for those that a server gives while it works. All others may
/// follow work that is done, a redirect too (303 says so), and it isn't followed to find out.
pub(crate) fn failed(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ToolOutcome {
    let error = error_of(status, headers, body);
    match status.as_u16() {
        408 | 409 | 425 => ToolOutcome::Failed(error),
        400..=499 => ToolOutcome::TurnedAway(error),
        _ => ToolOutcome::Failed(error),
    }
}

/// A failure as its answer presents it.
pub(crate) fn error_of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ToolError {
    let class = match status.as_u16() {
        401 | 403 => FailureClass::Authentication,
        429 => FailureClass::RateLimited,
        408 | 425 => FailureClass::Timeout,
        500.. => FailureClass::Unavailable,
        _ => FailureClass::BadRequest,
    };
    let words = String::from_utf8_lossy(body);
    let words = words.trim();
    let text = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
    ToolError {
        text,
        code: serde_json::from_slice(body).ok().as_ref().and_then(code),
        status: Some(status.as_u16()),
        class: Some(class),
        retry_after_ms: retry_after_ms(headers),
    }
}

/// The code in a failure's body, wherever APIs put it.
pub(crate) fn code(body: &Value) -> Option<String> {
    let places = ["/code", "/error/code", "/error/type", "/error/status", "/error", "/type"];
    places.into_iter().find_map(|place| match body.pointer(place)? {
        Value::String(code) if !code.is_empty() => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    })
}

/// A request that brought no answer.
pub(crate) fn unanswered(site: &Site, error: &reqwest::Error) -> ToolOutcome {
    let text = |what: &str| format!("`servers.{}`: {what}", site.name);
    if let Some(astray) = astray(error) {
        return ToolOutcome::NotSent(trouble(FailureClass::Author, text(&astray.to_string())));
    }
    let what = with_causes(error);
    if error.is_connect() || error.is_builder() {
        return ToolOutcome::NotSent(trouble(FailureClass::Unavailable, text(&what)));
    }
    let broke =
        format!("the connection to `servers.{}` broke while the call was under way: {what}", site.name);
    ToolOutcome::Lost(trouble(FailureClass::ConnectionLost, broke))
}

fn astray(error: &reqwest::Error) -> Option<&Astray> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(astray) = error.downcast_ref() {
            return Some(astray);
        }
        cause = error.source();
    }
    None
}
