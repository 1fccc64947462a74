//! One connection to an MCP server, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Drift, Hints, Identity, ListedTool, Listing, Transport};
use handfast_engine::{PollOutcome, ToolError, ToolOutcome, ToolReply};
use handfast_events::FailureClass;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest, GetTaskParams,
    GetTaskRequest, Implementation, ListToolsRequest, MetaObject, PaginatedRequestParams, ProtocolVersion,
    RequestMetaObject, ServerResult,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, PeerRequestOptions, RoleClient, RunningService,
    serve_client_with_lifecycle,
};
use rmcp::transport::IntoTransport;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use crate::group::Group;
use crate::key::Sent;
use crate::limits::{
    CANCEL_GRACE, CONNECT_TIMEOUT, DEATH_GRACE, LEAVE_GRACE, MESSAGE_BYTES_MAX, PAGES_MAX, TOOLS_MAX,
};
use crate::mcp::answer::{answered, status_of, unanswered};
use crate::mcp::http::{self, CallHeaders};
use crate::mcp::line::Lines;
use crate::mcp::task;
use crate::secrets::Secrets;
use crate::tools::{Site, ToolCall, ToolPoll, since};
use crate::trouble::{trouble, with_causes};

type Service = RunningService<RoleClient, ClientConfig>;

/// A server that has said how it speaks.
pub(crate) struct Connection {
    service: tokio::sync::Mutex<Option<Service>>,
    peer: rmcp::Peer<RoleClient>,
    group: Option<Group>,
    /// How what it offers differs from the contract, once it was asked.
    pub(crate) drift: OnceCell<Vec<Drift>>,
}

/// What an exchange says about its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It brought an answer.
    Good,
    /// Nothing is known.
    Unsure,
    /// It can't be used again.
    Gone,
}

impl Connection {
    /// Starts or reaches the server and shakes hands, in whatever version of MCP it speaks.
    pub(crate) async fn open(site: &Site, secrets: &Arc<Secrets>) -> Result<Self, ToolError> {
        match &site.transport {
            Transport::McpCommand { command, env } => {
                let variables = secrets.variables(env)?;
                let start = || Group::start(command, &site.directory, &variables, secrets);
                let (group, stdin, stdout) = start().map_err(|error| site.cannot_start(command, &error))?;
                match shake(pipes(stdin, stdout), newest_first()).await {
                    Ok(service) => Ok(Self::new(service, Some(group))),
                    // A server of an older kind may leave at a first word that it doesn't know: it is asked in its own.
                    Err(error) if error.is_hung_up() => {
                        let first = group.end(DEATH_GRACE).await;
                        let (group, stdin, stdout) =
                            start().map_err(|error| site.cannot_start(command, &error))?;
                        match shake(pipes(stdin, stdout), ClientLifecycleMode::Initialize).await {
                            Ok(service) => Ok(Self::new(service, Some(group))),
                            Err(error) => {
                                group.end(DEATH_GRACE).await;
                                let what = format!("{error}; it {}", first.describe());
                                Err(no_handshake(site, &what, Some(&group)))
                            }
                        }
                    }
                    Err(error) => {
                        group.end(Duration::ZERO).await;
                        Err(no_handshake(site, &error.to_string(), Some(&group)))
                    }
                }
            }
            Transport::McpHttp { url, bearer } => {
                let bearer = bearer.as_ref().map(|secret| secrets.value(secret)).transpose()?;
                let transport = http::transport(url, bearer)
                    .map_err(|error| no_handshake(site, &with_causes(&error), None))?;
                match shake(transport, newest_first()).await {
                    Ok(service) => Ok(Self::new(service, None)),
                    Err(error) => Err(turned_down(site, &error)),
                }
            }
            Transport::Process { .. } | Transport::Http { .. } | Transport::Rust => {
                Err(no_handshake(site, "it is no MCP server", None))
            }
        }
    }

