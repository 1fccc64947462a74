//! Approval steps: who is asked, what, and what they may answer.

use serde_json::json;

use crate::grammar;
use crate::limits::ASKS_MAX;
use crate::loader::{Fields, Loader, listed};
use crate::reads::Reads;
use crate::yaml::{Kind, Node};
use crate::{ApprovalStep, Gives, StepWork, code, suggest};

impl<'a> Loader<'a> {
    /// A question to people, and what their answer is.
    pub(super) fn approval_step(&mut self, node: &'a Node, reads: &Reads) -> (Option<StepWork>, Gives) {
        let Some(fields) = self.fields(node, "the approval", &grammar::APPROVAL_STEP) else {
            return (None, Gives::unknown());
        };
        let before = self.findings.errors();
        let by = self.required(&fields, "by", "ROLE").map(|node| self.approvers(node, reads));
        let saying = fields.get("saying").and_then(|node| self.template(node, "`saying`", reads));
        let presents = fields.get("presents").and_then(|node| self.expression(node, reads));
        let asks = self.asks(&fields);
        let within = fields.get("within").and_then(|node| self.duration(node, "`within`"));
        let unanswered = fields.get("unanswered").and_then(|node| self.unanswered_step(node, &fields, &asks));
        let gives = answer(&asks);
        if self.findings.errors() > before {
            return (None, gives);
        }
        let approval =
            ApprovalStep { by: by.unwrap_or_default(), saying, presents, asks, within, unanswered };
        (Some(StepWork::Approval(approval)), gives)
    }

    /// The answers to choose from.
    fn asks(&mut self, fields: &Fields<'a>) -> Vec<String> {
        let Some(node) = fields.get("asks") else { return ["approved", "denied"].map(str::to_owned).into() };
        let asks = self.texts(node, "`asks`");
        let empty = matches!(&node.kind, Kind::List(items) if items.is_empty());
        let twice =
            asks.iter().enumerate().find(|(place, ask)| asks.iter().take(*place).any(|one| one == *ask));
        let problem = match twice {
            _ if empty => "nobody can answer: `asks` is empty".to_owned(),
            Some((_, ask)) => format!("the answer `{ask}` stands in `asks` twice"),
            None if asks.len() > ASKS_MAX => {
                format!("`asks` has {} answers; a person chooses from {ASKS_MAX} at most", asks.len())
            }
            None => return asks,
        };
        let found = self.error(code::NO_ANSWER, &node.span, problem);
        found.help("write the answers to choose from: `asks: [ approved, denied ]`");
        asks
    }

    fn unanswered_step(&mut self, node: &'a Node, fields: &Fields<'a>, asks: &[String]) -> Option<String> {
        let text = self.prose(node, "`unanswered`")?;
        if asks.is_empty() {
            return None;
        }
        if !asks.contains(&text) {
            let asked = || asks.iter().map(String::as_str);
            let message = format!("silence can't mean `{text}`: that is none of the answers");
            let meant = suggest(&text, asked());
            let found = self.error(code::NO_ANSWER, &node.span, message);
            if meant.is_some() {
                found.meant(meant);
            } else {
                found.help(format!("it is one of {}", listed(asked())));
            }
            return None;
        }
        if fields.get("within").is_none() {
            let message = "`unanswered` says what silence means, and nothing says after how long";
            let found = self.error(code::NO_ANSWER, &node.span, message);
            found.help("say how long an answer is waited for: `within: 4h`");
        }
        Some(text)
    }
}

/// What an approval gives.
fn answer(asks: &[String]) -> Gives {
    let text = json!({ "type": "string" });
    let schema = json!({
        "type": "object",
        "properties": { "decision": { "type": "string", "enum": asks }, "note": text, "by": text },
        "required": ["decision", "by"],
        "additionalProperties": false,
    });
    Gives { schema: schema.into(), absent: false }
}
