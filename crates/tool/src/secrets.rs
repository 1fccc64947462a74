//! The part of the worker's environment that tools get, and the mask over what comes back from them.
//!
//! A child sees a small fixed base and what its contract gives it; nothing else leaks. A secret's value leaves this
//! file in two ways only: into a child's environment or a bearer header, as the contract says. In every text that
//! comes back it is masked.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_contract::{
    Contract, EnvValue, Identity, ListedTool, Listing, Secret, Transport, percent_encoded,
};
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

    /// The longest secret's length, percent-encoded: what must be kept beyond a cut so that none is torn by it.
    pub(crate) fn longest(&self) -> usize {
        self.values.values().map(|value| value.len() * "%00".len()).max().unwrap_or(0)
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

    /// The text with the name of each secret in place of its value, as it is or percent-encoded.
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
            if masked.contains(['%', '+']) {
                masked = mask_encoded(&masked, secret, value);
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
            let (place, encoded) = (placeholder(secret), placeholder_encoded(secret));
            if plain.contains(&place) || plain.contains(&encoded) {
                let value = self.value(secret)?;
                plain = plain.replace(&place, value).replace(&encoded, &percent_encoded(value));
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

/// What stands in its place where it is percent-encoded, and would be read otherwise if it weren't.
fn placeholder_encoded(secret: &Secret) -> String {
    format!("[secret {} encoded]", secret.0)
}

/// The text without the secret's percent-encoded value, whichever of its letters are encoded.
fn mask_encoded(text: &str, secret: &Secret, value: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match encoded_at(rest.as_bytes(), value.as_bytes()) {
            Some((length, true)) => {
                masked.push_str(&placeholder_encoded(secret));
                length
            }
            Some((length, false)) => {
                masked.push_str(&placeholder(secret));
                length
            }
            None => {
                masked.push(first);
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    masked
}

/// How long the value is at the text's beginning, and whether a sign of it is encoded that means something in a URL.
fn encoded_at(text: &[u8], value: &[u8]) -> Option<(usize, bool)> {
    let (mut length, mut is_encoded) = (0, false);
    for byte in value {
        match text.get(length..)? {
            [b'%', high, low, ..] if byte_of(*high, *low) == Some(*byte) => {
                length += 3;
                is_encoded |= b":/?#[]@!$&'()*+,;=%".contains(byte);
            }
            [b'+', ..] if *byte == b' ' => {
                length += 1;
                is_encoded = true;
            }
            [first, ..] if first == byte => length += 1,
            _ => return None,
        }
    }
    Some((length, is_encoded))
}

fn byte_of(high: u8, low: u8) -> Option<u8> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? * 16 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_encoded_secret_is_masked_however_much_of_it_is_encoded() {
        let secrets = Secrets::of([("S", "a/b c%é"), ("T", "plain")]);
        for (text, masked) in [
            ("x=a%2Fb%20c%25%C3%A9&y=%2F", "x=[secret S encoded]&y=%2F"),
            ("x=a%2fb+c%25%c3%a9", "x=[secret S encoded]"),
            ("x=a/b%20c%é%", "x=[secret S]%"),
            ("%61/b c%%C3%A9", "[secret S]"),
            ("a%2Fb%20c%25%C3 plain %70lain", "a%2Fb%20c%25%C3 [secret T] [secret T]"),
            ("100 % of it, 1+1", "100 % of it, 1+1"),
        ] {
            assert_eq!(secrets.mask(text), masked, "{text}");
        }
    }
}
