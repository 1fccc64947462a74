//! The part of the worker's environment that tools get, and the mask over what comes back from them.
//!
//! A child sees a small fixed base and what its contract gives it; nothing else leaks. A secret's value leaves this
//! file in two ways only: into a child's environment or a bearer header, as the contract says. In every text that
//! comes back it is masked.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_contract::{Contract, EnvValue, Identity, ListedTool, Listing, Secret, Transport};
use handfast_engine::{PollOutcome, TakenOn, ToolError, ToolOutcome};
use handfast_events::{FailureClass, Handle};
use serde_json::Value;

use crate::limits::SECRET_BYTES_MIN;
use crate::trouble::{shortened, trouble};

/// What every child gets, where the worker has it: programs are found, homes and words are right, files can be put.
const BASE: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];

/// The base variables, and all the secrets that one contract names.
pub(crate) struct Secrets {
    base: Vec<(String, String)>,
    values: BTreeMap<Secret, Arc<str>>,
}

impl Secrets {
    /// Reads once what the contract names; what is missing is said when it is needed. A model's key is never given to
    /// a tool, but a tool may come upon it.
    pub(crate) fn read(contract: &Contract, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let base = BASE.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?))).collect();
        let mut values = BTreeMap::new();
        let servers = contract.servers.values().flat_map(|server| server.transport.secrets());
        let models = contract.models.values().filter_map(|used| used.api_key.as_ref());
        for secret in servers.chain(models) {
            if let Some(value) = variable(&secret.0) {
                values.insert(secret.clone(), Arc::from(value));
            }
        }
        Self { base, values }
    }

    /// Only these, by name and value.
    #[cfg(test)]
    pub(crate) fn of<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Arc<Self> {
        let values =
            all.into_iter().map(|(name, value)| (Secret(name.to_owned()), Arc::from(value))).collect();
        Arc::new(Self { base: Vec::new(), values })
    }

    /// The longest secret's length: what must be kept beyond a cut so that none is torn by it.
    pub(crate) fn longest(&self) -> usize {
        self.values.values().map(|value| value.len()).max().unwrap_or(0)
    }

    /// The value, for the one place that sends it.
    pub(crate) fn value(&self, secret: &Secret) -> Result<&str, ToolError> {
        let refuse = |text: String| Err(trouble(FailureClass::Authentication, text));
        match self.values.get(secret) {
            None => refuse(format!(
                "the secret `{0}` is not in the environment of the process that drives this run: set {0} and go on",
                secret.0
            )),
            Some(value) if value.len() < SECRET_BYTES_MIN => refuse(format!(
                "the secret `{}` has fewer than {SECRET_BYTES_MIN} bytes, too few to be masked in what comes back: \
                 give a longer one",
                secret.0
            )),
            Some(value) => Ok(value),
        }
    }

    /// A child's whole environment.
    pub(crate) fn variables(
        &self,
        given: &BTreeMap<String, EnvValue>,
    ) -> Result<BTreeMap<String, String>, ToolError> {
        let mut variables: BTreeMap<_, _> = self.base.iter().cloned().collect();
        for (name, value) in given {
            let value = match value {
                EnvValue::Plain(text) => text.clone(),
                EnvValue::Secret(secret) => self.value(secret)?.to_owned(),
            };
            variables.insert(name.clone(), value);
        }
        Ok(variables)
    }

    /// The text with the name of each secret in place of its value.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        let mut values: Vec<_> =
            self.values.iter().filter(|(_, value)| value.len() >= SECRET_BYTES_MIN).collect();
        // The longest first: one secret may be a part of another.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        for (secret, value) in values {
            if masked.contains(&**value) {
                masked = masked.replace(&**value, &placeholder(secret));
            }
        }
        masked
    }

    /// The error without any secret, and then cut: the other way round, a part of one could be left.
    pub(crate) fn mask_error(&self, error: ToolError) -> ToolError {
        ToolError {
            text: shortened(&self.mask(&error.text)),
            code: error.code.map(|code| self.mask(&code)),
            ..error
        }
    }

    /// What came of a call, without any secret.
    pub(crate) fn mask_outcome(&self, outcome: ToolOutcome) -> ToolOutcome {
        match outcome {
            ToolOutcome::Returned(value) => ToolOutcome::Returned(self.mask_value(value)),
            ToolOutcome::Failed(error) => ToolOutcome::Failed(self.mask_error(error)),
            ToolOutcome::TurnedAway(error) => ToolOutcome::TurnedAway(self.mask_error(error)),
            ToolOutcome::NotSent(error) => ToolOutcome::NotSent(self.mask_error(error)),
            ToolOutcome::Lost(error) => ToolOutcome::Lost(self.mask_error(error)),
            ToolOutcome::TakenOn(taken) => ToolOutcome::TakenOn(self.mask_taken(taken)),
        }
    }

    /// What came of a poll, without any secret.
    pub(crate) fn mask_poll(&self, outcome: PollOutcome) -> PollOutcome {
        match outcome {
            PollOutcome::Working(taken) => PollOutcome::Working(self.mask_taken(taken)),
            PollOutcome::Finished(outcome) => PollOutcome::Finished(self.mask_outcome(outcome)),
            PollOutcome::Forgotten(error) => PollOutcome::Forgotten(self.mask_error(error)),
            PollOutcome::Unasked(error) => PollOutcome::Unasked(self.mask_error(error)),
        }
    }

    fn mask_taken(&self, taken: TakenOn) -> TakenOn {
        let handle = match taken.handle {
            Handle::Path(path) => Handle::Path(self.mask(&path)),
            Handle::Task(id) => Handle::Task(self.mask(&id)),
        };
        TakenOn { handle, says: taken.says.map(|says| shortened(&self.mask(&says))), ..taken }
    }

    /// A handle as its server gave it: only the secrets that this server gets anyway are put back into their places.
    pub(crate) fn unmask(&self, text: &str, transport: &Transport) -> Result<String, ToolError> {
        let mut plain = text.to_owned();
        for secret in transport.secrets() {
            let place = placeholder(secret);
            if plain.contains(&place) {
                plain = plain.replace(&place, self.value(secret)?);
            }
        }
        Ok(plain)
    }

    /// What a server says, without any secret: it goes into files that are kept with the contract.
    pub(crate) fn mask_listing(&self, listing: Listing) -> Listing {
        let words = |text: Option<String>| text.map(|text| self.mask(&text));
        let tool = |tool: ListedTool| ListedTool {
            name: self.mask(&tool.name),
            description: words(tool.description),
            hints: tool.hints,
            input_schema: self.mask_value(tool.input_schema),
            output_schema: tool.output_schema.map(|schema| self.mask_value(schema)),
        };
        let Identity { name, version, protocol } = listing.identity;
        Listing {
            identity: Identity { name: words(name), version: words(version), protocol: words(protocol) },
            tools: listing.tools.into_iter().map(tool).collect(),
        }
    }

    fn mask_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.mask(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.mask_value(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, value)| (self.mask(&name), self.mask_value(value))).collect()
            }
            plain => plain,
        }
    }
}

/// What stands in a secret's place.
fn placeholder(secret: &Secret) -> String {
    format!("[secret {}]", secret.0)
}
