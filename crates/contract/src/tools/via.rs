//! Which tool of which server: by its name there, or for an HTTP API by method and path.

use std::collections::BTreeMap;

use super::head::Draft;
use super::places::Places;
use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::{Reads, place};
use crate::yaml::{Kind, Node};
use crate::{Expr, Fallback, Request, Transport, Via, code};

/// The keys that say the method, and the methods.
const METHODS: [(&str, &str); 5] =
    [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("patch", "PATCH"), ("delete", "DELETE")];

impl<'a> Loader<'a> {
    /// The server and what is asked of it; a request's own parts come with [`Loader::request`].
    pub(super) fn via(&mut self, node: &'a Node) -> Option<Via> {
        if let Kind::Map(_) = node.kind {
            return self.via_http(node);
        }
        let text = self.text(node, "`via`")?;
        let Some((server, tool)) = self.split_via(&text) else {
            let found =
                self.error(code::BAD_LITERAL, &node.span, format!("`{text}` names no tool of a server"));
            found.help("write both: `SERVER.TOOL`");
            return None;
        };
        let server = self.resolve(&node.span, "servers", "server", &server)?;
        let http = |server: &crate::Server| matches!(server.transport, Transport::Http { .. });
        if self.servers.get(&server).is_some_and(http) {
            let message = format!("`{server}` is an HTTP API, and has no tool `{tool}`");
            let found = self.error(code::BAD_VIA, &node.span, message);
            found.help(format!("say method and path: `via: {{ server: {server}, get: \"/…\" }}`"));
            return None;
        }
        Some(Via { server, tool, request: None })
    }

    fn via_http(&mut self, node: &'a Node) -> Option<Via> {
        let fields = self.fields(node, "`via`", &grammar::VIA)?;
        let named = self.required(&fields, "server", "api");
        let method = self.method(&fields);
        let server = named.and_then(|node| {
            let name = self.text(node, "a server's name")?;
            self.resolve(&node.span, "servers", "server", &name)
        });
        let (server, (method, path)) = (server?, method?);
        let other = self.servers.get(&server).filter(|it| !matches!(it.transport, Transport::Http { .. }));
        if other.is_some() {
            let message = format!("`{server}` is no HTTP API, so that a method and path mean nothing to it");
            let span = named.map_or(node.span.clone(), |node| node.span.clone());
            let found = self.error(code::BAD_VIA, &span, message);
            found.help(format!("name its tool: `via: {server}.TOOL`"));
            return None;
        }
        let path = path.said().map_or("", |(path, _)| path.trim());
        Some(Via { server, tool: format!("{method} {path}"), request: None })
    }

    /// The one method, and its path.
    fn method(&mut self, fields: &Fields<'a>) -> Option<(&'static str, &'a Node)> {
        let said: Vec<_> =
            METHODS.iter().filter_map(|(key, method)| Some((*method, fields.entry(key)?))).collect();
        match said.as_slice() {
            [(method, entry)] => Some((method, &entry.value)),
            [] => {
                let found = self.error(code::MISSING_KEY, &fields.span, "`via` names no method");
                found.help("add one with its path: `get: \"/articles/{args.slug}\"`");
                None
            }
            [_, (_, second), ..] => {
                let found = self.error(code::CLASH, &second.at, "`via` names two methods");
                found.help("keep one: a tool is one request");
                None
            }
        }
    }

    /// The same `via` with all of its request; none where something was reported.
    pub(super) fn request(&mut self, draft: &Draft<'a>, reads: &Reads) -> Option<Via> {
        let via = draft.via.clone()?;
        let node = draft.fields.get("via").filter(|node| matches!(node.kind, Kind::Map(_)));
        let Some(node) = node else { return Some(via) };
        // Its keys were judged when the server was read.
        let key = |name: &str| node.get(name);
        let (method, path) = METHODS.iter().find_map(|(name, method)| Some((*method, key(name)?)))?;
        let template = self.template(path, "a request's path", reads);
        if template.as_ref().is_some_and(|path| !path.source().starts_with('/')) {
            let found = self.error(code::BAD_LITERAL, &path.span, "a request's path begins with `/`");
            found.help("it is appended to the server's `url`: `\"/articles/{args.slug}\"`");
        }
        let query = key("query").map(|node| self.values(node, "`query`", reads)).unwrap_or_default();
        let headers = key("headers").map(|node| self.request_headers(node, reads)).unwrap_or_default();
        let body = key("body").map(|node| (node, self.expression(node, reads)));
        if let (Some((node, _)), "GET") = (&body, method) {
            let span = node.span.clone();
            let found = self.error(code::BAD_VIA, &span, "a GET request has no body");
            found.help("give the values in the path or as `query`");
        }
        let body = body.and_then(|(_, body)| body);
        Some(Via { request: Some(Request { method, path: template?, query, headers, body }), ..via })
    }

    fn request_headers(&mut self, node: &'a Node, reads: &Reads) -> BTreeMap<String, Expr> {
        let headers = self.values(node, "`headers`", reads);
        if let Kind::Map(entries) = &node.kind {
            for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
                self.header_name(&entry.at, &entry.key);
            }
        }
        headers
    }

    /// Another server that keeps the same promise.
    pub(super) fn fallback(
        &mut self,
        node: &'a Node,
        draft: &Draft<'a>,
        places: &Places,
    ) -> Option<Fallback> {
        let fields = self.fields(node, "`fallback`", &grammar::FALLBACK)?;
        let via = self.required(&fields, "via", "SERVER.TOOL").and_then(|node| Some((self.via(node)?, node)));
        let reads = places.at(place::SENDS);
        let sends = fields.get("sends").map(|node| self.values(node, "`sends`", &reads));
        let (via, node) = via?;
        let same = draft.via.as_ref().is_some_and(|own| own.server == via.server);
        if same {
            let message = format!("{} falls back to its own server", draft.fields.what);
            let found = self.error(code::CLASH, &node.span, message);
            found.help("name another server: what fails here would fail there as well");
        }
        Some(Fallback { via, sends })
    }
}
