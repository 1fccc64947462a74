//! Whether a server still takes what a contract sends: its tool's schema, as listed now, against ours.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::expr::types::{Wanted, check};
use crate::reads::{Reads, Shape, call_schema, place};
use crate::{
    Contract, Expr, HandOff, IdempotencyRule, KeyPlace, Listing, LockedTool, Name, Problem, Tool, contain,
};

/// How far types are compared inwards: deeper differences show when the value is checked.
const DEPTH_MAX: usize = 8;

/// A difference between what a server offers and what the contract says of one of its tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The tool, by its name in the contract.
    pub tool: Name,
    /// The place in the contract: `tools.find_order.input`.
    pub place: String,
    /// What differs.
    pub problem: String,
}

impl Contract {
    /// The differences between what a server lists, what the contract says of its tools and, where it is pinned, the lock.
    pub fn drift(&self, server: &str, listing: &Listing) -> Vec<Drift> {
        let mut drift = Vec::new();
        let is_pinned = self.servers.get(server).is_some_and(|server| server.pinned);
        for tool in self.tools.values().filter(|tool| &*tool.via.server == server) {
            let mut add = |part: &str, problem: String| {
                drift.push(Drift { tool: tool.name.clone(), place: tool.address(part), problem });
            };
            let Some(live) = listing.tools.iter().find(|live| live.name == tool.via.tool) else {
                let names: Vec<&str> = listing.tools.iter().map(|live| live.name.as_str()).collect();
                add(
                    "via",
                    format!("the server has no tool `{}`; it has {}", tool.via.tool, names.join(", ")),
                );
                continue;
            };
            for problem in self.tool_schema_drift(tool, &live.input_schema) {
                add("input", problem.message);
            }
            let locked = self.lock.tool(server, &tool.via.tool).filter(|_| is_pinned);
            if let Some(locked) = locked {
                let now = LockedTool::from(live);
                for (what, _) in locked.differences(&now).filter(|(_, counts)| *counts) {
                    add("via", format!("the server is pinned, and changed {what} since it was locked"));
                }
            }
            for problem in live.output_schema.iter().flat_map(|given| self.tool_output_drift(tool, given)) {
                add("output", problem.message);
            }
        }
        drift
    }

    /// The ways in which what we send to this tool doesn't fit the input schema that its server lists; none where it fits.
    ///
    /// What can't be told from the schemas alone is no problem: of a computed value only the kind is compared, and of two
    /// patterns only whether a text was found that fits one of them.
    pub fn tool_schema_drift(&self, tool: &Tool, server_schema: &Value) -> Vec<Problem> {
        input_drift(tool, server_schema)
    }

    /// The ways in which what this tool's server says it gives doesn't fit the output that the contract promises; none
    /// where it fits, or where nobody can tell.
    ///
    /// Fields that the server doesn't speak of are taken not to be there: hardly any server says so, and one that gives
    /// more is found when it does.
    pub fn tool_output_drift(&self, tool: &Tool, server_schema: &Value) -> Vec<Problem> {
        output_drift(tool, server_schema)
    }
}

/// What [`Contract::tool_schema_drift`] says, of a tool whose contract isn't whole yet.
pub(crate) fn input_drift(tool: &Tool, server_schema: &Value) -> Vec<Problem> {
    let sent = sent(tool);
    let key = match &tool.idempotency {
        IdempotencyRule::Key { place: KeyPlace::Arg(arg), .. } => Some(arg.as_str()),
        _ => None,
    };
    let empty = Map::new();
    let properties = server_schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let problem = |at: &str, message: String| Problem {
        at: format!("/{}", at.replace('~', "~0").replace('/', "~1")),
        message,
    };
    let mut problems = Vec::new();
    for name in required(server_schema) {
        match sent.iter().find(|argument| argument.name == name) {
            None if key == Some(name) => {}
            None => problems.push(problem(
                name,
                format!("the server requires the argument `{name}`, and the contract never sends it"),
            )),
            Some(argument) if !argument.always => {
                problems.push(problem(
                    name,
                    format!("the server requires the argument `{name}`, and the contract may leave it out"),
                ));
            }
            Some(_) => {}
        }
    }
    let closed = server_schema.get("additionalProperties") == Some(&Value::Bool(false));
    // A key is minted here, so a server may ask for a form of it that no schema of ours says.
    let key =
        key.map(|name| Sent { name, always: true, exact: false, schema: Some(json!({ "type": "string" })) });
    for argument in sent.iter().chain(key.iter()) {
        let name = argument.name;
        match properties.get(name) {
            None if closed => problems.push(problem(
                name,
                format!("the contract sends the argument `{name}`, which the server doesn't know"),
            )),
            None => {}
            Some(theirs) => {
                problems
                    .extend(refused(argument, theirs, server_schema).map(|message| problem(name, message)));
            }
        }
    }
    problems
}

