//! What an attacker or a slip would use: free-form targets, untrusted words beside private data, secrets in the open.

use serde_json::Value;

use super::Hits;
use crate::masks::looks_secret;
use crate::{Agent, Contract, DataLabel, EffectKind, EnvValue, Grant, Tool, Transport};

/// Names of arguments that decide whom, how much or where.
const TARGETS: &[&str] = &[
    "to",
    "cc",
    "bcc",
    "recipient",
    "recipients",
    "email",
    "address",
    "phone",
    "amount",
    "price",
    "path",
    "file",
    "url",
    "uri",
    "host",
    "command",
    "cmd",
    "query",
    "sql",
    "account",
    "iban",
];

pub(super) fn free_form(contract: &Contract, hits: &mut Hits) {
    for agent in contract.agents.values() {
        for grant in &agent.may {
            for name in free_targets(grant) {
                let message = format!("the model alone decides `{name}` of `{}`", grant.tool.name);
                let help = format!(
                    "bound it: a condition that reads `args.{name}` (in `may` or `requires`), `from: {{ {name}: [ … ] }}`, an `approval`, or a closed type"
                );
                hits.add(grant.address.clone(), message, help)
                    .label(format!("`{}` may send it anything", agent.name));
            }
        }
    }
}

/// The arguments of an effect that name a target and that nothing bounds.
fn free_targets(grant: &Grant) -> Vec<&str> {
    let tool = &grant.tool;
    if tool.only_reads() || tool.approval.is_some() {
        return Vec::new();
    }
    let conditions = tool.requires.iter().chain(&grant.condition).map(|clause| &clause.condition);
    let read: Vec<Vec<String>> = conditions.flat_map(|condition| condition.paths()).collect();
    let bounded = |name: &str| {
        tool.from.contains_key(name)
            || read
                .iter()
                .any(|path| matches!(path.as_slice(), [root, field, ..] if root == "args" && field == name))
    };
    let fields = tool.input.json().get("properties").and_then(Value::as_object);
    let fields = fields.into_iter().flatten();
    let free =
        fields.filter(|(name, schema)| TARGETS.contains(&name.as_str()) && is_open(schema) && !bounded(name));
    free.map(|(name, _)| name.as_str()).collect()
}

/// Whether a value of this type can be nearly anything.
fn is_open(schema: &Value) -> bool {
    let closed = ["enum", "const", "pattern", "maximum", "exclusiveMaximum"];
    closed.iter().all(|keyword| schema.get(keyword).is_none())
}

pub(super) fn trifecta(contract: &Contract, hits: &mut Hits) {
    for agent in contract.agents.values() {
        let labelled =
            |label| agent.may.iter().map(|grant| &grant.tool).find(|tool| tool.labels.contains(&label));
        let (Some(untrusted), Some(private)) = (labelled(DataLabel::Untrusted), labelled(DataLabel::Private))
        else {
            continue;
        };
        let Some(out) = way_out(agent) else { continue };
        let message = format!(
            "`{}` reads what strangers wrote (`{}`) and what is private (`{}`), and `{}` leads out",
            agent.name, untrusted.name, private.name, out.name
        );
        let help = "a stranger's words could carry the private data out: split the agent, bind where arguments come from (`from:`), or ask a person (`approval:`)";
        hits.add(format!("agents.{}.may", agent.name), message, help);
    }
}

/// A tool of the agent that can carry data to somebody, without a person's yes or a bound on where its arguments come from.
fn way_out(agent: &Agent) -> Option<&Tool> {
    let leads_out = |tool: &&Tool| {
        let carries = tool.effects.iter().any(|effect| effect.kind != EffectKind::Reads);
        carries && tool.approval.is_none() && tool.from.is_empty()
    };
    agent.may.iter().map(|grant| &*grant.tool).find(leads_out)
}

pub(super) fn secret_in_the_open(contract: &Contract, hits: &mut Hits) {
    for server in contract.servers.values() {
        let (section, values) = match &server.transport {
            Transport::McpCommand { env, .. } => ("mcp.env", env),
            Transport::Process { env, .. } => ("process.env", env),
            Transport::Http { headers, .. } => ("http.headers", headers),
            Transport::McpHttp { .. } | Transport::Rust => continue,
        };
        for (name, value) in values {
            let EnvValue::Plain(value) = value else { continue };
            let value = value.trim_start_matches("Bearer ");
            if looks_secret(value) {
                let message = format!("`{name}` looks like a secret, written out");
                let help = format!(
                    "name the variable that holds it: `{name}: {{ secret: {} }}`; and give out a new one, since this one was seen",
                    name.to_uppercase().replace('-', "_")
                );
                hits.add(format!("servers.{}.{section}.{name}", server.name), message, help);
            }
        }
    }
}

pub(super) fn plain_http(contract: &Contract, hits: &mut Hits) {
    for server in contract.servers.values() {
        let (section, url, has_secret) = match &server.transport {
            Transport::McpHttp { url, bearer } => ("mcp", url, bearer.is_some()),
            Transport::Http { url, .. } => ("http", url, !server.transport.secrets().is_empty()),
            _ => continue,
        };
        if has_secret && url.strip_prefix("http://").is_some_and(|rest| !is_loopback(rest)) {
            let message = format!("the secret of `{}` would travel unencrypted", server.name);
            hits.add(format!("servers.{}.{section}.url", server.name), message, "use `https://`");
        }
    }
    for model in contract.models.values() {
        let url = model.url.as_deref().unwrap_or("");
        if model.api_key.is_some() && url.strip_prefix("http://").is_some_and(|rest| !is_loopback(rest)) {
            let message = format!("the key of `{}` would travel unencrypted", model.name);
            hits.add(format!("models.{}.url", model.name), message, "use `https://`");
        }
    }
}

fn is_loopback(rest: &str) -> bool {
    let host = rest.split(['/', '?']).next().unwrap_or("");
    let host = host.strip_prefix("[::1]").map_or(host.split(':').next().unwrap_or(""), |_| "::1");
    // A host that a setting fills in isn't known yet.
    matches!(host, "localhost" | "::1") || host.starts_with("127.") || host.contains('{')
}
