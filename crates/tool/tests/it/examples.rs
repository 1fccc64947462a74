//! The repository's examples, held against themselves and against the servers that they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use handfast_contract::{Contract, Paint};
use handfast_tool::{Functions, Tools};
use serde_json::{Value, json};

use crate::kit::{program, read, skip};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).canonicalize().unwrap()
}

/// The contract, which draws neither an error nor a warning.
fn contract(root: &Path, settings: &[(&str, Value)]) -> Contract {
    let settings =
        settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<BTreeMap<_, _>>();
    let text = std::fs::read_to_string(root.join("handfast.yaml")).unwrap();
    let loaded = read(&text, root, &settings);
    assert_eq!(loaded.report(Paint::Plain), "");
    loaded.contract.unwrap()
}

fn json_files(folder: &Path) -> Vec<(PathBuf, Value)> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = |path: PathBuf| {
        let value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path, value)
    };
    paths.filter(|path| path.extension().is_some_and(|end| end == "json")).map(json).collect()
}

/// Every call of every script is of a granted tool with arguments of its type, every value one of the agent's.
fn scripts_fit(contract: &Contract, root: &Path, agent: &str) {
    let agent = &contract.agents[agent];
    let mut answers = 0;
    for (path, script) in json_files(&root.join("scripts")) {
        for decision in script["decisions"].as_array().unwrap() {
            for call in decision["calls"].as_array().into_iter().flatten() {
                let grant = agent.grant(call["tool"].as_str().unwrap());
                let grant =
                    grant.unwrap_or_else(|| panic!("{}: {} isn't granted", path.display(), call["tool"]));
                assert_eq!(grant.tool.input.check(&call["args"]), [], "{}: {call}", path.display());
            }
            if let Some(value) = decision.get("json") {
                assert_eq!(agent.output.as_ref().unwrap().check(value), [], "{}", path.display());
                answers += 1;
            }
        }
    }
    assert!(answers > 0, "no script ends in a value");
}

/// Every tool of the contract is listed by its server, with a schema that takes what the contract sends.
async fn fits(contract: &Contract, root: &Path) {
    let environment = |name: &str| std::env::var(name).ok();
    let tools = Tools::new(contract, root, &environment, Functions::default());
    for tool in contract.tools.values() {
        let listed = tools.list(&tool.via.server).await.unwrap().unwrap().tools;
        let server = listed.iter().find(|listed| listed.name == tool.via.tool);
        let server = server.unwrap_or_else(|| panic!("{} isn't listed", tool.via.tool));
        assert_eq!(contract.tool_schema_drift(tool, &server.input_schema), [], "{}", tool.name);
    }
    tools.shutdown().await;
}

#[test]
fn tickets_and_scripts_fit_the_support_contract() {
    let root = example("support");
    let contract = contract(&root, &[]);
    scripts_fit(&contract, &root, "clerk");
    let input = &contract.workflows["ticket"].input;
    for (path, ticket) in json_files(&root.join("tickets")) {
        assert_eq!(input.check(&ticket), [], "{}", path.display());
        assert!(
            root.join("scripts").join(path.file_name().unwrap()).exists(),
            "{} has no script",
            path.display()
        );
    }
}

#[test]
fn the_wish_and_the_script_fit_the_files_contract() {
    let root = example("files");
    let contract = contract(&root, &[("folder", json!("/tmp/untidy"))]);
    scripts_fit(&contract, &root, "tidier");
    let wish = serde_json::from_str(&std::fs::read_to_string(root.join("wish.json")).unwrap()).unwrap();
    assert_eq!(contract.workflows["tidy"].input.check(&wish), []);
}

#[tokio::test]
async fn the_support_contract_fits_the_shop() {
    let Some(shop) = program("shop") else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = example("support");
    let settings = [("shop", json!(shop)), ("db", json!(folder.path().join("shop.db")))];
    fits(&contract(&root, &settings), &root).await;
}

#[tokio::test]
async fn the_files_contract_fits_the_public_server() {
    let root = example("files");
    if !root.join("node_modules").is_dir() {
        return skip("the filesystem server isn't installed: run `npm ci` in examples/files");
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = [("folder", json!(folder.path().canonicalize().unwrap()))];
    fits(&contract(&root, &settings), &root).await;
}
