//! One attempt over HTTP: send, read, tell what came. Nothing is tried again, no redirect is followed.

use std::sync::OnceLock;
use std::time::Duration;

use handfast_contract::ModelUse;
use handfast_engine::{ModelReply, ModelSaid, ModelTrouble};
use handfast_events::{Failure, FailureClass};
use reqwest::Version;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use tokio::time::Instant;

use crate::decode::{Broken, Reader};
use crate::evidence::{Evidence, quote};
use crate::limits::{
    ANSWER_BYTES_MAX, CALLS_MAX, CONNECT_TIMEOUT, CONNECTIONS_IDLE_MAX, END_TIMEOUT, PROGRESS_EVERY,
    READ_TIMEOUT, REQUEST_ID_CHARS_MAX, SECRET_BYTES_MIN,
};
use crate::mask::{Key, Masks};
use crate::models::Listener;
use crate::overflow::{Window, silent};
use crate::place::{Place, Progress};
use crate::retry_after::retry_after_ms;
use crate::trouble::{Meaning, ProviderError};
use crate::wire::Wire;

/// No HTTP client could be made: this machine has no certificates to trust. Install `ca-certificates`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no HTTPS connection can be made from this machine ({0}); install its CA certificates")]
pub struct ClientError(String);

/// Makes the client that all requests go through. `encrypted`: for `https` URLs; one for `http` alone reads no
/// certificates and so works on a machine that has none.
///
/// # Errors
/// The machine's certificates can't be loaded: install them.
pub fn http_client(encrypted: bool) -> Result<reqwest::Client, ClientError> {
    // Fails only where one is installed already, and any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("handfast/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // By default it sends a second time where a server says that it did not begin: unseen by the journal.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .pool_max_idle_per_host(CONNECTIONS_IDLE_MAX);
    let builder = if encrypted { builder } else { builder.tls_certs_only([]) };
    builder.build().map_err(|cause| ClientError(chain(&cause)))
}

/// The two clients, each made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    encrypted: OnceLock<Result<reqwest::Client, ClientError>>,
    plain: OnceLock<Result<reqwest::Client, ClientError>>,
}

impl Clients {
    fn for_url(&self, url: &reqwest::Url) -> &Result<reqwest::Client, ClientError> {
        match url.scheme() {
            "https" => self.encrypted.get_or_init(|| http_client(true)),
            _ => self.plain.get_or_init(|| http_client(false)),
        }
    }
}

/// A model behind a URL.
#[derive(Debug)]
pub(crate) struct HttpModel {
    /// How errors call it: `` `main` (openai/gpt-5) ``.
    called: String,
    url: reqwest::Url,
    wire: Wire,
    window: Option<Window>,
    /// The variable and what it holds.
    key: Option<(String, Option<Key>)>,
}

/// What is known of an attempt beside its outcome, kept even where it is given up.
#[derive(Default)]
struct Seen {
    evidence: Evidence,
    request_id: Option<String>,
}

/// What an attempt is made with.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    request: &'a str,
    place: &'a Place,
    masks: &'a Masks,
    listener: Option<&'a Listener>,
}

