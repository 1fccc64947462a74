//! A first contract from an OpenAPI document (3.0, 3.1): its operations become tools.
//!
//! An operation whose request a contract can't send (a form, a file, a cookie) is left out and named; references into other
//! files are named and never followed.

mod operation;
mod servers;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::draft::{Whole, contract};
use super::mcp::contract_name;
use super::name::named;
use super::{ImportError, Imported, Wanted};
use crate::adopt::Dialect;
use crate::limits::{ADOPTED_PARTS_MAX, IMPORTED_TOOLS_MAX, TYPE_DEPTH_MAX, TYPE_PARTS_MAX};
use operation::Found;

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// What all parts of a document are read with.
struct Document<'d> {
    root: &'d Value,
    dialect: Dialect,
    /// Parts that one schema may have: many tools share what a contract holds.
    parts_max: usize,
}

/// A first contract for the API that a document describes.
///
/// # Errors
/// [`ImportError`]: it is no OpenAPI document that can be read, nothing of it is wanted, or more than a contract holds.
///
/// ```
/// use handfast_contract::import;
/// let document = serde_json::json!({
///     "openapi": "3.1.0", "info": { "title": "Shop" }, "servers": [{ "url": "https://shop.example" }],
///     "paths": { "/orders/{id}": { "get": {
///         "operationId": "getOrder", "summary": "Finds one order.",
///         "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
///     } } },
/// });
/// let imported = import::openapi(&document, &import::Wanted::default()).unwrap();
/// assert!(imported.text.contains(r#"get: "/orders/{args.id}""#));
/// assert!(imported.text.contains("effects: { todo: "));
/// ```
pub fn openapi(document: &Value, wanted: &Wanted) -> Result<Imported, ImportError> {
    let dialect = dialect(document)?;
    let all = operations(document);
    let of = all.len();
    let picked: Vec<Found<'_>> = all.into_iter().filter(|found| found.is_wanted(wanted)).collect();
    if picked.is_empty() {
        return Err(ImportError::Nothing { of, tags: tags(document) });
    }
    if picked.len() > IMPORTED_TOOLS_MAX {
        return Err(ImportError::TooMany { tools: picked.len(), bytes: None, tags: tags(document) });
    }
    let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or("api");
    let name = wanted.name.clone().unwrap_or_else(|| name_of(title));
    let server = named(&name, "api");
    // Each input and output has its share; small ones are not all used up.
    let share = TYPE_PARTS_MAX / (picked.len() * 2 + 1);
    let read = Document { root: document, dialect, parts_max: share.clamp(20, ADOPTED_PARTS_MAX) };
    let (mut drafts, mut left_out) = (Vec::new(), Vec::new());
    for found in &picked {
        match read.draft(found, &server) {
            Ok(draft) => drafts.push(draft),
            Err(why) => left_out.push((found.original(), why)),
        }
    }
    let (servers, mut about) = servers::section(document, &server);
    let version = document.pointer("/info/version").and_then(Value::as_str).unwrap_or("");
    let line = format!("A first contract for the API `{title}` {version}");
    about.insert(0, format!("{}.", line.trim_end()));
    if picked.len() < of {
        about
            .push(format!("Of the document's {of} operations it has the {} that were picked.", picked.len()));
    }
    contract(Whole { name: contract_name(&name), about, servers, tags: tags(document) }, drafts, left_out)
}

/// The title without the words that all APIs have in theirs.
fn name_of(title: &str) -> String {
    const ALL_HAVE: &[&str] = &[
        "the",
        "a",
        "an",
        "for",
        "of",
        "and",
        "api",
        "apis",
        "rest",
        "http",
        "openapi",
        "official",
        "spec",
        "specification",
        "public",
        "extension",
        "service",
    ];
    let words = title.split(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '_' | '/' | ':'));
    let words: Vec<String> = words
        .map(|word| word.to_lowercase().trim_end_matches("'s").to_owned())
        .filter(|word| word.chars().any(char::is_alphanumeric) && !ALL_HAVE.contains(&word.as_str()))
        .take(2)
        .collect();
    named(&words.join(" "), "api")
}

/// The tags of a document, with their numbers of operations: the largest first.
pub fn tags(document: &Value) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let all = operations(document);
    for found in &all {
        found.tags().into_iter().for_each(|tag| *counts.entry(tag).or_default() += 1);
    }
    let mut tags: Vec<(String, usize)> =
        counts.into_iter().map(|(tag, count)| (tag.to_owned(), count)).collect();
    tags.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    tags
}

/// A name for the file of a tag's contract: small letters, digits and `_`.
pub fn file_name(tag: &str) -> String {
    named(tag, "tag").replace('_', "-")
}

fn dialect(document: &Value) -> Result<Dialect, ImportError> {
    let said = document.get("openapi").and_then(Value::as_str);
    match said {
        Some(version) if version.starts_with("3.0") => Ok(Dialect::OpenApi30),
        Some(version) if version.starts_with("3.1") || version.starts_with("3.2") => Ok(Dialect::JsonSchema),
        Some(version) => {
            let version = super::write::comment(version);
            Err(ImportError::Unusable(format!(
                "OpenAPI {version} can't be read: convert the document to 3.0 or 3.1"
            )))
        }
        None if document.get("swagger").is_some() => Err(ImportError::Unusable(
            "Swagger 2 can't be read: convert the document to OpenAPI 3".to_owned(),
        )),
        None => Err(ImportError::Unusable("it is no OpenAPI document: `openapi: 3…` is missing".to_owned())),
    }
}

/// All operations, in the order of their paths.
fn operations(document: &Value) -> Vec<Found<'_>> {
    let mut all = Vec::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        // A path item may be a reference, to this document at best.
        let Ok(Value::Object(item)) = follow(document, item) else { continue };
        for method in METHODS {
            if let Some(Value::Object(operation)) = item.get(*method) {
                all.push(Found { path, method, shared: item, operation });
            }
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|found| seen.insert((found.path, found.method)));
    all
}

/// What a reference within the document points to.
fn follow<'d>(root: &'d Value, mut value: &'d Value) -> Result<&'d Value, String> {
    for _ in 0..TYPE_DEPTH_MAX {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
        let shown = super::write::comment(reference);
        let pointer = reference.strip_prefix('#').ok_or_else(|| {
            format!("`$ref: {shown}` leads out of the document, and nothing is ever fetched")
        })?;
        value = root.pointer(pointer).ok_or_else(|| format!("`$ref: {shown}` leads to nothing"))?;
    }
    Err("its references lead in a circle".to_owned())
}

/// A text of an object.
fn text<'d>(fields: &'d Map<String, Value>, key: &str) -> Option<&'d str> {
    fields.get(key).and_then(Value::as_str)
}
