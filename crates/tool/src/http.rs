//! One HTTP API: a request as the engine made it, with the server's own headers and secrets, and what its answer says.
//!
//! It makes one attempt: nothing is retried and no redirect is followed. A call that may change something gets a
//! connection of its own: one that is kept open may be closed by the server at the moment in which the request leaves, and
//! then nobody could know whether it arrived.

mod address;
mod answer;
mod client;
mod poll;
mod retry_after;

use std::sync::Arc;

use handfast_contract::{EnvValue, Transport};
use handfast_engine::{PollOutcome, ToolError, ToolOutcome};
use handfast_events::{FailureClass, canonical};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, Request, Url};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::http::client::{Connected, Keep, client};
use crate::http::poll::{Polled, led_away, place};
use crate::key::Sent;
use crate::limits::{HOPS_MAX, HTTP_REQUESTS_MAX};
use crate::secrets::Secrets;
use crate::tools::{Site, ToolCall, ToolPoll};
use crate::trouble::trouble;

/// A server that is an HTTP API.
pub(crate) struct HttpApi {
    site: Site,
    secrets: Arc<Secrets>,
    /// Requests on their way at once.
    room: Semaphore,
}

impl HttpApi {
    pub(crate) fn new(site: Site, secrets: Arc<Secrets>) -> Self {
        Self { site, secrets, room: Semaphore::new(HTTP_REQUESTS_MAX) }
    }

    pub(crate) const fn site(&self) -> &Site {
        &self.site
    }

    /// Makes one attempt.
    pub(crate) async fn call(&self, call: &ToolCall, sent: Sent) -> ToolOutcome {
        let keep = if call.tool.only_reads() { Keep::Open } else { Keep::Nothing };
        let (client, request) = match self.request(sent).and_then(|request| Ok((client(keep)?, request))) {
            Ok(both) => both,
            Err(error) => return ToolOutcome::NotSent(error),
        };
        let until = Instant::now() + call.timeout;
        let Ok(Ok(_permit)) = timeout_at(until, self.room.acquire()).await else {
            let text = format!("`servers.{}` takes no more calls for now", self.site.name);
            return ToolOutcome::NotSent(trouble(FailureClass::Overloaded, text));
        };
        if call.is_late() {
            return ToolOutcome::NotSent(call.too_late());
        }
        let connected = Connected::by(call.send_by);
        let exchange = connected.watch(self.exchange(call, &client, request));
        match timeout_at(until, exchange).await {
            Ok(outcome) => outcome,
            Err(_) if connected.is_made() || keep == Keep::Open => {
                let text = format!("`servers.{}` gave no answer within {:?}", self.site.name, call.timeout);
                ToolOutcome::Lost(trouble(FailureClass::Timeout, text))
            }
            Err(_) => {
                let text = format!("no connection to `servers.{}` within {:?}", self.site.name, call.timeout);
                ToolOutcome::NotSent(trouble(FailureClass::Timeout, text))
            }
        }
    }

    /// Asks how a call stands that was taken on.
    pub(crate) async fn poll(&self, poll: &ToolPoll, path: &str) -> PollOutcome {
        let until = Instant::now() + poll.timeout;
        let unasked = |class, what: &str| {
            let text = format!("`servers.{}` {what}", self.site.name);
            PollOutcome::Unasked(trouble(class, text))
        };
        let Ok(Ok(_permit)) = timeout_at(until, self.room.acquire()).await else {
            return unasked(FailureClass::Overloaded, "takes no more calls for now");
        };
        match timeout_at(until, self.follow(poll, path)).await {
            Ok(outcome) => outcome,
            Err(_) => unasked(FailureClass::Timeout, &format!("gave no answer within {:?}", poll.timeout)),
        }
    }

