//! A contract held against its servers, by a small MCP server in the shell.

use serde_json::json;

use crate::kit::Folder;

/// Speaks as much MCP as it takes to be asked what it offers, and to be called once.
pub(crate) const SERVER: &str = r#"
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
  case "$line" in
    *'"method":"initialize"'*)
      say '"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"method":"tools/list"'*) say "\"result\":{\"tools\":$(cat tools.json)}" ;;
    *'"method":"tools/call"'*)
      say '"result":{"content":[{"type":"text","text":"sunny"}],"structuredContent":{"sky":"sunny"}}' ;;
    *'"id":'*) say '"error":{"code":-32601,"message":"no such method"}' ;;
  esac
done
"#;

/// A contract whose one step asks for the weather; the server takes an argument of this name and type.
fn weather(argument: &str, kind: &str) -> Folder {
    let contract = "handfast: 1\nname: weather\nversion: \"1\"\n\
        servers: { sky: { mcp: { command: [sh, server.sh] } } }\n\
        tools:\n  forecast:\n    via: sky.forecast\n    description: Tells the weather of a place.\n\
        \x20   input: { place: string }\n    output: { fields: { sky: string } }\n    effects: [reads: sky]\n\
        workflows:\n  look:\n    input: { place: { is: string, default: Bonn } }\n    steps:\n\
        \x20     ask: { tool: forecast, with: { place: input.place } }\n    output: steps.ask.sky\n";
    let folder = Folder::with(contract, "{}");
    folder.write("server.sh", SERVER);
    let schema =
        json!({ "type": "object", "properties": { argument: { "type": kind } }, "required": [argument] });
    folder.write("tools.json", &json!([{ "name": "forecast", "inputSchema": schema }]).to_string());
    folder
}

#[test]
fn a_server_that_takes_what_the_contract_sends_is_in_order() {
    let folder = weather("place", "string");
    let said = folder.expect(0, &["check", "--live"]);
    assert!(said.stdout.contains("is in order, and so are its servers"), "{}", said.stdout);
    assert_eq!(folder.expect(0, &["run", "."]).json(), json!("sunny"));
}

#[test]
fn a_server_that_drifted_is_told_by_place_and_no_run_starts() {
    for folder in [weather("town", "string"), weather("place", "integer")] {
        let checked = folder.expect(3, &["check", "--live"]);
        assert!(
            checked.stderr.contains("HF0063") && checked.stderr.contains("via: sky.forecast"),
            "{}",
            checked.stderr
        );
        let json = folder.expect(3, &["check", "--live", "--json"]).json();
        assert_eq!(
            (&json["ok"], &json["drift"][0]["place"]),
            (&json!(false), &json!("tools.forecast.input"))
        );
        let run = folder.expect(3, &["run", "."]);
        assert!(run.stderr.contains("tools.forecast.input: ") && run.stderr.contains("nothing was started"));
        assert!(!folder.store().exists());
    }
}

#[test]
fn a_server_that_is_away_is_no_drift() {
    let folder = weather("place", "string");
    folder.write("server.sh", "echo no sky today >&2; exit 1\n");
    let said = folder.expect(10, &["check", "--live"]);
    assert!(said.stderr.contains("no sky today"), "{}", said.stderr);
}

#[test]
fn a_pinned_server_that_changes_while_a_run_waits_loses_that_tool_and_says_so() {
    let folder = weather("place", "string");
    let contract = folder.read("handfast.yaml").replace("mcp: { command: [sh, server.sh] }", "mcp: { command: [sh, server.sh], schemas: pinned }")
        .replace("    output: steps.ask.sky\n", "      nod:   { wait: { signal: look_again }, needs: ask }\n      again: { tool: forecast, with: { place: input.place }, needs: nod }\n    output: steps.again.sky\n");
    folder.write("handfast.yaml", &contract);
    folder.expect(0, &["lock"]);
    folder.expect(0, &["run", ".", "--detach"]);
    folder.until("waiting (signal)");
    folder.until_nobody_drives();
    let schema =
        json!({ "type": "object", "properties": { "place": { "type": "integer" } }, "required": ["place"] });
    folder.write("tools.json", &json!([{ "name": "forecast", "inputSchema": schema }]).to_string());
    folder.expect(0, &["signal", "last", "look_again"]);
    folder.until("failed");
    let said = folder.say(&["trace", "last"]);
    // The page is wrapped to its width.
    let told = format!("{}{}", said.stdout, said.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("doesn't offer it as the contract has it"), "{told}");
    assert!(told.contains("handfast check --live"), "{told}");
}