/// What [`Contract::tool_output_drift`] says, of a tool whose contract isn't whole yet.
pub(crate) fn output_drift(tool: &Tool, server_schema: &Value) -> Vec<Problem> {
    let Some(output) = &tool.output else { return Vec::new() };
    let HandOff::Breaks { at, why, .. } = contain(&spoken_of(server_schema), output.json()) else {
        return Vec::new();
    };
    let why = why.replace("the reader", "the contract");
    vec![Problem { at, message: format!("what the server gives may not fit `output`: {why}") }]
}

/// The schema with no fields beside those that it names. Left as it is where several parts describe one object together.
fn spoken_of(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let text = schema.to_string();
    if !["\"allOf\"", "\"if\"", "\"not\"", "\"dependentSchemas\""].iter().any(|word| text.contains(word)) {
        close(&mut schema);
    }
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            let alone = !["$ref", "anyOf", "oneOf", "patternProperties", "additionalProperties"]
                .iter()
                .any(|beside| keywords.contains_key(*beside));
            if alone && keywords.get("properties").is_some_and(Value::is_object) {
                keywords.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            keywords.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Why the server may refuse this argument.
fn refused(argument: &Sent<'_>, theirs: &Value, root: &Value) -> Option<String> {
    let (name, ours) = (argument.name, argument.schema.as_ref()?);
    if let Some((ours, theirs)) = differs(ours, theirs, root, 0) {
        return Some(format!("the contract sends {ours} as `{name}`, and the server takes {theirs}"));
    }
    if !argument.exact {
        return None;
    }
    let given = json!({ "type": "object", "properties": { name: ours }, "required": [name] });
    let mut wanted = json!({ "properties": { name: theirs } });
    for definitions in ["$defs", "definitions"] {
        if let (Some(found), Some(wanted)) = (root.get(definitions), wanted.as_object_mut()) {
            wanted.insert(definitions.to_owned(), found.clone());
        }
    }
    match contain(&given, &wanted) {
        HandOff::Breaks { why, .. } => {
            Some(format!("the server may refuse `{name}`: {}", why.replace("the reader", "the server")))
        }
        HandOff::Fits | HandOff::CantTell { .. } => None,
    }
}

/// One argument as the contract sends it.
struct Sent<'t> {
    name: &'t str,
    /// Whether every call has it.
    always: bool,
    /// Whether it may be any value of its schema: of what is computed, only the kind is known.
    exact: bool,
    /// What is known of its value.
    schema: Option<Value>,
}

fn sent(tool: &Tool) -> Vec<Sent<'_>> {
    let input = tool.input.json();
    let properties = input.get("properties").and_then(Value::as_object);
    let always: BTreeSet<&str> = required(input).collect();
    // A default is filled in before the call is sent.
    let is_always = |name: &str| {
        always.contains(name)
            || properties.and_then(|all| all.get(name)).is_some_and(|one| one.get("default").is_some())
    };
    let Some(sends) = &tool.sends else {
        let properties = properties.into_iter().flatten();
        return properties
            .map(|(name, schema)| Sent {
                name,
                always: is_always(name),
                exact: true,
                schema: Some(schema.clone()),
            })
            .collect();
    };
    let reads = Reads::new(place::SENDS, &Shape::unknown())
        .with("args", &Shape::Schema(tool.input.clone()))
        .with("call", &call_schema().into());
    let mut all = Vec::new();
    for (name, expr) in sends {
        let given = check(expr, &reads, Wanted::Value);
        let schema = (given.schema != json!({})).then_some(given.schema);
        // Only a bare path passes absence on.
        let always = !given.absent;
        all.push(Sent { name, always, exact: is_path(expr), schema });
    }
    all
}

