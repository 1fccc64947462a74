//! A store in a folder of its own, a contract, a scripted model, and tools that are functions of the test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use handfast_contract::{Paint, load};
use handfast_engine::{Plan, Start};
use handfast_events::{Event, RunId, Sources, Status};
use handfast_host::{Around, DriveError, Driven, Kit, Kits, Until, Worker, start};
use handfast_model::Models;
use handfast_store::{Driver, Options, SqliteStore, Store};
use handfast_tool::{Functions, StandIn, Tools};
use serde_json::Value;
use tempfile::TempDir;

/// What a test works in.
pub(crate) struct World {
    /// Removed with the world.
    _folder: TempDir,
    pub(crate) store: SqliteStore,
    pub(crate) plan: Arc<Plan>,
    pub(crate) around: Around,
    sources: Sources,
}

impl World {
    /// The contract's text and the script of its model `script/script.json`.
    pub(crate) fn new(contract: &str, script: &Value, functions: Functions) -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().display().to_string();
        std::fs::write(folder.path().join("script.json"), script.to_string()).unwrap();
        let loaded = load(
            "handfast.yaml",
            &root,
            &BTreeMap::new(),
            &mut handfast_contract::alone("handfast.yaml", contract),
        );
        let report = loaded.report(Paint::Plain);
        let contract = Arc::new(loaded.contract.unwrap_or_else(|| panic!("{report}")));
        let around = Around { variable: Arc::new(|_| None), functions };
        let kit = Kit::new(contract, folder.path(), None, &around, handfast_host::now()).unwrap();
        let store = open(folder.path());
        Self { store, plan: kit.plan, around, sources: loaded.sources, _folder: folder }
    }

    pub(crate) async fn start(&self, start_with: Start) -> RunId {
        start(&self.store, self.plan.clone(), &self.sources, start_with).await.unwrap().run
    }

    /// Drives until nothing moves.
    pub(crate) async fn drive(&self) -> Driven {
        self.drive_until(std::future::pending()).await.unwrap()
    }

    /// Takes a run by its name, whatever it waits for, and drives until nothing moves.
    pub(crate) async fn drive_run(&self, run: RunId) -> Driven {
        let driver = Driver::acquire(&self.store, handfast_host::now()).await.unwrap();
        let kits = Kits::new(self.around.clone());
        let mut worker = Worker::new(self.store.clone(), driver.worker().clone(), kits);
        worker.take(&[run]).await.unwrap();
        worker.drive(Until::Idle, std::future::pending, std::future::pending()).await.unwrap()
    }

    pub(crate) async fn drive_until(&self, stop: impl Future<Output = ()>) -> Result<Driven, DriveError> {
        let driver = Driver::acquire(&self.store, handfast_host::now()).await.unwrap();
        let worker = Worker::new(self.store.clone(), driver.worker().clone(), Kits::new(self.around.clone()));
        worker.drive(Until::Idle, async || std::future::pending().await, stop).await
    }

    /// Drives with somebody who stands in for the tools, leaping over every wait, until nothing moves.
    pub(crate) async fn rehearse(&self, stand_in: Arc<dyn StandIn>) -> Driven {
        let driver = Driver::acquire(&self.store, handfast_host::now()).await.unwrap();
        let root = Path::new(&self.sources.root);
        let models = Models::rehearsal(self.plan.contract(), root, handfast_host::now(), None).unwrap();
        let tools = Tools::new(self.plan.contract(), root, &|_| None, Functions::default());
        let kit = Kit { plan: self.plan.clone(), models, tools: tools.with_stand_in(stand_in) };
        let worker = Worker::new(self.store.clone(), driver.worker().clone(), Kits::only(kit)).with_leaps();
        worker.drive(Until::Idle, std::future::pending, std::future::pending()).await.unwrap()
    }

    pub(crate) async fn status(&self, run: RunId) -> Status {
        self.store.run(run).await.unwrap().unwrap().status
    }

    pub(crate) async fn events(&self, run: RunId) -> Vec<Event> {
        self.store.load(run).await.unwrap().events
    }

    pub(crate) async fn names(&self, run: RunId) -> Vec<&'static str> {
        self.events(run).await.iter().map(Event::name).collect()
    }
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder.join("journal.db"), Options::default()).unwrap()
}
