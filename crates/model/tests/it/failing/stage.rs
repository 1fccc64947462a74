//! Where runs meet failures: a model that fails on cue, a spare one that is well, and an agent that asks them.
//!
//! One stage serves any number of runs. Each names its case in its input, and so in every request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handfast_double::{Asked, Cue, Double, Said, Wire};
use serde_json::{Value, json};

use crate::agent::{Kit, Small};

/// The window of the models, in tokens; far above what their requests have.
pub(super) const WINDOW: u64 = 100_000;

/// How long the model that fails may be silent, where it is.
const SILENCE: Duration = Duration::from_millis(150);

/// What a run meets.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) cue: Cue,
    /// How often it meets that before its model is well again.
    pub(super) times: usize,
    /// Whether no other model stands behind the first.
    pub(super) is_alone: bool,
    /// Whether nothing comes, so that only a short patience ends it.
    pub(super) is_silent: bool,
}

/// The cases by their names, each with how often its model was asked.
type Cases = Arc<Mutex<BTreeMap<String, (Case, usize)>>>;

/// The stage of one wire.
pub(super) struct Stage {
    cases: Cases,
    kit: Arc<Kit>,
    /// They are there as long as the stage is.
    _doubles: [Double; 2],
}

impl Stage {
    pub(super) async fn new(wire: Wire) -> Self {
        let cases = Cases::default();
        let known = cases.clone();
        let main = Double::by(move |asked| {
            let mut known = known.lock().unwrap();
            let (case, times) = known.get_mut(&name_in(asked)).unwrap();
            *times += 1;
            match *times {
                1 => Cue::said(reads("A-1")),
                2 => Cue::said(reads("A-2")),
                nth if nth - 2 <= case.times => case.cue.clone(),
                _ => well(asked, "All is well."),
            }
        });
        let main = main.await.unwrap();
        let spare = Double::by(|asked| well(asked, "All is well, says the other.")).await.unwrap();
        let kit = Kit::new(&contract(wire, [main.url(), spare.url()]));
        Self { cases, kit, _doubles: [main, spare] }
    }

    /// A run that meets this: its model reads twice, and then answers.
    pub(super) async fn meets(&self, case: Case) -> Small {
        let workflow = if case.is_alone { "alone" } else { "spared" };
        let name = {
            let mut cases = self.cases.lock().unwrap();
            let name = format!("case-{:05}", cases.len());
            cases.insert(name.clone(), (case, 0));
            name
        };
        let (cases, own) = (self.cases.clone(), name.clone());
        let in_vain = move |model: &str| {
            let (case, asked) = cases.lock().unwrap().get(&own).cloned()?;
            let is_met = asked >= 2 && asked - 2 < case.times;
            (model == "main" && case.is_silent && is_met).then_some(SILENCE)
        };
        Small::begin(&self.kit, workflow, json!({ "case": name }), given).hasty(in_vain).drive().await
    }
}

/// The case that a request names.
fn name_in(asked: &Asked) -> String {
    let text = asked.text();
    let at = text.find("case-").unwrap();
    text[at..at + "case-00000".len()].to_owned()
}

fn well(asked: &Asked, said: &str) -> Cue {
    Cue::said(if asked.text().contains("You sum up") { "It read A-1 and A-2." } else { said })
}

fn reads(id: &str) -> Said {
    Said::calls([("read", json!({ "id": id }).to_string().as_str())])
}

fn given(args: &Value) -> Value {
    json!({ "text": format!("Of {} there is nothing to be said.", args["id"]) })
}

fn contract(wire: Wire, [main, spare]: [&str; 2]) -> String {
    let known = format!("speaks: {wire}, price: {{ input: 1 USD, output: 4 USD }}, window: {WINDOW}");
    format!(
        r#"
handfast: 1
name: matrix
version: "1"
models:
  main:  {{ use: openai/first, url: "{main}", {known}, timeout: 60s }}
  spare: {{ use: openai/second, url: "{spare}", {known}, timeout: 60s }}
servers: {{ shelf: {{ rust: {{}} }} }}
tools:
  read:
    via: shelf.read
    description: Reads one thing.
    input: {{ id: string, note?: string }}
    output: {{ fields: {{ text: string }} }}
    effects: [ {{ reads: "thing/{{args.id}}" }} ]
agents:
  spared:
    purpose: Look after two things.
    input: {{ case: string }}
    model: [ main, spare ]
    may: [ read ]
    limits: {{ turns: 12 }}
  alone:
    purpose: Look after two things.
    input: {{ case: string }}
    model: main
    may: [ read ]
    limits: {{ turns: 12 }}
workflows:
  spared: {{ input: {{ case: string }}, steps: {{ look: {{ agent: spared, with: {{ case: input.case }} }} }} }}
  alone:  {{ input: {{ case: string }}, steps: {{ look: {{ agent: alone, with: {{ case: input.case }} }} }} }}
"#
    )
}