    fn new(service: Service, group: Option<Group>) -> Self {
        let peer = service.peer().clone();
        Self { service: tokio::sync::Mutex::new(Some(service)), peer, group, drift: OnceCell::new() }
    }

    /// Whether a request can still be put to it.
    pub(crate) fn is_open(&self) -> bool {
        !self.peer.is_transport_closed()
    }

    /// Makes one attempt.
    pub(crate) async fn call(&self, site: &Site, call: &ToolCall, sent: Sent) -> (ToolReply, Health) {
        let began = Instant::now();
        let (outcome, health) = self.exchange(site, call, sent).await;
        (ToolReply { outcome, latency_ms: since(began) }, health)
    }

    async fn exchange(&self, site: &Site, call: &ToolCall, sent: Sent) -> (ToolOutcome, Health) {
        let headers = match CallHeaders::of(sent.headers.iter()) {
            Ok(headers) => headers,
            Err(error) => return (ToolOutcome::NotSent(error), Health::Unsure),
        };
        let params = CallToolRequestParams::new(call.tool.via.tool.clone()).with_arguments(sent.args);
        let mut request = CallToolRequest::new(params);
        request.extensions.insert(headers);
        let meta = RequestMetaObject(MetaObject(sent.meta));
        let options = PeerRequestOptions::no_options().with_meta(meta);
        if call.is_late() {
            return (ToolOutcome::NotSent(call.too_late()), Health::Unsure);
        }
        let sending = self.peer.send_request_with_option(ClientRequest::CallToolRequest(request), options);
        let mut handle = match timeout(call.timeout, sending).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(_)) => {
                let text = format!(
                    "the connection to `servers.{}` was closed before the call could leave",
                    site.name
                );
                return (ToolOutcome::NotSent(trouble(FailureClass::ConnectionLost, text)), Health::Gone);
            }
            Err(_) => {
                let text = format!("`servers.{}` takes no more calls for now", site.name);
                return (ToolOutcome::NotSent(trouble(FailureClass::Overloaded, text)), Health::Unsure);
            }
        };
        match timeout(call.timeout, &mut handle.rx).await {
            Ok(Ok(Ok(result))) => (answered(&call.tool, result), Health::Good),
            Ok(Ok(Err(error))) if self.is_open() => unanswered(site, &error),
            Ok(Ok(Err(_)) | Err(_)) => (self.died(site).await, Health::Gone),
            Err(_) => {
                let _ = timeout(CANCEL_GRACE, handle.cancel(Some("timeout".to_owned()))).await;
                self.timed_out(site, call.timeout).await
            }
        }
    }

    /// The server's state is unknown. What still runs in a process of ours could take effect after the call was given
    /// up, so the whole group ends; a server elsewhere has been told, and that is all that can be done.
    async fn timed_out(&self, site: &Site, limit: Duration) -> (ToolOutcome, Health) {
        let Some(group) = &self.group else {
            let text =
                format!("`servers.{}` gave no answer within {limit:?}; it was told to stop", site.name);
            return (ToolOutcome::Lost(trouble(FailureClass::Timeout, text)), Health::Unsure);
        };
        group.end(Duration::ZERO).await;
        let text = format!(
            "`servers.{}` gave no answer within {limit:?} and was ended with all that it started{}",
            site.name,
            said(group)
        );
        (ToolOutcome::Lost(trouble(FailureClass::Timeout, text)), Health::Gone)
    }

    async fn died(&self, site: &Site) -> ToolOutcome {
        let text = match &self.group {
            None => format!("the connection to `servers.{}` broke while the call was under way", site.name),
            Some(group) => {
                let ended = group.end(DEATH_GRACE).await.describe();
                format!("`servers.{}` {ended} while the call was under way{}", site.name, said(group))
            }
        };
        ToolOutcome::Lost(trouble(FailureClass::ConnectionLost, text))
    }

    /// Asks how a task stands.
    pub(crate) async fn poll(&self, site: &Site, poll: &ToolPoll, id: String) -> (PollOutcome, Health) {
        let request = ClientRequest::GetTaskRequest(GetTaskRequest::new(GetTaskParams::new(id)));
        match timeout(poll.timeout, self.peer.send_request(request)).await {
            Ok(Ok(result)) => (task::stands(&poll.tool, result), Health::Good),
            Ok(Err(error)) => {
                let health = if self.is_open() { Health::Unsure } else { Health::Gone };
                (task::unanswered(site, &error), health)
            }
            Err(_) => {
                let text = format!(
                    "`servers.{}` didn't say within {:?} how the task stands",
                    site.name, poll.timeout
                );
                (PollOutcome::Unasked(trouble(FailureClass::Timeout, text)), Health::Unsure)
            }
        }
    }

    /// Asks for all tools, page by page.
    pub(crate) async fn list(&self, site: &Site) -> (Result<Listing, ToolError>, Health) {
        let trouble = |what: String| {
            let text = format!("`servers.{}` doesn't list its tools: {what}", site.name);
            Err(trouble(FailureClass::Unavailable, text))
        };
        let (mut tools, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ListToolsRequest { params: Some(params), ..ListToolsRequest::default() };
            // Not rmcp's own listing: that one answers from a cache.
            let asked = self.peer.send_request(ClientRequest::ListToolsRequest(request));
            let page = match timeout(CONNECT_TIMEOUT, asked).await {
                Ok(Ok(ServerResult::ListToolsResult(page))) => page,
                Ok(Ok(_)) => {
                    return (trouble("its answer is none to that question".to_owned()), Health::Unsure);
                }
                Ok(Err(error)) => return (trouble(with_causes(&error)), Health::Unsure),
                Err(_) => return (trouble(format!("no answer within {CONNECT_TIMEOUT:?}")), Health::Unsure),
            };
            tools.extend(page.tools.into_iter().map(listed));
            if tools.len() > TOOLS_MAX {
                return (trouble(format!("there are more than {TOOLS_MAX}")), Health::Good);
            }
            cursor = page.next_cursor.filter(|cursor| !cursor.is_empty());
            if cursor.is_none() {
                return (Ok(Listing { identity: self.identity(), tools }), Health::Good);
            }
        }
        (trouble(format!("the listing has more than {PAGES_MAX} pages")), Health::Good)
    }

    /// Who the server said it is, when it was greeted.
    fn identity(&self) -> Identity {
        let Some(info) = self.peer.peer_info() else { return Identity::default() };
        let who = info.server_info.as_ref();
        Identity {
            name: who.map(|who| who.name.clone()),
            version: who.map(|who| who.version.clone()),
            protocol: Some(info.protocol_version.to_string()),
        }
    }

    /// Ends the conversation: a server that is a command sees its input end and may leave by itself.
    pub(crate) async fn close(&self) {
        if let Some(service) = self.service.lock().await.take() {
            let _ = timeout(LEAVE_GRACE, service.cancel()).await;
        }
        if let Some(group) = &self.group {
            group.end(LEAVE_GRACE).await;
        }
    }

    /// Clears away a connection that broke.
    pub(crate) async fn discard(&self) {
        self.service.lock().await.take();
        if let Some(group) = &self.group {
            group.end(DEATH_GRACE).await;
        }
    }
}

