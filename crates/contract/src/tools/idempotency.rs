//! Idempotency: whether a tool may be repeated, and where the runtime's key goes.

use std::collections::BTreeMap;
use std::ops::Range;

use super::head::Draft;
use crate::grammar;
use crate::loader::Loader;
use crate::yaml::{Entry, Kind, Node};
use crate::{Effect, EffectKind, Expr, IdempotencyRule, KeyPlace, Transport, Via, code};

#[derive(Clone, Copy)]
enum Word {
    Natural,
    None,
}

/// Headers that a request has anyway, so that no key fits there.
const TAKEN_HEADERS: &[&str] =
    &["authorization", "connection", "content-length", "content-type", "host", "transfer-encoding"];

impl<'a> Loader<'a> {
    /// A tool's rule: as said, natural where all it does is read, else none, with a warning.
    pub(super) fn idempotency_of(
        &mut self,
        draft: &Draft<'a>,
        via: Option<&Via>,
        sends: Option<&BTreeMap<String, Expr>>,
        effects: Option<&[Effect]>,
    ) -> Option<IdempotencyRule> {
        let only_reads = effects?.iter().all(|effect| effect.kind == EffectKind::Reads);
        let Some(node) = draft.fields.get("idempotency") else {
            if only_reads {
                return Some(IdempotencyRule::Natural);
            }
            self.warn_unkeyed(draft);
            return Some(IdempotencyRule::None);
        };
        let rule = self.idempotency(node)?;
        if let (IdempotencyRule::Key { place, .. }, Some(via)) = (&rule, via) {
            if let KeyPlace::Arg(arg) = place {
                self.key_not_given(draft, arg, &node.span, sends);
            }
            self.key_reaches(place, via, &node.span);
        }
        Some(rule)
    }

    fn warn_unkeyed(&mut self, draft: &Draft<'a>) {
        let fields = &draft.fields;
        let span = fields.entry("effects").map_or(fields.span.clone(), |entry| entry.at.clone());
        let message = format!("the tool `{}` has effects and says nothing of idempotency", draft.name);
        let found = self.findings.warning(code::LINT_UNKEYED, span, message);
        found.label("a call whose answer is lost will rest in doubt until a person settles it");
        found.help("say `idempotency: natural`, `{ key: { arg: … } }`, or `none` if that is what you want");
    }

    fn idempotency(&mut self, node: &'a Node) -> Option<IdempotencyRule> {
        if !matches!(node.kind, Kind::Map(_)) {
            let words = [("natural", Word::Natural), ("none", Word::None)];
            return match self.choice(node, "`idempotency`", &words) {
                Some(Word::Natural) => Some(IdempotencyRule::Natural),
                Some(Word::None) => Some(IdempotencyRule::None),
                None => {
                    self.findings.explain(&node.span, "or `{ key: { arg: NAME }, valid: 24h }`");
                    None
                }
            };
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
            "header" => self.key_header(&place.value, &name).then_some(KeyPlace::Header(name)),
            "meta" => Some(KeyPlace::Meta(name)),
            _ => self.variable(&place.value, &name).then_some(KeyPlace::Env(name)),
        }
    }

    fn key_header(&mut self, node: &Node, name: &str) -> bool {
        if !self.header_name(&node.span, name) {
            return false;
        }
        let taken = TAKEN_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        if taken {
            let message =
                format!("every request has a header `{name}` of its own, and the key would replace it");
            self.error(code::BAD_KEY_PLACE, &node.span, message).help("the usual one is `Idempotency-Key`");
        }
        !taken
    }

    /// Whether this can be the name of a header.
    pub(crate) fn header_name(&mut self, span: &Range<usize>, name: &str) -> bool {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.!#$%&'*+^`|~".contains(letter);
        let good = !name.is_empty() && name.len() <= 128 && name.chars().all(fits);
        if !good {
            let found = self.error(code::BAD_NAME, span, format!("`{name}` can't be the name of a header"));
            found.help("letters, digits and dashes: `Idempotency-Key`");
        }
        good
    }

    /// The key's argument must be one that neither the model nor `sends` gives.
    fn key_not_given(
        &mut self,
        draft: &Draft<'a>,
        arg: &str,
        span: &Range<usize>,
        sends: Option<&BTreeMap<String, Expr>>,
    ) {
        let input = draft.head.input.as_ref().map(|input| input.json());
        let in_input = input.and_then(|input| input.get("properties")?.get(arg)).is_some();
        let given = if sends.is_some() { "sends" } else { "input" };
        if in_input && sends.is_none() || sends.is_some_and(|sends| sends.contains_key(arg)) {
            let message = format!("the key goes to the argument `{arg}`, and the call gives that itself");
            let found = self.error(code::BAD_KEY_PLACE, span, message);
            found.help(format!("take `{arg}` out of `{given}`: the runtime mints it"));
        } else if in_input {
            let message =
                format!("the key goes to the argument `{arg}`, and the model would fill in one of that name");
            let found = self.error(code::BAD_KEY_PLACE, span, message);
            found.help(format!("take `{arg}` out of `input`, or give it another name there"));
        }
    }

    /// Whether the key can be put there on the way to this server.
    fn key_reaches(&mut self, place: &KeyPlace, via: &Via, span: &Range<usize>) {
        let Some(server) = self.servers.get(&via.server) else { return };
        let mcp = matches!(server.transport, Transport::McpCommand { .. } | Transport::McpHttp { .. });
        let http = matches!(server.transport, Transport::Http { .. });
        let fits = match place {
            KeyPlace::Arg(_) => !http,
            KeyPlace::Meta(_) => mcp,
            KeyPlace::Env(_) => matches!(server.transport, Transport::Process { .. }),
            KeyPlace::Header(_) => http || matches!(server.transport, Transport::McpHttp { .. }),
        };
        if !fits {
            let message = format!("the server `{}` can't be given the key there", via.server);
            let found = self.error(code::BAD_KEY_PLACE, span, message);
            found.help("`meta` is MCP's, `header` goes with a URL, `env` is a process's; `arg` goes with all but an HTTP API");
        }
        let KeyPlace::Header(header) = place else { return };
        let headers = via.request.as_ref().map(|request| &request.headers);
        if headers.is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case(header))) {
            let message = format!("the key goes to the header `{header}`, and the request gives that itself");
            let found = self.error(code::BAD_KEY_PLACE, span, message);
            found.help(format!("take `{header}` out of the `headers` of `via`: the runtime mints it"));
        }
    }
}
