//! Settings and servers: what a contract needs of its environment.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::grammar;
use crate::loader::{Fields, Loader, listed};
use crate::reads::{Shape, closed};
use crate::yaml::{Entry, Kind, Node};
use crate::{EnvValue, Server, Transport, code, suggest, traps};

impl<'a> Loader<'a> {
    /// Reads the section `settings`; `given` values count over defaults.
    pub(crate) fn read_settings(&mut self, node: Option<&'a Node>, given: &BTreeMap<String, Value>) {
        let (mut values, mut schemas) = (Map::new(), Map::new());
        let entries = node.map(|node| self.section(node, "settings")).unwrap_or_default();
        if node.is_some_and(|node| !matches!(node.kind, Kind::Map(_))) {
            // Reported; what reads settings is no error of its own.
            (self.settings_schema, self.settings_whole) = (Shape::unknown(), false);
            return;
        }
        let names: Vec<&str> = match node.map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
            _ => Vec::new(),
        };
        self.settings_whole = entries.len() == names.len();
        for (_, entry) in &entries {
            let name = entry.key.as_str();
            let Some((schema, default)) = self.setting_type(entry) else {
                self.settings_whole = false;
                schemas.insert(name.to_string(), json!({}));
                continue;
            };
            match self.setting_value(name, entry, &schema, default, given.get(name)) {
                Some(value) => drop(values.insert(name.to_string(), value)),
                None => self.settings_whole = false,
            }
            schemas.insert(name.to_string(), schema);
        }
        for name in given.keys().filter(|name| !names.contains(&name.as_str())) {
            if self.is_of_an_include(name) {
                continue;
            }
            let meant = suggest(name, names.iter().copied()).map(|meant| self.full(meant));
            let full = self.full(name);
            let message = format!("a value is given for `{full}`, and the contract has no such setting");
            let found = self.findings.error_outside(code::BAD_SETTING, message);
            found.meant(meant.as_deref()).help(format!("`settings:` has {}", listed(names.iter().copied())));
        }
        self.settings = Value::Object(values);
        self.settings_schema = closed(schemas).into();
    }

    /// Whether a value is given to an include, or to a setting of one: `cms: { url: … }`, `cms.url`.
    fn is_of_an_include(&self, name: &str) -> bool {
        let include = self.full(name.split_once('.').map_or(name, |(include, _)| include));
        self.declared.get("include").is_some_and(|names| names.iter().any(|name| **name == *include))
    }

    /// A setting's schema, and its default.
    fn setting_type(&mut self, entry: &'a Entry) -> Option<(Value, Option<Value>)> {
        if !matches!(entry.value.kind, Kind::Map(_)) {
            return Some((self.type_of(&entry.value)?, None));
        }
        let fields = self.entry_fields(entry, "the setting", &grammar::SETTING)?;
        let is = match (fields.get("type"), fields.get("is")) {
            (Some(is), None) | (None, Some(is)) => is,
            _ => {
                let message = format!("the setting `{}` needs a `type`", entry.key);
                self.error(code::MISSING_KEY, &fields.span, message).help("add one: `type: string`");
                return None;
            }
        };
        if let Some(description) = fields.get("description") {
            self.prose(description, "a setting's description")?;
        }
        let mut schema = self.type_of(is)?;
        if let Some(format) = fields.get("format") {
            let format = self.choice(format, "`format`", &[("uri", "uri"), ("email", "email")])?;
            schema.as_object_mut()?.insert("format".to_owned(), Value::from(format));
        }
        let default = match fields.get("default") {
            Some(_) => self.with_default(schema.clone(), &fields)?.get("default").cloned(),
            None => None,
        };
        Some((schema, default))
    }

    fn setting_value(
        &mut self,
        name: &str,
        entry: &Entry,
        schema: &Value,
        default: Option<Value>,
        given: Option<&Value>,
    ) -> Option<Value> {
        let Some(given) = given else {
            if default.is_none() {
                let name = self.full(name);
                let message = format!("the setting `{name}` has no value here");
                let found = self.findings.not_run(code::BAD_SETTING, entry.at.clone(), message);
                found.help(format!("give one with `--set {name}=VALUE`, or write a `default:`"));
            }
            return default;
        };
        let compiled = self.compiled(schema.clone(), &entry.at)?;
        // A command line gives text: `--set port=7400` means the number where one is wanted, and the text where that is.
        let other = match given {
            Value::String(text) => serde_json::from_str(text).ok(),
            Value::Number(_) | Value::Bool(_) => Some(Value::from(given.to_string())),
            _ => None,
        };
        let problem = compiled.check(given).into_iter().next();
        let Some(problem) = problem else { return Some(given.clone()) };
        if let Some(other) = other.filter(|other| compiled.check(other).is_empty()) {
            return Some(other);
        }
        let name = self.full(name);
        let message = format!("the value given for the setting `{name}` doesn't fit: {}", problem.message);
        self.error(code::BAD_SETTING, &entry.at, message)
            .help(format!("give another with `--set {name}=VALUE`"));
        None
    }

    /// Reads the section `servers`.
    pub(crate) fn read_servers(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "servers") {
            let Some(fields) = self.entry_fields(entry, "the server", &grammar::SERVER) else { continue };
            let transport = self.transport(&fields);
            let failures = fields
                .get("failures")
                .map(|failures| self.failures(failures, &Shape::unknown(), None))
                .unwrap_or_default();
            let limits = self.limits(&fields, &grammar::PACE_LIMITS);
            let directory = fields.get("directory").map(|directory| self.filled(directory, "`directory`"));
            let (Some(transport), directory) = (transport, directory.flatten()) else { continue };
            let schemas = fields.get("mcp").and_then(|mcp| mcp.get("schemas"));
            let pinned = schemas.and_then(|node| self.choice(node, "`schemas`", &[("pinned", ())])).is_some();
            let server = Server { name: name.clone(), transport, failures, pinned, directory, limits };
            self.servers.insert(name, server);
        }
    }

    fn transport(&mut self, fields: &Fields<'a>) -> Option<Transport> {
        let ways: Vec<&'a Entry> =
            ["mcp", "http", "process", "rust"].into_iter().filter_map(|way| fields.entry(way)).collect();
        match ways.as_slice() {
            [way] if way.key == "mcp" => self.mcp(&way.value),
            [way] if way.key == "http" => self.http(&way.value),
            [way] if way.key == "process" => self.process(&way.value),
            [way] => {
                self.fields(&way.value, "`rust`", &grammar::RUST)?;
                Some(Transport::Rust)
            }
            [] => {
                let found = self.error(
                    code::MISSING_KEY,
                    &fields.span,
                    format!("{} doesn't say how it is reached", fields.what),
                );
                found.help("add `mcp: { command: [program] }`, `mcp: { url: … }`, `http: { url: … }`, `process: { command: [program] }` or `rust: {}`");
                None
            }
            [_, second, ..] => {
                let found =
                    self.error(code::CLASH, &second.at, format!("{} is reached in two ways", fields.what));
                found.help("keep one of `mcp`, `http`, `process` and `rust`");
                None
            }
        }
    }

    fn mcp(&mut self, node: &'a Node) -> Option<Transport> {
        let fields = self.fields(node, "`mcp`", &grammar::MCP)?;
        match (fields.get("command"), fields.get("url")) {
            (Some(command), None) => {
                self.refuse_misplaced(&fields, "bearer", "goes with `url`; a command takes secrets by `env`");
                let command = self.command(command);
                let env = self.environment(&fields);
                Some(Transport::McpCommand { command: command?, env })
            }
            (None, Some(url)) => {
                self.refuse_misplaced(&fields, "env", "goes with `command`");
                let url = self.filled(url, "`url`");
                let bearer = fields.get("bearer").map(|bearer| self.secret(bearer, "`bearer`"));
                Some(Transport::McpHttp { url: url?, bearer: bearer.flatten() })
            }
            (Some(_), Some(url)) => {
                self.error(code::CLASH, &url.span, "a server has a `command` or a `url`, not both")
                    .help("keep one of them");
                None
            }
            (None, None) => {
                let found =
                    self.error(code::MISSING_KEY, &fields.span, "`mcp` has neither `command` nor `url`");
                found.help("add `command: [program, argument]` or `url: https://…`");
                None
            }
        }
    }

    /// An HTTP API: where it is, and what goes with every request.
    fn http(&mut self, node: &'a Node) -> Option<Transport> {
        let fields = self.fields(node, "`http`", &grammar::HTTP)?;
        let said = self.required(&fields, "url", "\"https://api.example.com\"");
        let url = said.and_then(|url| self.filled(url, "`url`"));
        if let (Some(said), Some(url)) = (said, url.as_ref().filter(|_| self.settings_whole))
            && let Some((message, help)) = wrong_url(url)
        {
            self.error(code::BAD_LITERAL, &said.span, message).help(help);
        }
        let bearer = fields.get("bearer").map(|bearer| self.secret(bearer, "`bearer`"));
        let mut headers = BTreeMap::new();
        let entries = fields.get("headers").and_then(|node| self.map(node, "`headers`")).unwrap_or_default();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let good = self.header_name(&entry.at, &entry.key) && self.header_free(&entry.at, &entry.key);
            if fields.get("bearer").is_some() && entry.key.eq_ignore_ascii_case("authorization") {
                let message = "`bearer` is the header `Authorization` already";
                self.error(code::CLASH, &entry.at, message).help("keep one of the two");
            }
            let value = self.secret_or_text(&entry.value, "a header's value");
            headers.extend(value.filter(|_| good).map(|value| (entry.key.clone(), value)));
        }
        Some(Transport::Http { url: url?, bearer: bearer.flatten(), headers })
    }

    /// A text with holes, or a secret by its name.
    fn secret_or_text(&mut self, node: &'a Node, what: &str) -> Option<EnvValue> {
        match &node.kind {
            Kind::Map(_) => self.secret(node, what).map(EnvValue::Secret),
            _ => self.filled(node, what).map(EnvValue::Plain),
        }
    }

    pub(crate) fn refuse_misplaced(&mut self, fields: &Fields<'a>, key: &str, why: &str) {
        if let Some(entry) = fields.entry(key) {
            self.error(code::UNKNOWN_KEY, &entry.at, format!("`{key}` {why}")).help("take it out");
        }
    }

    fn process(&mut self, node: &'a Node) -> Option<Transport> {
        let fields = self.fields(node, "`process`", &grammar::PROCESS)?;
        let command = self
            .required(&fields, "command", "[program, argument]")
            .and_then(|command| self.command(command));
        let env = self.environment(&fields);
        Some(Transport::Process { command: command?, env })
    }

    /// A program and its arguments: never a line for a shell.
    fn command(&mut self, node: &'a Node) -> Option<Vec<String>> {
        if let Some((text, _)) = node.said() {
            let words: Vec<String> = text.split_whitespace().map(traps::quoted).collect();
            let found = self.error(code::WRONG_KIND, &node.span, "a command is a list: no shell reads it");
            found.help(format!("write `[{}]`", words.join(", ")));
            return None;
        }
        let items = self.list(node, "`command`")?;
        if items.is_empty() {
            self.error(code::MISSING_KEY, &node.span, "the command is empty")
                .help("name the program: `[shop-server, --db, shop.db]`");
            return None;
        }
        let words: Vec<String> =
            items.iter().filter_map(|item| self.filled(item, "a part of a command")).collect();
        (words.len() == items.len()).then_some(words)
    }

    fn environment(&mut self, fields: &Fields<'a>) -> BTreeMap<String, EnvValue> {
        let Some(node) = fields.get("env") else { return BTreeMap::new() };
        let Some(entries) = self.map(node, "`env`") else { return BTreeMap::new() };
        let mut variables = BTreeMap::new();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let good = self.variable_key(entry);
            let value = self.secret_or_text(&entry.value, "a variable's value");
            if let (true, Some(value)) = (good, value) {
                variables.insert(entry.key.clone(), value);
            }
        }
        variables
    }

    fn variable_key(&mut self, entry: &Entry) -> bool {
        let key = Node { span: entry.at.clone(), in_flow: false, kind: Kind::Refused };
        self.variable(&key, &entry.key)
    }
}

