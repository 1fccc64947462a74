//! From sources to a checked contract.

use std::collections::BTreeMap;

use handfast_events::Sources;
use serde_json::Value;

use crate::{Contract, Diagnostic, ShownAgent};

/// What came of loading: the contract where no diagnostic is an error, and always all diagnostics and all that was read.
#[derive(Debug)]
pub struct Loaded {
    /// The checked contract; none where there is an error.
    pub contract: Option<Contract>,
    /// Errors and warnings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Every byte that was read.
    pub sources: Sources,
}

/// Loads the contract whose text is in `main`; other files that it names are asked of `read`, by their relative path.
/// `settings` are the values given for this environment, over the contract's defaults.
pub fn load(
    main: &str,
    root: &str,
    settings: &BTreeMap<String, Value>,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Loaded { let _ = (main, root, settings, read); unimplemented!() }

impl Contract {
    /// What this agent's model is shown.
    pub fn shown_agent(&self, agent: &str) -> Option<ShownAgent> { let _ = agent; unimplemented!() }
}
