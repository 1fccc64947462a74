//! A client that hides nothing: it sends one request and keeps every byte that comes.

#![expect(clippy::indexing_slicing, reason = "a test that hears something else must fail")]

use handfast_double::{Double, Wire};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    /// All of it up to the body.
    pub(crate) head: String,
    /// The body, out of its chunks.
    pub(crate) body: Vec<u8>,
    /// Whether it was as long as it said that it would be.
    pub(crate) is_whole: bool,
}

/// A request for this wire.
pub(crate) fn request(wire: Wire, is_streamed: bool) -> Value {
    let tool = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    let content = "Where is order A-1?";
    match wire {
        Wire::Chat => json!({
            "model": "model-1", "stream": is_streamed, "stream_options": {"include_usage": true},
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}],
            "tools": [{"type": "function", "function": {"name": "find_order", "parameters": tool}}],
        }),
        Wire::Responses => json!({
            "model": "model-1", "stream": is_streamed, "include": ["reasoning.encrypted_content"],
            "instructions": "Be brief.", "store": false,
            "input": [{"role": "user", "content": [{"type": "input_text", "text": content}]}],
            "tools": [{"type": "function", "name": "find_order", "parameters": tool}],
        }),
        Wire::Messages => json!({
            "model": "model-1", "stream": is_streamed, "max_tokens": 1024, "system": "Be brief.",
            "messages": [{"role": "user", "content": [{"type": "text", "text": content}]}],
            "tools": [{"name": "find_order", "input_schema": tool}],
        }),
    }
}

/// Asks, and hears all of it.
pub(crate) async fn ask(double: &Double, wire: Wire, body: &Value) -> Heard {
    let mut socket = send(double, wire, body).await;
    let mut raw = Vec::new();
    socket.read_to_end(&mut raw).await.unwrap();
    heard(&raw)
}

/// Asks, and leaves the hearing to the caller.
pub(crate) async fn send(double: &Double, wire: Wire, body: &Value) -> TcpStream {
    let (address, prefix) = double.url().trim_start_matches("http://").split_once('/').unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST /{prefix}{} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        wire.path(),
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    socket
}

/// Takes an answer apart.
pub(crate) fn heard(raw: &[u8]) -> Heard {
    let Some(end) = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Heard { status: 0, head: String::new(), body: raw.to_vec(), is_whole: false };
    };
    let head = String::from_utf8(raw[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let rest = &raw[end + 4..];
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let (body, is_whole) = match length {
        Some(length) => (rest.to_vec(), length.parse() == Ok(rest.len())),
        None if head.contains("transfer-encoding: chunked") => dechunked(rest),
        None => (rest.to_vec(), true),
    };
    Heard { status, head, body, is_whole }
}

fn dechunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    (body, false)
}

impl Heard {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The data of each event, but for `[DONE]`; a name that an event has is its type.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.text();
        assert!(text.ends_with("\n\n"), "an event without its end: {text}");
        let mut events = Vec::new();
        for event in text.split_terminator("\n\n") {
            let name = event.lines().find_map(|line| line.strip_prefix("event: "));
            let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            if data == "[DONE]" {
                continue;
            }
            let data: Value = serde_json::from_str(data).unwrap();
            if let Some(name) = name {
                assert_eq!(data["type"], name);
            }
            events.push(data);
        }
        events
    }
}
