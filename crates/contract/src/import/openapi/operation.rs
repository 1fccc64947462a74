//! One operation as a tool: what it takes, how the request is made of that, what comes back, how it may fail.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::servers::is_header;
use super::{Document, follow, text};
use crate::adopt::{Adopted, Way, adopt_within};
use crate::import::Wanted;
use crate::import::draft::Draft;
use crate::import::name::{Names, named};
use crate::import::prose::{proposed, remark};
use crate::import::write::{Yaml, comment};
use crate::tools::wrong_path;

/// An operation, where it was found.
pub(super) struct Found<'d> {
    pub(super) path: &'d str,
    pub(super) method: &'static str,
    /// Its path's item: parameters that all methods share.
    pub(super) shared: &'d Map<String, Value>,
    pub(super) operation: &'d Map<String, Value>,
}

/// Headers that a client sets by itself.
const OWN_HEADERS: &[&str] = &["accept", "content-type", "authorization"];

impl<'d> Found<'d> {
    /// What the document calls it, or what it does.
    pub(super) fn original(&self) -> String {
        let id = text(self.operation, "operationId").filter(|id| id.chars().any(char::is_alphanumeric));
        id.map_or_else(|| format!("{}{}", self.method, self.path), str::to_owned)
    }

    pub(super) fn tags(&self) -> Vec<&'d str> {
        let tags = self.operation.get("tags").and_then(Value::as_array).into_iter().flatten();
        tags.filter_map(Value::as_str).collect()
    }

    pub(super) fn is_wanted(&self, wanted: &Wanted) -> bool {
        let original = self.original();
        wanted.tags(&self.tags()) && wanted.tool(&[&original, &named(&original, "tool")])
    }
}

/// What a tool is given, piece by piece, and where each goes.
#[derive(Default)]
struct Input {
    names: Names,
    properties: Map<String, Value>,
    required: Vec<Value>,
    remarks: BTreeMap<String, String>,
    notes: Vec<String>,
    query: Vec<(String, Yaml)>,
    headers: Vec<(String, Yaml)>,
    /// The path's own parameters, by their names there.
    path: BTreeMap<String, String>,
    body: Option<Yaml>,
}

impl Input {
    fn add(&mut self, like: &str, field: Adopted, required: bool, words: Option<&str>) -> String {
        let name = self.names.give(like, "arg");
        if required {
            self.required.push(Value::from(name.as_str()));
        }
        self.notes.extend(field.notes);
        self.remarks.extend(remark(words).map(|remark| (name.clone(), remark)));
        self.properties.insert(name.clone(), field.schema);
        name
    }
}

impl<'d> Document<'d> {
    /// The tool, or why there can be none.
    pub(super) fn draft(&self, found: &Found<'d>, server: &str) -> Result<Draft, String> {
        if !found.path.starts_with('/') {
            return Err("its path doesn't begin with `/`".to_owned());
        }
        if wrong_path(found.path).is_some() {
            return Err("its path holds `?`, `#`, `.` or `..`".to_owned());
        }
        let mut input = Input::default();
        for parameter in self.parameters(found)? {
            self.parameter(parameter, &mut input)?;
        }
        let body = match self.body(found.operation)? {
            Some((_, true)) if found.method == "get" => {
                return Err("it needs a body, and a GET request has none".to_owned());
            }
            Some(_) if found.method == "get" => {
                input.notes.push("the optional body isn't sent: a GET request has none".to_owned());
                None
            }
            body => body,
        };
        let whole =
            body.as_ref().and_then(|(body, _)| self.is_whole_input(body, &input).then(|| body.clone()));
        let (schema, remarks) = match whole {
            Some(body) => {
                input.body = Some(Yaml::text("args"));
                let remarks = super::super::draft::remarks(self.root_of_body(found.operation));
                (body, remarks)
            }
            None => {
                if let Some((body, required)) = body {
                    let name = input.add("body", body, required, Some("what is sent"));
                    input.body = Some(Yaml::Text(format!("args.{name}")));
                }
                let mut notes = std::mem::take(&mut input.notes);
                notes.dedup();
                let fields = std::mem::take(&mut input.properties);
                let required = std::mem::take(&mut input.required);
                let schema = json!({
                    "type": "object", "properties": fields, "required": required, "additionalProperties": false,
                });
                (Adopted { schema, notes }, std::mem::take(&mut input.remarks))
            }
        };
        let words = text(found.operation, "summary").or_else(|| text(found.operation, "description"));
        let (output, mut proposals) = self.output(found.operation);
        proposals.extend(self.failures(found.operation));
        Ok(Draft {
            original: found.original(),
            via: via(server, found, &input)?,
            description: proposed(words),
            input: schema,
            remarks,
            output,
            hints: hints(found),
            proposals,
        })
    }