impl HttpModel {
    /// The model at this base URL, over this wire.
    pub(crate) fn new(
        used: &ModelUse,
        (mut url, wire): (reqwest::Url, Wire),
        window: Option<Window>,
        key: Option<(String, Option<Key>)>,
    ) -> Self {
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(wire.path());
        }
        let called = format!("model `{}` ({}/{})", used.name, used.provider, used.model);
        Self { called, url, wire, window, key }
    }

    /// Asks once.
    pub(crate) async fn ask(
        &self,
        clients: &Clients,
        request: &str,
        place: &Place,
        timeout: Duration,
        masks: &Masks,
        listener: Option<&Listener>,
    ) -> ModelReply {
        let began = Instant::now();
        let mut seen = Seen::default();
        let attempt = Attempt { request, place, masks, listener };
        let outcome = match tokio::time::timeout(timeout, self.attempt(clients, attempt, &mut seen)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let detail = format!(
                    "{}: no whole answer within {} s; {} bytes of one had come",
                    self.called,
                    timeout.as_secs_f64(),
                    seen.evidence.bytes(),
                );
                Err(trouble(Failure::new(FailureClass::Timeout, detail), true))
            }
        };
        ModelReply {
            outcome: outcome.map(|said| masked(said, masks)),
            body: seen.evidence.finish(masks),
            latency_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id: seen.request_id,
        }
    }

    async fn attempt(
        &self,
        clients: &Clients,
        attempt: Attempt<'_>,
        seen: &mut Seen,
    ) -> Result<ModelSaid, ModelTrouble> {
        let client = clients.for_url(&self.url).as_ref().map_err(|cause| {
            trouble(Failure::new(FailureClass::Unavailable, format!("{}: {cause}", self.called)), false)
        })?;
        let post = client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream, application/json")
            .headers(self.headers()?)
            .body(attempt.request.to_owned());
        let mut response = post.send().await.map_err(|cause| self.unsent(cause, attempt.masks))?;
        seen.request_id = request_id(response.headers(), attempt.masks);
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut reader = Reader::new(self.wire.answer(), attempt.place.turn);
        let broke = self.read(&mut response, attempt, seen, (status == 200).then_some(&mut reader)).await?;
        if status != 200 {
            let error = ProviderError::read(Some(status), seen.evidence.head());
            return Err(self.refused(&error, &headers, attempt.masks));
        }
        let cut = broke.is_some();
        let said =
            reader.finish(cut).map_err(|broken| self.broken(broken, broke, &headers, attempt.masks))?;
        match silent(&self.called, &said, self.window) {
            Some(failure) => Err(trouble(failure, true)),
            None => Ok(said),
        }
    }

    /// The headers of the wire, and those with the key; none of these where the contract names no key.
    fn headers(&self) -> Result<HeaderMap, ModelTrouble> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.wire.headers() {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let Some((variable, key)) = &self.key else { return Ok(headers) };
        let refuse = |why: &str| {
            let detail = format!("{}: the environment variable {variable} {why}", self.called);
            trouble(Failure::new(FailureClass::Authentication, detail), false)
        };
        let key = key.as_ref().ok_or_else(|| refuse("is not set; set it to the key and go on"))?;
        if key.reveal().is_empty() {
            return Err(refuse("is empty; set it to the key and go on"));
        }
        if key.reveal().len() < SECRET_BYTES_MIN {
            return Err(refuse(&format!(
                "has fewer than {SECRET_BYTES_MIN} bytes, too few to be masked in what comes back; give a longer key"
            )));
        }
        for (name, before) in self.wire.key_headers() {
            let mut value = HeaderValue::from_str(&format!("{before}{}", key.reveal())).map_err(|_| {
                refuse("holds a line break or another character that no key has; set it to the key alone")
            })?;
            value.set_sensitive(true);
            headers.insert(*name, value);
        }
        Ok(headers)
    }

    /// Reads the body to its end. Gives why the connection broke, where it did.
    async fn read(
        &self,
        response: &mut reqwest::Response,
        attempt: Attempt<'_>,
        seen: &mut Seen,
        mut reader: Option<&mut Reader>,
    ) -> Result<Option<reqwest::Error>, ModelTrouble> {
        let mut told: Option<Instant> = None;
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(None),
                Err(cause) => return Ok(Some(cause)),
            };
            seen.evidence.feed(&chunk, attempt.masks);
            if seen.evidence.bytes() > ANSWER_BYTES_MAX {
                let detail = format!("{}: its answer passes {ANSWER_BYTES_MAX} bytes", self.called);
                return Err(trouble(Failure::new(FailureClass::Malformed, detail), true));
            }
            let Some(reader) = reader.as_deref_mut() else { continue };
            reader.feed(&chunk);
            if let Some(listener) = attempt.listener
                && told.is_none_or(|told| told.elapsed() >= PROGRESS_EVERY)
            {
                told = Some(Instant::now());
                let place = attempt.place.clone();
                listener(&Progress { place, answer_bytes: reader.answer_bytes() });
            }
            if reader.is_done() {
                end(response, attempt.masks, &mut seen.evidence).await;
                return Ok(None);
            }
        }
    }

    /// No response came.
    fn unsent(&self, cause: reqwest::Error, masks: &Masks) -> ModelTrouble {
        let (is_connect, is_timeout) = (cause.is_connect(), cause.is_timeout());
        let why = quote(&chain(&cause.without_url()), masks);
        let host = self.url.host_str().unwrap_or_default();
        let (class, detail) = match (is_connect, is_timeout) {
            (true, _) => (
                FailureClass::ConnectionLost,
                format!("{}: no connection to {host}: {why}; is `url` right, and does it run?", self.called),
            ),
            (false, true) => {
                (FailureClass::Timeout, format!("{}: {host} took the request and fell silent", self.called))
            }
            (false, false) => (
                FailureClass::ConnectionLost,
                format!("{}: the connection to {host} broke before an answer: {why}", self.called),
            ),
        };
        trouble(Failure::new(class, detail), !is_connect)
    }

    /// The provider answered with an error.
    fn refused(&self, error: &ProviderError, headers: &HeaderMap, masks: &Masks) -> ModelTrouble {
        let Meaning { class, turned_away } = error.meaning();
        let status = error.status.unwrap_or_default();
        let said = quote(&error.message, masks);
        let said = if said.is_empty() { "nothing more".into() } else { said };
        let remedy = match (class, status) {
            (_, 300..=399) => {
                let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
                format!(
                    "; it points to {}, and redirects aren't followed: give the final `url`",
                    quote(to, masks)
                )
            }
            (FailureClass::Authentication, _) => match &self.key {
                Some((variable, _)) => format!("; give a key that is valid there in {variable}"),
                None => "; the contract gives it no `api_key`".into(),
            },
            (FailureClass::Billing, _) => "; add credit or raise the limit there".into(),
            (FailureClass::BadRequest, 404 | 405) => "; check `use` and `url`".into(),
            _ => String::new(),
        };
        let said = if remedy.is_empty() { said.as_str() } else { said.trim_end_matches('.') };
        let answered =
            error.status.map_or_else(|| "broke off with".into(), |status| format!("answered {status}:"));
        let class = if (300..400).contains(&status) { FailureClass::BadRequest } else { class };
        let failure = Failure {
            class,
            detail: format!("{} {answered} {said}{remedy}", self.called),
            status: error.status,
            code: error.codes.first().map(|code| quote(code, masks)),
            retry_after_ms: retry_after_ms(headers, error),
        };
        trouble(failure, !(turned_away || (300..400).contains(&status)))
    }

    /// It began to answer, and that is no answer.
    fn broken(
        &self,
        broken: Broken,
        broke: Option<reqwest::Error>,
        headers: &HeaderMap,
        masks: &Masks,
    ) -> ModelTrouble {
        let failure = match broken {
            Broken::Provider(error) => {
                let refused = self.refused(&error, headers, masks);
                return ModelTrouble { may_have_cost: true, ..refused };
            }
            Broken::Cut if broke.as_ref().is_some_and(reqwest::Error::is_timeout) => {
                let detail = format!(
                    "{}: it fell silent for {} s within its answer",
                    self.called,
                    READ_TIMEOUT.as_secs()
                );
                Failure::new(FailureClass::Timeout, detail)
            }
            Broken::Cut => {
                let why = broke.map_or_else(
                    || "it ended without saying so".into(),
                    |cause| quote(&chain(&cause.without_url()), masks),
                );
                let detail = format!("{}: the answer broke off: {why}", self.called);
                Failure::new(FailureClass::ConnectionLost, detail)
            }
            Broken::Foreign(why) => {
                let detail = format!(
                    "{}: what came is no answer of {}: {why}; is `url` the base of such an interface?",
                    self.called,
                    self.wire.name()
                );
                Failure::new(FailureClass::Malformed, detail)
            }
            Broken::TooManyCalls => {
                let detail = format!("{}: it asks for more than {CALLS_MAX} calls at once", self.called);
                Failure::new(FailureClass::Malformed, detail)
            }
        };
        trouble(failure, true)
    }
}

