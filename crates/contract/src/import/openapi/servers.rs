//! Where an API is, and what it wants to be shown: its address, and the secret that opens it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::import::mcp::transport;
use crate::import::name::named;
use crate::import::write::comment;
use crate::servers::wrong_url;
use crate::tools::CONNECTION_HEADERS;
use crate::{EnvValue, Secret, Transport};

/// The section `servers`, and what to say of it.
pub(super) fn section(document: &Value, server: &str) -> (String, Vec<String>) {
    let mut about = vec![
        "Every `todo:` is yours to decide; `handfast check` refuses it until then. Descriptions are the document's own first"
            .to_owned(),
        "sentences, inputs hold what it names and nothing else; that a method only reads is a hint, not a promise.".to_owned(),
    ];
    let url = address(document, &mut about);
    let secret = format!("{}_TOKEN", named(server, "api").to_ascii_uppercase());
    let (mut bearer, mut headers) = (None, BTreeMap::new());
    let schemes = document.pointer("/components/securitySchemes").and_then(Value::as_object);
    let schemes = schemes
        .into_iter()
        .flatten()
        .filter_map(|(name, scheme)| Some((name, super::follow(document, scheme).ok()?)));
    let mut others = Vec::new();
    for (name, scheme) in schemes {
        let of = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or("");
        match (of("type"), of("scheme").to_ascii_lowercase().as_str(), of("in")) {
            ("http", "bearer", _) | ("oauth2" | "openIdConnect", ..) if bearer.is_none() => {
                bearer = Some(Secret(secret.clone()));
            }
            ("apiKey", _, "header") if headers.is_empty() && bearer.is_none() && is_header(of("name")) => {
                headers.insert(of("name").to_owned(), EnvValue::Secret(Secret(secret.clone())));
            }
            _ => others.push(format!("`{}`", comment(name))),
        }
    }
    if bearer.is_some() {
        headers.clear();
    }
    if bearer.is_none() && headers.is_empty() {
        about.push("The document names no way to sign in that a contract has: add `bearer` or `headers` if one is needed.".to_owned());
    }
    if !others.is_empty() {
        others.truncate(5);
        about.push(format!("Its other ways to sign in aren't taken over: {}.", others.join(", ")));
    }
    let http = transport(&Transport::Http { url, bearer, headers });
    (format!("servers:\n  {server}:\n    http: {}\n", http.flow()), about)
}

pub(super) fn is_header(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && !CONNECTION_HEADERS.contains(&name.to_ascii_lowercase().as_str())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
}

/// The first address, its variables filled with their defaults.
fn address(document: &Value, about: &mut Vec<String>) -> String {
    let first = document.pointer("/servers/0");
    let mut url = first.and_then(|one| one.get("url")).and_then(Value::as_str).unwrap_or("").to_owned();
    let variables = first.and_then(|one| one.get("variables")).and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten().take(20) {
        let default = variable.get("default").and_then(Value::as_str).unwrap_or("");
        url = url.replace(&format!("{{{name}}}"), default);
    }
    let url = url.trim_end_matches('/').to_owned();
    if wrong_url(&url).is_some() || url.len() > 2_000 {
        about.push(
            "The document names no whole address: write the API's own in place of https://api.example."
                .to_owned(),
        );
        return "https://api.example".to_owned();
    }
    url
}
