//! `handfast.lock`: what each server's tools looked like when they were asked.
//!
//! One JSON file beside the contract, sorted, a block for each tool, so that a review sees what changed. It knows no
//! server and no file: a [`Listing`] goes in, text comes out. What follows for a contract is said in `locked`.

use std::collections::BTreeMap;
use std::fmt;

use handfast_events::{Digest, canonical};
use serde_json::{Map, Value, json};

use crate::{Hints, Identity, ListedTool, Listing};

/// The form that this release writes and reads.
const FORM: u64 = 1;

/// What servers looked like.
///
/// ```
/// use handfast_contract::{ListedTool, Listing, Lock};
/// let tool = ListedTool {
///     name: "find_order".to_owned(),
///     input_schema: serde_json::json!({ "type": "object" }),
///     ..ListedTool::default()
/// };
/// let mut lock = Lock::default();
/// lock.put("shop", &Listing { tools: vec![tool], ..Listing::default() }, |_| true);
/// let again = Lock::parse(&lock.render()).unwrap();
/// assert_eq!(again, lock);
/// assert!(again.tool("shop", "find_order").is_some());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    servers: BTreeMap<String, LockedServer>,
}

/// One server, as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockedServer {
    /// Who it said it was.
    pub identity: Identity,
    /// Its tools, by their names there: those that the contract named.
    pub tools: BTreeMap<String, LockedTool>,
}

/// One tool, as its server listed it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockedTool {
    /// The server's words.
    pub description: Option<String>,
    /// The server's hints.
    pub hints: Hints,
    /// The JSON Schema of its arguments.
    pub input: Value,
    /// The JSON Schema of its result.
    pub output: Option<Value>,
}

/// A lock that can't be used: write it anew with `handfast lock`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// No JSON: half a merge, perhaps.
    #[error("it is no JSON ({0})")]
    Json(String),
    /// Not what this release writes.
    #[error("{0}")]
    Form(String),
    /// The digest is another one.
    #[error("the tool `{tool}` of `{server}` was changed by hand: its digest is another one")]
    Edited {
        /// The server.
        server: String,
        /// The tool.
        tool: String,
    },
}

/// What differs between two locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The server's name in the contract.
    pub server: String,
    /// The tool's name on its server; none where it is the server itself.
    pub tool: Option<String>,
    /// What changed, in words: `its input`.
    pub what: &'static str,
    /// Whether a call could mean something else by it; words and versions can't do that.
    pub counts: bool,
}

impl Lock {
    /// Reads one.
    ///
    /// # Errors
    /// It isn't what [`Lock::render`] wrote: write it anew with `handfast lock`.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let whole: Value = serde_json::from_str(text).map_err(|error| LockError::Json(error.to_string()))?;
        let mut whole = Fields::of(whole, "the lock")?;
        if whole.take("lock") != Some(json!(FORM)) {
            return Err(form(format!("this release reads `\"lock\": {FORM}`")));
        }
        let servers = whole.take("servers").ok_or_else(|| form("`servers` is missing".to_owned()))?;
        whole.finish()?;
        let mut lock = Self::default();
        for (name, server) in Fields::of(servers, "`servers`")?.all {
            let read = read_server(&name, server)?;
            lock.servers.insert(name, read);
        }
        Ok(lock)
    }

    /// Writes it: the same bytes for the same content.
    pub fn render(&self) -> String {
        let servers: Map<String, Value> =
            self.servers.iter().map(|(name, server)| (name.clone(), write_server(server))).collect();
        let mut text = serde_json::to_string_pretty(&json!({ "lock": FORM, "servers": servers }))
            .unwrap_or_else(|_| "{}".to_owned());
        text.push('\n');
        text
    }

    /// The servers, by their names in the contract.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &LockedServer)> {
        self.servers.iter().map(|(name, server)| (name.as_str(), server))
    }

    /// One server.
    pub fn server(&self, server: &str) -> Option<&LockedServer> {
        self.servers.get(server)
    }

    /// One tool of a server.
    pub fn tool(&self, server: &str, tool: &str) -> Option<&LockedTool> {
        self.servers.get(server)?.tools.get(tool)
    }

    /// Takes in what a server lists, in place of what was there; only the tools that are `wanted`.
    pub fn put(&mut self, server: &str, listing: &Listing, wanted: impl Fn(&str) -> bool) {
        let tools = listing.tools.iter().filter(|tool| wanted(&tool.name));
        let tools = tools.map(|tool| (tool.name.clone(), LockedTool::from(tool)));
        let locked = LockedServer { identity: listing.identity.clone(), tools: tools.collect() };
        self.servers.insert(server.to_owned(), locked);
    }

    /// Keeps only these servers.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.servers.retain(|name, _| keep(name));
    }

    /// What is different in a newer one, server by server.
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for name in union(self.servers.keys(), newer.servers.keys()) {
            let mut add = |tool: Option<&str>, what, counts| {
                changes.push(Change { server: name.to_owned(), tool: tool.map(str::to_owned), what, counts });
            };
            let (old, new) = match (self.server(name), newer.server(name)) {
                (Some(old), Some(new)) => (old, new),
                (None, _) => {
                    add(None, "is new", true);
                    continue;
                }
                (_, None) => {
                    add(None, "is gone", true);
                    continue;
                }
            };
            if old.identity.name != new.identity.name || old.identity.version != new.identity.version {
                add(None, "its name or version", false);
            }
            if old.identity.protocol != new.identity.protocol {
                add(None, "its protocol", false);
            }
            for tool in union(old.tools.keys(), new.tools.keys()) {
                match (old.tools.get(tool), new.tools.get(tool)) {
                    (Some(old), Some(new)) => {
                        old.differences(new).for_each(|(what, counts)| add(Some(tool), what, counts));
                    }
                    (None, _) => add(Some(tool), "is new", true),
                    (_, None) => add(Some(tool), "is gone", true),
                }
            }
        }
        changes
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.server)?;
        if let Some(tool) = &self.tool {
            write!(f, ".{}", tool.escape_debug())?;
        }
        write!(f, ": {}", self.what)
    }
}