    /// From the handle to the result, as far as the server leads on itself.
    async fn follow(&self, poll: &ToolPoll, path: &str) -> PollOutcome {
        let mut at =
            match self.secrets.unmask(path, &self.site.transport).map(|path| place(&self.site, &path)) {
                Ok(Some(at)) => at,
                Ok(None) => return PollOutcome::Forgotten(led_away(&self.site, path)),
                Err(error) => return PollOutcome::Unasked(error),
            };
        let (client, headers) = match self.headers().and_then(|headers| Ok((client(Keep::Open)?, headers))) {
            Ok(both) => both,
            Err(error) => return PollOutcome::Unasked(error),
        };
        for hop in 0..HOPS_MAX {
            let mut request = Request::new(Method::GET, at.clone());
            *request.headers_mut() = headers.clone();
            let polled = match client.execute(request).await {
                Ok(response) => poll::read(&self.site, poll, response, hop > 0).await,
                Err(error) => Polled::Stands(poll::unasked(&self.site, &error)),
            };
            match polled {
                Polled::Stands(outcome) => return outcome,
                Polled::At(next) => at = next,
            }
        }
        let text = format!("`servers.{}` leads from one place to the next and to no result", self.site.name);
        PollOutcome::Forgotten(trouble(FailureClass::ToolBreach, text))
    }

    async fn exchange(&self, call: &ToolCall, client: &Client, request: Request) -> ToolOutcome {
        match client.execute(request).await {
            Ok(response) => answer::read(&self.site, &call.tool, response).await,
            Err(error) => answer::unanswered(&self.site, &error),
        }
    }

    /// The request as the engine made it, with what every request to this server has.
    fn request(&self, mut sent: Sent) -> Result<Request, ToolError> {
        let author = |text: String| trouble(FailureClass::Author, text);
        let text = |field: Option<Value>| field.and_then(|value| value.as_str().map(str::to_owned));
        let (method, path) = (text(sent.args.remove("method")), text(sent.args.remove("path")));
        let (Some(method), Some(path)) = (method, path) else {
            return Err(author(format!("a call to `servers.{}` names no method and path", self.site.name)));
        };
        let method = method.parse::<Method>().map_err(|_| author(format!("`{method}` is no method")))?;
        let mut request = Request::new(method, self.address(&path)?);
        *request.headers_mut() = self.headers()?;
        let own = sent.args.remove("headers").and_then(|own| own.as_object().cloned()).unwrap_or_default();
        let own = own.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let keys = sent.headers.iter().map(|(name, key)| (name.as_str(), key.as_str()));
        for (name, value) in own.chain(keys) {
            put(request.headers_mut(), name, value)?;
        }
        if let Some(body) = sent.args.remove("body") {
            request.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            // Canonical, so that every attempt of every build sends the same bytes.
            *request.body_mut() = Some(canonical(&body).into());
        }
        Ok(request)
    }

    /// The path behind the server's own address: on the same host, and as it was made.
    fn address(&self, path: &str) -> Result<Url, ToolError> {
        let Transport::Http { url, .. } = &self.site.transport else {
            return Err(trouble(
                FailureClass::Author,
                format!("`servers.{}` is no HTTP API", self.site.name),
            ));
        };
        let wrong = |what: &str| {
            let text = format!("`servers.{}.http.url` {what}: write `https://HOST`", self.site.name);
            trouble(FailureClass::Author, text)
        };
        let base = Url::parse(url).map_err(|error| wrong(&format!("is no URL ({error})")))?;
        let full = Url::parse(&format!("{}{path}", url.trim_end_matches('/')))
            .map_err(|error| wrong(&format!("makes no URL with `{path}` ({error})")))?;
        let is_ours = full.origin() == base.origin() && matches!(full.scheme(), "http" | "https");
        if is_ours && full.fragment().is_none() {
            Ok(full)
        } else {
            Err(wrong(&format!("with `{path}` is another server's")))
        }
    }

    /// What every request has.
    fn headers(&self) -> Result<HeaderMap, ToolError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.8"));
        let me = concat!("handfast/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(me));
        let Transport::Http { bearer, headers: own, .. } = &self.site.transport else { return Ok(headers) };
        for (name, value) in own {
            match value {
                EnvValue::Plain(text) => put(&mut headers, name, text)?,
                EnvValue::Secret(secret) => put(&mut headers, name, self.secrets.value(secret)?)?,
            }
        }
        if let Some(bearer) = bearer {
            put(&mut headers, AUTHORIZATION.as_str(), &format!("Bearer {}", self.secrets.value(bearer)?))?;
        }
        Ok(headers)
    }
}

/// Adds a header, in the place of one of that name.
fn put(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ToolError> {
    let (Ok(named), Ok(mut value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) else {
        // Not what it holds: that may be a secret.
        let text = format!("the header `{name}` can't be sent: its name or what it holds is no header's");
        return Err(trouble(FailureClass::Author, text));
    };
    value.set_sensitive(true);
    headers.insert(named, value);
    Ok(())
}
