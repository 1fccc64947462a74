//! The schema of the language and the page of its grammar are the table's, and agree with `load` on what is a contract.

use std::collections::{BTreeMap, BTreeSet};

use handfast_contract::{grammar_page, language_schema, load, load_environment};
use serde_json::Value;

use crate::EXAMPLE;

/// Compares a generated file with what it should hold; `BLESS=1` writes it.
fn assert_generated(file: &str, text: &str) {
    let path = format!("{}/../../docs/reference/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let told = "isn't the grammar's any more: `BLESS=1 cargo test -p handfast-contract --test it language` writes it";
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == text, "docs/reference/{file} {told}");
}

#[test]
fn the_generated_files_are_the_table_s() {
    assert_generated("grammar.md", &grammar_page());
    assert_generated(
        "handfast.schema.json",
        &(serde_json::to_string_pretty(&language_schema()).unwrap() + "\n"),
    );
}

#[test]
fn every_form_and_key_of_the_page_is_in_the_schema() {
    let (schema, page) = (language_schema(), grammar_page());
    let mut form = String::new();
    let mut keys = 0;
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            form = name.to_lowercase().replace('\'', "").replace(' ', "-");
            assert!(schema["$defs"].get(&form).is_some(), "{form}");
        } else if let Some(key) = line.strip_prefix("| `").or(line.strip_prefix("| **`")) {
            let key = key.split('`').next().unwrap();
            let about = &schema["$defs"][&form]["properties"][key]["description"];
            assert!(about.as_str().is_some_and(|about| about.len() > 3), "{form}.{key}");
            keys += 1;
        }
    }
    let known = schema["$defs"].as_object().unwrap().values();
    let total: usize = known.filter_map(|form| form["properties"].as_object()).map(|keys| keys.len()).sum();
    assert_eq!(keys, total, "two forms have one name");
}

/// A document as JSON, read by our own tree.
pub(crate) fn json_of(text: &str) -> Value {
    let lines: String = text.lines().map(|line| format!("    {line}\n")).collect();
    let found = load_environment("x.yaml", &format!("settings:\n  x:\n{lines}"));
    found.unwrap_or_else(|found| panic!("{}\n{text}", found.report(handfast_contract::Paint::Plain)))["x"]
        .clone()
}

/// The language's schema, or one of its parts.
struct Language {
    schema: Value,
    parts: std::cell::RefCell<BTreeMap<String, jsonschema::Validator>>,
}

impl Language {
    fn new() -> Self {
        Self { schema: language_schema(), parts: Default::default() }
    }

    fn accepts(&self, document: &Value) -> bool {
        self.fits(&self.schema, document)
    }

    fn fits(&self, part: &Value, document: &Value) -> bool {
        let compile = || {
            let mut part = part.clone();
            part["$defs"] = self.schema["$defs"].clone();
            jsonschema::draft202012::new(&part).unwrap()
        };
        let key = if part.get("$defs").is_some() { String::new() } else { part.to_string() };
        self.parts.borrow_mut().entry(key).or_insert_with(compile).is_valid(document)
    }

    fn problems(&self, document: &Value) -> String {
        let validator = jsonschema::draft202012::new(&self.schema).unwrap();
        let told = |error: jsonschema::ValidationError<'_>| format!("{}: {error}\n", error.instance_path());
        validator.iter_errors(document).map(told).collect()
    }

    /// Every form in a document: its path, and its schema.
    fn forms<'s>(&'s self, part: &'s Value, value: &Value, at: &str, found: &mut Vec<(String, &'s Value)>) {
        if let Some(name) = part["$ref"].as_str() {
            return self.forms(&self.schema["$defs"][name.rsplit('/').next().unwrap()], value, at, found);
        }
        if let Some(options) = part["anyOf"].as_array() {
            let option = options.iter().find(|option| self.fits(option, value)).unwrap();
            return self.forms(option, value, at, found);
        }
        if part["properties"].is_object() && value.is_object() {
            found.push((at.to_owned(), part));
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            let part = part["properties"].get(key).unwrap_or(&part["additionalProperties"]);
            if part.is_object() {
                self.forms(part, inner, &place, found);
            }
        }
        for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
            if part["items"].is_object() {
                self.forms(&part["items"], inner, &format!("{at}/{index}"), found);
            }
        }
    }
}

/// A contract that loads: its text, and the same as JSON.
struct Known {
    text: String,
    document: Value,
}

impl Known {
    /// Whether `load` takes this document instead, JSON being YAML. The order of keys is that of the text: steps have one.
    fn loads(&self, document: &Value) -> bool {
        self.loaded(document).checked().is_some()
    }

    fn loaded(&self, document: &Value) -> handfast_contract::Loaded {
        let mut written = String::new();
        self.write(document, &mut written);
        load("x.yaml", ".", &BTreeMap::new(), &mut |path| match path {
            "x.yaml" => Ok(written.clone()),
            "policy.md" => Ok("Be kind.".to_owned()),
            _ => Err("no such file".to_owned()),
        })
    }

