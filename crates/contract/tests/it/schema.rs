//! Types as JSON Schemas: what fits, how a misfit is told, what is refused, and defaults at every depth.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use handfast_contract::{Schema, SchemaError};
use proptest::prelude::*;
use serde_json::{Value, json};

fn schema(json: Value) -> Schema {
    Schema::compile(json).unwrap()
}

fn told(schema: &Schema, value: &Value) -> Vec<String> {
    schema.check(value).iter().map(ToString::to_string).collect()
}

#[test]
fn problems_are_sentences_with_a_place() {
    let order = schema(json!({
        "type": "object", "required": ["id", "lines"], "additionalProperties": false,
        "properties": {
            "id": { "type": "string", "pattern": "^[A-Z][0-9]+$" },
            "email": { "type": "string", "format": "email" },
            "page": { "type": "string", "format": "uri" },
            "price": { "type": "string", "format": "money" },
            "status": { "enum": ["open", "shipped"] },
            "lines": { "type": "array", "minItems": 1, "items": { "type": "object", "required": ["sku"] } },
            "note": { "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "null" }] },
        },
    }));
    let rows = [
        (
            json!({ "id": "A7", "lines": [{ "sku": "x" }], "email": "a@b.example", "price": "0.50 USD", "note": null }),
            vec![],
        ),
        (
            json!({ "id": "a7", "lines": [{}] }),
            vec![
                "at /id: \"a7\" does not match \"^[A-Z][0-9]+$\"",
                "at /lines/0: \"sku\" is a required property",
            ],
        ),
        (
            json!({ "id": "A7", "lines": [], "extra": 1 }),
            vec![
                "at /lines: [] has less than 1 item",
                "Additional properties are not allowed ('extra' was unexpected)",
            ],
        ),
        (
            json!({ "id": "A7", "lines": [{ "sku": 1 }], "email": "nobody", "page": "/a", "price": "5 EUR" }),
            vec![
                "at /email: \"nobody\" is not a \"email\"",
                "at /page: \"/a\" is not a \"uri\"",
                "at /price: \"5 EUR\" is not a \"money\"",
            ],
        ),
        (
            json!({ "id": "A7", "lines": [{ "sku": 1 }], "status": "lost", "note": "long" }),
            vec![
                "at /note: \"long\" is longer than 3 characters",
                "at /status: \"lost\" is not one of \"open\" or \"shipped\"",
            ],
        ),
        (
            json!({ "id": "A7", "lines": [{ "sku": 1 }], "note": 5 }),
            vec!["at /note: 5 is of none of the types that may stand here"],
        ),
        (json!("x".repeat(1_000_000)), vec!["the text is not of type \"object\""]),
    ];
    for (value, expected) in rows {
        let mut found = told(&order, &value);
        found.sort();
        let mut expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(found.is_empty(), order.fits(&value));
    }
}

#[test]
fn a_misfit_within_a_choice_is_told_where_it_is() {
    let order = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let maybe = schema(json!({ "properties": { "order": { "anyOf": [order, { "type": "null" }] } } }));
    assert_eq!(told(&maybe, &json!({ "order": { "id": 7 } })), ["at /order/id: 7 is not of type \"string\""]);
    assert_eq!(told(&maybe, &json!({ "order": {} })), ["at /order: \"id\" is a required property"]);
}

#[test]
fn a_long_list_of_problems_is_cut() {
    let list = schema(json!({ "type": "array", "items": { "type": "integer" } }));
    assert_eq!(list.check(&json!(vec!["x"; 1_000])).len(), 10);
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let remote = |json: Value| match Schema::compile(json) {
        Err(SchemaError::Remote { reference }) => reference,
        other => panic!("{other:?}"),
    };
    assert_eq!(remote(json!({ "$ref": "http://127.0.0.1:1/x.json" })), "http://127.0.0.1:1/x.json");
    assert_eq!(
        remote(json!({ "properties": { "a": { "$ref": "file:///etc/passwd" } } })),
        "file:///etc/passwd"
    );
    assert_eq!(remote(json!({ "$ref": "other.json#/a" })), "other.json#/a");
    assert_eq!(remote(json!({ "$id": "http://x.example/", "type": "object" })), "http://x.example/");
    let error = |json: Value| Schema::compile(json).unwrap_err();
    assert_eq!(
        error(json!({ "$ref": "#/$defs/gone" })),
        SchemaError::Lost { reference: "#/$defs/gone".into() }
    );
    assert_eq!(error(json!({ "$ref": "#" })), SchemaError::Circle);
    let circle = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/b" }] }, "b": { "$ref": "#/$defs/a" } } });
    assert_eq!(error(circle), SchemaError::Circle);
    let mut deep = json!({});
    (0..200).for_each(|_| deep = json!({ "items": deep }));
    assert_eq!(error(deep), SchemaError::TooDeep);
    let wide = json!({ "enum": (0..60_000).collect::<Vec<_>>() });
    assert_eq!(error(wide), SchemaError::TooLarge);
    let doubling: serde_json::Map<_, _> = (0..40)
        .map(|level| {
            let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
            (format!("d{level}"), json!({ "allOf": [next, next] }))
        })
        .chain([("d40".to_owned(), json!({}))])
        .collect();
    assert_eq!(error(json!({ "$ref": "#/$defs/d0", "$defs": doubling })), SchemaError::TooLarge);
    let invalid = [
        json!({ "type": "strin" }),
        json!({ "pattern": "(?=a)" }),
        json!({ "pattern": r"(\w{200}){200}" }),
        json!(3),
    ];
    for json in invalid {
        assert!(matches!(error(json.clone()), SchemaError::Invalid { .. }), "{json}");
    }
    let sentence = error(json!({ "properties": { "a": { "type": "strin" } } })).to_string();
    assert!(sentence.contains("/properties/a/type"), "{sentence}");
}

#[test]
fn a_type_may_hold_itself_one_step_deeper() {
    let tree = schema(json!({
        "type": "object", "properties": { "size": { "default": 1 }, "kids": { "type": "array", "items": { "$ref": "#" } } },
    }));
    assert!(tree.fits(&json!({ "kids": [{ "kids": [] }] })));
    let mut value = json!({ "kids": [{ "kids": [{}] }] });
    tree.fill_defaults(&mut value);
    assert_eq!(value, json!({ "size": 1, "kids": [{ "size": 1, "kids": [{ "size": 1 }] }] }));
}

#[test]
fn defaults_reach_nested_fields_and_never_overwrite() {
    let nested = schema(json!({
        "type": "object",
        "properties": {
            "page": { "type": "integer", "default": 8 },
            "filter": { "default": {}, "$ref": "#/$defs/filter" },
            "maybe": { "anyOf": [{ "$ref": "#/$defs/filter" }, { "type": "null" }] },
        },
        "$defs": { "filter": { "type": "object", "properties": { "open": { "default": true } } } },
    }));
    let filled = |mut value: Value| {
        nested.fill_defaults(&mut value);
        value
    };
    assert_eq!(filled(json!({})), json!({ "page": 8, "filter": { "open": true } }));
    assert_eq!(
        filled(json!({ "page": null, "filter": { "open": false }, "maybe": {} })),
        json!({ "page": null, "filter": { "open": false }, "maybe": { "open": true } })
    );
    assert_eq!(filled(json!({ "maybe": null }))["maybe"], json!(null));
    assert_eq!(filled(json!([1])), json!([1]));
}

#[test]
fn the_two_constants_compile() {
    assert!(Schema::any().fits(&json!(null)));
    assert!(Schema::object().fits(&json!({})) && !Schema::object().fits(&json!([])));
}

fn any_json() -> impl Strategy<Value = Value> {
    let keyword = prop::sample::select(vec![
        "type",
        "properties",
        "items",
        "anyOf",
        "allOf",
        "$ref",
        "$defs",
        "a",
        "default",
        "enum",
        "const",
        "not",
        "pattern",
        "required",
        "format",
        "if",
        "then",
        "minimum",
        "additionalProperties",
        "$anchor",
        "$schema",
        "$vocabulary",
    ]);
    let word = prop::sample::select(vec![
        "#",
        "#/$defs/a",
        "string",
        "object",
        "a",
        "(",
        "email",
        "#/properties/a",
        "#x",
    ]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3..3).prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keyword.clone(), inner), 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_schema_and_no_value_makes_it_panic(json in any_json(), mut value in any_json()) {
        if let Ok(schema) = Schema::compile(json) {
            prop_assert_eq!(schema.check(&value).is_empty(), schema.fits(&value));
            schema.fill_defaults(&mut value);
            let once = value.clone();
            schema.fill_defaults(&mut value);
            prop_assert_eq!(once, value, "filling twice is filling once");
        }
    }
}
