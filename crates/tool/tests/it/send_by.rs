//! A call that is late leaves by no way, and one that isn't leaves.

use std::time::Duration;

use handfast_events::FailureClass;
use handfast_tool::{CallContext, Functions, ToolCall};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::{Kit, not_sent, returned};

const TOOLS: &str = r#"
servers:
  shop: { mcp: { command: ["{double}"] } }
  script: { process: { command: [ "./script" ] } }
  own: { rust: {} }
tools:
  asked: { via: shop.echo, description: Says it back., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  run: { via: script.run, description: Notes it., input: { schema: { type: object } }, effects: [ { writes: "note" } ] }
  made: { via: own.made, description: Notes it., input: { schema: { type: object } }, effects: [ { writes: "note" } ] }
"#;

#[tokio::test]
async fn what_is_too_late_is_not_sent_whichever_way_it_goes() {
    let function = |_: Value, _: CallContext| async { Ok(json!("made")) };
    let kit = Kit::with(TOOLS, Functions::default().with("own", "made", function));
    kit.script("script", "#!/bin/sh\necho once >> noted\necho '\"noted\"'\n");
    // The server is there, so that only the time keeps the call from it.
    returned(kit.call("asked", json!({})).await);
    for tool in ["asked", "run", "made"] {
        let late = Instant::now().checked_sub(Duration::from_millis(1)).unwrap();
        let call = ToolCall { send_by: Some(late), ..kit.attempt(tool, json!({})) };
        let error = not_sent(kit.tools.call(&call).await.outcome);
        assert_eq!(error.class, Some(FailureClass::Unavailable), "{tool}");
        assert!(error.text.contains("could not be reached in time"), "{tool}: {}", error.text);
    }
    assert!(!kit.path("noted").exists(), "a program was started");
    for tool in ["asked", "run", "made"] {
        let in_time = Instant::now() + Duration::from_secs(60);
        let call = ToolCall { send_by: Some(in_time), ..kit.attempt(tool, json!({})) };
        returned(kit.tools.call(&call).await.outcome);
    }
    kit.tools.shutdown().await;
}