fn listed(tool: rmcp::model::Tool) -> ListedTool {
    let hints = tool.annotations.unwrap_or_default();
    ListedTool {
        name: tool.name.into_owned(),
        description: tool.description.map(std::borrow::Cow::into_owned),
        hints: Hints {
            read_only: hints.read_only_hint,
            destructive: hints.destructive_hint,
            idempotent: hints.idempotent_hint,
            open_world: hints.open_world_hint,
        },
        input_schema: Value::Object(Arc::unwrap_or_clone(tool.input_schema)),
        output_schema: tool.output_schema.map(|schema| Value::Object(Arc::unwrap_or_clone(schema))),
    }
}

fn pipes(
    stdin: tokio::process::ChildStdin,
    stdout: tokio::process::ChildStdout,
) -> impl rmcp::transport::Transport<RoleClient, Error = std::io::Error> + 'static {
    AsyncRwTransport::new_client(Lines::new(stdout), stdin).with_max_line_length(MESSAGE_BYTES_MAX + 1)
}

/// Asks in the newest version first; a server that knows only older ones is answered in those.
fn newest_first() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    }
}

#[derive(Debug, thiserror::Error)]
enum Handshake {
    #[error("it was not ready within {CONNECT_TIMEOUT:?}")]
    TooSlow,
    #[error("{}", refusal(.0))]
    Refused(Box<ClientInitializeError>),
}

