//! A storm in virtual time: a provider that turns half of all calls away for a while, and the runs of several workers that ask
//! it. They share nothing but rows, as the workers of one store do.
//!
//! Start with [`storm`]; `worker.rs` drives the runs, `provider.rs` is the weather, `ideal.rs` is whom they are held against.

mod ideal;
mod limits;
mod provider;
mod report;
mod rows;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handfast_engine::{
    AskModel, Command, Debt, ModelReply, ModelSaid, ModelTrouble, Plan, Run, Start, ToolOutcome, ToolReply,
};
use handfast_events::{Answer, Ask, Digest, Epoch, Event, Finish, RunId, Usage, canonical};
use serde_json::json;

pub use report::{Shift, Shifted, Stormed};

use crate::random::Random;
use crate::subject::{Subject, load};
use crate::world::time;
use limits::{CALLS, COMMIT_MAX, LASTS, LOOK, RUNS, STORM_MAX, TOOL, WORKERS};
use provider::Provider;
use rows::Rows;
use worker::Worker;

/// Which storm shall be.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// The seed: the same is the same storm.
    pub seed: u64,
    /// How many runs ask the one model, three times each.
    pub runs: u64,
    /// How long it lasts, in milliseconds.
    pub lasts: u64,
}

impl Storm {
    /// The storm of this seed, full size.
    pub const fn of(seed: u64) -> Self {
        Self { seed, runs: RUNS, lasts: LASTS }
    }
}

/// One thing that happens; the run by its number.
enum Next {
    Looks(usize),
    /// A commit reaches the store.
    Lands(u64, Arc<Vec<Event>>),
    /// The store's answer reaches the worker: nothing, or the row that was in the way.
    Answers(u64, Option<String>),
    Arrives(u64, Box<AskModel>),
    Returns(u64, Command),
    Wakes(u64, jiff::Timestamp),
}

struct World {
    storm: Storm,
    now: u64,
    queue: BTreeMap<(u64, u64), Next>,
    asked: u64,
    ids: Vec<RunId>,
    rows: Rows,
    workers: Vec<Worker>,
    provider: Provider,
    /// How many calls each run made.
    calls: BTreeMap<u64, u64>,
    /// Until when each run was asked to leave the provider alone.
    alone: BTreeMap<u64, u64>,
    /// Calls of runs that didn't.
    impatient: u64,
    random: Random,
    /// Runs that haven't ended.
    open: BTreeSet<RunId>,
    ended: u64,
}

/// Lets a storm happen.
///
/// # Errors
/// A run could not begin, or a decision did not fit its run: a defect.
pub fn storm(storm: Storm) -> Result<Stormed, String> {
    let mut world = World::new(storm);
    world.begin()?;
    while let Some(((at, _), next)) = world.queue.pop_first() {
        world.now = at;
        if at > STORM_MAX || world.open.is_empty() {
            break;
        }
        world.happen(next)?;
    }
    Ok(world.end())
}

