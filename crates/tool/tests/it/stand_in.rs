//! Somebody who answers in the place of every server.

use std::sync::{Arc, Mutex};

use handfast_engine::ToolOutcome;
use handfast_tool::{Functions, StandIn, ToolCall, Tools};
use serde_json::{Value, json};

use crate::kit::Kit;

/// Answers with what it was asked, and remembers it.
#[derive(Default)]
struct Echo(Mutex<Vec<String>>);

impl StandIn for Echo {
    fn answer(&self, call: &ToolCall) -> ToolOutcome {
        self.0.lock().unwrap().push(call.tool.name.to_string());
        ToolOutcome::Returned(json!({ "args": *call.args, "sends": call.sends }))
    }
}

#[tokio::test]
async fn somebody_who_stands_in_answers_for_every_transport_and_nothing_is_started() {
    let servers = "servers:
  a: { mcp: { command: [/nowhere/at/all] } }
  b: { mcp: { url: \"http://127.0.0.1:1/mcp\", bearer: { secret: NOT_SET } } }
  c: { process: { command: [/nowhere/at/all] } }
  d: { rust: {} }
tools:
";
    let tool = |name: &str| {
        format!(
            "  {name}:\n    via: {name}.do\n    description: Does it.\n    input: {{ x: integer }}\n    sends: {{ y: args.x }}\n    \
             output: json\n    effects: []\n"
        )
    };
    let kit = Kit::new(&(servers.to_owned() + &["a", "b", "c", "d"].map(tool).concat()));
    let echo = Arc::new(Echo::default());
    let tools = Tools::new(&kit.contract, kit.folder.path(), &|_| None, Functions::default());
    let tools = tools.with_stand_in(echo.clone());
    for name in ["a", "b", "c", "d"] {
        let mut call: ToolCall = kit.attempt(name, json!({ "y": 1 }));
        call.args = Arc::new(json!({ "x": 1 }));
        let reply = tools.call(&call).await;
        let both: Value = json!({ "args": { "x": 1 }, "sends": { "y": 1 } });
        assert_eq!(reply.outcome, ToolOutcome::Returned(both), "{name}");
    }
    assert_eq!(*echo.0.lock().unwrap(), ["a", "b", "c", "d"]);
}
