//! The examples show the whole language: every key, every function, every name that places read, every code.

use std::collections::{BTreeMap, BTreeSet};

use handfast_contract::{Code, functions, language_schema, places_table};
use serde_json::Value;

use super::pages::pages;
use crate::language::json_of;

/// The language's schema and the keys of its forms that were met.
struct Met {
    schema: Value,
    parts: BTreeMap<String, jsonschema::Validator>,
    keys: BTreeSet<(String, String)>,
}

impl Met {
    /// Notes the keys of all maps in a value that this part of the schema describes.
    fn walk(&mut self, part: &Value, value: &Value) {
        if let Some(options) = part["anyOf"].as_array() {
            for option in options.clone() {
                if self.fits(&option, value) {
                    self.walk(&option, value);
                }
            }
            return;
        }
        let name = part["$ref"].as_str().and_then(|to| to.rsplit('/').next()).map(str::to_owned);
        let part = match &name {
            Some(name) => self.schema["$defs"][name].clone(),
            None => part.clone(),
        };
        if name.is_some() && part["anyOf"].is_array() {
            return self.walk(&part, value);
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            let known = part["properties"].get(key);
            if let (Some(name), true) = (&name, known.is_some()) {
                self.keys.insert((name.clone(), key.clone()));
            }
            let next = known.unwrap_or(&part["additionalProperties"]);
            if next.is_object() {
                self.walk(next, inner);
            }
        }
        for inner in value.as_array().into_iter().flatten() {
            if part["items"].is_object() {
                self.walk(&part["items"].clone(), inner);
            }
        }
    }

    fn fits(&mut self, part: &Value, value: &Value) -> bool {
        let compile = || {
            let mut part = part.clone();
            part["$defs"] = self.schema["$defs"].clone();
            jsonschema::draft202012::new(&part).unwrap()
        };
        self.parts.entry(part.to_string()).or_insert_with(compile).is_valid(value)
    }
}

/// The forms that a form's keys lead to, itself included.
fn reached(schema: &Value, form: &str, found: &mut BTreeSet<String>) {
    fn names(part: &Value, to: &mut Vec<String>) {
        match part {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str);
                to.extend(own.and_then(|own| own.rsplit('/').next()).map(str::to_owned));
                fields.values().for_each(|inner| names(inner, to));
            }
            Value::Array(items) => items.iter().for_each(|inner| names(inner, to)),
            _ => {}
        }
    }
    if found.insert(form.to_owned()) {
        let mut next = Vec::new();
        names(&schema["$defs"][form], &mut next);
        next.iter().for_each(|form| reached(schema, form, found));
    }
}

#[test]
fn every_key_stands_in_an_example() {
    let mut met = Met { schema: language_schema(), parts: BTreeMap::new(), keys: BTreeSet::new() };
    for block in pages().iter().flat_map(|page| &page.blocks) {
        let good = block.kind == "yaml" && block.word("error").is_none();
        if good {
            let form = if block.has("environment") { "environment" } else { "contract" };
            met.walk(&serde_json::json!({ "$ref": format!("#/$defs/{form}") }), &json_of(&block.text));
        }
    }
    let schema = met.schema.clone();
    let mut forms = BTreeSet::new();
    ["contract", "environment"].iter().for_each(|form| reached(&schema, form, &mut forms));
    let keys = forms.iter().flat_map(|form| {
        let keys = schema["$defs"][form]["properties"].as_object().into_iter().flatten();
        keys.map(|(key, _)| (form.clone(), key.clone()))
    });
    let keys: BTreeSet<(String, String)> = keys.collect();
    assert!(keys.len() > 180, "only {} keys are looked for", keys.len());
    let missing: Vec<String> =
        keys.difference(&met.keys).map(|(form, key)| format!("{key} of {form}")).collect();
    assert!(missing.is_empty(), "no example has\n{}", missing.join("\n"));
}

/// The text of all examples that load.
fn examples() -> String {
    let pages = pages();
    let blocks = pages.iter().flat_map(|page| &page.blocks);
    blocks
        .filter(|block| block.kind == "yaml" && block.word("error").is_none())
        .map(|block| &*block.text)
        .collect()
}

#[test]
fn every_function_has_its_row_and_an_example() {
    let (pages, examples) = (pages(), examples());
    let values = &pages.iter().find(|page| page.file == "language/values.md").unwrap().text;
    let rows: String = values.lines().filter(|line| line.starts_with('|')).collect();
    for (name, written) in functions() {
        assert!(rows.contains(&format!("{name}(")), "no row for `{written}`");
        assert!(examples.contains(&format!("{name}(")), "no example of `{written}`");
    }
}

#[test]
fn every_name_that_places_read_is_read_in_an_example() {
    let (examples, places) = (examples(), places_table());
    let roots: BTreeSet<&str> = places
        .lines()
        .filter_map(|row| row.split('|').nth(2))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(roots.len() > 9, "{roots:?}");
    for root in roots {
        let read =
            [' ', '{', '(', '!', '"'].iter().any(|before| examples.contains(&format!("{before}{root}.")));
        assert!(read, "no example reads `{root}`");
    }
}

/// Codes that the pages needn't mention: of files that aren't contracts, and of what a person can't cause by writing one.
const ELSEWHERE: &[&str] = &["HF0001", "HF006", "HF007", "HF0095"];

#[test]
fn every_code_is_mentioned() {
    let text: String = pages().into_iter().map(|page| page.text).collect();
    let codes = Code::all().iter().map(|code| code.id()).filter(|id| id.starts_with("HF00"));
    let missing: Vec<&str> = codes
        .filter(|id| !ELSEWHERE.iter().any(|elsewhere| id.starts_with(elsewhere)) && !text.contains(id))
        .collect();
    assert!(missing.is_empty(), "the pages don't mention {missing:?}");
}