impl World {
    fn new(storm: Storm) -> Self {
        let id = |run: u64| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&storm.seed.to_be_bytes());
            bytes[8..].copy_from_slice(&run.to_be_bytes());
            RunId::from_bytes(bytes)
        };
        Self {
            storm,
            now: 0,
            queue: BTreeMap::new(),
            asked: 0,
            ids: (0..storm.runs).map(id).collect(),
            rows: Rows::default(),
            workers: (0..WORKERS).map(|_| Worker::default()).collect(),
            provider: Provider::new(storm.seed, storm.lasts),
            calls: BTreeMap::new(),
            alone: BTreeMap::new(),
            impatient: 0,
            random: Random::at(storm.seed, "storm"),
            open: BTreeSet::new(),
            ended: 0,
        }
    }

    fn begin(&mut self) -> Result<(), String> {
        let contract = load("storm", include_str!("contracts/storm.yaml"))?;
        let workflow = contract.workflows.get("storm").cloned().ok_or("no such workflow")?;
        let plan: Arc<Plan> = Subject::new(contract, workflow).plan;
        for worker in 0..WORKERS {
            let first = self.random.between(0, LOOK);
            self.at(first, Next::Looks(worker));
        }
        for (number, id) in (0..).zip(self.ids.clone()) {
            let run = Run::new(plan.clone(), id);
            let start = Start { workflow: "storm".into(), input: json!({}), ..Start::default() };
            let events = run.start(start, time(0)).map_err(|refused| refused.to_string())?;
            self.rows.land(0, id, &events)?;
            let run = events.iter().try_fold(run, Run::evolve).map_err(|illegal| illegal.to_string())?;
            self.open.insert(id);
            let begin = Command::Begin { epoch: Epoch(1), worker: "one".into() };
            if let Some(worker) = self.worker_of(number) {
                worker.take(run, begin);
            }
            self.think(number)?;
        }
        Ok(())
    }

    fn worker_of(&mut self, run: u64) -> Option<&mut Worker> {
        let at = usize::try_from(run).ok()? % self.workers.len().max(1);
        self.workers.get_mut(at)
    }

    fn id(&self, run: u64) -> RunId {
        let at = usize::try_from(run).unwrap_or(usize::MAX);
        self.ids.get(at).copied().unwrap_or(RunId::from_bytes([0xff; 16]))
    }

    fn number(&self, id: RunId) -> Option<u64> {
        let at = self.ids.binary_search(&id).ok()?;
        u64::try_from(at).ok()
    }

    fn at(&mut self, at: u64, next: Next) {
        self.asked += 1;
        self.queue.insert((at, self.asked), next);
    }

    /// As soon as a worker and a store manage it.
    fn soon(&mut self) -> u64 {
        self.now + self.random.between(1, COMMIT_MAX)
    }

    fn happen(&mut self, next: Next) -> Result<(), String> {
        match next {
            Next::Looks(at) => {
                if let Some(worker) = self.workers.get_mut(at) {
                    worker.look(&self.rows);
                }
                self.at(self.now + LOOK, Next::Looks(at));
            }
            Next::Lands(run, events) => {
                let in_the_way = self.rows.land(self.now, self.id(run), &events).err();
                let at = self.soon();
                self.at(at, Next::Answers(run, in_the_way));
            }
            Next::Answers(run, None) => return self.remembered(run),
            Next::Answers(run, Some(name)) => {
                let id = self.id(run);
                let at = usize::try_from(run).unwrap_or(0) % self.workers.len().max(1);
                if let Some(worker) = self.workers.get_mut(at) {
                    worker.was_second(id, name, &self.rows);
                }
                return self.think(run);
            }
            Next::Arrives(run, ask) => self.arrives(run, &ask),
            Next::Returns(run, command) => {
                let id = self.id(run);
                if matches!(&command, Command::ModelReturned { reply, .. } if reply.outcome.is_ok()) {
                    self.rows.trials.heard(id);
                }
                if let Some(worker) = self.worker_of(run) {
                    worker.tell(id, command);
                }
                return self.think(run);
            }
            Next::Wakes(run, until) => {
                let id = self.id(run);
                if let Some(worker) = self.worker_of(run) {
                    worker.time_passed(id, until);
                }
                self.think(run)?;
                let wait = self.worker_of(run).and_then(|worker| worker.waits_on(id));
                self.wait(run, wait);
            }
        }
        Ok(())
    }

    fn think(&mut self, run: u64) -> Result<(), String> {
        let (id, now) = (self.id(run), time(self.now));
        let Some(worker) = self.worker_of(run) else { return Ok(()) };
        if let Some(events) = worker.think(id, now)? {
            let at = self.soon();
            self.at(at, Next::Lands(run, events));
        }
        Ok(())
    }

    fn remembered(&mut self, run: u64) -> Result<(), String> {
        let id = self.id(run);
        let Some(worker) = self.worker_of(run) else { return Ok(()) };
        let offered = worker.remembered(id);
        for debt in offered.debts {
            match debt {
                Debt::AskModel(ask) => {
                    let at = self.soon();
                    self.at(at, Next::Arrives(run, ask));
                }
                Debt::CallTool(call) => {
                    let outcome = ToolOutcome::Returned(json!({ "of": call.call.to_string() }));
                    let reply = ToolReply { outcome, latency_ms: TOOL };
                    let command = Command::ToolReturned { call: call.call, attempt: call.attempt, reply };
                    self.at(self.now + TOOL, Next::Returns(run, command));
                }
                Debt::PollCall(_) | Debt::Wait { .. } => {}
            }
        }
        self.wait(run, offered.wait);
        if worker::end(self.rows.journal(id)).is_some() && self.open.remove(&id) {
            self.ended = self.now;
        }
        self.think(run)?;
        let next_up = offered.next_up.into_iter().filter_map(|id| Some((id, self.number(id)?)));
        for (id, number) in next_up.collect::<Vec<_>>() {
            if let Some(worker) = self.worker_of(run) {
                worker.tell(id, Command::TimePassed);
            }
            self.think(number)?;
        }
        Ok(())
    }

    fn wait(&mut self, run: u64, until: Option<jiff::Timestamp>) {
        let Some(until) = until else { return };
        let left = until.duration_since(time(self.now)).as_micros().div_euclid(1_000) + 1;
        self.at(self.now + u64::try_from(left).unwrap_or(0), Next::Wakes(run, until));
    }

    fn arrives(&mut self, run: u64, ask: &AskModel) {
        let before = self.calls.entry(run).or_default();
        let weather = self.provider.asked(self.now, run, *before);
        *before += 1;
        self.impatient += u64::from(self.alone.get(&run).is_some_and(|until| self.now < *until));
        if let Some(alone) = weather.failure.as_ref().and_then(|failure| failure.retry_after_ms) {
            self.alone.insert(run, self.now + weather.latency + alone);
        }
        let outcome = match weather.failure {
            Some(failure) => Err(ModelTrouble { failure, may_have_cost: false }),
            None => Ok(said(ask)),
        };
        let reply = ModelReply { outcome, body: None, latency_ms: weather.latency, request_id: None };
        let (step, turn, attempt) = (ask.step.clone(), ask.turn, ask.attempt);
        let command = Command::ModelReturned { step, turn, attempt, reply };
        self.at(self.now + weather.latency, Next::Returns(run, command));
    }

    fn end(self) -> Stormed {
        let Storm { seed, runs, lasts } = self.storm;
        let mut ends: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut chain = Digest::default();
        for id in &self.ids {
            let journal = self.rows.journal(*id);
            *ends.entry(worker::end(journal).unwrap_or("not ended")).or_default() += 1;
            let told = json!([chain.hex(), format!("{journal:?}")]);
            chain = Digest::of(&canonical(&told));
        }
        let ideal = ideal::obey(seed, lasts, runs);
        let trials = self.rows.trials;
        Stormed {
            seed,
            runs,
            arrivals: self.provider.arrivals,
            ended: self.ended,
            ideal_arrivals: ideal.arrivals,
            ideal_ended: ideal.ended,
            shifts: trials.shifts,
            trials_at_once: trials.at_once_max,
            strays: trials.strays,
            stray_latest: trials.stray_latest,
            impatient: self.impatient,
            calls_max: self.calls.values().copied().max().unwrap_or(0),
            ends,
            chain: chain.hex(),
        }
    }
}

/// It looks at one order in each turn, and says how they stand in the last.
fn said(ask: &AskModel) -> ModelSaid {
    let usage = Some(Usage { input: 100, output: 20, ..Usage::default() });
    let turn = u64::from(ask.turn);
    if turn >= CALLS {
        return ModelSaid { answer: Answer { text: "They stand well.".into(), ..Answer::default() }, usage };
    }
    let args = json!({ "order": turn.to_string() }).to_string();
    let calls = vec![Ask { id: "c0".into(), tool: "look".into(), args }];
    ModelSaid { answer: Answer { calls, finish: Finish::Calls, ..Answer::default() }, usage }
}
