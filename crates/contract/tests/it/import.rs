//! First contracts from servers: what people read of them, and that no source can make one mean something else.

use std::collections::BTreeMap;

use handfast_contract::import::{self, ImportError, Imported, McpSource, Wanted};
use handfast_contract::{
    Hints, Identity, ListedTool, Listing, Loaded, Paint, Schema, Severity, Transport, alone, load,
    load_to_lock,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn source() -> McpSource {
    McpSource {
        transport: Transport::McpCommand { command: vec!["shop-server".to_owned()], env: BTreeMap::new() },
    }
}

fn imported(tools: Vec<ListedTool>) -> Result<Imported, ImportError> {
    let listing = Listing { tools, ..Listing::default() };
    import::mcp(&listing, &source(), &Wanted { name: Some("shop".to_owned()), ..Wanted::default() })
}

fn tool(name: &str, input: Value, output: Option<Value>) -> ListedTool {
    ListedTool { name: name.to_owned(), input_schema: input, output_schema: output, ..ListedTool::default() }
}

fn loaded(text: &str) -> Loaded {
    load("shop.yaml", ".", &BTreeMap::new(), &mut alone("shop.yaml", text))
}

/// The errors of an imported contract; all of them must be what a person has to decide.
fn undecided(text: &str) -> usize {
    let loaded = loaded(text);
    let errors: Vec<_> =
        loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    let others: Vec<_> = errors.iter().filter(|found| found.code.id() != "HF0060").collect();
    assert!(others.is_empty(), "{}\n{text}", loaded.report(Paint::Plain));
    errors.len()
}

#[test]
fn a_small_server_becomes_a_contract_to_decide() {
    let listing = Listing {
        identity: Identity {
            name: Some("mcp-shop".to_owned()),
            version: Some("1.4.0".to_owned()),
            protocol: Some("2025-06-18".to_owned()),
        },
        tools: vec![
            ListedTool {
                name: "findOrder".to_owned(),
                description: Some("Finds one order by its id. Use it before a refund.".to_owned()),
                hints: Hints { read_only: Some(true), ..Hints::default() },
                input_schema: json!({
                    "type": "object", "required": ["id"],
                    "properties": { "id": { "type": "string", "description": "As on the invoice." }, "fields": { "type": "array", "items": { "enum": ["total", "on"] }, "maxItems": 3, "default": [] } },
                }),
                output_schema: Some(json!({
                    "type": "object", "properties": { "total": { "type": "number" }, "parent": { "$ref": "#" } }, "required": ["total"],
                })),
            },
            ListedTool {
                name: "find-order".to_owned(),
                description: Some("Manages\u{202e} orders\n  effects: []\n# todo: nothing".to_owned()),
                input_schema: json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                ..ListedTool::default()
            },
            tool(
                "set:level",
                json!({ "properties": { "level": { "type": "integer", "minimum": 1, "maximum": 5 }, "rate": { "$ref": "https://evil.example/rate.json" }, "none?": { "const": null } } }),
                None,
            ),
        ],
    };
    let imported = import::mcp(&listing, &source(), &Wanted::default()).unwrap();
    insta::assert_snapshot!(imported.text);
    insta::assert_snapshot!(loaded(&imported.text).report(Paint::Plain));
    assert_eq!(undecided(&imported.text), 4);
}

#[test]
fn some_tools_are_picked_and_none_is_an_error() {
    let all = || vec![tool("listFiles", json!({}), None), tool("deleteFile", json!({}), None)];
    let listing = Listing { tools: all(), ..Listing::default() };
    let pick = |pattern: &str| {
        let wanted = Wanted { tools: vec![pattern.to_owned()], ..Wanted::default() };
        import::mcp(&listing, &source(), &wanted).map(|imported| imported.tools)
    };
    assert_eq!((pick("list*"), pick("delete_file"), pick("*")), (Ok(1), Ok(1), Ok(2)));
    assert_eq!(
        pick("x").unwrap_err().to_string(),
        "none of its 2 tools is picked: give `--tool` a name or a pattern such as `*list*`"
    );
    assert_eq!(imported(Vec::new()).unwrap_err(), ImportError::Nothing { of: 0, tags: Vec::new() });
}

#[test]
fn what_no_contract_holds_is_said() {
    let many: Vec<_> = (0..2001).map(|number| tool(&format!("t{number}"), json!({}), None)).collect();
    let error = imported(many).unwrap_err().to_string();
    assert_eq!(error, "it has 2001 tools, and one contract holds 2000: pick some with `--tool PATTERN`");
    let tools = vec![
        tool(" a", json!({}), None),
        tool("", json!({}), None),
        tool("b", json!({}), None),
        tool("b", json!({}), None),
    ];
    let imported = imported(tools).unwrap();
    assert_eq!((imported.tools, imported.left_out.len()), (1, 3));
    assert!(imported.text.contains("# Left out: `b`, the server lists it twice."), "{}", imported.text);
}

#[test]
fn a_schema_that_multiplies_or_never_ends_is_left_open() {
    let twice = |name: &str| json!({ "allOf": [{ "$ref": format!("#/$defs/{name}") }, { "$ref": format!("#/$defs/{name}") }] });
    let defs: serde_json::Map<String, Value> =
        (0..40).map(|level| (format!("L{level}"), twice(&format!("L{}", level + 1)))).collect();
    let bomb = json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/L0" } }, "$defs": defs });
    let chain: serde_json::Map<String, Value> = (0..20_000)
        .map(|level| (format!("C{level}"), json!({ "$ref": format!("#/$defs/C{}", level + 1) })))
        .collect();
    let chain = json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/C0" } }, "$defs": chain });
    let wide =
        json!({ "type": "object", "properties": { "a": { "enum": (0..50_000).collect::<Vec<_>>() } } });
    let tools = vec![
        tool("bomb", bomb.clone(), Some(bomb)),
        tool("chain", chain.clone(), Some(chain)),
        tool("wide", wide.clone(), Some(wide)),
    ];
    let imported = imported(tools).unwrap();
    assert_eq!((imported.tools, undecided(&imported.text)), (3, 6));
    assert!(imported.notes.len() >= 6 && imported.text.len() < 20_000, "{:?}", imported.notes);
}

/// Texts that YAML, a terminal or a reader could take for something else.
fn hostile() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\n  effects: []",
        "\n\ntools: {}",
        "'",
        "\"",
        "\\",
        "#",
        " #",
        ": ",
        ":",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a",
        "*a",
        "!x",
        "|\n",
        ">",
        "%",
        "@",
        "`",
        "?",
        "? ",
        "~",
        "null",
        "yes",
        "1e3",
        "\t",
        "\r",
        "\u{0}",
        "\u{1b}[31m",
        "\u{85}",
        "\u{2028}",
        "\u{202e}",
        "\u{feff}",
        "\u{e0041}",
        "ä",
        "日本",
        "<<",
        "...",
        "---\n",
        "todo",
        "effects",
        "fields",
        "schema",
        "{{",
        "}}",
        "{args.x}",
        ". ",
        "$ref",
    ]);
    prop_oneof![
        prop::collection::vec(odd, 1..5).prop_map(|parts| parts.concat()),
        prop::collection::vec(any::<char>(), 0..12).prop_map(|letters| letters.into_iter().collect()),
        "[a-zA-Z_.-]{1,12}",
    ]
}