impl From<&ListedTool> for LockedTool {
    fn from(tool: &ListedTool) -> Self {
        Self {
            description: tool.description.clone(),
            hints: tool.hints,
            input: tool.input_schema.clone(),
            output: tool.output_schema.clone(),
        }
    }
}

impl LockedTool {
    /// What is different in another state of it, and whether that counts.
    pub fn differences<'a>(&'a self, newer: &'a Self) -> impl Iterator<Item = (&'static str, bool)> + 'a {
        let all = [
            (self.input != newer.input, "its input", true),
            (self.output != newer.output, "its output", true),
            (self.description != newer.description, "its description", false),
            (self.hints != newer.hints, "its hints", false),
        ];
        all.into_iter().filter(|(differs, ..)| *differs).map(|(_, what, counts)| (what, counts))
    }

    fn json(&self) -> Value {
        let hints: Map<String, Value> =
            self.hints.given().map(|(name, said)| (name.to_owned(), Value::Bool(said))).collect();
        let mut fields = Map::new();
        fields.insert("input".to_owned(), self.input.clone());
        if let Some(output) = &self.output {
            fields.insert("output".to_owned(), output.clone());
        }
        if let Some(description) = &self.description {
            fields.insert("description".to_owned(), Value::from(description.as_str()));
        }
        if !hints.is_empty() {
            fields.insert("hints".to_owned(), Value::Object(hints));
        }
        Value::Object(fields)
    }
}

fn union<'a>(one: impl Iterator<Item = &'a String>, other: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    one.chain(other).map(String::as_str).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

fn write_server(server: &LockedServer) -> Value {
    let tools: Map<String, Value> = server
        .tools
        .iter()
        .map(|(name, tool)| {
            let mut value = tool.json();
            let digest = Digest::of(&canonical(&value)).to_string();
            if let Some(fields) = value.as_object_mut() {
                fields.insert("digest".to_owned(), Value::from(digest));
            }
            (name.clone(), value)
        })
        .collect();
    let Identity { name, version, protocol } = &server.identity;
    json!({ "name": name, "version": version, "protocol": protocol, "tools": tools })
}

fn read_server(name: &str, value: Value) -> Result<LockedServer, LockError> {
    let mut fields = Fields::of(value, &format!("the server `{name}`"))?;
    let identity = Identity {
        name: fields.text("name")?,
        version: fields.text("version")?,
        protocol: fields.text("protocol")?,
    };
    let tools = fields.take("tools").ok_or_else(|| form(format!("the server `{name}` has no `tools`")))?;
    fields.finish()?;
    let mut server = LockedServer { identity, tools: BTreeMap::new() };
    for (tool, value) in Fields::of(tools, "`tools`")?.all {
        let read = read_tool(name, &tool, value)?;
        server.tools.insert(tool, read);
    }
    Ok(server)
}

fn read_tool(server: &str, tool: &str, value: Value) -> Result<LockedTool, LockError> {
    let mut fields = Fields::of(value, &format!("the tool `{tool}`"))?;
    let digest = fields.text("digest")?;
    let hints = match fields.take("hints") {
        None => Hints::default(),
        Some(hints) => {
            let mut hints = Fields::of(hints, "`hints`")?;
            let read = Hints {
                read_only: hints.boolean("readOnlyHint")?,
                destructive: hints.boolean("destructiveHint")?,
                idempotent: hints.boolean("idempotentHint")?,
                open_world: hints.boolean("openWorldHint")?,
            };
            hints.finish()?;
            read
        }
    };
    let read = LockedTool {
        description: fields.text("description")?,
        hints,
        input: fields.take("input").ok_or_else(|| form(format!("the tool `{tool}` has no `input`")))?,
        output: fields.take("output"),
    };
    fields.finish()?;
    if digest != Some(Digest::of(&canonical(&read.json())).to_string()) {
        return Err(LockError::Edited { server: server.to_owned(), tool: tool.to_owned() });
    }
    Ok(read)
}

fn form(message: String) -> LockError {
    LockError::Form(message)
}

/// An object's fields, taken one by one: what is left over is an error.
struct Fields {
    what: String,
    all: Map<String, Value>,
}

impl Fields {
    fn of(value: Value, what: &str) -> Result<Self, LockError> {
        match value {
            Value::Object(all) => Ok(Self { what: what.to_owned(), all }),
            _ => Err(form(format!("{what} must be an object"))),
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.all.remove(key)
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, LockError> {
        match self.take(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(form(format!("`{key}` of {} must be a text", self.what))),
        }
    }

    fn boolean(&mut self, key: &str) -> Result<Option<bool>, LockError> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Bool(said)) => Ok(Some(said)),
            Some(_) => Err(form(format!("`{key}` of {} must be true or false", self.what))),
        }
    }

    fn finish(self) -> Result<(), LockError> {
        match self.all.keys().next() {
            None => Ok(()),
            Some(key) => Err(form(format!("{} has a key `{key}` that this release doesn't know", self.what))),
        }
    }
}
