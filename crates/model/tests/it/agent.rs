//! A small run of one agent whose models are asked over HTTP, driven until it ends or rests. Waits are leapt over, tools
//! answer at once: nothing here sleeps, and the only clock is the run's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Paint, alone, load};
use handfast_engine::{
    Around, CallTool, Command, Debt, Plan, Refusal, Run, Seen, Start, ToolOutcome, ToolReply,
};
use handfast_events::{Body, Epoch, Event, RunId, Timestamp};
use handfast_model::{Models, ModelsOptions, Place, Source};
use serde_json::Value;

/// Commands after which a run that still moves would never rest.
const COMMANDS_MAX: usize = 2_000;

/// A contract made ready, for any number of runs.
pub(crate) struct Kit {
    plan: Arc<Plan>,
    models: Models,
}

impl Kit {
    pub(crate) fn new(contract: &str) -> Arc<Self> {
        let loaded = load("small.yaml", "/", &BTreeMap::new(), &mut alone("small.yaml", contract));
        let report = loaded.report(Paint::Plain);
        let contract = Arc::new(loaded.contract.unwrap_or_else(|| panic!("{report}")));
        let options = ModelsOptions { folder: "/".into(), source: Source::Contract, priced_at: began() };
        let models = Models::open(&contract, &options, |_| None).unwrap();
        Arc::new(Self { plan: Arc::new(Plan::new(contract, &models.sheets(), None)), models })
    }
}

/// When every run begins.
fn began() -> Timestamp {
    "2026-11-21T06:00:00Z".parse().unwrap()
}

/// How long the model of this name is waited for in vain; none where it is waited for as long as its contract says.
type InVain = Box<dyn Fn(&str) -> Option<Duration>>;

/// A run, and all that happened to it.
pub(crate) struct Small {
    pub(crate) run: Run,
    pub(crate) events: Vec<Event>,
    kit: Arc<Kit>,
    now: Timestamp,
    around: Arc<Around>,
    reads: fn(&Value) -> Value,
    /// How long the model of this name is waited for now, where that is known to be in vain.
    in_vain: InVain,
}

impl Small {
    /// A run of this workflow that has begun. What a tool gives is a function of its arguments.
    pub(crate) fn begin(kit: &Arc<Kit>, workflow: &str, input: Value, reads: fn(&Value) -> Value) -> Self {
        let now = began();
        let fresh = Run::new(kit.plan.clone(), RunId::from_bytes([7; 16]));
        let start = Start { workflow: workflow.into(), input, ..Start::default() };
        let events = fresh.start(start, now).unwrap();
        let run = events.iter().try_fold(fresh, Run::evolve).unwrap();
        let mut small = Self {
            run,
            events,
            kit: kit.clone(),
            now,
            around: Arc::default(),
            reads,
            in_vain: Box::new(|_| None),
        };
        small.tell(Command::Begin { epoch: Epoch(1), worker: "one".into() });
        small
    }

    /// The same, whose models are waited for so long where that is known to be in vain: only silence is cut short, and no
    /// answer that is slow to come.
    pub(crate) fn hasty(self, in_vain: impl Fn(&str) -> Option<Duration> + 'static) -> Self {
        Self { in_vain: Box::new(in_vain), ..self }
    }

    /// Pays what the run owes, one debt after the other, until there is none.
    pub(crate) async fn drive(mut self) -> Self {
        for _ in 0..COMMANDS_MAX {
            let mut owed: Vec<Debt> = self.run.owed().collect();
            // What can be done now comes before what only time brings.
            owed.sort_by_key(|debt| matches!(debt, Debt::Wait { .. }));
            let command = match owed.into_iter().next() {
                None => return self,
                Some(Debt::AskModel(ask)) => {
                    let place =
                        Place { run: ask.run, step: ask.step.clone(), turn: ask.turn, attempt: ask.attempt };
                    let timeout = (self.in_vain)(&ask.model);
                    let timeout = timeout.unwrap_or(Duration::from_millis(ask.timeout_ms));
                    let reply = self.kit.models.ask(&ask.model, &ask.prompt.text(), &place, timeout).await;
                    Command::ModelReturned { step: ask.step, turn: ask.turn, attempt: ask.attempt, reply }
                }
                Some(Debt::CallTool(CallTool { call, attempt, args, .. })) => {
                    let outcome = ToolOutcome::Returned((self.reads)(&args));
                    Command::ToolReturned { call, attempt, reply: ToolReply { outcome, latency_ms: 1 } }
                }
                Some(Debt::Wait { until }) => {
                    self.now = self.now.max(until);
                    Command::TimePassed
                }
                Some(debt @ Debt::PollCall(_)) => panic!("nothing here is polled: {}", debt.key()),
            };
            self.tell(command);
        }
        panic!("it never rests: {}", self.run.status().name());
    }

    fn tell(&mut self, command: Command) {
        let decision = match self.run.think_again(command, self.now, Seen::new(), self.around.clone()) {
            Ok(decision) => decision,
            Err(Refusal::Stale) => return,
            Err(refused) => panic!("{refused}"),
        };
        let noted = self.run.noted(&decision.events);
        Arc::make_mut(&mut self.around).note(noted);
        self.run = decision.next;
        self.events.extend(decision.events);
    }

    /// What happened, in its order.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.events.iter().map(|event| &event.body)
    }
}
