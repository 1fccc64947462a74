//! One tool as it will stand in the contract, and the contract that they make; what is not sure of loading is not given out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::name::Names;
use super::prose::Proposed;
use super::same::same;
use super::types::{fields_of, type_of};
use super::write::{Yaml, comment, key};
use super::{ImportError, Imported};
use crate::adopt::Adopted;
use crate::limits::{IMPORTED_BYTES_MAX, IMPORTED_TOOLS_MAX};
use crate::{Severity, code};

/// Columns up to which a value stands on its key's line.
const COLUMNS: usize = 120;

/// One tool.
pub(super) struct Draft {
    /// What the source calls it.
    pub(super) original: String,
    /// How its server is told to do it.
    pub(super) via: Yaml,
    pub(super) description: Option<Proposed>,
    /// An object.
    pub(super) input: Adopted,
    /// What the source says of each field.
    pub(super) remarks: BTreeMap<String, String>,
    pub(super) output: Option<Adopted>,
    /// What is hinted of its effects.
    pub(super) hints: Vec<String>,
    /// Lines that propose more, behind the rest.
    pub(super) proposals: Vec<String>,
}

/// The contract around the tools.
pub(super) struct Whole {
    pub(super) name: String,
    /// Comments at the top.
    pub(super) about: Vec<String>,
    /// The section `servers`, whole.
    pub(super) servers: String,
    /// The source's tags, for who has to pick.
    pub(super) tags: Vec<(String, usize)>,
}

/// The contract of these tools.
pub(super) fn contract(
    whole: Whole,
    drafts: Vec<Draft>,
    mut left_out: Vec<(String, String)>,
) -> Result<Imported, ImportError> {
    if drafts.len() > IMPORTED_TOOLS_MAX {
        return Err(ImportError::TooMany { tools: drafts.len(), bytes: None, tags: whole.tags });
    }
    let (mut names, mut blocks, mut notes) = (Names::default(), String::new(), Vec::new());
    let (mut tools, wanted) = (0, drafts.len());
    for mut draft in drafts {
        let name = names.give(&draft.original, "tool");
        match draft.sure(&name) {
            Ok(block) => {
                let kept = draft.input.notes.iter().map(|note| format!("its input: {note}"));
                let kept = kept.chain(
                    draft.output.iter().flat_map(|one| &one.notes).map(|note| format!("its output: {note}")),
                );
                notes.extend(kept.map(|note| (name.clone(), comment(&note))));
                blocks.push('\n');
                blocks.push_str(&block);
                tools += 1;
            }
            Err(why) => left_out.push((draft.original, why)),
        }
    }
    let mut text = String::new();
    for line in &whole.about {
        text.push_str(&format!("# {}\n", comment(line)));
    }
    let left: Vec<String> =
        left_out.iter().map(|(name, why)| format!("Left out: `{name}`, {why}.")).collect();
    left.iter().for_each(|line| text.push_str(&format!("# {}\n", comment(line))));
    text.push_str(&format!(
        "handfast: 1\nname: {}\nversion: \"1\"\n\n{}",
        key_text(&whole.name),
        whole.servers
    ));
    if tools > 0 {
        text.push_str(&format!("\ntools:{blocks}"));
    }
    if text.len() > IMPORTED_BYTES_MAX {
        return Err(ImportError::TooMany { tools: wanted, bytes: Some(text.len()), tags: whole.tags });
    }
    let left_out = left_out.into_iter().map(|(name, why)| (comment(&name), why)).collect();
    Ok(Imported { text, name: whole.name, tools, left_out, notes })
}

fn key_text(text: &str) -> String {
    Yaml::text(text).line()
}

impl Draft {
    /// The tool as YAML that loads as it should; what can't be said in one way is said in a plainer one.
    fn sure(&mut self, name: &str) -> Result<String, String> {
        if self.loads(name) {
            return Ok(self.block(name, &self.via));
        }
        let plain = |what: &str| format!("{what} can't be written as a type: left open");
        if let Some(output) = &mut self.output {
            *output = Adopted { schema: json!({}), notes: vec![plain("the source's schema")] };
            if self.loads(name) {
                return Ok(self.block(name, &self.via));
            }
        }
        self.input =
            Adopted { schema: json!({ "type": "object" }), notes: vec![plain("the source's schema")] };
        self.remarks.clear();
        if self.loads(name) {
            return Ok(self.block(name, &self.via));
        }
        Err("it can't be written as a tool".to_owned())
    }

