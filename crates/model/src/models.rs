//! The models of one contract, behind one verb: ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use handfast_contract::{Contract, ModelUse, Name};
use handfast_engine::{ModelReply, ModelSheet, ModelTrouble, Rates};
use handfast_events::{Failure, FailureClass, Timestamp};

use crate::http::{Clients, HttpModel};
use crate::mask::{Key, Masks};
use crate::overflow::Window;
use crate::place::{Place, Progress};
use crate::prices::{rates_of, window_of};
use crate::provider;
use crate::recording::{Recorder, RecordingError, Replay};
use crate::script::{Script, ScriptError};
use crate::whereabouts::{seller, whereabouts};

/// Where answers come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// From the models that the contract names.
    #[default]
    Contract,
    /// All from this script.
    Script(PathBuf),
    /// From the contract's models, and each attempt is added to this file.
    Record(PathBuf),
    /// All from this recording, offline.
    Replay(PathBuf),
}

impl Source {
    /// Reads `script:FILE`, `record:FILE` or `replay:FILE`; none for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, file) = text.split_once(':')?;
        let file = PathBuf::from(file);
        match kind {
            "script" => Some(Self::Script(file)),
            "record" => Some(Self::Record(file)),
            "replay" => Some(Self::Replay(file)),
            _ => None,
        }
    }
}

/// What the models of a contract need besides it.
#[derive(Clone, Debug)]
pub struct ModelsOptions {
    /// The contract's folder: `use: script/FILE` starts from it.
    pub folder: PathBuf,
    /// Where answers come from. A file in it is taken as it stands, from the working directory.
    pub source: Source,
    /// The time for which built-in prices hold.
    pub priced_at: Timestamp,
}

/// The contract's models can't be used as it says.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody knows where this provider is: give the model a `url`, or correct the name.
    #[error(
        "models.{model}: `{provider}` is no known provider ({}); give a `url`, or correct the name",
        provider::names()
    )]
    Provider {
        /// The model's name in the contract.
        model: Name,
        /// What it says before the `/`.
        provider: String,
    },
    /// The URL can't be used: correct it.
    #[error("models.{model}.url: {reason}")]
    Url {
        /// The model's name in the contract.
        model: Name,
        /// What is wrong, with the remedy.
        reason: String,
    },
    /// This provider has no such wire at its own address: leave `speaks` out, or give a `url` where it has one.
    #[error("models.{model}.speaks: {reason}")]
    Speaks {
        /// The model's name in the contract.
        model: Name,
        /// What is wrong, with the remedy.
        reason: String,
    },
    /// The script can't be used.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The recording can't be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

/// What a contract's model is asked through.
#[derive(Debug)]
enum Backend {
    Script(Arc<Script>),
    Http(Box<HttpModel>),
    /// Answers come from a recording; nobody is asked.
    Nobody,
}

/// Hears how far answers have come.
pub(crate) type Listener = Arc<dyn Fn(&Progress) + Send + Sync>;

/// The models of one contract. One attempt is one call of [`Models::ask`]; nothing here tries again.
pub struct Models {
    sheets: BTreeMap<Name, ModelSheet>,
    backends: BTreeMap<Name, Backend>,
    recorder: Option<Recorder>,
    replay: Option<Replay>,
    clients: OnceLock<Clients>,
    masks: Masks,
    listener: Option<Listener>,
}

impl std::fmt::Debug for Models {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Models").field("backends", &self.backends).finish_non_exhaustive()
    }
}