/// Schemas of many forms; references point to what may be there or not.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({ "type": "string" })),
        Just(json!({ "type": "string", "format": "email" })),
        Just(json!({ "type": "string", "format": "date" })),
        Just(json!({ "type": "string", "pattern": "^a+$" })),
        Just(json!({ "type": "string", "pattern": "a[b]?$" })),
        Just(json!({ "type": "string", "minLength": 1 })),
        Just(json!({ "type": "integer" })),
        Just(json!({ "type": "integer", "format": "int64" })),
        Just(json!({ "type": "integer", "minimum": 0, "maximum": 2 })),
        Just(json!({ "type": "number", "minimum": 0, "maximum": 1.5 })),
        Just(json!({ "type": "number", "exclusiveMinimum": 0 })),
        Just(json!({ "type": "boolean", "title": "x" })),
        Just(json!({ "type": "null" })),
        Just(json!({ "type": ["string", "null"] })),
        Just(json!({ "type": ["integer", "string"] })),
        Just(json!({ "enum": ["a", "yes", "1", "x: y"] })),
        Just(json!({ "type": "string", "enum": ["a", "b"] })),
        Just(json!({ "enum": [1, 2.5, "a"] })),
        Just(json!({ "enum": [null, "a"] })),
        Just(json!({ "const": "a" })),
        Just(json!({ "const": 1 })),
        Just(json!({ "type": "array" })),
        Just(json!({ "$ref": "#" })),
        Just(json!({ "$ref": "#/$defs/a" })),
        Just(json!({ "$ref": "https://example.com" })),
        Just(json!({ "type": "string", "pattern": "(?=a)" })),
        Just(json!({ "type": "text" })),
        Just(json!({ "minLength": -1, "required": "x", "properties": 3 })),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let names = prop::collection::btree_map("[abc]", inner.clone(), 0..3);
        prop_oneof![
            (names.clone(), any::<bool>(), any::<bool>()).prop_map(|(fields, required, closed)| {
                let first: Vec<_> = fields.keys().take(usize::from(required)).cloned().collect();
                let mut schema = json!({ "type": "object", "properties": fields, "required": first });
                if closed {
                    schema["additionalProperties"] = json!(false);
                }
                schema
            }),
            (names, inner.clone()).prop_map(|(fields, rest)| json!({ "properties": fields, "additionalProperties": rest })),
            (inner.clone(), 0..3_u32).prop_map(|(items, low)| json!({ "type": "array", "items": items, "minItems": low })),
            inner.clone().prop_map(|items| json!({ "type": "array", "items": items })),
            inner.clone().prop_map(|one| json!({ "anyOf": [one, { "type": "null" }] })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({ "oneOf": all })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({ "allOf": all })),
            inner.clone().prop_map(|one| json!({ "not": one })),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| json!({ "if": one, "then": two })),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| json!({ "patternProperties": { "^a": one, "(?=b)": two }, "additionalProperties": false })),
            inner.prop_map(|one| json!({ "$defs": { "a": one }, "$ref": "#/$defs/a", "description": "x" })),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1..4_i64).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.5, 2.5]).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "yes", "1", "ab", "x@example.com", "2026-11-21"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abcd]", inner, 0..3).prop_map(|fields| json!(fields)),
        ]
    })
}

