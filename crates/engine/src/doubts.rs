//! What a person is to settle: asked by whoever shows a run to people.

use handfast_events::CallId;

use crate::Run;
use crate::state::{CallState, Sent, Settles};

/// A call of which nobody knows whether it took effect, and that a person is to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt<'a> {
    /// The call.
    pub call: &'a CallId,
    /// The tool, by its name in the contract.
    pub tool: &'a str,
    /// Whose word it is, where the contract says so.
    pub role: Option<&'a str>,
}

impl Run {
    /// The doubts that a person is to settle: those that looking settles, or may still settle, are not among them.
    pub fn doubts(&self) -> impl Iterator<Item = Doubt<'_>> {
        self.calls().filter_map(|call| {
            let CallState::Doubted(Sent { settles, .. }) = &call.state else { return None };
            let is_looked_for = call.side.iter().any(|side| !side.is_closed());
            let role = match settles {
                Settles::Looks if is_looked_for => return None,
                Settles::Looks => None,
                Settles::Person(role) => role.as_deref(),
            };
            Some(Doubt { call: &call.id, tool: &call.tool, role })
        })
    }
}
