//! One test on the real engine: a store, a worker and a kit of its own, and what stands in its journal at the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use handfast_contract::{Action, Case, Contract, Paint, STAGED};
use handfast_engine::{Plan, Start};
use handfast_events::{RunId, Sources, Status};
use handfast_host::{Kit, Kits, Until, Worker};
use handfast_model::{Models, Script};
use handfast_report::Trace;
use handfast_store::{Driver, Options, SqliteStore, Store as _};
use handfast_tool::{Functions, Tools};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::limits::TEST_WAIT;
use crate::project::Checked;

use super::fake::{Fakes, Log};
use super::{people, unrun};

/// What all tests of a file have in common.
pub(super) struct Stage {
    contract: Arc<Contract>,
    sources: Sources,
    folder: PathBuf,
    settings: BTreeMap<String, Value>,
    scratch: Scratch,
}

/// What came of a test.
pub(super) struct Played {
    /// The contract that it ran with: that of the test's settings.
    pub(super) contract: Arc<Contract>,
    /// Its run, as far as it came.
    pub(super) trace: Trace,
    /// How the run stands.
    pub(super) status: Status,
    /// What its fake tools did.
    pub(super) log: Log,
    /// Why it could not be played to its end.
    pub(super) trouble: Option<String>,
}

/// A folder that is gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("handfast-test-{}", handfast_host::new_run_id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("can't make the folder `{}` for the tests", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind lies among the system's other temporary files.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What one test is driven with.
struct Set {
    contract: Arc<Contract>,
    sources: Sources,
    kit: Kit,
    start: Start,
}

impl Stage {
    /// `settings` are those that the contract was loaded with.
    ///
    /// # Errors
    /// There is no room for temporary files.
    pub(super) fn new(checked: Checked, settings: BTreeMap<String, Value>) -> anyhow::Result<Self> {
        let Checked { contract, sources, folder } = checked;
        Ok(Self { contract, sources, folder, settings, scratch: Scratch::new()? })
    }

    /// Plays one test. What can't be played is told as the test's trouble.
    pub(super) async fn play(&self, case: &Case) -> Played {
        let contract = match self.contract(case) {
            Ok(contract) => contract,
            Err(why) => return self.not_played(why),
        };
        if let Some(why) = unrun::before(case, &contract) {
            return self.not_played(anyhow::anyhow!(why));
        }
        let fakes = Arc::new(Fakes::new(case.tools.clone(), contract.settings.clone()));
        let played = match self.set(case, &contract, &fakes) {
            // A ceiling, not a verdict: nothing in a test waits for anything.
            Ok(set) => match timeout(TEST_WAIT, self.drive(case, &contract, &fakes, set)).await {
                Ok(driven) => driven,
                Err(_) => Err(anyhow::anyhow!("it did not come to rest within {TEST_WAIT:?}")),
            },
            Err(why) => Err(why),
        };
        match played {
            Ok((trace, status)) => Played { contract, trace, status, log: fakes.log(), trouble: None },
            Err(why) => Played { log: fakes.log(), ..self.not_played(why) },
        }
    }

    fn not_played(&self, why: anyhow::Error) -> Played {
        let causes: Vec<String> = why.chain().map(ToString::to_string).collect();
        Played {
            contract: self.contract.clone(),
            trace: Trace::fold(RunId::from_bytes([0; 16]), &[]),
            status: Status::Running,
            log: Log::default(),
            trouble: Some(causes.join(": ")),
        }
    }

    /// The contract with the settings of the test.
    fn contract(&self, case: &Case) -> anyhow::Result<Arc<Contract>> {
        let mut settings = self.settings.clone();
        settings.extend(case.settings.clone());
        if settings == self.settings {
            return Ok(self.contract.clone());
        }
        let loaded = handfast_contract::load_again(&self.sources, &settings);
        let told = loaded.report(Paint::Plain);
        let contract = loaded.contract.or(loaded.unrun);
        let contract =
            contract.with_context(|| format!("the contract can't have these settings:\n{told}"))?;
        Ok(Arc::new(contract))
    }

    /// What the test is driven with: its contract, its models and its fake tools.
    fn set(&self, case: &Case, contract: &Arc<Contract>, fakes: &Arc<Fakes>) -> anyhow::Result<Set> {
        let (contract, workflow, input, script) = match &case.action {
            Action::Run { workflow, input, .. } => {
                let script =
                    case.model.as_ref().map(|model| Script::parse(Path::new(&model.place), &model.script));
                (contract.clone(), workflow.to_string(), input.clone(), script.transpose()?)
            }
            Action::Call { tool, agent, with, input } => {
                let staged = contract.staged_call(agent.as_deref(), input);
                let script = Script::parse(Path::new("of the call"), &proposal(tool, with))?;
                (Arc::new(staged), STAGED.to_owned(), input.clone(), Some(script))
            }
        };
        let models = Models::rehearsal(&contract, &self.folder, handfast_host::now(), script)?;
        let tools = Tools::new(&contract, &self.folder, &|_| None, Functions::default());
        let plan = Plan::new(contract.clone(), &models.sheets(), None).with_facts(case.facts.clone());
        let plan = Arc::new(plan);
        let kit = Kit { plan, models, tools: tools.with_stand_in(fakes.clone()) };
        let folder = self.sources.root.clone();
        let start = Start { workflow, input, key: None, folder, model: None };
        Ok(Set { contract, sources: self.sources.clone(), kit, start })
    }

    /// Starts the run and drives it until it rests, and people have nothing more to say.
    async fn drive(
        &self,
        case: &Case,
        contract: &Arc<Contract>,
        fakes: &Arc<Fakes>,
        set: Set,
    ) -> anyhow::Result<(Trace, Status)> {
        let Set { contract: _contract, sources, kit, start } = set;
        let place = self.scratch.0.join(handfast_host::new_run_id().to_string());
        let store = SqliteStore::open(place.join("journal.db"), Options::default())?;
        let started = handfast_host::start(&store, kit.plan.clone(), &sources, start).await?;
        let driver = Driver::acquire(&store, handfast_host::now()).await?;
        let (mut kit, mut at) = (kit, handfast_host::now());
        loop {
            let worker = Worker::new(store.clone(), driver.worker().clone(), Kits::only(kit));
            let driven = worker
                .with_leaps_from(at)
                .drive(Until::Idle, std::future::pending, std::future::pending())
                .await?;
            if let Some((_, why)) = driven.troubled.first() {
                anyhow::bail!("the run can't be driven: {why}");
            }
            let journal = store.load(started.run).await?;
            let trace = Trace::fold(started.run, &journal.events);
            at = at.max(trace.newest.unwrap_or(at));
            let answers = people::answers(case, &trace, at)?;
            let wakes_at = store.next_wake().await?;
            if answers.is_empty() {
                // Nobody says anything any more: the time passes that was given for it.
                let Some(until) = wakes_at else { return Ok((trace, journal.row.status)) };
                at = at.max(until);
            }
            for answer in answers {
                store.put_mail(answer).await?;
            }
            kit = self.set(case, contract, fakes)?.kit;
        }
    }
}

/// A script that proposes one call, and is content with whatever comes of it.
fn proposal(tool: &str, with: &Value) -> String {
    let call = json!({ "step": "call", "turn": 1, "calls": [{ "tool": tool, "args": with }] });
    json!({ "handfast_script": 1, "decisions": [call], "otherwise": { "text": "Done." } }).to_string()
}
