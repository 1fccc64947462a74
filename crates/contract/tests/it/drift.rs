//! Whether a server still takes what the contract sends.

use serde_json::{Value, json};

use crate::{EXAMPLE, loaded};

/// What is said of the tool, given the schema that its server lists.
fn drift(tool: &str, server: Value) -> Vec<String> {
    let contract = loaded(EXAMPLE).contract.unwrap();
    let problems = contract.tool_schema_drift(&contract.tools[tool], &server);
    problems.into_iter().map(|problem| format!("{} {}", problem.at, problem.message)).collect()
}

fn object(properties: Value, required: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

#[test]
fn what_fits_is_no_drift() {
    let text = json!({ "type": "string" });
    let sent = json!({ "method": text, "order": text, "amount": { "type": ["number", "null"] }, "dry_run": { "type": "boolean" }, "idempotency_key": text });
    assert_eq!(
        drift("refund", object(sent, json!(["method", "order", "amount", "idempotency_key"]))),
        Vec::<String>::new()
    );
    assert_eq!(drift("find_order", json!({})), Vec::<String>::new());
    let by_name = json!({ "type": "object", "properties": { "order_id": { "$ref": "#/$defs/Id" } }, "$defs": { "Id": { "type": "string" } } });
    assert_eq!(drift("find_order", by_name), Vec::<String>::new());
    let whole = object(
        json!({ "order_id": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } }),
        json!(["order_id"]),
    );
    assert_eq!(drift("find_order", whole), Vec::<String>::new());
}

#[test]
fn each_way_of_drifting_is_told() {
    let text = json!({ "type": "string" });
    for (tool, server, told) in [
        (
            "find_order",
            object(json!({ "order_id": text, "shop": text }), json!(["order_id", "shop"])),
            vec!["/shop the server requires the argument `shop`, and the contract never sends it"],
        ),
        (
            "find_order",
            object(json!({ "id": text }), json!(["id"])),
            vec![
                "/id the server requires the argument `id`, and the contract never sends it",
                "/order_id the contract sends the argument `order_id`, which the server doesn't know",
            ],
        ),
        (
            "find_order",
            object(json!({ "order_id": { "type": "integer" } }), json!(["order_id"])),
            vec!["/order_id the contract sends text as `order_id`, and the server takes an integer"],
        ),
        (
            "send_mail",
            object(json!({ "to": text, "body": text }), json!(["to", "body"])),
            vec!["/message_id the contract sends the argument `message_id`, which the server doesn't know"],
        ),
        (
            "refund",
            json!({ "properties": { "amount": { "type": "string" }, "order": { "type": "array", "items": text } } }),
            vec![
                "/amount the contract sends a number as `amount`, and the server takes text",
                "/order the contract sends text as `order`, and the server takes a list",
            ],
        ),
    ] {
        assert_eq!(drift(tool, server.clone()), told, "{tool} {server}");
    }
}

#[test]
fn values_that_the_server_refuses_are_told() {
    let text = json!({ "type": "string" });
    let order = |schema: Value| object(json!({ "order_id": schema }), json!(["order_id"]));
    for (server, told) in [
        (
            order(json!({ "type": "string", "enum": ["o1", "o2"] })),
            "/order_id the server may refuse `order_id`: `order_id` may be \"text\", and the server takes only o1 or o2",
        ),
        (
            json!({ "type": "object", "properties": { "order_id": { "$ref": "#/$defs/Id" } }, "$defs": { "Id": { "type": "string", "minLength": 1 } } }),
            "/order_id the server may refuse `order_id`: `order_id` may be \"\", and the server wants at least 1 character",
        ),
    ] {
        assert_eq!(drift("find_order", server.clone()), [told], "{server}");
    }
    let amount = |schema: Value| json!({ "properties": { "amount": schema, "method": { "const": "refund" }, "order": text } });
    assert_eq!(
        drift("refund", amount(json!({ "type": "integer" }))),
        ["/amount the server may refuse `amount`: `amount` may be 0.5, and the server wants an integer"]
    );
    // A literal is sent as it stands, and a key as it is minted.
    assert_eq!(drift("refund", amount(json!({ "type": "number" }))), Vec::<String>::new());
    let key = json!({ "properties": { "idempotency_key": { "type": "string", "format": "uuid" } } });
    assert_eq!(drift("refund", key), Vec::<String>::new());
}

#[test]
fn what_a_server_gives_is_held_against_what_the_contract_promises() {
    let contract = loaded(EXAMPLE).contract.unwrap();
    let given = |server: Value| {
        let problems = contract.tool_output_drift(&contract.tools["find_order"], &server);
        problems.into_iter().map(|problem| format!("{} {}", problem.at, problem.message)).collect::<Vec<_>>()
    };
    let text = json!({ "type": "string" });
    let order = |status: Value| {
        object(
            json!({ "id": text, "total": { "type": "number" }, "status": status, "customer": text }),
            json!(["id", "total", "status", "customer"]),
        )
    };
    assert_eq!(given(order(json!({ "enum": ["open", "shipped"] }))), Vec::<String>::new());
    assert_eq!(
        given(order(json!({ "enum": ["open", "lost"] }))),
        [
            "/status what the server gives may not fit `output`: `status` may be \"lost\", and the contract takes only open, shipped or refunded"
        ]
    );
    assert_eq!(
        given(json!({ "type": "object", "properties": { "id": text } })),
        [" what the server gives may not fit `output`: `id` may be missing"]
    );
    // Fields that a server doesn't speak of are no drift: hardly any server says that there are no others.
    let mut open = order(json!({ "enum": ["open"] }));
    open.as_object_mut().unwrap().remove("additionalProperties");
    assert_eq!(given(open), Vec::<String>::new());
}

#[test]
fn an_argument_that_may_be_left_out_is_told_where_the_server_requires_it() {
    let text = EXAMPLE.replace(
        "input: { summary: string }",
        "input: { summary: string, urgent?: boolean, tags?: \"string[]\", lane: { is: string, default: a } }",
    );
    let contract = loaded(&text).contract.unwrap();
    let server = json!({ "properties": { "tags": { "type": "array", "items": { "type": "integer" } } }, "required": ["summary", "urgent", "lane"] });
    let problems = contract.tool_schema_drift(&contract.tools["open_case"], &server);
    let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "the server requires the argument `urgent`, and the contract may leave it out",
            "the contract sends a list of text as `tags`, and the server takes a list of an integer",
        ]
    );
}
