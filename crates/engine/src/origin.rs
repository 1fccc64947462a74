//! Where an argument's value comes from: `from` refuses what occurs in none of the places that the contract names, such as
//! an address that a model made up.

use handfast_contract::Tool;
use handfast_events::{CallId, CallRefused};
use serde_json::Value;

use crate::decide::Draft;
use crate::evidence;
use crate::state::{Call, StepState};

impl Draft {
    /// Refuses a call with a value that came from elsewhere.
    pub(crate) fn objection_to_origin(&self, call: &Call, tool: &Tool) -> Option<CallRefused> {
        tool.from.iter().find_map(|(name, places)| {
            let value = call.args.get(name).filter(|value| !value.is_null())?;
            let found: Vec<Value> = places.iter().filter_map(|place| self.place(&call.id, place)).collect();
            let whole = tool.input.json();
            let declared = whole.get("properties").and_then(|all| all.get(name));
            let stray = strays(value, &found, declared, whole)?;
            let places: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
            let places = places.join(" or ");
            Some(CallRefused {
                clause: tool.address(&format!("from.{name}")),
                sentence: format!("`{name}` comes from {places}"),
                reason: format!("{} occurs in none of them", evidence(&stray.to_string())),
                mend: format!("Call again with a value that occurs in {places}, or do without."),
            })
        })
    }

    /// What stands at `input` or `steps.NAME`, or at a field of it, as the call's step sees it.
    fn place(&self, call: &CallId, place: &str) -> Option<Value> {
        let step = self.run.step(&call.step())?;
        let mut parts = place.split('.');
        let root = match parts.next()? {
            "input" => match &step.state {
                // What somebody says in a conversation is what its agent is given, as its input is.
                StepState::Agent(agent) if place == "input" && !agent.was_told.is_empty() => {
                    let told = agent.was_told.iter().map(|text| Value::String(text.to_string()));
                    Value::Array(std::iter::once((*agent.input).clone()).chain(told).collect())
                }
                StepState::Agent(agent) => (*agent.input).clone(),
                _ => (*step.frame.input).clone(),
            },
            _ => {
                let name = parts.next()?;
                let mut around = step.frame.in_sight();
                let found = around.find_map(|frame| self.run.step(&frame.id_of(name)))?;
                match &found.state {
                    StepState::Succeeded(Some(value)) => (**value).clone(),
                    _ => return None,
                }
            }
        };
        parts.try_fold(&root, |value, part| value.get(part)).cloned()
    }
}

/// The first part of a value that occurs in none of these places. Names of fields are the contract's where its type
/// declares them, and else part of the value.
fn strays(value: &Value, places: &[Value], declared: Option<&Value>, whole: &Value) -> Option<Value> {
    let declared = declared.map(|schema| match schema.get("$ref").and_then(Value::as_str) {
        Some(to) => to.strip_prefix('#').and_then(|at| whole.pointer(at)).unwrap_or(schema),
        None => schema,
    });
    let is_there = |leaf: &Value| places.iter().any(|place| occurs(leaf, place));
    match value {
        Value::Array(items) => {
            let items_are = declared.and_then(|schema| schema.get("items"));
            items.iter().find_map(|item| strays(item, places, items_are, whole))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let own = declared.and_then(|schema| schema.get("properties")?.get(name));
            let name = Value::String(name.clone());
            match own.is_some() || is_there(&name) {
                true => strays(field, places, own, whole),
                false => Some(name),
            }
        }),
        Value::Null => None,
        leaf => (!is_there(leaf)).then(|| leaf.clone()),
    }
}

/// Whether a value is one of those in a place, or stands as words of its own in a text there.
fn occurs(leaf: &Value, place: &Value) -> bool {
    match place {
        Value::Array(items) => items.iter().any(|item| occurs(leaf, item)),
        Value::Object(fields) => fields.values().any(|field| occurs(leaf, field)),
        Value::String(text) => match leaf {
            Value::String(part) => part == text || stands_in(part, text),
            Value::Number(number) => stands_in(&number.to_string(), text),
            _ => false,
        },
        Value::Number(number) => match leaf {
            Value::Number(own) => own == number || own.as_f64() == number.as_f64(),
            Value::String(part) => *part == number.to_string(),
            _ => false,
        },
        other => leaf == other,
    }
}

/// Whether the part stands in the text as a word of its own: `o-1` doesn't stand in `o-12` or `o-1-2`, nor 30 in 30.5.
fn stands_in(part: &str, text: &str) -> bool {
    // A sign that joins two words to one: `ann@shop.example`, `o-12`.
    let joins = |sign: char| matches!(sign, '.' | '-' | '_' | '@' | '+');
    let goes_on = |edge: Option<char>, outer: &mut dyn Iterator<Item = char>| {
        let is_word = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
        let next = outer.next();
        is_word(edge) && (is_word(next) || next.is_some_and(joins) && is_word(outer.next()))
    };
    !part.is_empty()
        && text.match_indices(part).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let behind = text.get(at + part.len()..).unwrap_or_default();
            !goes_on(part.chars().next(), &mut before.chars().rev())
                && !goes_on(part.chars().next_back(), &mut behind.chars())
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_occurs_as_itself_or_as_words_of_a_text() {
        let text = json!({ "text": "Order o-12 of ann@shop.example, 30.5 paid (c-7, x_1)." });
        for (value, is_there) in [
            (json!("o-12"), true),
            (json!("o-1"), false),
            (json!("ann@shop.example"), true),
            (json!("nn@shop.example"), false),
            (json!("shop.example"), false),
            (json!("c-7"), true),
            (json!("x_1"), true),
            (json!("x"), false),
            (json!(30.5), true),
            (json!(30), false),
            (json!(""), false),
            (json!(true), false),
        ] {
            assert_eq!(occurs(&value, &text), is_there, "{value}");
        }
        assert!(occurs(&json!(30), &json!([30.0])), "a number is itself however it is written");
        assert!(occurs(&json!(""), &json!([""])));
    }

    #[test]
    fn each_part_of_a_value_must_occur() {
        let places = [json!({ "to": "ann" }), json!(["bob"])];
        let strays = |value: Value, declared: Value| strays(&value, &places, Some(&declared), &json!({}));
        let open = || json!({});
        assert_eq!(strays(json!(["ann", "bob", null]), open()), None);
        let declared = json!({ "properties": { "a": {}, "b": {} } });
        assert_eq!(strays(json!({ "a": "ann", "b": "eve" }), declared), Some(json!("eve")));
        assert_eq!(
            strays(json!({ "eve": "ann" }), open()),
            Some(json!("eve")),
            "an open name is a value, too"
        );
    }
}
