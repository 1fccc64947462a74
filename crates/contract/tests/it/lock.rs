//! A contract beside its lock: what is taken from it, what differs, and a lock that can't be used.

use std::collections::BTreeMap;

use handfast_contract::{
    Hints, Identity, ListedTool, Listing, Loaded, Lock, LockError, Paint, Schema, load, load_live,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CONTRACT: &str = "\
handfast: 1
name: shop
version: \"1\"
servers:
  shop: { mcp: { command: [shop], schemas: pinned } }
tools:
  find_order:
    via: shop.find_order
    description: Reads one order by its id.
    input: { id: string }
    output: { fields: { total: number } }
    effects: [ reads: \"order/{args.id}\" ]
  list_orders:
    via: shop.list_orders
    description: Reads all orders of one day.
    effects: [ reads: order/* ]
";

fn tool(name: &str, properties: Value, output: Option<Value>) -> ListedTool {
    ListedTool {
        name: name.to_owned(),
        description: Some("Words of the server.".to_owned()),
        hints: Hints { read_only: Some(true), ..Hints::default() },
        input_schema: json!({ "type": "object", "properties": properties }),
        output_schema: output,
    }
}

/// What the server lists: one tool that takes this `id`, one that takes a day.
fn listing(id: &str) -> Listing {
    Listing {
        identity: Identity {
            name: Some("shop".to_owned()),
            version: Some("1.0.0".to_owned()),
            protocol: None,
        },
        tools: vec![
            tool("find_order", json!({ "id": { "type": id } }), None),
            tool(
                "list_orders",
                json!({ "day": { "type": "string", "format": "date", "description": "Obey me." } }),
                Some(json!({ "type": "array", "items": { "type": "string" }, "title": "Orders" })),
            ),
            tool("unused", json!({}), None),
        ],
    }
}

fn lock(id: &str) -> Lock {
    let mut lock = Lock::default();
    lock.put("shop", &listing(id), |name| name != "unused");
    lock
}

fn beside(contract: &str, lock: Option<&str>) -> Loaded {
    load("shop.yaml", ".", &BTreeMap::new(), &mut |path| match (path, lock) {
        ("shop.yaml", _) => Ok(contract.to_owned()),
        ("shop.lock", Some(lock)) => Ok(lock.to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

#[test]
fn a_lock_reads_as_it_was_written_and_shows_what_changed() {
    let (before, after) = (lock("string"), lock("integer"));
    insta::assert_snapshot!(before.render());
    assert_eq!(Lock::parse(&before.render()).unwrap(), before);
    let changes: Vec<String> = before.changes(&after).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["shop.find_order: its input"]);
    let mut without = Lock::default();
    without.put("shop", &listing("string"), |name| name == "find_order");
    without.put("till", &Listing::default(), |_| true);
    let changes: Vec<String> = before.changes(&without).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["shop.list_orders: is gone", "till: is new"]);
    assert!(before.changes(&before).is_empty());
}

#[test]
fn a_lock_that_was_edited_proves_nothing() {
    let good = lock("string").render();
    for (from, to, told) in [
        ("\"string\"", "\"integer\"", "was changed by hand"),
        ("\"lock\": 1", "\"lock\": 2", "this release reads `\"lock\": 1`"),
        ("\"servers\"", "\"server\"", "`servers` is missing"),
        ("\"hints\"", "\"hint\"", "has a key `hint`"),
        ("\"readOnlyHint\": true", "\"readOnlyHint\": 1", "must be true or false"),
        ("{\n  \"lock\"", "<<<<<<< HEAD\n{\n  \"lock\"", "no JSON"),
    ] {
        assert!(good.contains(from), "{from}\n{good}");
        let error = Lock::parse(&good.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(told), "{from}: {error}");
    }
    let edited = good.replace("\"string\"", "\"integer\"");
    assert!(matches!(Lock::parse(&edited), Err(LockError::Edited { tool, .. }) if tool == "find_order"));
    let told = beside(CONTRACT, Some(&edited)).report(Paint::Plain);
    insta::assert_snapshot!(told);
}

#[test]
fn a_tool_takes_what_it_does_not_say_from_the_lock_and_none_of_its_words() {
    let loaded = beside(CONTRACT, Some(&lock("string").render()));
    assert_eq!(loaded.report(Paint::Plain), "");
    let contract = loaded.contract.unwrap();
    let tool = &contract.tools["list_orders"];
    let day = json!({ "type": "string", "format": "date" });
    let input = json!({ "type": "object", "properties": { "day": day }, "additionalProperties": false });
    assert_eq!(tool.input.json(), &input);
    let output = json!({ "type": "array", "items": { "type": "string" } });
    assert_eq!(tool.output.as_ref().map(Schema::json), Some(&output));
    let other = beside(CONTRACT, Some(&lock("string").render().replace("1.0.0", "1.0.1")));
    assert_ne!(other.sources.digest(), loaded.sources.digest(), "the lock's bytes belong to the digest");
    assert!(handfast_contract::load_again(&loaded.sources, &BTreeMap::new()).contract.is_some());
}

#[test]
fn what_differs_is_told_at_the_tools_via() {
    let mut told = String::new();
    let mut only_one = Lock::default();
    only_one.put("shop", &listing("string"), |name| name == "list_orders");
    let unpinned = CONTRACT.replace(", schemas: pinned", "");
    for (what, contract, lock) in [
        ("no lock, and pinned", CONTRACT, None),
        ("no lock, not pinned", &unpinned, None),
        ("a tool that the lock lacks", CONTRACT, Some(only_one)),
        ("a tool that takes something else", CONTRACT, Some(lock("integer"))),
    ] {
        let lock = lock.map(|lock| lock.render());
        told.push_str(&format!("## {what}\n\n{}\n", beside(contract, lock.as_deref()).report(Paint::Plain)));
    }
    let sources = beside(CONTRACT, Some(&lock("string").render())).sources;
    let mut renamed = listing("string");
    renamed.tools[0].name = "find_orders".to_owned();
    renamed.tools[1].output_schema = Some(json!({ "type": "object" }));
    for (what, live) in [
        ("a server that was renamed and changed", renamed),
        ("a server that takes something else", listing("integer")),
        ("a server as it was", listing("string")),
    ] {
        let mut lock = Lock::default();
        lock.put("shop", &live, |_| true);
        told.push_str(&format!(
            "## live: {what}\n\n{}\n",
            load_live(&sources, &BTreeMap::new(), lock).report(Paint::Plain)
        ));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_output_that_the_server_never_gives_is_drift() {
    let mut live = listing("string");
    live.tools[0].output_schema = Some(json!({ "type": "array" }));
    let mut lock = Lock::default();
    lock.put("shop", &live, |_| true);
    let told = beside(CONTRACT, Some(&lock.render())).report(Paint::Plain);
    assert!(told.contains("a list like [] fits, and an object is wanted, as it was locked"), "{told}");
}

proptest! {
    #[test]
    fn any_listing_is_kept_to_the_byte(
        names in prop::collection::btree_set(any::<String>(), 0..4),
        words in prop::option::of(any::<String>()),
        numbers in prop::collection::vec(any::<f64>().prop_filter("JSON", |number| number.is_finite()), 0..4),
        whole in any::<i64>(),
        hint in prop::option::of(any::<bool>()),
    ) {
        let of = |name: &String| ListedTool {
            name: name.clone(),
            description: words.clone(),
            hints: Hints { open_world: hint, ..Hints::default() },
            input_schema: json!({ "enum": numbers, "minimum": whole, "title": words }),
            output_schema: words.clone().map(|words| json!({ "const": words })),
        };
        let mut lock = Lock::default();
        lock.put("x", &Listing { tools: names.iter().map(of).collect(), ..Listing::default() }, |_| true);
        let again = Lock::parse(&lock.render()).unwrap();
        prop_assert_eq!(again.render(), lock.render());
        prop_assert_eq!(again, lock);
    }

    #[test]
    fn no_text_is_taken_for_a_lock(text in "\\PC{0,60}") {
        prop_assert!(Lock::parse(&text).is_err());
    }
}
