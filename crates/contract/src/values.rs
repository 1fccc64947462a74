//! Values as JSON: defaults, choices and schemas that a contract writes out.

use serde_json::{Map, Value};

use crate::loader::Loader;
use crate::yaml::{Kind, Node, Style};
use crate::{code, traps};

impl<'a> Loader<'a> {
    /// A value as JSON: what is unquoted has the type that YAML 1.2 gives it, where all readers agree.
    pub(crate) fn json(&mut self, node: &'a Node) -> Option<Value> {
        match &node.kind {
            Kind::Refused => None,
            Kind::List(items) => {
                let values: Vec<Value> = items.iter().filter_map(|item| self.json(item)).collect();
                (values.len() == items.len()).then_some(Value::Array(values))
            }
            Kind::Map(entries) => {
                let mut fields = Map::new();
                for entry in entries {
                    fields.insert(entry.key.clone(), self.json(&entry.value)?);
                }
                Some(Value::Object(fields))
            }
            Kind::Text { text, style: Style::Plain } => self.plain_json(text, node),
            Kind::Text { text, .. } => Some(Value::from(text.as_str())),
        }
    }

    fn plain_json(&mut self, text: &str, node: &Node) -> Option<Value> {
        let agreed = match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ if crate::yaml::is_nothing(text) => Some(Value::Null),
            // JSON's own numbers are what every reader agrees on.
            _ => serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number),
        };
        if agreed.is_some() {
            return agreed;
        }
        if let Some(reading) = traps::other_reading(text) {
            let message = format!("YAML readers disagree on this: some read {reading}, some a text");
            let found = self.error(code::OTHER_READING, &node.span, message);
            found.help(format!("for a text, quote it: {}", traps::quoted(text)));
            return None;
        }
        Some(Value::from(text))
    }
}