/// Whether an expression only hands on what it reads, so that every value of its schema may come.
fn is_path(expr: &Expr) -> bool {
    matches!(expr.paths().as_slice(), [path] if path.join(".") == expr.source().trim())
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// What the two schemas take, in words, where no value could fit both.
pub(crate) fn plainly_different(ours: &Value, theirs: &Value) -> Option<(String, String)> {
    differs(ours, theirs, theirs, 0)
}

fn differs(ours: &Value, theirs: &Value, root: &Value, depth: usize) -> Option<(String, String)> {
    let theirs = resolved(theirs, root);
    let (a, b) = (kinds(ours, ours, 0)?, kinds(theirs, root, 0)?);
    // A number may happen to be whole, so `number` for `integer` shows only in the value.
    let numeric = |kind: &str| matches!(kind, "integer" | "number");
    let fits = |kind: &str| b.iter().any(|other| *other == kind || numeric(kind) && numeric(other));
    if !a.iter().any(|kind| *kind != "null" && fits(kind)) {
        return Some((words(&a), words(&b)));
    }
    if let (Some(ours), Some(theirs), true) = (ours.get("items"), theirs.get("items"), depth < DEPTH_MAX) {
        let inner = differs(ours, theirs, root, depth + 1)?;
        return Some((format!("a list of {}", inner.0), format!("a list of {}", inner.1)));
    }
    None
}

/// A reference within the server's schema, followed a few times.
fn resolved<'s>(mut schema: &'s Value, root: &'s Value) -> &'s Value {
    for _ in 0..DEPTH_MAX {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        match reference.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// The kinds of value that a schema takes; None where it leaves that open.
fn kinds<'s>(schema: &'s Value, root: &'s Value, depth: usize) -> Option<BTreeSet<&'s str>> {
    if depth > DEPTH_MAX {
        return None;
    }
    if let Some(kind) = schema.get("type") {
        return match kind {
            Value::String(kind) => Some([kind.as_str()].into()),
            Value::Array(kinds) => Some(kinds.iter().filter_map(Value::as_str).collect()),
            _ => None,
        };
    }
    let choices = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)?;
    let mut all = BTreeSet::new();
    for choice in choices {
        all.extend(kinds(resolved(choice, root), root, depth + 1)?);
    }
    Some(all)
}

fn words(kinds: &BTreeSet<&str>) -> String {
    let word = |kind: &&str| match *kind {
        "string" => "text",
        "array" => "a list",
        "object" => "an object",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        _ => "null",
    };
    kinds.iter().map(word).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{ListedTool, Paint};

    #[test]
    fn a_server_without_the_tool_and_one_with_another_schema_are_told_apart() {
        let text = "handfast: 1\nname: c\nversion: \"1\"\nservers: { shop: { mcp: { command: [shop] } } }\ntools:\n\
            \x20 find:\n    via: shop.find_order\n    description: Finds an order.\n    input: { id: string }\n\
            \x20   output: json\n    effects: [reads: orders]\n";
        let loaded = crate::load("c.yaml", ".", &BTreeMap::new(), &mut crate::alone("c.yaml", text));
        let told = loaded.report(Paint::Plain);
        let contract = loaded.contract.expect(&told);
        let listed = |name: &str, id: &str| ListedTool {
            name: name.to_owned(),
            input_schema: json!({ "type": "object", "properties": { "id": { "type": id } }, "required": ["id"] }),
            ..ListedTool::default()
        };
        let places = |listed: &[ListedTool]| -> Vec<String> {
            let listing = Listing { tools: listed.to_vec(), ..Listing::default() };
            contract
                .drift("shop", &listing)
                .iter()
                .map(|one| format!("{}: {}", one.place, one.problem))
                .collect()
        };
        assert_eq!(places(&[listed("find_order", "string")]), Vec::<String>::new());
        let absent = places(&[listed("search", "string")]);
        assert_eq!(absent, ["tools.find.via: the server has no tool `find_order`; it has search"]);
        let other = places(&[listed("find_order", "integer")]);
        assert!(other.len() == 1 && other[0].starts_with("tools.find.input: "), "{other:?}");
    }
}
