//! The repository's examples, held against the servers that they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use handfast_contract::Contract;
use handfast_tool::{Functions, Tools};
use serde_json::json;

use crate::kit::{loaded, program, skip};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).canonicalize().unwrap()
}

/// Every tool of the contract is listed by its server, with a schema that takes what the contract sends.
async fn fits(contract: &Contract, tools: &Tools) {
    for tool in contract.tools.values() {
        let listed = tools.list(&tool.via.server).await.unwrap().unwrap();
        let server = listed.iter().find(|listed| listed.name == tool.via.tool);
        let server = server.unwrap_or_else(|| panic!("{} isn't listed", tool.via.tool));
        assert_eq!(contract.tool_schema_drift(tool, &server.input_schema), [], "{}", tool.name);
    }
    tools.shutdown().await;
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::test]
async fn the_support_contract_fits_the_shop() {
    let Some(shop) = program("shop") else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = example("support");
    let text = std::fs::read_to_string(root.join("handfast.yaml")).unwrap();
    let settings =
        BTreeMap::from([("shop".into(), json!(shop)), ("db".into(), json!(folder.path().join("shop.db")))]);
    let contract = loaded(&text, &root, &settings);
    fits(&contract, &Tools::new(&contract, &root, &environment, Functions::default())).await;
}

#[tokio::test]
async fn the_files_contract_fits_the_public_server() {
    let root = example("files");
    if !root.join("node_modules").is_dir() {
        return skip("the filesystem server isn't installed: run `npm ci` in examples/files");
    }
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root.join("handfast.yaml")).unwrap();
    let settings = BTreeMap::from([("folder".into(), json!(folder.path().canonicalize().unwrap()))]);
    let contract = loaded(&text, &root, &settings);
    fits(&contract, &Tools::new(&contract, &root, &environment, Functions::default())).await;
}