impl Models {
    /// Makes a contract's models ready. `secret` gives the value of an environment variable; it is called here, for
    /// each secret that the contract names, and a key that is missing fails the attempts that need it. The servers'
    /// secrets go to no model, but what a model says is masked for them, too.
    ///
    /// # Errors
    /// Each names the place in the contract, or the file, and what to mend.
    pub fn open(
        contract: &Contract,
        options: &ModelsOptions,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, OpenError> {
        let mut all = Self::of(contract.models.values(), options, &secret)?;
        for named in contract.servers.values().flat_map(|server| server.transport.secrets()) {
            if let Some(value) = secret(&named.0) {
                all.masks.add(&named.0, &Key::new(&value));
            }
        }
        Ok(all)
    }

    /// Makes these models ready, as [`Models::open`] does for a contract's.
    ///
    /// # Errors
    /// As for [`Models::open`].
    pub fn of<'a>(
        models: impl IntoIterator<Item = &'a ModelUse>,
        options: &ModelsOptions,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, OpenError> {
        let mut all = Self::none();
        let mut script = None;
        match &options.source {
            Source::Contract => {}
            Source::Script(path) => script = Some(Arc::new(Script::read(path)?)),
            Source::Record(path) => all.recorder = Some(Recorder::open(path)?),
            Source::Replay(path) => all.replay = Some(Replay::open(path)?),
        }
        for used in models {
            all.add(used, options, script.as_ref(), &secret)?;
        }
        Ok(all)
    }

    /// Makes a contract's models ready for a rehearsal: they speak by `script`, or else each by the script that the contract
    /// itself names for it. Nobody is asked over a network, nothing waits, and no key is looked for; a model without a script
    /// says that it has none.
    ///
    /// # Errors
    /// As for [`Models::open`].
    pub fn rehearsal(
        contract: &Contract,
        folder: &Path,
        priced_at: Timestamp,
        script: Option<Script>,
    ) -> Result<Self, OpenError> {
        let source = Source::Script(PathBuf::new());
        let options = ModelsOptions { folder: folder.to_owned(), source, priced_at };
        let given = script.map(|script| Arc::new(script.at_once()));
        let mut all = Self::none();
        for used in contract.models.values() {
            let script = match &given {
                Some(given) => given.clone(),
                None if used.provider == "script" => {
                    Arc::new(Script::read(&folder.join(&used.model))?.at_once())
                }
                None => Arc::new(Script::silent(Path::new("of the model"))),
            };
            all.add(used, &options, Some(&script), &|_: &str| None)?;
        }
        Ok(all)
    }

    /// The same models with somebody who hears how far answers have come, ten times a second at most. It is called
    /// while an answer is read, so it must only take note.
    #[must_use]
    pub fn with_listener(mut self, listener: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// What the engine must know of each model.
    pub fn sheets(&self) -> BTreeMap<Name, ModelSheet> {
        self.sheets.clone()
    }

    /// Asks a model once. `request` is sent as it is; after `timeout` the attempt is given up. Dropping the future
    /// closes the connection.
    ///
    /// Whatever happens is a reply: a failure says its class, its sentence, and whether it may have cost tokens.
    pub async fn ask(&self, model: &str, request: &str, place: &Place, timeout: Duration) -> ModelReply {
        let Some(backend) = self.backends.get(model) else {
            let detail = format!("the contract has no model `{model}`");
            return not_sent(Failure::new(FailureClass::BadRequest, detail));
        };
        if let Some(replay) = &self.replay {
            return replay.answer(model, request, place);
        }
        let reply = match backend {
            Backend::Script(script) => script.ask(model, request, place, timeout).await,
            Backend::Http(http) => {
                let clients = self.clients.get_or_init(Clients::default);
                http.ask(clients, request, place, timeout, &self.masks, self.listener.as_ref()).await
            }
            // Only beside a recording, which has answered above.
            Backend::Nobody => {
                not_sent(Failure::new(FailureClass::BadRequest, "answers come from a recording"))
            }
        };
        match &self.recorder {
            Some(recorder) => recorder.keep(model, request, place, reply),
            None => reply,
        }
    }

    fn none() -> Self {
        Self {
            sheets: BTreeMap::new(),
            backends: BTreeMap::new(),
            recorder: None,
            replay: None,
            clients: OnceLock::new(),
            masks: Masks::default(),
            listener: None,
        }
    }

    fn add(
        &mut self,
        used: &ModelUse,
        options: &ModelsOptions,
        script: Option<&Arc<Script>>,
        secret: &impl Fn(&str) -> Option<String>,
    ) -> Result<(), OpenError> {
        let key =
            used.api_key.as_ref().map(|name| (name.0.clone(), secret(&name.0).map(|value| Key::new(&value))));
        if let Some((variable, Some(key))) = &key {
            self.masks.add(variable, key);
        }
        let (base, wire) = whereabouts(used)?;
        let seller = seller(used);
        let known = |tokens| Window { tokens, is_said: used.window.is_some() };
        let window = used.window.or_else(|| window_of(used, seller?)).map(known);
        let backend = match (script, &base) {
            (Some(script), _) => Backend::Script(script.clone()),
            (None, _) if self.replay.is_some() => Backend::Nobody,
            (None, None) => Backend::Script(Arc::new(Script::read(&options.folder.join(&used.model))?)),
            (None, Some(base)) => {
                Backend::Http(Box::new(HttpModel::new(used, (base.clone(), wire), window, key)))
            }
        };
        let rates = rates(used, options.priced_at, script.is_some() || self.replay.is_some());
        let host = base.as_ref().and_then(|base| base.host_str()).unwrap_or(&used.provider);
        let identity = format!("{host}/{}", used.model).into();
        let window = window.map(|window| window.tokens);
        let sheet = ModelSheet { dialect: wire.dialect(), rates, window, identity };
        self.sheets.insert(used.name.clone(), sheet);
        self.backends.insert(used.name.clone(), backend);
        Ok(())
    }
}

/// The contract's price, else the built-in one. A script's answers cost what the model they stand for would cost, so
/// that limits can be rehearsed; where nobody knows that, nothing.
fn rates(used: &ModelUse, at: Timestamp, rehearsed: bool) -> Option<Rates> {
    let rates = rates_of(used, seller(used), at);
    if rehearsed || used.provider == "script" { Some(rates.unwrap_or_default()) } else { rates }
}

fn not_sent(failure: Failure) -> ModelReply {
    let outcome = Err(ModelTrouble { failure, may_have_cost: false });
    ModelReply { outcome, body: None, latency_ms: 0, request_id: None }
}
