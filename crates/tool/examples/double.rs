//! A small MCP server over standard input and output, written without rmcp: what the tests of this crate call.
//!
//! It speaks 2025-06-18 and refuses what came later, as most servers do. `--strict` leaves at the first message that
//! is no `initialize`, as some old ones do; `--broken` leaves at once. Each start is noted in the file `--starts`. Its tool
//! `later` makes tasks, which it knows as long as it runs; each says what it was made of, and how often it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// Tasks with the arguments that they were made of, and how often each was asked.
static TASKS: Mutex<BTreeMap<String, (Value, u32)>> = Mutex::new(BTreeMap::new());

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Some(at) = arguments.iter().position(|argument| argument == "--starts") {
        let path = arguments.get(at + 1).map(String::as_str).unwrap_or_default();
        let mut file = std::fs::File::options().append(true).create(true).open(path).ok();
        if let Some(file) = &mut file {
            let _ = writeln!(file, "{}", std::process::id());
        }
    }
    if has("--broken") {
        eprintln!("the shelves are empty");
        std::process::exit(4);
    }
    let mut greeted = false;
    for line in std::io::stdin().lock().lines() {
        let Some(message) = line.ok().and_then(|line| serde_json::from_str::<Value>(&line).ok()) else {
            return;
        };
        let method = message.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(id) = message.get("id").cloned() else { continue };
        let params = message.get("params").cloned().unwrap_or_default();
        match method.as_str() {
            "initialize" => {
                greeted = true;
                let can = "/capabilities/extensions/io.modelcontextprotocol~1tasks";
                assert!(params.pointer(can).is_some(), "a client that knows no tasks: {params}");
                answer(
                    &id,
                    json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} },
                    "serverInfo": { "name": "double", "version": "1" } }),
                );
            }
            _ if has("--strict") && !greeted => {
                eprintln!("I was not greeted");
                std::process::exit(5);
            }
            "tools/list" => answer(&id, listing(&params)),
            "tasks/get" => task(&id, &params),
            "tools/call" => {
                std::thread::spawn(move || call(&id, &params));
            }
            other => refuse(&id, -32601, &format!("no method {other}")),
        }
    }
}

/// Two pages, to see that both are read.
fn listing(params: &Value) -> Value {
    let tool =
        |name: &str| json!({ "name": name, "description": "A test's.", "inputSchema": { "type": "object" } });
    match params.get("cursor").and_then(Value::as_str) {
        None => json!({ "tools": [tool("echo")], "nextCursor": "more" }),
        Some(_) => json!({ "tools": [tool("text"), tool("hang")] }),
    }
}

fn call(id: &Value, params: &Value) {
    let args = params.get("arguments").cloned().unwrap_or_default();
    let text = |name: &str| args.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| args.get(name).and_then(Value::as_i64).unwrap_or_default();
    match params.get("name").and_then(Value::as_str).unwrap_or_default() {
        "echo" => {
            let mut meta = params.get("_meta").and_then(Value::as_object).cloned().unwrap_or_default();
            meta.retain(|name, _| name.starts_with("shop/"));
            answer(id, json!({ "content": [], "structuredContent": { "args": args, "meta": meta } }));
        }
        "text" => answer(id, json!({ "content": [{ "type": "text", "text": text("text") }] })),
        "blocks" => answer(
            id,
            json!({ "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }),
        ),
        "environment" => {
            let variables: Map<String, Value> =
                std::env::vars().map(|(name, value)| (name, value.into())).collect();
            answer(id, json!({ "content": [], "structuredContent": variables }));
        }
        "fail" => answer(
            id,
            json!({ "isError": true, "content": [{ "type": "text", "text": text("text") }],
            "structuredContent": { "code": text("code") } }),
        ),
        "refuse" => refuse(id, number("code"), &text("text")),
        "ask_back" => answer(
            id,
            json!({ "resultType": "input_required", "requestState": "s",
            "inputRequests": { "name": { "method": "elicitation/create",
                "params": { "message": "who?", "requestedSchema": { "type": "object", "properties": {} } } } } }),
        ),
        "die" => {
            eprintln!("the roof came down on {}", text("on"));
            std::process::exit(3);
        }
        "later" => later(id, args),
        "hang" => hang(&text("file")),
        "large" => {
            let text = "x".repeat(usize::try_from(number("bytes")).unwrap_or(0));
            answer(id, json!({ "content": [{ "type": "text", "text": text }] }));
        }
        other => refuse(id, -32602, &format!("no tool {other}")),
    }
}

/// The call becomes a task, which is not finished when it is asked for the first time.
fn later(id: &Value, args: Value) {
    let Ok(mut tasks) = TASKS.lock() else { return };
    let task =
        format!("t{}-{}", tasks.len() + 1, args.get("token").and_then(Value::as_str).unwrap_or_default());
    tasks.insert(task.clone(), (args, 0));
    let more = json!({ "resultType": "task", "pollIntervalMs": 1500 });
    answer(id, standing(&task, "working", &more));
}

fn standing(task: &str, status: &str, more: &Value) -> Value {
    let at = "2026-11-21T06:00:00Z";
    let own =
        json!({ "taskId": task, "status": status, "createdAt": at, "lastUpdatedAt": at, "ttlMs": 60000 });
    let fields = [own, more.clone()].into_iter().filter_map(|part| part.as_object().cloned());
    Value::Object(fields.flatten().collect())
}

/// How a task stands: still at work at first, then as its arguments say.
fn task(id: &Value, params: &Value) {
    let Ok(mut tasks) = TASKS.lock() else { return };
    let task = params.get("taskId").and_then(Value::as_str).unwrap_or_default();
    let Some((args, asked)) = tasks.get_mut(task) else {
        return refuse(id, -32602, &format!("no task {task}"));
    };
    *asked += 1;
    let end = args.get("end").and_then(Value::as_str).unwrap_or("completed");
    let status = if *asked == 1 { "working" } else { end };
    let gave = json!({ "content": [], "structuredContent": { "asked": *asked, "of": args.get("of") } });
    let more = match status {
        "working" => json!({ "statusMessage": "half of it" }),
        "failed" => json!({ "error": { "code": -32603, "message": "it fell over" } }),
        "input_required" => json!({ "inputRequests": {} }),
        "completed" => json!({ "result": args.get("result").unwrap_or(&gave) }),
        _ => json!({}),
    };
    answer(id, standing(task, status, &more));
}

/// Starts a grandchild, says who both are, and never comes back.
fn hang(file: &str) {
    let child = std::process::Command::new("sleep").arg("600").spawn();
    let pid = child.map(|child| child.id()).unwrap_or_default();
    let _ = std::fs::write(file, format!("{} {pid}", std::process::id()));
    loop {
        std::thread::sleep(Duration::from_secs(600));
    }
}

fn answer(id: &Value, result: Value) {
    say(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
}

fn refuse(id: &Value, code: i64, message: &str) {
    say(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
}

fn say(message: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{message}").and_then(|()| out.flush());
}
