//! The contracts of `examples/contracts`, and the one of a public server that was held against its code: they check, keep
//! their form, and what models and people are shown of them is a page to read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use handfast_contract::{
    Contract, Hints, Identity, ListedTool, Listing, Loaded, Lock, Paint, Severity, check, format,
};
use serde_json::{Map, Value};

const EXAMPLES: [&str; 4] =
    ["contracts/support", "contracts/research", "contracts/github-issues", "servers/git"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn read(folder: &Path, file: &str) -> Result<String, String> {
    std::fs::read_to_string(folder.join(file)).map_err(|error| error.to_string())
}

fn loaded(name: &str) -> Loaded {
    let folder = folder(name);
    check("handfast.yaml", ".", &BTreeMap::new(), &mut |path| read(&folder, path))
}

fn contract(name: &str) -> Contract {
    let loaded = loaded(name);
    loaded.checked().unwrap_or_else(|| panic!("{name}: {}", loaded.report(Paint::Plain))).clone()
}

#[test]
fn each_example_checks_clean() {
    for name in EXAMPLES {
        let loaded = loaded(name);
        let told: Vec<String> = loaded
            .diagnostics
            .iter()
            .filter(|found| matches!(found.severity, Severity::Error | Severity::Warning))
            .map(|found| found.render(&loaded.sources, Paint::Plain))
            .collect();
        assert!(told.is_empty() && loaded.checked().is_some(), "{name}\n{}", told.join("\n\n"));
    }
}

#[test]
fn each_example_has_one_form() {
    for name in EXAMPLES {
        let files = std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let file = path.file_name().unwrap().to_str().unwrap();
            let told = |loaded: Box<Loaded>| loaded.report(Paint::Plain);
            let once = format(file, &text).map_err(told).unwrap();
            assert_eq!(once, format(file, &once).map_err(told).unwrap(), "{}", path.display());
            if name == "servers/git" || file == "cms.contract.yaml" {
                // Ours from the first line on; the others stand as they were written.
                assert_eq!(once, text, "`handfast fmt` writes it: {}", path.display());
            }
        }
    }
}

/// What a stand-in for the example's server offers, as a lock: `offers.json` beside it.
fn offered(name: &str) -> Lock {
    let text = read(&folder(name), "offers.json").unwrap();
    let servers: Map<String, Value> = serde_json::from_str(&text).unwrap();
    let mut lock = Lock::default();
    for (server, tools) in servers {
        let tools = tools.as_object().unwrap().iter().map(|(name, input)| ListedTool {
            name: name.clone(),
            description: None,
            hints: Hints::default(),
            input_schema: input.clone(),
            output_schema: None,
        });
        let identity = Identity { name: Some(server.clone()), version: None, protocol: None };
        lock.put(&server, &Listing { identity, tools: tools.collect() }, |_| true);
    }
    lock
}

#[test]
fn a_lock_holds_what_the_stand_in_offers() {
    for name in ["contracts/support", "contracts/github-issues"] {
        let rendered = offered(name).render();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(folder(name).join("handfast.lock"), &rendered).unwrap();
        }
        assert_eq!(read(&folder(name), "handfast.lock").unwrap(), rendered, "{name}: `BLESS=1` writes it");
    }
}

/// All that `show` prints of a contract, part by part.
fn shown(contract: &Contract) -> String {
    let mut text = String::new();
    let mut part = |kind: &str, name: &str, shown: &str| {
        text.push_str(&format!("=== {kind} {name}\n{}\n\n", shown.trim_end()));
    };
    for name in contract.agents.keys() {
        part("agent", name, &contract.shown_agent(name).unwrap().instructions);
    }
    for (name, tool) in &contract.tools {
        part("tool", name, &contract.shown_tool(tool).description);
    }
    for name in contract.workflows.keys() {
        part("workflow", name, &contract.workflow_graph(name).unwrap());
    }
    text
}

#[test]
fn each_example_shows_well() {
    for name in EXAMPLES {
        insta::assert_snapshot!(format!("shown_{}", name.replace('/', "_")), shown(&contract(name)));
    }
}
