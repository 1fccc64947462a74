//! Which tool of which server: by its name there, or for an HTTP API by method and path.

use std::collections::BTreeMap;
use std::ops::Range;

use super::head::Draft;
use super::places::Places;
use crate::expr::Piece;
use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::{Reads, place};
use crate::yaml::{Kind, Node};
use crate::{Expr, Fallback, Request, Template, Transport, Via, code};

/// Headers that belong to the connection: giving one could make two requests of one, or send it elsewhere.
pub(crate) const CONNECTION_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

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
        if let Some((message, help)) = template.as_ref().and_then(|path| wrong_path(&outline(path))) {
            self.error(code::BAD_LITERAL, &path.span, message).help(help);
        }
        let query = key("query").map(|node| self.values(node, "`query`", reads)).unwrap_or_default();
        let headers = key("headers").map(|node| self.request_headers(node, &via, reads)).unwrap_or_default();
        let body = key("body").map(|node| (node, self.expression(node, reads)));
        if let (Some((node, _)), "GET") = (&body, method) {
            let span = node.span.clone();
            let found = self.error(code::BAD_VIA, &span, "a GET request has no body");
            found.help("give the values in the path or as `query`");
        }
        let body = body.and_then(|(_, body)| body);
        Some(Via { request: Some(Request { method, path: template?, query, headers, body }), ..via })
    }

    fn request_headers(&mut self, node: &'a Node, via: &Via, reads: &Reads) -> BTreeMap<String, Expr> {
        let headers = self.values(node, "`headers`", reads);
        let Kind::Map(entries) = &node.kind else { return headers };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if !self.header_name(&entry.at, &entry.key) || !self.header_free(&entry.at, &entry.key) {
                continue;
            }
            if entry.key.eq_ignore_ascii_case("authorization") {
                let message = "what a request says stands in the journal, and a token must not";
                let found = self.error(code::BAD_VIA, &entry.at, message);
                found.help("give it to the server: `bearer: { secret: NAME }`, or among its `headers`");
            }
            let of_server = |server: &crate::Server| match &server.transport {
                Transport::Http { headers, .. } => {
                    headers.keys().any(|name| name.eq_ignore_ascii_case(&entry.key))
                }
                _ => false,
            };
            if self.servers.get(&via.server).is_some_and(of_server) {
                let message =
                    format!("the server `{}` gives the header `{}` to every request", via.server, entry.key);
                self.error(code::CLASH, &entry.at, message).help("keep one of the two");
            }
        }
        headers
    }

    /// Whether a header may be given: some belong to the connection.
    pub(crate) fn header_free(&mut self, span: &Range<usize>, name: &str) -> bool {
        let taken = CONNECTION_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        if taken {
            let message = format!("the header `{name}` belongs to the connection");
            self.error(code::BAD_VIA, span, message).help("take it out: it is made for each request");
        }
        !taken
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

/// The path with a letter in place of each hole: what stands there is CEL, where `?` has a meaning of its own.
fn outline(path: &Template) -> String {
    let pieces = path.pieces().into_iter();
    pieces.map(|piece| if let Piece::Text(text) = piece { text } else { "x".to_owned() }).collect()
}

/// What is wrong with a request's path, and what to write.
pub(crate) fn wrong_path(path: &str) -> Option<(&'static str, &'static str)> {
    if !path.starts_with('/') {
        let help = "it is appended to the server's `url`: `\"/articles/{args.slug}\"`";
        return Some(("a request's path begins with `/`", help));
    }
    if path.contains(['?', '#']) {
        return Some((
            "a request's path ends before `?` and `#`",
            "say what stands behind the `?` as `query`",
        ));
    }
    let up = path.split('/').any(|segment| segment == "." || segment == "..");
    up.then_some(("a request's path has no `.` or `..`", "write the path that is meant"))
}
