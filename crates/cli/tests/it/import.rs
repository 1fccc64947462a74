//! `import`, `lock` and `check --live`, by a small MCP server in the shell and a small document.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
        (0..2001).map(|number| format!("\"/p{number}\": {{ get: {{ tags: [t] }} }}")).collect();
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

/// The public servers, with the name of each one's program.
const PUBLIC: [(&str, &str); 5] = [
    ("filesystem", "node_modules/.bin/mcp-server-filesystem"),
    ("everything", "node_modules/.bin/mcp-server-everything"),
    ("memory", "node_modules/.bin/mcp-server-memory"),
    ("git", ".venv/bin/mcp-server-git"),
    ("time", ".venv/bin/mcp-server-time"),
];

fn servers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/servers").canonicalize().unwrap()
}

/// Says that something isn't installed; in CI it has to be.
fn skip(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI must not skip: {what}");
    println!("skipped: {what} isn't installed: `cargo xtask test` does it");
}

/// The codes of a check's errors.
fn codes(folder: &Folder, file: &str) -> BTreeSet<String> {
    let said = folder.expect(3, &["check", file, "--json"]).json();
    let found = said["diagnostics"].as_array().unwrap().iter().filter(|found| found["severity"] == "error");
    found.map(|found| found["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn five_public_servers_are_imported_locked_and_in_order() {
    for (name, program) in PUBLIC {
        if !servers().join(program).exists() {
            skip(program);
            continue;
        }
        let folder = Folder::new();
        for link in ["node_modules", ".venv"] {
            std::os::unix::fs::symlink(servers().join(link), folder.path().join(link)).unwrap();
        }
        let mut args = vec!["import", "mcp", "--name", name, "--out", "first.yaml", "--", program];
        args.extend((name == "filesystem").then_some("."));
        folder.expect(0, &args);
        assert_eq!(codes(&folder, "first.yaml"), BTreeSet::from(["HF0060".to_owned()]), "{name}");

        // The contract of the example, with what its tools do decided, and its lock.
        let own = Folder::within(&folder, name);
        for file in ["handfast.yaml", "handfast.lock"] {
            own.write(file, &std::fs::read_to_string(servers().join(name).join(file)).unwrap());
        }
        let tools = folder.read("first.yaml").matches("\n    via: ").count();
        assert_eq!(own.read("handfast.yaml").matches("\n    via: ").count(), tools, "{name}");
        own.expect(0, &["check"]);
        let locked = own.expect(0, &["lock"]);
        assert!(locked.stdout.contains("is as it was"), "{name}: {}", locked.stderr);
        own.expect(0, &["check", "--live"]);
    }
}

#[test]
fn a_big_public_document_becomes_contracts_to_decide() {
    let document = servers().join("node_modules/@octokit/openapi/generated/api.github.com.json");
    if !document.exists() {
        return skip("@octokit/openapi");
    }
    let document = document.display().to_string();
    let folder = Folder::new();
    let whole = folder.expect(8, &["import", "openapi", &document]);
    assert!(
        whole.stderr.contains("its 1223 tools come to") && whole.stderr.contains("repos 204"),
        "{}",
        whole.stderr
    );
    folder.expect(0, &["import", "openapi", &document, "--out", "."]);
    let files: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files.len(), 47);
    // HF0009 until this release reads `http:` servers; nothing else may be wrong with the largest ones.
    for file in ["repos.yaml", "actions.yaml", "issues.yaml"] {
        let codes = codes(&folder, file);
        assert!(
            codes.contains("HF0060") && codes.iter().all(|code| ["HF0009", "HF0060"].contains(&&**code)),
            "{codes:?}"
        );
    }
    let mut tools = 0;
    for file in &files {
        let text = folder.read(file);
        tools += text.matches("\n    effects: { todo: ").count() + text.matches("\n# Left out: ").count();
    }
    assert_eq!(tools, 1223);
}