impl Loader<'_> {
    /// A tool's server and its name there. Both may hold dots, so the longest server that there is counts.
    pub(crate) fn split_via(&self, text: &str) -> Option<(String, String)> {
        let servers = self.declared.get("servers").map(Vec::as_slice).unwrap_or_default();
        let split = |(at, _): (usize, &str)| text.get(..at).zip(text.get(at + 1..));
        let known = |(server, _): &(&str, &str)| servers.iter().any(|name| **name == *self.full(server));
        let ways = || text.match_indices('.').filter_map(split);
        let (server, tool) = ways().rfind(known).or_else(|| ways().next())?;
        (!server.is_empty() && !tool.is_empty()).then(|| (server.to_owned(), tool.to_owned()))
    }
}

/// What is wrong with an API's address, and what to write.
pub(crate) fn wrong_url(url: &str) -> Option<(&'static str, &'static str)> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Some((
            "an API's `url` begins with `https://`",
            "write all of it; `http://` is for servers of your own",
        ));
    };
    if rest.contains(['?', '#']) {
        return Some((
            "an API's `url` ends before `?` and `#`",
            "say what stands behind the `?` as `query` of each `via`; a key goes into `headers`, as a secret",
        ));
    }
    let host = rest.split('/').next().unwrap_or_default();
    host.contains('@').then_some((
        "an API's `url` holds no name and password",
        "give them as a header: `headers: { Authorization: { secret: NAME } }`",
    ))
}
