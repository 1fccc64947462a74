//! Wait steps: for a signal, for a time, until a time.

use serde_json::json;

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::{Reads, portable};
use crate::yaml::Node;
use crate::{Gives, StepWork, Wait, code};

impl<'a> Loader<'a> {
    /// What a step waits for, and what that gives.
    pub(super) fn wait(
        &mut self,
        node: &'a Node,
        step: &Fields<'a>,
        reads: &Reads,
    ) -> (Option<StepWork>, Gives) {
        let Some(fields) = self.fields(node, "the wait", &grammar::WAIT) else {
            return (None, Gives::unknown());
        };
        let said = ["signal", "for", "until"].into_iter().filter_map(|key| fields.entry(key));
        let said: Vec<_> = said.collect();
        let [only] = said.as_slice() else {
            let found = match said.get(1) {
                None => {
                    self.error(code::MISSING_KEY, &fields.span, format!("{} waits for nothing", step.what))
                }
                Some(second) => {
                    let message = format!("{} waits for two things at once", step.what);
                    self.error(code::STEP_KIND, &second.at, message)
                }
            };
            found.help("write one of `signal: NAME`, `for: 1h` and `until: …`");
            return (None, Gives::unknown());
        };
        if only.key == "signal" {
            return self.signal(&only.value, &fields);
        }
        for key in ["gives", "within"] {
            if let Some(entry) = fields.entry(key) {
                let message = format!("`{key}` belongs to `signal`, and {} waits for a time", step.what);
                self.error(code::STEP_KIND, &entry.at, message).help("take it out");
            }
        }
        let wait = match only.key.as_str() {
            "for" => self.duration(&only.value, "`for`").map(Wait::For),
            _ => {
                let time = json!({ "type": "string" });
                self.handed_whole(&only.value, "a time", &time, reads).map(Wait::Until)
            }
        };
        (wait.map(StepWork::Wait), Gives::nothing())
    }

    fn signal(&mut self, node: &'a Node, fields: &Fields<'a>) -> (Option<StepWork>, Gives) {
        let name = self.text(node, "a signal's name").and_then(|name| self.usable(&name, &node.span));
        let within = fields.get("within").map(|node| self.duration(node, "`within`"));
        let carried = fields.get("gives").map(|node| {
            let schema = self.type_of(node)?;
            self.compiled(schema, &node.span)
        });
        let gives = match &carried {
            None => Gives::nothing(),
            Some(None) => Gives::unknown(),
            Some(Some(schema)) => Gives { schema: portable(schema.json()).into(), absent: false },
        };
        let wait = (|| {
            Some(Wait::Signal {
                name: name?,
                gives: match carried {
                    Some(carried) => Some(carried?),
                    None => None,
                },
                within: match within {
                    Some(within) => Some(within?),
                    None => None,
                },
            })
        })();
        (wait.map(StepWork::Wait), gives)
    }
}