/// rmcp's words without the names of its types; of two refusals the last.
fn refusal(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::TransportError { error, .. } => with_causes(&*error.error),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => refusal(fallback),
        error => with_causes(error),
    }
}

/// The HTTP status of the last refusal.
fn refusal_status(error: &ClientInitializeError) -> Option<u16> {
    match error {
        ClientInitializeError::TransportError { error, .. } => status_of(error.error.downcast_ref()?),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => refusal_status(fallback),
        _ => None,
    }
}

impl Handshake {
    fn status(&self) -> Option<u16> {
        match self {
            Self::TooSlow => None,
            Self::Refused(error) => refusal_status(error),
        }
    }

    fn is_hung_up(&self) -> bool {
        use ClientInitializeError::{ConnectionClosed, TransportError};
        matches!(self, Self::Refused(error) if matches!(**error, ConnectionClosed(_) | TransportError { .. }))
    }
}

async fn shake<T, E, A>(transport: T, mode: ClientLifecycleMode) -> Result<Service, Handshake>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let me = Implementation::new("handfast", env!("CARGO_PKG_VERSION"));
    // Whether a call becomes a task is for the server to say.
    let client = ClientConfig::new(ClientCapabilities::builder().enable_tasks().build(), me)
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE);
    match timeout(CONNECT_TIMEOUT, serve_client_with_lifecycle(client, transport, mode)).await {
        Ok(Ok(service)) => Ok(service),
        Ok(Err(error)) => Err(Handshake::Refused(Box::new(error))),
        Err(_) => Err(Handshake::TooSlow),
    }
}

fn no_handshake(site: &Site, what: &str, group: Option<&Group>) -> ToolError {
    let place = match &site.transport {
        Transport::McpHttp { url, .. } => format!(" at {url}"),
        Transport::McpCommand { command, .. } => format!(" (`{}`)", command.join(" ")),
        Transport::Process { .. } | Transport::Http { .. } | Transport::Rust => String::new(),
    };
    let said = group.map(said).unwrap_or_default();
    let text = format!(
        "`servers.{}`{place} can't be reached over MCP: {what}{said}; see that it runs and is what the contract says",
        site.name
    );
    trouble(FailureClass::Unavailable, text)
}

/// A server elsewhere said no. One that asks for another token waits for a person: no retry brings it.
fn turned_down(site: &Site, error: &Handshake) -> ToolError {
    let (Some(status @ (401 | 403)), Transport::McpHttp { url, bearer }) = (error.status(), &site.transport)
    else {
        return ToolError { status: error.status(), ..no_handshake(site, &error.to_string(), None) };
    };
    let mend = match bearer {
        Some(secret) => format!("give a token that is valid there in {}", secret.0),
        None => "the contract gives it no `bearer`".to_owned(),
    };
    let text = format!("`servers.{}` at {url} turned us away with {status}: {error}; {mend}", site.name);
    ToolError { status: Some(status), ..trouble(FailureClass::Authentication, text) }
}

fn said(group: &Group) -> String {
    let words = group.words();
    if words.is_empty() { String::new() } else { format!("; it said: {words}") }
}
