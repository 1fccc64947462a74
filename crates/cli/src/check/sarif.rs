//! Findings as SARIF 2.1.0, for what shows them beside the lines of a review.

use std::collections::BTreeSet;

use handfast_contract::{Code, Diagnostic, Label, Loaded, Severity};
use serde_json::{Value, json};

/// What was found of a contract, as one SARIF document; `way` leads to the contract's folder. What is allowed stands there
/// as suppressed, with its reason.
pub(crate) fn document(loaded: &Loaded, way: &str) -> Value {
    let used: BTreeSet<Code> =
        loaded.diagnostics.iter().chain(&loaded.allowed).map(|found| found.code).collect();
    let rules: Vec<Value> = used.iter().map(|code| rule(*code)).collect();
    let allowed = loaded.allowed.iter().map(|found| {
        let mut result = result(found, loaded, way);
        let reason = found.help.first().map_or("", |help| help.trim_start_matches("allowed: "));
        if let Some(fields) = result.as_object_mut() {
            let suppressions = json!([{ "kind": "inSource", "justification": reason }]);
            fields.insert("suppressions".to_owned(), suppressions);
        }
        result
    });
    let results: Vec<Value> =
        loaded.diagnostics.iter().map(|found| result(found, loaded, way)).chain(allowed).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "handfast",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.page() },
    })
}

fn result(found: &Diagnostic, loaded: &Loaded, way: &str) -> Value {
    let level = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::NotRun | Severity::Remark => "note",
    };
    let mut text = found.message.clone();
    for help in &found.help {
        text.push_str(". ");
        text.push_str(help);
    }
    let mut places = found.labels.iter().map(|label| place(label, loaded, way));
    let first: Vec<Value> = places.next().into_iter().collect();
    let others: Vec<Value> = places.collect();
    json!({
        "ruleId": found.code.id(),
        "level": level,
        "message": { "text": text },
        "locations": first,
        "relatedLocations": others,
    })
}

fn place(label: &Label, loaded: &Loaded, way: &str) -> Value {
    let text = loaded.sources.files.get(&label.file).map_or("", String::as_str);
    let spanned = text.get(label.span.clone()).unwrap_or("");
    let lines = spanned.matches('\n').count();
    let last = spanned.rsplit('\n').next().unwrap_or("").chars().count();
    let end = if lines == 0 { label.column + last } else { last + 1 };
    let mut place = json!({ "physicalLocation": {
        "artifactLocation": { "uri": format!("{way}{}", label.file) },
        "region": {
            "startLine": label.line, "startColumn": label.column,
            "endLine": label.line + lines, "endColumn": end,
            "byteOffset": label.span.start, "byteLength": label.span.len(),
        },
    } });
    if let (false, Some(fields)) = (label.text.is_empty(), place.as_object_mut()) {
        fields.insert("message".to_owned(), json!({ "text": label.text }));
    }
    place
}
