//! All the tools of one contract, and one attempt of one call.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Contract, ListedTool, Listing, Name, Server, Tool, Transport};
use handfast_engine::{PollOutcome, ToolError, ToolOutcome, ToolReply};
use handfast_events::{CallId, FailureClass, Handle, RunId};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::function::Functions;
use crate::http::HttpApi;
use crate::key::Sent;
use crate::mcp::McpServer;
use crate::process;
use crate::secrets::Secrets;
use crate::trouble::trouble;

/// The servers behind one contract's tools. Connects when it is first needed; one connection a server, shared by all
/// calls.
pub struct Tools {
    servers: BTreeMap<Name, Door>,
    secrets: Arc<Secrets>,
    functions: Functions,
    stand_in: Option<Arc<dyn StandIn>>,
}

/// Answers in the place of every server, so that a contract can be tried without them. What it says passes through the
/// same judgement as a server's own words.
pub trait StandIn: Send + Sync {
    /// What one attempt of a call comes to. It must not block.
    fn answer(&self, call: &ToolCall) -> ToolOutcome;

    /// How a call stands that it has taken on, where it takes any on.
    fn stands(&self, poll: &ToolPoll) -> PollOutcome {
        let text = format!("nobody knows of {} here", poll.handle);
        PollOutcome::Forgotten(trouble(FailureClass::Unknown, text))
    }
}

/// One attempt of one call.
#[derive(Clone, Debug)]
pub struct ToolCall {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// The tool, as its contract has it.
    pub tool: Arc<Tool>,
    /// The arguments, as the contract checked them: what a stand-in chooses its answer by.
    pub args: Arc<Value>,
    /// What the server gets, without the key.
    pub sends: Value,
    /// The runtime's key, where the contract says that there is one.
    pub key: Option<String>,
    /// From then on nothing leaves any more: looked at with the connection open, just before the first byte.
    pub send_by: Option<Instant>,
    /// When the attempt is given up, counted from when it is sent.
    pub timeout: Duration,
}

impl ToolCall {
    /// Whether it is too late to send it. By a clock that goes on while the process is stopped.
    pub(crate) fn is_late(&self) -> bool {
        self.send_by.is_some_and(|send_by| Instant::now() > send_by)
    }

    /// It was too late.
    pub(crate) fn too_late(&self) -> ToolError {
        let text =
            format!("`servers.{}` could not be reached in time: nothing was sent", self.tool.via.server);
        trouble(FailureClass::Unavailable, text)
    }
}

/// One question of how a call stands that its server has taken on.
#[derive(Clone, Debug)]
pub struct ToolPoll {
    /// The tool, as its contract has it.
    pub tool: Arc<Tool>,
    /// By what its server is asked.
    pub handle: Handle,
    /// When the poll is given up, counted from when it is sent.
    pub timeout: Duration,
}

/// Where a server stands in the contract and on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: Name,
    pub(crate) transport: Transport,
    pub(crate) directory: PathBuf,
}

enum Door {
    Mcp(McpServer),
    Http(HttpApi),
    Process(Site),
    Rust(Site),
}

impl Tools {
    /// Opens nothing yet. `root` is the folder of the contract; `variable` gives a variable of the worker's
    /// environment by its name, asked for every secret that the contract names, the models' too (a tool may come upon
    /// one, and its result is masked), and for the few that every child gets.
    pub fn new(
        contract: &Contract,
        root: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
        functions: Functions,
    ) -> Self {
        let secrets = Arc::new(Secrets::read(contract, variable));
        let is_pinned = contract.servers.values().any(|server| server.pinned);
        let promised = is_pinned.then(|| Arc::new(contract.clone()));
        let door = |server: &Server| {
            let site = Site::of(server, root);
            match &site.transport {
                Transport::McpCommand { .. } | Transport::McpHttp { .. } => {
                    Door::Mcp(McpServer::new(site, Arc::clone(&secrets), promised.clone()))
                }
                Transport::Http { .. } => Door::Http(HttpApi::new(site, Arc::clone(&secrets))),
                Transport::Process { .. } => Door::Process(site),
                Transport::Rust => Door::Rust(site),
            }
        };
        let servers = contract.servers.iter();
        let servers = servers.map(|(name, server)| (Arc::clone(name), door(server))).collect();
        Self { servers, secrets, functions, stand_in: None }
    }

    /// The same tools with somebody who answers instead of their servers, of which none is ever started or asked.
    #[must_use]
    pub fn with_stand_in(self, stand_in: Arc<dyn StandIn>) -> Self {
        Self { stand_in: Some(stand_in), ..self }
    }

    /// Makes one attempt and says what is known of it. Nothing is retried and no redirect is followed. A timeout ends
    /// the whole process group of a server that is a command: what runs on could take effect after it was given up.
    ///
    /// Await it to its end: a future that is dropped leaves an MCP server with a call that nobody reads.
    pub async fn call(&self, call: &ToolCall) -> ToolReply {
        let mut reply = match self.servers.get(&call.tool.via.server) {
            None => not_sent(unknown_server(&call.tool.via.server)),
            Some(door) => match Sent::of(call, &door.site().transport) {
                Err(error) => not_sent(error),
                Ok(sent) => match &self.stand_in {
                    Some(stand_in) => ToolReply { outcome: stand_in.answer(call), latency_ms: 0 },
                    None => self.send(door, call, sent).await,
                },
            },
        };
        reply.outcome = self.secrets.mask_outcome(reply.outcome);
        reply
    }