    /// Its own parameters before those of its path with the same name and place.
    fn parameters(&self, found: &Found<'d>) -> Result<Vec<&'d Map<String, Value>>, String> {
        let mut all: Vec<&'d Map<String, Value>> = Vec::new();
        for fields in [found.operation, found.shared] {
            for one in fields.get("parameters").and_then(Value::as_array).into_iter().flatten() {
                let one = follow(self.root, one)?.as_object().ok_or("a parameter of it is no object")?;
                let of = |one: &Map<String, Value>| (one.get("name").cloned(), one.get("in").cloned());
                if !all.iter().any(|other| of(other) == of(one)) {
                    all.push(one);
                }
            }
        }
        Ok(all)
    }

    fn parameter(&self, parameter: &Map<String, Value>, input: &mut Input) -> Result<(), String> {
        let name = text(parameter, "name").unwrap_or("");
        let place = text(parameter, "in").unwrap_or("");
        if name.is_empty() {
            return Err("one of its parameters has no name".to_owned());
        }
        let is_required = parameter.get("required") == Some(&Value::Bool(true));
        let empty = json!({});
        let content = parameter.get("content").and_then(Value::as_object).and_then(|all| all.values().next());
        let schema =
            parameter.get("schema").or_else(|| content.and_then(|one| one.get("schema"))).unwrap_or(&empty);
        let words =
            text(parameter, "description").or_else(|| schema.get("description").and_then(Value::as_str));
        let field = |document: &Self| {
            adopt_within(schema, document.root, Way::Sent, document.dialect, document.parts_max)
        };
        match place {
            "path" => {
                let arg = input.add(name, field(self), true, words);
                input.path.insert(name.to_owned(), arg);
            }
            "query" => {
                let arg = input.add(name, field(self), is_required, words);
                input.query.push((name.to_owned(), Yaml::Text(format!("args.{arg}"))));
            }
            "header" if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {}
            "header" if is_header(name) => {
                let arg = input.add(name, field(self), is_required, words);
                input.headers.push((name.to_owned(), Yaml::Text(format!("args.{arg}"))));
            }
            place if is_required => {
                return Err(format!("it needs the parameter `{}` in `{}`", comment(name), comment(place)));
            }
            place => input.notes.push(format!("the optional parameter `{name}` in `{place}` isn't sent")),
        }
        Ok(())
    }

    /// The body that is sent, and whether it must be there.
    fn body(&self, operation: &Map<String, Value>) -> Result<Option<(Adopted, bool)>, String> {
        let Some(body) = operation.get("requestBody") else { return Ok(None) };
        let body = follow(self.root, body)?;
        let is_required = body.get("required") == Some(&Value::Bool(true));
        let content = body.get("content").and_then(Value::as_object);
        let Some(content) = content.filter(|content| !content.is_empty()) else { return Ok(None) };
        match content.iter().find(|(kind, _)| is_json(kind)) {
            Some((_, media)) => {
                let empty = json!({});
                let schema = media.get("schema").unwrap_or(&empty);
                Ok(Some((
                    adopt_within(schema, self.root, Way::Sent, self.dialect, self.parts_max),
                    is_required,
                )))
            }
            None if is_required => {
                let kinds: Vec<String> = content.keys().map(|kind| comment(kind)).collect();
                Err(format!("it sends {}, and a contract's tools send JSON", kinds.join(" or ")))
            }
            None => Ok(None),
        }
    }

    /// Whether the body alone is the input: nothing else is given, and it is made of fields.
    fn is_whole_input(&self, body: &Adopted, input: &Input) -> bool {
        let is_closed = body.schema.get("additionalProperties") == Some(&Value::Bool(false));
        input.properties.is_empty() && is_closed && body.schema.get("type") == Some(&json!("object"))
    }

    /// The body's schema as the document has it, for what it says of its fields.
    fn root_of_body(&self, operation: &'d Map<String, Value>) -> &'d Value {
        let body = operation.get("requestBody").and_then(|body| follow(self.root, body).ok());
        let content = body.and_then(|body| body.get("content")).and_then(Value::as_object);
        let media = content.into_iter().flatten().find(|(kind, _)| is_json(kind)).map(|(_, media)| media);
        let schema = media.and_then(|media| media.get("schema"));
        schema.and_then(|schema| follow(self.root, schema).ok()).unwrap_or(&Value::Null)
    }

    /// What comes back where all went well: the JSON of its 2xx answers.
    fn output(&self, operation: &Map<String, Value>) -> (Option<Adopted>, Vec<String>) {
        let (mut all, mut others): (Vec<Adopted>, Vec<String>) = (Vec::new(), Vec::new());
        for (status, response) in responses(operation).filter(|(status, _)| status.starts_with('2')) {
            let Ok(response) = follow(self.root, response) else {
                others.push(status.clone());
                continue;
            };
            let content = response.get("content").and_then(Value::as_object);
            let media = content
                .into_iter()
                .flatten()
                .find(|(kind, _)| is_json(kind))
                .and_then(|(_, media)| media.get("schema"));
            match media {
                Some(schema) => {
                    let one = adopt_within(schema, self.root, Way::Received, self.dialect, self.parts_max);
                    if !all.iter().any(|other| other.schema == one.schema) {
                        all.push(one);
                    }
                }
                None => others.push(status.clone()),
            }
        }
        let notes = all.iter().flat_map(|one| one.notes.clone()).collect();
        let said = |others: &[String]| {
            format!("with {} no JSON comes back, so its result isn't checked", comment(&others.join(", ")))
        };
        match all.as_slice() {
            _ if !others.is_empty() => (None, vec![said(&others)]),
            [] => (None, vec!["the document doesn't say what comes back".to_owned()]),
            [only] => (Some(only.clone()), Vec::new()),
            several => {
                let any: Vec<Value> = several.iter().map(|one| one.schema.clone()).collect();
                (Some(Adopted { schema: json!({ "anyOf": any }), notes }), Vec::new())
            }
        }
    }

    /// What the document says of failures: proposals, as comments.
    fn failures(&self, operation: &Map<String, Value>) -> Vec<String> {
        let mut lines = Vec::new();
        for (status, response) in responses(operation).filter(|(status, _)| status.starts_with(['4', '5'])) {
            let Ok(number) = status.parse::<u16>() else { continue };
            let words = follow(self.root, response).ok().and_then(|response| response.get("description"));
            let words =
                remark(words.and_then(Value::as_str)).map(|words| format!("  # {words}")).unwrap_or_default();
            lines.push(format!("  {}: {{ when: error.status == {number} }}{words}", failure(number)));
        }
        if lines.is_empty() {
            return lines;
        }
        lines
            .insert(0, "it may fail; take over what you rely on, and say what it means (`then`):".to_owned());
        lines.insert(1, "failures:".to_owned());
        lines
    }
}

fn responses(operation: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    operation.get("responses").and_then(Value::as_object).into_iter().flatten().take(40)
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

fn failure(status: u16) -> String {
    let word = match status {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "not_allowed",
        406 => "not_acceptable",
        409 => "conflict",
        410 => "gone",
        412 => "changed_meanwhile",
        413 => "too_large",
        415 => "wrong_media",
        422 => "invalid",
        423 => "locked",
        429 => "rate_limited",
        500 => "server_error",
        501 => "not_built",
        502 => "bad_gateway",
        503 => "unavailable",
        504 => "gateway_timeout",
        other => return format!("status_{other}"),
    };
    word.to_owned()
}

fn hints(found: &Found<'_>) -> Vec<String> {
    let means = match found.method {
        "get" => "by HTTP's rules it only reads",
        "put" | "delete" => "by HTTP's rules once more changes nothing more",
        _ => "HTTP promises nothing of what it does",
    };
    let mut hints = vec![format!(
        "{} {}: {means}; whether this one keeps to that is yours to say",
        found.method.to_ascii_uppercase(),
        found.path
    )];
    if found.operation.get("deprecated") == Some(&Value::Bool(true)) {
        hints.push("the document calls it deprecated".to_owned());
    }
    hints
}

/// The request: method and path, and what goes where.
fn via(server: &str, found: &Found<'_>, input: &Input) -> Result<Yaml, String> {
    let (mut path, mut rest) = (String::new(), found.path);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        let arg = input
            .path
            .get(name)
            .ok_or_else(|| format!("its path names `{{{}}}`, and no parameter does", comment(name)))?;
        path.push_str(&before.replace('}', "}}"));
        path.push_str(&format!("{{args.{arg}}}"));
        rest = behind;
    }
    path.push_str(&rest.replace('{', "{{").replace('}', "}}"));
    let mut entries =
        vec![("server".to_owned(), Yaml::text(server)), (found.method.to_owned(), Yaml::Text(path))];
    for (key, values) in [("query", &input.query), ("headers", &input.headers)] {
        if !values.is_empty() {
            entries.push((key.to_owned(), Yaml::Map(values.clone())));
        }
    }
    entries.extend(input.body.clone().map(|body| ("body".to_owned(), body)));
    Ok(Yaml::Map(entries))
}
