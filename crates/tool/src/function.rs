//! Tools that are Rust functions of the embedding program.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
pub use futures_util::future::BoxFuture;
use handfast_engine::{ToolError, ToolOutcome};
use handfast_events::{CallId, FailureClass, RunId};
use serde_json::Value;

use crate::key::Sent;
use crate::tools::ToolCall;
use crate::trouble::trouble;

/// What a function knows of the call beside its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// The runtime's key, the same on every attempt; none where the contract promises none.
    pub key: Option<String>,
}

/// A tool that lives in this process.
///
/// Any `Fn(Value, CallContext) -> impl Future<Output = Result<Value, ToolError>>` is one.
pub trait Function: Send + Sync {
    /// Does the work once.
    ///
    /// # Errors
    /// The tool's own failure; the contract says what it means (`failures`). A panic or a timeout leaves the call in
    /// doubt instead, where the tool changes something.
    fn call(&self, args: Value, context: CallContext) -> BoxFuture<'_, Result<Value, ToolError>>;
}

impl<F, T> Function for F
where
    F: Fn(Value, CallContext) -> T + Send + Sync,
    T: Future<Output = Result<Value, ToolError>> + Send + 'static,
{
    fn call(&self, args: Value, context: CallContext) -> BoxFuture<'_, Result<Value, ToolError>> {
        Box::pin(self(args, context))
    }
}

/// The functions that a program registers, by the server's name in the contract and the tool's name there.
#[derive(Clone, Default)]
pub struct Functions(BTreeMap<(String, String), Arc<dyn Function>>);

impl Functions {
    /// The same functions and one more; a second one of the same name takes the first one's place.
    #[must_use]
    pub fn with(
        mut self,
        server: impl Into<String>,
        tool: impl Into<String>,
        function: impl Function + 'static,
    ) -> Self {
        self.0.insert((server.into(), tool.into()), Arc::new(function));
        self
    }

    /// The names of one server's functions.
    pub(crate) fn names(&self, server: &str) -> Vec<String> {
        self.0.keys().filter(|(of, _)| of == server).map(|(_, tool)| tool.clone()).collect()
    }

    /// Calls the function that the tool goes through.
    pub(crate) async fn call(&self, call: &ToolCall, sent: Sent) -> ToolOutcome {
        let via = &call.tool.via;
        let Some(function) = self.0.get(&(via.server.to_string(), via.tool.clone())) else {
            return ToolOutcome::NotSent(trouble(
                FailureClass::Unavailable,
                format!(
                    "no function `{}` is registered for the server `{}`: register it in the program",
                    via.tool, via.server
                ),
            ));
        };
        if call.is_late() {
            return ToolOutcome::NotSent(call.too_late());
        }
        let context = CallContext {
            run: call.run,
            call: call.call.clone(),
            attempt: call.attempt,
            key: call.key.clone(),
        };
        // The call itself may panic before it gives a future: so both happen behind the same wall.
        let work = async { function.call(Value::Object(sent.args), context).await };
        match tokio::time::timeout(call.timeout, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(Ok(value))) => ToolOutcome::Returned(value),
            Ok(Ok(Err(error))) => ToolOutcome::Failed(error),
            Ok(Err(panic)) => ToolOutcome::Lost(trouble(
                FailureClass::Unknown,
                format!("the function `{}` panicked: {}", via.tool, panic_words(&*panic)),
            )),
            Err(_) => ToolOutcome::Lost(trouble(
                FailureClass::Timeout,
                format!("the function `{}` gave no answer within {:?}", via.tool, call.timeout),
            )),
        }
    }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "without a word",
    }
}
