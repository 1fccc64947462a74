//! A first contract from what an MCP server lists.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Whole, contract, remarks};
use super::name::named;
use super::prose::proposed;
use super::write::Yaml;
use super::{ImportError, Imported, Wanted};
use crate::adopt::{Dialect, Way, adopt};
use crate::{EnvValue, Listing, Transport};

/// How the server is reached.
#[derive(Clone, Debug)]
pub struct McpSource {
    /// A command or a URL, as it will stand in the contract.
    pub transport: Transport,
}

/// A first contract for a server that was asked.
///
/// # Errors
/// [`ImportError`]: it has no tools, none that is wanted, or more than a contract holds.
///
/// ```
/// use handfast_contract::{ListedTool, Listing, Transport, import};
/// let listing = Listing {
///     tools: vec![ListedTool {
///         name: "findOrder".to_owned(),
///         description: Some("Finds one order.".to_owned()),
///         input_schema: serde_json::json!({
///             "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"]
///         }),
///         ..ListedTool::default()
///     }],
///     ..Listing::default()
/// };
/// let transport = Transport::McpCommand { command: vec!["shop-server".to_owned()], env: Default::default() };
/// let wanted = import::Wanted { name: Some("shop".to_owned()), ..Default::default() };
/// let imported = import::mcp(&listing, &import::McpSource { transport }, &wanted).unwrap();
/// assert!(imported.text.contains("find_order:\n    via: shop.findOrder"));
/// assert!(imported.text.contains("effects: { todo: "));
/// ```
pub fn mcp(listing: &Listing, source: &McpSource, wanted: &Wanted) -> Result<Imported, ImportError> {
    let name = wanted.name.clone().unwrap_or_else(|| name_of(listing, &source.transport));
    let server = named(&name, "server");
    let tools: Vec<_> =
        listing.tools.iter().filter(|tool| wanted.tool(&[&tool.name, &named(&tool.name, "tool")])).collect();
    if tools.is_empty() {
        return Err(ImportError::Nothing { of: listing.tools.len(), tags: Vec::new() });
    }
    let (mut drafts, mut left_out) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for tool in tools {
        // `via` is read without blanks around it, and what is listed twice can't be told apart.
        if tool.name.is_empty() || tool.name.trim() != tool.name {
            left_out.push((tool.name.clone(), "its name is empty or has blanks around it".to_owned()));
            continue;
        }
        if !seen.insert(tool.name.as_str()) {
            left_out.push((tool.name.clone(), "the server lists it twice".to_owned()));
            continue;
        }
        let schema = &tool.input_schema;
        let mut input = adopt(schema, schema, Way::Sent, Dialect::JsonSchema);
        if let Some(fields) = input.schema.as_object_mut() {
            fields.insert("type".to_owned(), "object".into());
        }
        let hints: Vec<String> = tool.hints.given().map(|(name, said)| format!("{name} {said}")).collect();
        drafts.push(Draft {
            original: tool.name.clone(),
            via: Yaml::Text(format!("{server}.{}", tool.name)),
            description: proposed(tool.description.as_deref()),
            remarks: remarks(schema),
            input,
            output: tool
                .output_schema
                .as_ref()
                .map(|schema| adopt(schema, schema, Way::Received, Dialect::JsonSchema)),
            hints: if hints.is_empty() {
                Vec::new()
            } else {
                vec![format!("the server hints: {}", hints.join(", "))]
            },
            proposals: Vec::new(),
        });
    }
    let servers = format!("servers:\n  {server}:\n    mcp: {}\n", transport(&source.transport).flow());
    contract(
        Whole { name: contract_name(&name), about: about(listing), servers, tags: Vec::new() },
        drafts,
        left_out,
    )
}

/// A contract that holds nothing but the server, so that it can be asked.
pub fn asking(source: &McpSource) -> crate::Loaded {
    let mcp = transport(&source.transport).flow();
    let text =
        format!("handfast: 1\nname: source\nversion: \"1\"\nservers: {{ source: {{ mcp: {mcp} }} }}\n");
    crate::load("source", ".", &BTreeMap::new(), &mut crate::alone("source", &text))
}

fn about(listing: &Listing) -> Vec<String> {
    let who = &listing.identity;
    let mut of = "A first contract for an MCP server".to_owned();
    if let Some(name) = &who.name {
        of.push_str(&format!(" that says it is `{name}` {}", who.version.as_deref().unwrap_or("")));
    }
    vec![
        format!("{}.", of.trim_end()),
        "Every `todo:` is yours to decide; `handfast check` refuses it until then. Descriptions are the server's own first".to_owned(),
        "sentences, inputs hold what it names and nothing else, and its hints were not taken for promises.".to_owned(),
    ]
}

/// How a contract writes it.
pub(super) fn transport(transport: &Transport) -> Yaml {
    let hole = |text: &str| Yaml::Text(text.replace('{', "{{").replace('}', "}}"));
    let secret = |name: &str| Yaml::Map(vec![("secret".to_owned(), Yaml::text(name))]);
    let values = |key: &str, all: &BTreeMap<String, EnvValue>| {
        let all: Vec<(String, Yaml)> = all
            .iter()
            .map(|(name, value)| match value {
                EnvValue::Plain(text) => (name.clone(), hole(text)),
                EnvValue::Secret(one) => (name.clone(), secret(&one.0)),
            })
            .collect();
        (!all.is_empty()).then(|| (key.to_owned(), Yaml::Map(all)))
    };
    let mut entries = Vec::new();
    match transport {
        Transport::McpCommand { command, env } | Transport::Process { command, env } => {
            entries.push(("command".to_owned(), Yaml::List(command.iter().map(|word| hole(word)).collect())));
            entries.extend(values("env", env));
        }
        Transport::McpHttp { url, bearer } => {
            entries.push(("url".to_owned(), hole(url)));
            entries.extend(bearer.as_ref().map(|one| ("bearer".to_owned(), secret(&one.0))));
        }
        Transport::Http { url, bearer, headers } => {
            entries.push(("url".to_owned(), hole(url)));
            entries.extend(bearer.as_ref().map(|one| ("bearer".to_owned(), secret(&one.0))));
            entries.extend(values("headers", headers));
        }
        Transport::Rust => {}
    }
    Yaml::Map(entries)
}

/// What the server calls itself, without the words that all servers have in their names.
fn name_of(listing: &Listing, transport: &Transport) -> String {
    let said = listing.identity.name.as_deref().unwrap_or(match transport {
        Transport::McpCommand { command, .. } => command.first().map_or("", String::as_str),
        _ => "",
    });
    let all = named(said, "server");
    let words: Vec<&str> =
        all.split('_').filter(|word| !["mcp", "server", "servers", "secure"].contains(word)).collect();
    if words.is_empty() { all } else { words.join("_") }
}

/// Contracts' names may hold `-` and `.`, but need not.
pub(super) fn contract_name(name: &str) -> String {
    let fits = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '-' | '.')
    };
    if !name.is_empty() && name.len() <= 64 && name.chars().all(fits) {
        name.to_owned()
    } else {
        named(name, "contract").replace('_', "-")
    }
}