/// Reads on behind an answer, where nothing comes but that it ends: over HTTP/1 a connection is kept for the next request
/// only if it was read to its end. A server that keeps it open must not hold us.
async fn end(response: &mut reqwest::Response, masks: &Masks, evidence: &mut Evidence) {
    if response.version() > Version::HTTP_11 {
        return;
    }
    let rest = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            evidence.feed(&chunk, masks);
        }
    };
    let _ = tokio::time::timeout(END_TIMEOUT, rest).await;
}

/// The answer, should the model ever repeat a key. Its own form goes then: what was signed or encrypted there would be
/// refused with a mask in it, and the plain words say the rest.
fn masked(mut said: ModelSaid, masks: &Masks) -> ModelSaid {
    let answer = &mut said.answer;
    let mut is_clean = answer.verbatim.as_deref().is_none_or(|form| masks.mask(form) == form);
    let args = answer.calls.iter_mut().map(|call| &mut call.args);
    for text in [&mut answer.text].into_iter().chain(&mut answer.refusal).chain(args) {
        let told = masks.mask(text);
        is_clean &= told == *text;
        *text = told;
    }
    answer.verbatim.take_if(|_| !is_clean);
    said
}

fn request_id(headers: &HeaderMap, masks: &Masks) -> Option<String> {
    let names = ["x-request-id", "request-id", "x-amzn-requestid", "x-ms-request-id", "cf-ray"];
    let found = names.iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    Some(masks.mask(found)).filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_CHARS_MAX)
}

/// An error with all that it stems from: reqwest's own text leaves the cause out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

fn trouble(failure: Failure, may_have_cost: bool) -> ModelTrouble {
    ModelTrouble { failure, may_have_cost }
}