    /// Whether the tool is read as what was meant, and only what is to be decided is missing.
    fn loads(&self, name: &str) -> bool {
        let text = format!(
            "handfast: 1\nname: x\nversion: \"1\"\nservers: {{ x: {{ mcp: {{ command: [x] }} }} }}\ntools:\n{}",
            self.block(name, &Yaml::text("x.x"))
        );
        let loaded = crate::load_to_lock("x", ".", &BTreeMap::new(), &mut crate::alone("x", &text));
        let only_todo = loaded
            .diagnostics
            .iter()
            .all(|found| found.code == code::TODO || found.severity != Severity::Error);
        let Some(tool) = loaded.contract.as_ref().and_then(|contract| contract.tools.get(name)) else {
            return false;
        };
        let output = tool.output.as_ref().map(crate::Schema::json);
        let expected = self.output.as_ref().map(|output| &output.schema);
        let fits = match (output, expected) {
            (Some(output), Some(expected)) => same(output, expected),
            (None, None) => true,
            _ => false,
        };
        only_todo
            && loaded.contract.as_ref().is_some_and(|all| all.tools.len() == 1)
            && fits
            && same(tool.input.json(), &self.input.schema)
    }

    fn block(&self, name: &str, via: &Yaml) -> String {
        let mut out = Lines::default();
        out.line(2, format!("{}:", key(name)));
        out.value(4, "via", via);
        match &self.description {
            None => {
                let todo = todo("say in one sentence what it does: the source doesn't");
                out.line(4, format!("description: {todo}"));
            }
            Some(Proposed { text, review }) => {
                review.iter().for_each(|why| out.line(4, format!("# review: {}", comment(why))));
                out.line(4, format!("description: {}", Yaml::text(text).line()));
            }
        }
        out.notes(&self.input.notes);
        self.input_lines(&mut out);
        if let Some(output) = &self.output {
            out.notes(&output.notes);
            out.value(4, "output", &type_of(&output.schema));
        }
        for hint in &self.hints {
            out.line(4, format!("# {}", comment(hint)));
        }
        out.line(
            4,
            format!(
                "effects: {}",
                todo("list all that it reads, writes, creates, deletes, notifies and enqueues")
            ),
        );
        for line in &self.proposals {
            let indent = line.len() - line.trim_start_matches(' ').len();
            out.line(4, format!("# {}{}", " ".repeat(indent), comment(line)));
        }
        out.0
    }

    fn input_lines(&self, out: &mut Lines) {
        let Some(fields) = fields_of(&self.input.schema) else {
            out.value(4, "input", &Yaml::Map(vec![("schema".to_owned(), Yaml::from(&self.input.schema))]));
            return;
        };
        // One field of either name would be read as the form of a type.
        let is_form =
            matches!(fields.as_slice(), [(only, Yaml::Map(_))] if only == "fields" || only == "schema");
        if is_form {
            out.value(4, "input", &Yaml::Map(vec![("fields".to_owned(), Yaml::Map(fields))]));
            return;
        }
        let whole = Yaml::Map(fields.clone());
        if self.remarks.is_empty() {
            out.value(4, "input", &whole);
            return;
        }
        out.line(4, "input:".to_owned());
        let width = |(name, value): &(String, Yaml)| key(name).chars().count() + value.flow().chars().count();
        let column = fields.iter().map(width).filter(|width| *width < 50).max().unwrap_or(0);
        for field in &fields {
            let (name, value) = field;
            let remark = self.remarks.get(name.strip_suffix('?').unwrap_or(name));
            match remark {
                _ if width(field) > COLUMNS - 10 => {
                    remark.iter().for_each(|remark| out.line(6, format!("# {}", comment(remark))));
                    out.value(6, name, value);
                }
                Some(remark) => {
                    let blanks = " ".repeat(column.saturating_sub(width(field)));
                    out.line(6, format!("{}: {}{blanks}  # {}", key(name), value.flow(), comment(remark)));
                }
                None => out.line(6, format!("{}: {}", key(name), value.flow())),
            }
        }
    }
}

/// What a person has to decide.
fn todo(what: &str) -> String {
    Yaml::Map(vec![("todo".to_owned(), Yaml::text(what))]).flow()
}

/// Lines of YAML.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, indent: usize, text: String) {
        self.0.push_str(&" ".repeat(indent));
        self.0.push_str(text.trim_end());
        self.0.push('\n');
    }

    fn notes(&mut self, notes: &[String]) {
        for note in notes {
            self.line(4, format!("# note: {}", comment(note)));
        }
    }

    /// A key and its value: on one line where it fits, else level by level.
    fn value(&mut self, indent: usize, name: &str, value: &Yaml) {
        let line = format!("{}: {}", key(name), value.line());
        match value {
            Yaml::Map(entries) if indent + line.chars().count() > COLUMNS && indent < 16 => {
                self.line(indent, format!("{}:", key(name)));
                entries.iter().for_each(|(name, value)| self.value(indent + 2, name, value));
            }
            _ => self.line(indent, line),
        }
    }
}

/// The descriptions of an object's fields, where they can be shown.
pub(super) fn remarks(schema: &Value) -> BTreeMap<String, String> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut remarks = BTreeMap::new();
    for (name, field) in properties {
        let words = super::prose::remark(field.get("description").and_then(Value::as_str));
        let default =
            field.get("default").map(|default| format!("{} if left out", comment(&default.to_string())));
        let said: Vec<String> = words.into_iter().chain(default).collect();
        if !said.is_empty() {
            remarks.insert(name.clone(), said.join("; "));
        }
    }
    remarks
}