    fn write(&self, value: &Value, out: &mut String) {
        match value {
            Value::Object(fields) => {
                let place = |key: &str| self.text.rfind(&format!(" {key}:")).unwrap_or(usize::MAX);
                let mut keys: Vec<&String> = fields.keys().collect();
                keys.sort_by_key(|key| place(key));
                out.push('{');
                for (index, key) in keys.into_iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    out.push_str(&format!("{}: ", Value::from(key.as_str())));
                    self.write(&fields[key], out);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    self.write(item, out);
                }
                out.push(']');
            }
            other => out.push_str(&other.to_string()),
        }
    }
}

fn contracts() -> Vec<Known> {
    let own = [
        EXAMPLE,
        include_str!("../../../../examples/support/handfast.yaml"),
        include_str!("../../../../examples/files/handfast.yaml"),
        include_str!("../../../cli/src/init/handfast.yaml"),
    ];
    let texts = own.into_iter().map(str::to_owned).chain(crate::reference::loading_examples());
    texts.map(|text| Known { document: json_of(&text), text }).collect()
}

#[test]
fn what_loads_is_valid() {
    let language = Language::new();
    for known in contracts() {
        let told = known.loaded(&known.document).report(handfast_contract::Paint::Plain);
        assert!(known.loads(&known.document), "as JSON\n{told}");
        let valid = language.accepts(&known.document);
        assert!(valid, "{}\n{}", known.text, language.problems(&known.document));
    }
    for tests in [
        include_str!("../../../../examples/support/handfast.test.yaml"),
        include_str!("../../../../examples/files/handfast.test.yaml"),
    ] {
        let document = json_of(tests);
        assert!(language.accepts(&document), "{}", language.problems(&document));
    }
}

#[test]
fn an_unknown_key_a_missing_one_and_a_wrong_word_are_neither_valid_nor_loaded() {
    let language = Language::new();
    let (mut tried, mut seen) = ([0; 3], BTreeSet::new());
    for known in contracts() {
        let document = &known.document;
        let mut forms = Vec::new();
        language.forms(&language.schema["else"], document, "", &mut forms);
        for (at, form) in forms {
            // A form with the same keys was tried already: trying it in every example takes minutes.
            let keys = document.pointer(&at).and_then(Value::as_object);
            let keys: Vec<&str> = keys.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            if !seen.insert((std::ptr::from_ref(form), keys.join(" "))) {
                continue;
            }
            let form = form.as_object().unwrap();
            let mut wrong = Vec::new();
            let mut unknown = document.clone();
            unknown.pointer_mut(&at).unwrap()["zzz"] = Value::from("1");
            wrong.push((0, "an unknown key", unknown));
            for key in form["required"].as_array().unwrap() {
                let mut missing = document.clone();
                missing.pointer_mut(&at).unwrap().as_object_mut().unwrap().remove(key.as_str().unwrap());
                wrong.push((1, key.as_str().unwrap(), missing));
            }
            for (key, part) in form["properties"].as_object().unwrap() {
                let place = format!("{at}/{key}");
                if part["x-kind"] == "word" && document.pointer(&place).is_some() {
                    let mut other = document.clone();
                    *other.pointer_mut(&place).unwrap() = Value::from("zzz");
                    wrong.push((2, key, other));
                }
            }
            for (kind, what, document) in wrong {
                assert!(!language.accepts(&document), "valid: at {at}: {what} in\n{}", known.text);
                assert!(!known.loads(&document), "loads: at {at}: {what} in\n{}", known.text);
                tried[kind] += 1;
            }
        }
    }
    assert!(tried[0] > 150 && tried[1] > 80 && tried[2] > 15, "{tried:?}");
}

#[test]
fn whatever_is_done_to_a_contract_what_still_loads_is_valid() {
    let language = Language::new();
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |many: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % many.max(1) as u64).unwrap()
    };
    let documents = contracts();
    let mut places = Vec::new();
    documents
        .iter()
        .enumerate()
        .for_each(|(index, document)| leaves(&document.document, "", &mut |at| places.push((index, at))));
    let mut still = 0;
    for _ in 0..800 {
        let (index, at) = &places[roll(places.len())];
        let (other, from) = &places[roll(places.len())];
        let mut document = documents[*index].document.clone();
        let odd = [
            Value::from(1),
            Value::from(true),
            Value::from("1s"),
            Value::Null,
            Value::from(0.5),
            serde_json::json!({}),
            serde_json::json!([]),
        ];
        let value = match roll(3) {
            0 => odd[roll(odd.len())].clone(),
            _ => documents[*other].document.pointer(from).unwrap().clone(),
        };
        *document.pointer_mut(at).unwrap() = value;
        if documents[*index].loads(&document) {
            still += 1;
            let text = document.pointer(at).unwrap();
            assert!(language.accepts(&document), "at {at}: {text}\n{}", language.problems(&document));
        }
    }
    assert!(still > 60, "only {still} loaded");
}

/// Every value in a document, by its path.
fn leaves(value: &Value, at: &str, take: &mut impl FnMut(String)) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        take(place.clone());
        leaves(inner, &place, take);
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        let place = format!("{at}/{index}");
        take(place.clone());
        leaves(inner, &place, take);
    }
}
