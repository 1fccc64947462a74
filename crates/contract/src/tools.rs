//! Tools: what each one promises, read and checked against itself and its server.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::grammar;
use crate::loader::{Fields, Loader, listed, meant};
use crate::reads::{Place, Reads, Shape, call_schema, place};
use crate::yaml::{Entry, Kind, Node};
use crate::{
    Effect, EffectKind, Expr, IdempotencyRule, KeyPlace, Limits, Name, Tool, Transport, Via, code, suggest,
};

/// What the parts of one tool read.
struct Places {
    args: Shape,
    call: Shape,
    settings: Shape,
    probes: Vec<Name>,
}

impl Places {
    fn reads(&self, place: Place) -> Reads {
        let reads = Reads::new(place, &self.settings).with("args", &self.args).with("call", &self.call);
        let probes = self.probes.iter().cloned();
        probes.fold(reads, |reads, probe| reads.with_probe(probe, &Shape::unknown()))
    }
}

impl<'a> Loader<'a> {
    /// Reads the section `tools`.
    pub(crate) fn read_tools(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "tools") {
            if let Some(tool) = self.tool(&name, entry) {
                self.tools.insert(name, Arc::new(tool));
            }
        }
    }

    fn tool(&mut self, name: &Name, entry: &'a Entry) -> Option<Tool> {
        let fields = self.entry_fields(entry, "the tool", &grammar::TOOL)?;
        let via = self.required(&fields, "via", "SERVER.TOOL").and_then(|via| self.via(via));
        let description = self.required(&fields, "description", "What it does, in one sentence.");
        let description = description.and_then(|node| self.prose(node, "`description`"));
        let not_for = fields.get("not_for").map(|node| self.texts(node, "`not_for`")).unwrap_or_default();
        let input = self.tool_input(&fields, via.as_ref());
        let args = input.as_ref().map_or(Shape::unknown(), |(schema, _)| schema.clone().into());
        let probes = match fields.get("probes").map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.key.as_str().into()).collect(),
            _ => Vec::new(),
        };
        let places =
            Places { args, call: call_schema().into(), settings: self.settings_schema.clone(), probes };
        let output = self.tool_output(&fields, via.as_ref());
        let result = match &output {
            Some((Some(schema), _)) => Shape::from(schema.clone()),
            _ => Shape::unknown(),
        };
        let sends = fields.get("sends").map(|node| self.values(node, "`sends`", &places.reads(place::SENDS)));
        let effects =
            self.required(&fields, "effects", "[ reads: order/* ]").map(|node| self.effects(node, &places));
        let key = fields.get("idempotency").map(|node| self.idempotency(node));
        let requires = fields.get("requires").map(|node| {
            self.clauses(node, &format!("tools.{name}.requires"), &places.reads(place::REQUIRES))
        });
        let ensures = fields.get("ensures").map(|node| {
            let reads = places.reads(place::ENSURES).with("result", &result);
            self.clauses(node, &format!("tools.{name}.ensures"), &reads)
        });
        let mut failures =
            fields.get("failures").map(|node| self.failures(node, &places.args)).unwrap_or_default();
        let limits = self.limits(&fields, &["timeout", "attempts"]);
        let input = input.and_then(|(schema, span)| self.compiled(schema, &span));
        let output = match output {
            Some((schema, span)) => Some(schema.and_then(|schema| self.compiled(schema, &span))?),
            None => None,
        };

        let (via, input, effects) = (via?, input?, effects?);
        self.key_place_fits(&fields, &key, &via, &input, sends.as_ref());
        let only_reads = effects.iter().all(|effect| effect.kind == EffectKind::Reads);
        if key.is_none() && !only_reads {
            self.warn_unkeyed(name, &fields);
        }
        if let Some(server) = self.servers.get(&via.server) {
            failures.extend(server.failures.iter().cloned());
        }
        let tool = Tool {
            name: name.clone(),
            owner: None,
            groups: Vec::new(),
            labels: Vec::new(),
            from: BTreeMap::new(),
            relies: Vec::new(),
            once_per: None,
            probes: Vec::new(),
            shows: Vec::new(),
            establishes: BTreeMap::new(),
            reconcile: None,
            compensate: None,
            approval: None,
            fallback: None,
            at_least: None,
            via,
            description: self.decided(description)?,
            not_for,
            input,
            sends,
            output,
            effects,
            idempotency: match key {
                Some(key) => key?,
                None if only_reads => IdempotencyRule::Natural,
                None => IdempotencyRule::None,
            },
            requires: requires.unwrap_or_default(),
            ensures: ensures.unwrap_or_default(),
            failures,
            limits,
        };
        self.compare_locked(&tool, &fields);
        Some(tool)
    }

    fn warn_unkeyed(&mut self, name: &str, fields: &Fields<'a>) {
        let span = fields.entry("effects").map_or(fields.span.clone(), |entry| entry.at.clone());
        let message = format!("the tool `{name}` has effects and says nothing of idempotency");
        let found = self.findings.warning(code::LINT_UNKEYED, span, message);
        found.label("a call whose answer is lost will rest in doubt until a person settles it");
        found.help("say `idempotency: natural`, `{ key: { arg: … } }`, or `none` if that is what you want");
    }

    fn via(&mut self, node: &'a Node) -> Option<Via> {
        if let Kind::Map(_) = node.kind {
            self.not_run(&node.span, "a `via` with a method and path");
            return None;
        }
        let text = self.text(node, "`via`")?;
        let Some((server, tool)) = self.split_via(&text) else {
            let found =
                self.error(code::BAD_LITERAL, &node.span, format!("`{text}` names no tool of a server"));
            found.help("write both: `SERVER.TOOL`");
            return None;
        };
        let server = self.resolve(&node.span, "servers", "server", &server)?;
        Some(Via { server, tool, request: None })
    }

    fn tool_input(&mut self, fields: &Fields<'a>, via: Option<&Via>) -> Option<(Value, Range<usize>)> {
        let Some(node) = fields.get("input") else { return self.locked_input(fields, via) };
        Some((self.input_type(node)?, node.span.clone()))
    }

    fn tool_output(
        &mut self,
        fields: &Fields<'a>,
        via: Option<&Via>,
    ) -> Option<(Option<Value>, Range<usize>)> {
        match fields.get("output") {
            Some(node) => Some((self.type_of(node), node.span.clone())),
            None => self.locked_output(via).map(|schema| (Some(schema), fields.span.clone())),
        }
    }

    /// Names and their values in CEL.
    pub(crate) fn values(&mut self, node: &'a Node, what: &str, reads: &Reads) -> BTreeMap<String, Expr> {
        let Some(entries) = self.map(node, what) else { return BTreeMap::new() };
        let mut values = BTreeMap::new();
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            if let Some(expr) = self.expression(&entry.value, reads) {
                values.insert(entry.key.clone(), expr);
            }
        }
        values
    }

    fn effects(&mut self, node: &'a Node, places: &Places) -> Vec<Effect> {
        let Some(items) = self.list(node, "`effects`") else { return Vec::new() };
        let mut effects = Vec::new();
        for item in items {
            let Kind::Map(entries) = &item.kind else {
                if let Some(found) = self.wrong_kind(item, "an effect", "a map") {
                    found.help("write it like `reads: order/*` or `notifies: the customer, by email`");
                }
                continue;
            };
            effects.extend(entries.iter().filter_map(|entry| self.effect(entry, places)));
        }
        effects
    }

    fn effect(&mut self, entry: &'a Entry, places: &Places) -> Option<Effect> {
        const KINDS: [(&str, EffectKind); 6] = [
            ("reads", EffectKind::Reads),
            ("writes", EffectKind::Writes),
            ("creates", EffectKind::Creates),
            ("deletes", EffectKind::Deletes),
            ("notifies", EffectKind::Notifies),
            ("enqueues", EffectKind::Enqueues),
        ];
        let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == entry.key) else {
            let words = || KINDS.iter().map(|(word, _)| *word);
            let meant = suggest(&entry.key, words());
            let found = self.error(code::NO_CHOICE, &entry.at, format!("`{}` is no effect", entry.key));
            found.meant(meant).help(format!("an effect is one of {}", listed(words())));
            return None;
        };
        let target = self.template(&entry.value, "an effect's target", &places.reads(place::EFFECT))?;
        let names_resource = !matches!(kind, EffectKind::Notifies | EffectKind::Enqueues);
        if names_resource && target.source().split('/').any(str::is_empty) {
            let found =
                self.error(code::BAD_LITERAL, &entry.value.span, "a resource's path has an empty part");
            found.help("write it like `order/{args.order_id}` or `customer/*`, without a `/` at its ends");
            return None;
        }
        Some(Effect { kind: *kind, target, when: None })
    }

    fn idempotency(&mut self, node: &'a Node) -> Option<IdempotencyRule> {
        if !matches!(node.kind, Kind::Map(_)) {
            let words = [("natural", IdempotencyWord::Natural), ("none", IdempotencyWord::None)];
            return Some(match self.choice(node, "`idempotency`", &words)? {
                IdempotencyWord::Natural => IdempotencyRule::Natural,
                IdempotencyWord::None => IdempotencyRule::None,
            });
        }
        let fields = self.fields(node, "`idempotency`", &grammar::IDEMPOTENCY)?;
        let place = self.required(&fields, "key", "{ arg: NAME }").and_then(|key| self.key_place(key));
        let valid = fields.get("valid").map(|valid| self.duration(valid, "`valid`"));
        Some(IdempotencyRule::Key { place: place?, valid: valid.flatten() })
    }

    fn key_place(&mut self, node: &'a Node) -> Option<KeyPlace> {
        let fields = self.fields(node, "the key's place", &grammar::KEY_PLACE)?;
        let said: Vec<&'a Entry> =
            ["arg", "header", "meta", "env"].into_iter().filter_map(|place| fields.entry(place)).collect();
        let [place] = said.as_slice() else {
            let found = self.error(code::BAD_KEY_PLACE, &node.span, "the key goes to exactly one place");
            found.help(
                "write one of `{ arg: NAME }`, `{ header: NAME }`, `{ meta: NAME }` and `{ env: NAME }`",
            );
            return None;
        };
        let name = self.text(&place.value, "the key's place")?;
        match place.key.as_str() {
            "arg" => Some(KeyPlace::Arg(name)),
            "header" => Some(KeyPlace::Header(name)),
            "meta" => Some(KeyPlace::Meta(name)),
            _ => self.variable(&place.value, &name).then_some(KeyPlace::Env(name)),
        }
    }

    /// Whether the server looks where the key goes, and the model can't reach there.
    fn key_place_fits(
        &mut self,
        fields: &Fields<'a>,
        key: &Option<Option<IdempotencyRule>>,
        via: &Via,
        input: &crate::Schema,
        sends: Option<&BTreeMap<String, Expr>>,
    ) {
        let (Some(Some(IdempotencyRule::Key { place, .. })), Some(node)) = (key, fields.get("idempotency"))
        else {
            return;
        };
        let span = node.span.clone();
        if let KeyPlace::Arg(arg) = place {
            let in_input =
                input.json().pointer("/properties").and_then(|properties| properties.get(arg)).is_some();
            if in_input && sends.is_none() || sends.is_some_and(|sends| sends.contains_key(arg)) {
                let message = format!("the key goes to the argument `{arg}`, and the call gives that itself");
                let found = self.error(code::BAD_KEY_PLACE, &span, message);
                found.help(format!(
                    "take `{arg}` out of `{}`: the runtime mints it",
                    if sends.is_some() { "sends" } else { "input" }
                ));
            } else if in_input {
                let message = format!(
                    "the key goes to the argument `{arg}`, and the model would fill in one of that name"
                );
                let found = self.error(code::BAD_KEY_PLACE, &span, message);
                found.help(format!("take `{arg}` out of `input`, or give it another name there"));
            }
        }
        let Some(server) = self.servers.get(&via.server) else { return };
        let fits = match (place, &server.transport) {
            (KeyPlace::Arg(_), _) => true,
            (KeyPlace::Meta(_), transport) => {
                matches!(transport, Transport::McpCommand { .. } | Transport::McpHttp { .. })
            }
            (KeyPlace::Env(_), transport) => matches!(transport, Transport::Process { .. }),
            (KeyPlace::Header(_), transport) => {
                matches!(transport, Transport::McpHttp { .. } | Transport::Http { .. })
            }
        };
        if !fits {
            let message = format!("the server `{}` can't be given the key there", via.server);
            let found = self.error(code::BAD_KEY_PLACE, &span, message);
            found.help("`meta` is MCP's, `header` goes with a URL, `env` is a process's; `arg` goes with every server");
        }
    }

    /// Ceilings; those that don't belong here are reported.
    pub(crate) fn limits(&mut self, fields: &Fields<'a>, known: &'static [&'static str]) -> Limits {
        const ALL: &[&str] = &["turns", "attempts", "tokens", "cost", "time", "deadline", "timeout"];
        let mut limits = Limits::default();
        let Some(node) = fields.get("limits") else { return limits };
        let Some(entries) = self.map(node, "`limits`") else { return limits };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let (key, value) = (entry.key.as_str(), &entry.value);
            if !known.contains(&key) {
                self.unknown_limit(entry, &fields.what, known, ALL);
                continue;
            }
            match key {
                "turns" => limits.turns = self.count(value, "`turns`"),
                "attempts" => limits.attempts = self.count(value, "`attempts`"),
                "tokens" => limits.tokens = self.count(value, "`tokens`"),
                "cost" => limits.cost = self.money(value, "`cost`"),
                "timeout" => limits.timeout = self.duration(value, "`timeout`"),
                "per_run" => limits.per_run = self.count(value, "`per_run`"),
                "deadline" => limits.deadline = self.duration(value, "`deadline`"),
                _ => limits.time = self.duration(value, "`time`"),
            }
        }
        limits
    }

    fn unknown_limit(&mut self, entry: &Entry, what: &str, known: &[&str], all: &[&str]) {
        let key = entry.key.as_str();
        let elsewhere = all.contains(&key);
        let meant = suggest(key, known.iter().copied()).filter(|_| !elsewhere);
        let message = if elsewhere {
            format!("`{key}` doesn't limit {what}")
        } else {
            format!("there is no limit `{key}`")
        };
        let found = self.error(code::UNKNOWN_KEY, &entry.at, message);
        if meant.is_some() {
            found.meant(meant);
        } else {
            found.help(format!("here it is one of {}", listed(known.iter().copied())));
        }
    }
}

#[derive(Clone, Copy)]
enum IdempotencyWord {
    Natural,
    None,
}
