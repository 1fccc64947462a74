//! The values that one environment gives to a contract's settings: `handfast.prod.yaml` beside it.
//!
//! Whether they fit is said when the contract is loaded with them.

use std::collections::BTreeMap;

use handfast_events::Sources;
use serde_json::Value;

use crate::diagnostic::{Findings, Severity};
use crate::grammar;
use crate::loader::Loader;
use crate::texts::Texts;
use crate::{Loaded, yaml};

/// Reads an environment's file: `settings: { NAME: VALUE }`, and nothing else. The values, or what is wrong with the
/// file, as a contract that could not be loaded.
///
/// # Errors
/// The file is not of that form: mend what its diagnostics say.
///
/// ```
/// let values = handfast_contract::load_environment("handfast.prod.yaml", "settings: { port: 7400 }").unwrap();
/// assert_eq!(values["port"], 7400);
/// ```
pub fn load_environment(file: &str, text: &str) -> Result<BTreeMap<String, Value>, Box<Loaded>> {
    let mut texts = Texts::default();
    let place = texts.add(file, text);
    let mut findings = Findings::default();
    let tree = yaml::parse(texts.all(), place, &mut findings);
    let mut read = |_: &str| Err("an environment names no other file".to_owned());
    let mut loader = Loader::new(texts.all(), findings, &mut read);
    let mut values = BTreeMap::new();
    let fields = tree.as_ref().and_then(|tree| loader.fields(tree, "an environment", &grammar::ENVIRONMENT));
    let settings = fields.as_ref().and_then(|fields| loader.required(fields, "settings", "{ NAME: VALUE }"));
    if let Some(settings) = settings {
        for (name, entry) in loader.section(settings, "settings") {
            if let Some(value) = loader.json(&entry.value) {
                values.insert(name.to_string(), value);
            }
        }
    }
    let diagnostics = loader.findings.finish(&texts);
    if !diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Ok(values);
    }
    let files = BTreeMap::from([(file.to_owned(), text.to_owned())]);
    let sources = Sources { main: file.to_owned(), files, root: String::new() };
    Err(Box::new(Loaded::broken(diagnostics, sources)))
}
