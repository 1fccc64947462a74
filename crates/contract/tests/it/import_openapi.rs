//! First contracts from OpenAPI documents: what people read of them, and what hostile ones come to.

use std::collections::BTreeMap;

use handfast_contract::import::{ImportError, Imported, Wanted, openapi, read, tags};
use handfast_contract::{Paint, Severity, alone, load};
use proptest::prelude::*;
use serde_json::{Value, json};

const SHOP: &str = include_str!("shop.openapi.yaml");

fn imported(document: &Value) -> Result<Imported, ImportError> {
    openapi(document, &Wanted::default())
}

/// The errors of an imported contract: what it leaves to be decided.
fn errors(text: &str) -> Vec<String> {
    let loaded = load("x.yaml", ".", &BTreeMap::new(), &mut alone("x.yaml", text));
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let codes: Vec<String> = errors.map(|found| found.code.to_string()).collect();
    assert!(codes.iter().all(|code| code == "HF0060"), "{}\n{text}", loaded.report(Paint::Plain));
    codes
}

#[test]
fn a_small_document_becomes_a_contract_to_decide() {
    let imported = imported(&read(SHOP).unwrap()).unwrap();
    insta::assert_snapshot!(imported.text);
    insta::assert_debug_snapshot!((&imported.left_out, &imported.notes));
    assert_eq!(errors(&imported.text).len(), imported.tools + 1, "and one description");
}

#[test]
fn tags_and_patterns_pick() {
    let document = read(SHOP).unwrap();
    assert_eq!(tags(&document), [("orders".to_owned(), 4), ("files".to_owned(), 1)]);
    let pick = |tags: &[&str], tools: &[&str]| {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        openapi(&document, &Wanted { tags: all(tags), tools: all(tools), ..Wanted::default() })
    };
    assert_eq!(pick(&["orders"], &["get*"]).unwrap().tools, 1);
    let error = pick(&["nothing"], &[]).unwrap_err().to_string();
    assert!(
        error.contains("none of its 5 tools is picked") && error.contains("orders 4, files 1"),
        "{error}"
    );
}

#[test]
fn what_is_no_document_is_said() {
    for (document, told) in [
        (json!({}), "it is no OpenAPI document"),
        (json!({ "swagger": "2.0" }), "Swagger 2 can't be read"),
        (json!({ "openapi": "4.0.0" }), "OpenAPI 4.0.0 can't be read"),
        (json!({ "openapi": "3.1.0" }), "the source has no tools"),
        (json!({ "openapi": "3.1.0", "paths": [] }), "the source has no tools"),
    ] {
        let error = imported(&document).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

/// Texts that YAML, a path or a reader could take for something else.
fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\n  effects: []",
        "{",
        "}",
        "{id}",
        "{{",
        "/",
        "'",
        "\"",
        "\\",
        " #",
        ": ",
        "[",
        "yes",
        "null",
        "\u{0}",
        "\u{202e}",
        "\u{2028}",
        "ä",
        "args",
        "a-b",
        "#/components/x",
        "https://evil.example",
        "todo",
        "get",
        "",
    ]);
    prop::collection::vec(odd, 0..4).prop_map(|parts| parts.concat())
}

/// Any JSON where an object of a document could stand.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..600_i64).prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    let keys = prop::sample::select(vec![
        "name",
        "in",
        "required",
        "schema",
        "content",
        "application/json",
        "$ref",
        "type",
        "properties",
        "items",
        "description",
        "200",
        "404",
        "nullable",
        "parameters",
        "responses",
        "requestBody",
        "operationId",
        "tags",
        "summary",
        "path",
        "query",
    ]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_document_makes_a_contract_say_more_than_its_operations(
        paths in prop::collection::btree_map(text(), prop::collection::btree_map(prop::sample::select(vec!["get", "post", "delete"]), (text(), anything(), anything(), anything()), 0..3), 0..3),
        title in text(),
        url in text(),
        scheme in (text(), text(), prop::sample::select(vec!["http", "apiKey", "oauth2", "x"])),
    ) {
        let operation = |(words, parameters, body, responses): &(String, Value, Value, Value)| json!({
            "operationId": words, "summary": words, "tags": [words],
            "parameters": [{ "name": words, "in": "query", "schema": parameters, "description": words }, { "name": "id", "in": "path", "schema": body }, parameters],
            "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
            "responses": { "200": { "content": { "application/json": { "schema": responses } } }, "404": { "description": words }, "x": responses },
        });
        let all: serde_json::Map<String, Value> = paths.iter().map(|(path, item)| {
            let item: serde_json::Map<String, Value> = item.iter().map(|(method, parts)| ((*method).to_owned(), operation(parts))).collect();
            (path.clone(), Value::Object(item))
        }).collect();
        let document = json!({
            "openapi": "3.0.3", "info": { "title": title }, "servers": [{ "url": format!("https://{url}") }], "paths": all,
            "components": { "securitySchemes": { &scheme.0: { "type": scheme.2, "scheme": "bearer", "in": "header", "name": scheme.1 } } },
        });
        let operations: usize = paths.values().map(BTreeMap::len).sum();
        match imported(&document) {
            Err(error) => prop_assert!(operations == 0, "{error}"),
            Ok(imported) => {
                prop_assert_eq!(imported.tools + imported.left_out.len(), operations);
                let silent = imported.text.matches("description: { todo: ").count();
                prop_assert_eq!(errors(&imported.text).len(), imported.tools + silent);
            }
        }
    }
}
