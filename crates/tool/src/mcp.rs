//! One MCP server: its connection, shared by all calls, made when it is needed and made again when it broke.
//!
//! rmcp's types stay behind this module.

mod answer;
mod connect;
mod http;
mod line;
mod task;

use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Contract, Listing, Tool};
use handfast_engine::{PollOutcome, ToolError, ToolReply};
use handfast_events::FailureClass;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use crate::key::Sent;
use crate::limits::{CONNECT_TIMEOUT, RESTART_BACKOFF_FIRST, RESTART_BACKOFF_MAX};
use crate::mcp::connect::{Connection, Health};
use crate::secrets::Secrets;
use crate::tools::{Site, ToolCall, ToolPoll, not_sent};
use crate::trouble::trouble;

/// A server that speaks MCP.
pub(crate) struct McpServer {
    site: Site,
    secrets: Arc<Secrets>,
    /// What the contract says of its tools, where servers are pinned to that.
    promised: Option<Arc<Contract>>,
    slot: Mutex<Slot>,
}

/// The one connection, and what is remembered of those before it.
#[derive(Default)]
struct Slot {
    connection: Option<Arc<Connection>>,
    /// How often in a row it broke before it gave an answer.
    broken: u32,
    /// When it broke last.
    broke: Option<Instant>,
}

impl McpServer {
    pub(crate) fn new(site: Site, secrets: Arc<Secrets>, promised: Option<Arc<Contract>>) -> Self {
        Self { site, secrets, promised, slot: Mutex::default() }
    }

    pub(crate) const fn site(&self) -> &Site {
        &self.site
    }

    /// Makes one attempt.
    pub(crate) async fn call(&self, call: &ToolCall, sent: Sent) -> ToolReply {
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(error) => return not_sent(error),
        };
        if let Err(away) = self.is_as_promised(&connection, &call.tool).await {
            return not_sent(away);
        }
        let (reply, health) = connection.call(&self.site, call, sent).await;
        self.note(&connection, health).await;
        reply
    }

    /// Whether a server that is pinned still offers this tool as the contract has it. It may be another one after each
    /// start, so each connection is asked once; a tool that differs is taken away, and the others go on.
    async fn is_as_promised(&self, connection: &Connection, tool: &Tool) -> Result<(), ToolError> {
        let is_pinned = |contract: &&Arc<Contract>| {
            contract.servers.get(&self.site.name).is_some_and(|server| server.pinned)
        };
        let Some(promised) = self.promised.as_ref().filter(is_pinned) else { return Ok(()) };
        let asked = connection.drift.get_or_try_init(async || {
            let (listed, health) = connection.list(&self.site).await;
            if health == Health::Gone {
                connection.discard().await;
            }
            listed.map(|listing| promised.drift(&self.site.name, &listing))
        });
        let drift = asked.await?;
        let Some(first) = drift.iter().find(|drift| *drift.tool == *tool.name) else { return Ok(()) };
        let text = format!(
            "`servers.{}` doesn't offer it as the contract has it: {}: {}; `handfast check --live` tells all",
            self.site.name, first.place, first.problem
        );
        let code = Some("drifted".to_owned());
        Err(ToolError { code, ..trouble(FailureClass::ToolPermanent, text) })
    }

    /// Asks how a task stands. A server that was started again has none of its tasks any more, and says so.
    pub(crate) async fn poll(&self, poll: &ToolPoll, id: &str) -> PollOutcome {
        let id = match self.secrets.unmask(id, &self.site.transport) {
            Ok(id) => id,
            Err(error) => return PollOutcome::Unasked(error),
        };
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(error) => return PollOutcome::Unasked(error),
        };
        let (outcome, health) = connection.poll(&self.site, poll, id).await;
        self.note(&connection, health).await;
        outcome
    }

    /// Asks for the tools that it offers.
    pub(crate) async fn list(&self) -> Result<Listing, ToolError> {
        let connection = self.connection().await?;
        let (listed, health) = connection.list(&self.site).await;
        self.note(&connection, health).await;
        listed
    }

    /// Lets the server go.
    pub(crate) async fn close(&self) {
        let connection = self.slot.lock().await.connection.take();
        if let Some(connection) = connection {
            connection.close().await;
        }
    }

    /// The connection that is there, or a new one. The lock is held while one is made, so that calls side by side
    /// start one server and not many.
    async fn connection(&self) -> Result<Arc<Connection>, ToolError> {
        let Ok(mut slot) = timeout(CONNECT_TIMEOUT * 2, self.slot.lock()).await else {
            let text =
                format!("`servers.{}` is still being started by another call; go on later", self.site.name);
            return Err(trouble(FailureClass::Unavailable, text));
        };
        if let Some(connection) = &slot.connection {
            if connection.is_open() {
                return Ok(Arc::clone(connection));
            }
            connection.discard().await;
            slot.connection = None;
            slot.break_down();
        }
        sleep(slot.wait()).await;
        match Connection::open(&self.site, &self.secrets).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                slot.connection = Some(Arc::clone(&connection));
                Ok(connection)
            }
            Err(error) => {
                slot.break_down();
                Err(error)
            }
        }
    }

    async fn note(&self, connection: &Arc<Connection>, health: Health) {
        let mut slot = self.slot.lock().await;
        let is_current = slot.connection.as_ref().is_some_and(|current| Arc::ptr_eq(current, connection));
        match health {
            Health::Good => slot.broken = 0,
            Health::Gone if is_current => {
                slot.connection = None;
                slot.break_down();
            }
            Health::Unsure | Health::Gone => {}
        }
    }
}

impl Slot {
    fn break_down(&mut self) {
        self.broken = self.broken.saturating_add(1);
        self.broke = Some(Instant::now());
    }

    /// How long the next start still has to wait: nothing after the first break, then longer each time.
    fn wait(&self) -> Duration {
        let Some(broke) = self.broke.filter(|_| self.broken > 1) else { return Duration::ZERO };
        let doublings = self.broken.saturating_sub(2).min(16);
        let wait = RESTART_BACKOFF_FIRST.saturating_mul(1 << doublings).min(RESTART_BACKOFF_MAX);
        wait.saturating_sub(broke.elapsed())
    }
}
