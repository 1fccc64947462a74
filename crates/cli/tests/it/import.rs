//! `import`, `lock` and `check --live`, by a small MCP server in the shell and a small document.

use serde_json::{Value, json};

use crate::kit::Folder;
use crate::servers::SERVER;

/// A folder with a server that lists these tools.
fn sky(tools: &Value) -> Folder {
    let folder = Folder::new();
    folder.write("server.sh", SERVER);
    folder.write("tools.json", &tools.to_string());
    folder
}

fn forecast(kind: &str) -> Value {
    json!([{
        "name": "getForecast", "description": "Tells the weather of a place. Nothing else.",
        "inputSchema": { "type": "object", "properties": { "place": { "type": kind } }, "required": ["place"] },
        "outputSchema": { "type": "object", "properties": { "sky": { "type": "string" } }, "required": ["sky"], "additionalProperties": false },
        "annotations": { "readOnlyHint": true },
    }])
}

const IMPORT: &[&str] =
    &["import", "mcp", "--name", "sky", "--out", "handfast.yaml", "--", "sh", "server.sh"];

/// What a person does with a first contract: says what its tools do.
fn decide(folder: &Folder) {
    let text = folder.read("handfast.yaml");
    let decided: Vec<&str> = text
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("effects: { todo:") {
                "    effects: [ reads: sky ]"
            } else {
                line
            }
        })
        .collect();
    folder.write("handfast.yaml", &decided.join("\n"));
}

#[test]
fn from_a_server_to_a_contract_that_is_locked_and_in_order() {
    let folder = sky(&forecast("string"));
    let mut told = folder.expect(0, IMPORT).told(&folder);
    told.push_str(&folder.read("handfast.yaml"));
    told.push_str(&folder.expect(3, &["check"]).told(&folder));
    decide(&folder);
    for args in [&["check"][..], &["lock"], &["lock"], &["check"], &["check", "--live"]] {
        told.push_str(&format!("\n$ handfast {}\n{}", args.join(" "), folder.expect(0, args).told(&folder)));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_server_that_changed_is_told_and_locking_again_says_what_changed() {
    let folder = sky(&forecast("string"));
    folder.expect(0, IMPORT);
    decide(&folder);
    folder.expect(0, &["lock"]);
    folder.write("tools.json", &forecast("integer").to_string());
    let mut told = String::new();
    for (code, args) in [(0, &["check"][..]), (3, &["check", "--live"]), (0, &["lock"]), (3, &["check"])] {
        told.push_str(&format!(
            "\n$ handfast {}\n{}",
            args.join(" "),
            folder.expect(code, args).told(&folder)
        ));
    }
    folder.write("tools.json", "[]");
    for (code, args) in [(3, &["lock"][..]), (3, &["check", "--live"])] {
        told.push_str(&format!(
            "\n$ handfast {}\n{}",
            args.join(" "),
            folder.expect(code, args).told(&folder)
        ));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_pinned_server_that_changed_starts_no_run() {
    let folder = sky(&forecast("string"));
    folder.expect(0, IMPORT);
    decide(&folder);
    let text = folder.read("handfast.yaml").replace("mcp: { command", "mcp: { schemas: pinned, command");
    folder.write("handfast.yaml", &format!("{text}\nworkflows:\n  look:\n    steps:\n      ask: {{ tool: get_forecast, with: {{ place: \"'Bonn'\" }} }}\n    output: steps.ask.sky\n"));
    let unlocked = folder.expect(3, &["run", "."]);
    assert!(unlocked.stderr.contains("HF0062"), "{}", unlocked.stderr);
    folder.expect(0, &["lock"]);
    assert_eq!(folder.expect(0, &["run", "."]).json(), json!("sunny"));
    let mut changed = forecast("string");
    changed[0]["inputSchema"]["properties"]["day"] = json!({ "type": "string" });
    folder.write("tools.json", &changed.to_string());
    let said = folder.expect(3, &["run", "."]);
    assert!(
        said.stderr.contains("is pinned, and changed its input")
            && said.stderr.contains("nothing was started"),
        "{}",
        said.stderr
    );
}

#[test]
fn nothing_is_overwritten_and_what_is_wrong_has_its_code() {
    let folder = sky(&forecast("string"));
    folder.expect(0, IMPORT);
    folder.write("api.json", "{}");
    folder.write("swagger.yaml", "swagger: '2.0'\n");
    folder.write("broken.yaml", "a: 'b\n");
    let mut told = String::new();
    let long: Vec<String> =
        (0..501).map(|number| format!("\"/p{number}\": {{ get: {{ tags: [t] }} }}")).collect();
    folder.write("many.yaml", &format!("openapi: 3.1.0\npaths:\n  {}\n", long.join("\n  ")));
    for (code, args) in [
        (2, IMPORT),
        (2, &["import", "mcp"][..]),
        (2, &["import", "mcp", "sh"]),
        (2, &["import", "mcp", "https://x.example", "--env", "X"]),
        (5, &["import", "mcp", "--tool", "nothing", "--", "sh", "server.sh"]),
        (10, &["import", "mcp", "--", "no-such-program"]),
        (5, &["import", "openapi", "nothing.json"]),
        (3, &["import", "openapi", "api.json"]),
        (3, &["import", "openapi", "swagger.yaml"]),
        (3, &["import", "openapi", "broken.yaml"]),
        (5, &["import", "openapi", "many.yaml", "--tag", "x"]),
        (8, &["import", "openapi", "many.yaml"]),
        (5, &["lock", "--server", "sea"]),
        (5, &["lock", "nothing.yaml"]),
    ] {
        told.push_str(&format!(
            "\n$ handfast {}\n{}",
            args.join(" "),
            folder.expect(code, args).told(&folder)
        ));
    }
    insta::assert_snapshot!(told);
    let forced: Vec<&str> = IMPORT
        .iter()
        .flat_map(|word| if *word == "--" { vec!["--force", "--"] } else { vec![*word] })
        .collect();
    folder.expect(0, &forced);
}

#[test]
fn a_document_becomes_a_contract_for_each_tag() {
    let folder = Folder::new();
    folder.write(
        "api.yaml",
        "openapi: 3.0.3\ninfo: { title: Shop API, version: 1.2.0 }\nservers: [ { url: 'https://shop.example/v1/' } ]\n\
         paths:\n  /orders: { get: { tags: [orders], operationId: listOrders, summary: Lists orders. } }\n  \
         /people: { get: { tags: [people, orders], operationId: listPeople, summary: Lists people. } }\n",
    );
    std::fs::create_dir(folder.path().join("api")).unwrap();
    let said = folder.expect(0, &["import", "openapi", "api.yaml", "--out", "api"]);
    assert!(said.stderr.contains("wrote api/orders.yaml: 1 tool"), "{}", said.stderr);
    assert!(folder.read("api/people.yaml").contains("get: \"/people\""));
    folder.expect(2, &["import", "openapi", "api.yaml", "--out", "api"]);
    let json = folder.expect(0, &["import", "openapi", "api.yaml", "--json"]).json();
    assert_eq!((&json["tools"], &json["name"]), (&json!(2), &json!("shop")));
}

#[test]
fn a_lock_that_cannot_be_read_is_not_taken_for_none() {
    let folder = sky(&forecast("string"));
    folder.expect(0, IMPORT);
    decide(&folder);
    std::fs::create_dir(folder.path().join("handfast.lock")).unwrap();
    let said = folder.expect(3, &["check"]);
    assert!(said.stderr.contains("`handfast.lock` can't be read: it is no file"), "{}", said.stderr);
}