    /// Asks once how a call stands that its server has taken on. It is a read: nothing hangs on its being lost or made twice.
    pub async fn poll(&self, poll: &ToolPoll) -> PollOutcome {
        let outcome = match (&self.stand_in, self.servers.get(&poll.tool.via.server), &poll.handle) {
            (Some(stand_in), ..) => stand_in.stands(poll),
            (None, Some(Door::Http(api)), Handle::Path(path)) => api.poll(poll, path).await,
            (None, Some(Door::Mcp(server)), Handle::Task(id)) => server.poll(poll, id).await,
            (None, Some(_), handle) => {
                let text = format!("`servers.{}` has nothing like {handle}", poll.tool.via.server);
                PollOutcome::Forgotten(trouble(FailureClass::Author, text))
            }
            (None, None, _) => PollOutcome::Forgotten(unknown_server(&poll.tool.via.server)),
        };
        self.secrets.mask_poll(outcome)
    }

    async fn send(&self, door: &Door, call: &ToolCall, sent: Sent) -> ToolReply {
        let began = Instant::now();
        let outcome = match door {
            Door::Mcp(server) => return server.call(call, sent).await,
            Door::Http(api) => api.call(call, sent).await,
            Door::Rust(_) => self.functions.call(call, sent).await,
            Door::Process(site) => match &site.transport {
                Transport::Process { command, env } => {
                    process::call(call, site, command, env, &self.secrets, sent).await
                }
                _ => return not_sent(unknown_server(&site.name)),
            },
        };
        ToolReply { outcome, latency_ms: since(began) }
    }

    /// What a server says of itself and offers, without any secret in it; `None` where it has no way to say: a
    /// process, an HTTP API.
    ///
    /// # Errors
    /// When the server can't be reached or doesn't speak MCP: the text says what to mend.
    pub async fn list(&self, server: &str) -> Result<Option<Listing>, ToolError> {
        match self.servers.get(server) {
            None => Err(unknown_server(server)),
            Some(Door::Process(_) | Door::Http(_)) => Ok(None),
            Some(Door::Rust(site)) => {
                let listed = |name| ListedTool {
                    name,
                    input_schema: json!({ "type": "object" }),
                    ..ListedTool::default()
                };
                let tools = self.functions.names(&site.name).into_iter().map(listed).collect();
                Ok(Some(Listing { tools, ..Listing::default() }))
            }
            Some(Door::Mcp(server)) => {
                let listed = server.list().await.map_err(|error| self.secrets.mask_error(error))?;
                Ok(Some(self.secrets.mask_listing(listed)))
            }
        }
    }

    /// Closes every connection and ends every server that was started. A later call starts it again.
    pub async fn shutdown(&self) {
        let mcp = self.servers.values().filter_map(|door| match door {
            Door::Mcp(server) => Some(server.close()),
            Door::Process(_) | Door::Http(_) | Door::Rust(_) => None,
        });
        futures_util::future::join_all(mcp).await;
    }
}

impl Door {
    const fn site(&self) -> &Site {
        match self {
            Self::Mcp(server) => server.site(),
            Self::Http(api) => api.site(),
            Self::Process(site) | Self::Rust(site) => site,
        }
    }
}

impl Site {
    fn of(server: &Server, root: &Path) -> Self {
        let directory = server.directory.as_ref().map_or_else(|| root.to_owned(), |own| root.join(own));
        Self { name: Arc::clone(&server.name), transport: server.transport.clone(), directory }
    }

    /// Why a program didn't start, and what to do.
    pub(crate) fn cannot_start(&self, command: &[String], error: &io::Error) -> ToolError {
        let program = command.first().map_or("", String::as_str);
        let mend = match error.kind() {
            io::ErrorKind::NotFound if !self.directory.is_dir() => {
                format!("make the folder {}", self.directory.display())
            }
            io::ErrorKind::NotFound => format!("install it, or give its path in `servers.{}`", self.name),
            io::ErrorKind::PermissionDenied => "make it executable".to_owned(),
            _ => format!("see `servers.{}`", self.name),
        };
        let text =
            format!("the program `{program}` of `servers.{}` can't be started: {error}; {mend}", self.name);
        trouble(FailureClass::Unavailable, text)
    }
}

/// One text as a result: JSON where it is some, unless the contract says that the result is a text.
pub(crate) fn text_or_json(tool: &Tool, text: String) -> Value {
    let is_text =
        tool.output.as_ref().is_some_and(|schema| schema.json().get("type") == Some(&json!("string")));
    if is_text {
        return Value::String(text);
    }
    match text.trim() {
        "" => Value::Null,
        trimmed => serde_json::from_str(trimmed).unwrap_or(Value::String(text)),
    }
}

/// A reply to a call that never left.
pub(crate) const fn not_sent(error: ToolError) -> ToolReply {
    ToolReply { outcome: ToolOutcome::NotSent(error), latency_ms: 0 }
}

/// Milliseconds since then.
pub(crate) fn since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn unknown_server(name: &str) -> ToolError {
    trouble(FailureClass::Author, format!("the contract has no server `{name}`: name one of `servers`"))
}
