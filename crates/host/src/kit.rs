//! What a run is driven with: its contract made ready, its models and its tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use handfast_contract::Contract;
use handfast_engine::Plan;
use handfast_events::{Digest, RunStarted, Sources, Timestamp};
use handfast_model::{Models, ModelsOptions, PRICES, Source};
use handfast_store::{ReadError, Store};
use handfast_tool::{Functions, Tools};
use serde_json::Value;

use crate::limits::KITS_MAX;

/// Gives a variable by its name.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a contract leans on in the process that drives it.
#[derive(Clone)]
pub struct Around {
    /// Gives a variable of the environment by its name: where secrets come from.
    pub variable: Variables,
    /// The tools that are Rust functions.
    pub functions: Functions,
}

/// A contract with what it takes to run it.
pub struct Kit {
    /// The contract, ready.
    pub plan: Arc<Plan>,
    /// Its models.
    pub models: Models,
    /// Its tools.
    pub tools: Tools,
}

/// A run can't be driven here. It stays as it is; mend the cause, then `handfast go RUN`.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The store has lost the contract.
    #[error("the contract {digest} of the run is not in the store: restore a backup of it")]
    NoContract {
        /// Its digest.
        digest: Digest,
    },
    /// The contract does not load with this release.
    #[error("the contract of the run does not load with this release: {0}")]
    Contract(String),
    /// The stand-in for its models can't be read.
    #[error(
        "`{0}` is no stand-in for models: write `script:FILE`, `record:FILE`, `replay:FILE` or a model's name"
    )]
    StandIn(String),
    /// Its models can't be used.
    #[error(transparent)]
    Models(#[from] handfast_model::OpenError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Kit {
    /// Makes a checked contract ready.
    ///
    /// # Errors
    /// What can't be used, by its place in the contract.
    pub fn new(
        contract: Arc<Contract>,
        root: &Path,
        stand_in: Option<&str>,
        around: &Around,
        at: Timestamp,
    ) -> Result<Self, KitError> {
        let (source, only) = match stand_in {
            None => (Source::Contract, None),
            Some(name) if contract.models.contains_key(name) => (Source::Contract, Some(name)),
            Some(text) => (Source::parse(text).ok_or_else(|| KitError::StandIn(text.into()))?, None),
        };
        let options = ModelsOptions { folder: root.to_owned(), source, priced_at: at };
        let variable = |name: &str| (around.variable)(name);
        let models = Models::open(&contract, &options, variable)?;
        let tools = Tools::new(&contract, root, &variable, around.functions.clone());
        Ok(Self {
            plan: Arc::new(Plan::new(contract, &models.sheets(), only).with_prices(PRICES)),
            models,
            tools,
        })
    }
}

/// Kits by what makes them: runs of one contract share theirs.
pub struct Kits {
    around: Around,
    ready: BTreeMap<KitKey, Arc<Kit>>,
    only: Option<Arc<Kit>>,
}

/// The contract's digest, its folder, the stand-in for its models, and its settings.
type KitKey = (Digest, String, Option<String>, String);

impl std::fmt::Debug for Kits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.ready.keys()).finish()
    }
}

impl Kits {
    /// None ready yet.
    pub fn new(around: Around) -> Self {
        Self { around, ready: BTreeMap::new(), only: None }
    }

    /// This kit for every run, whatever it began with: how a contract is tried with stand-ins for its models and tools.
    pub fn only(kit: Kit) -> Self {
        let around = Around { variable: Arc::new(|_| None), functions: Functions::default() };
        Self { around, ready: BTreeMap::new(), only: Some(Arc::new(kit)) }
    }

    /// The kit for a run that began like this.
    ///
    /// # Errors
    /// The run can't be driven here; see [`KitError`].
    pub async fn get<S: Store>(
        &mut self,
        store: &S,
        began: &RunStarted,
        at: Timestamp,
    ) -> Result<Arc<Kit>, KitError> {
        if let Some(kit) = &self.only {
            return Ok(kit.clone());
        }
        let settings = serde_json::to_string(&began.settings).unwrap_or_default();
        let key = (began.digest, began.folder.clone(), began.model.clone(), settings);
        if let Some(kit) = self.ready.get(&key) {
            return Ok(kit.clone());
        }
        let sources =
            store.contract(began.digest).await?.ok_or(KitError::NoContract { digest: began.digest })?;
        let contract = reload(&sources, &began.settings)?;
        let root = PathBuf::from(&began.folder);
        let kit = Arc::new(Kit::new(Arc::new(contract), &root, began.model.as_deref(), &self.around, at)?);
        if self.ready.len() >= KITS_MAX {
            self.ready.retain(|_, kit| Arc::strong_count(kit) > 1);
        }
        self.ready.insert(key, kit.clone());
        Ok(kit)
    }

    /// Ends every connection and process.
    pub(crate) async fn shut_down(&mut self) {
        for kit in std::mem::take(&mut self.ready).into_values().chain(self.only.take()) {
            kit.tools.shutdown().await;
        }
    }
}

/// The contract as the store keeps it.
fn reload(sources: &Sources, settings: &BTreeMap<String, Value>) -> Result<Contract, KitError> {
    let loaded = handfast_contract::load_again(sources, settings);
    loaded.contract.ok_or_else(|| {
        let told = loaded.diagnostics.iter().map(|found| format!("{} {}", found.code, found.message));
        KitError::Contract(told.collect::<Vec<_>>().join("; "))
    })
}