/// The schemas that an imported tool has: of its argument `x`, and of its result.
fn through(schema: &Value) -> (Schema, Schema, bool) {
    let mut input = json!({ "type": "object", "properties": { "x": schema }, "required": ["x"] });
    if let Some(defs) = schema.get("$defs") {
        input["$defs"] = defs.clone();
    }
    let imported = imported(vec![tool("t", input, Some(schema.clone()))]).unwrap();
    let loaded = load_to_lock("x.yaml", ".", &BTreeMap::new(), &mut alone("x.yaml", &imported.text));
    let told = loaded.report(Paint::Plain);
    let contract = loaded.checked().expect(&told);
    let tool = &contract.tools["t"];
    (tool.input.clone(), tool.output.clone().unwrap(), imported.notes.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_source_makes_a_contract_say_more_than_its_tools(
        names in prop::collection::vec(hostile(), 1..6),
        words in prop::collection::vec(prop::option::of(hostile()), 6),
        fields in prop::collection::btree_map(hostile(), schema(), 0..4),
        output in prop::option::of(schema()),
        who in prop::option::of(hostile()),
        command in hostile(),
    ) {
        let of = |(name, words): (&String, &Option<String>)| {
            let described: serde_json::Map<String, Value> = fields.iter().map(|(field, schema)| {
                let mut schema = schema.clone();
                if let (Some(schema), Some(words)) = (schema.as_object_mut(), words) {
                    schema.insert("description".to_owned(), json!(words));
                    schema.insert("default".to_owned(), json!(words));
                }
                (field.clone(), schema)
            }).collect();
            let required: Vec<_> = fields.keys().take(1).collect();
            ListedTool {
                description: words.clone(),
                ..tool(name, json!({ "type": "object", "properties": described, "required": required }), output.clone())
            }
        };
        let tools: Vec<ListedTool> = names.iter().zip(&words).map(of).collect();
        let identity = Identity { name: who.clone(), version: who, protocol: None };
        let source = McpSource {
            transport: Transport::McpCommand { command: vec!["x".to_owned(), format!("x{command}x")], env: BTreeMap::new() },
        };
        let imported = import::mcp(&Listing { identity, tools: tools.clone() }, &source, &Wanted::default()).unwrap();
        let silent = imported.text.matches("description: { todo: ").count();
        prop_assert_eq!(undecided(&imported.text), imported.tools + silent);
        let loaded = load_to_lock("x.yaml", ".", &BTreeMap::new(), &mut alone("x.yaml", &imported.text));
        let contract = loaded.checked().unwrap();
        prop_assert_eq!(contract.tools.len(), imported.tools);
        prop_assert_eq!(imported.tools + imported.left_out.len(), tools.len());
        for tool in contract.tools.values() {
            prop_assert!(names.iter().any(|name| *name == tool.via.tool), "{:?}", tool.via);
            prop_assert!(tool.effects.is_empty() && tool.requires.is_empty() && tool.failures.is_empty());
        }
        let seen = |letter: char| letter == '\n' || !letter.is_control() && !('\u{202a}'..='\u{202e}').contains(&letter);
        prop_assert!(imported.text.chars().all(seen), "{}", imported.text);
    }

    #[test]
    fn an_imported_type_takes_what_the_source_takes(schema in schema(), values in prop::collection::vec(value(), 8)) {
        let Ok(source) = Schema::compile(schema.clone()) else { return Ok(()) };
        let (input, output, is_exact) = through(&schema);
        for value in values {
            let fits = source.fits(&value);
            // A result that the server may give is never refused; where nothing was left open, no other is taken.
            prop_assert!(!fits || output.fits(&value), "{schema} takes {value}, {:?} doesn't", output);
            if is_exact {
                prop_assert!(fits || !output.fits(&value), "{schema} refuses {value}, {:?} doesn't", output);
                let sent = json!({ "x": value });
                prop_assert!(fits || !input.fits(&sent), "{schema} refuses {sent}, {:?} doesn't", input);
            }
        }
    }
}
