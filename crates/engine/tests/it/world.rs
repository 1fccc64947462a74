//! One run under test, its journal in memory, and the laws that hold after whatever it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Name, Paint};
use handfast_engine::{
    Around, AskModel, CallTool, Command, Debt, Dialect, Message, ModelReply, ModelSheet, Opening, Plan,
    PollCall, PollOutcome, Rates, Refusal, Run, Seen, Start, ToolOutcome, ToolReply,
};
use handfast_events::{
    ApprovalAnswered, ApprovalId, ApprovalLapsed, Body, CallId, CommandId, Epoch, Event, Halt, Mail, Money,
    Reach, RunId, Salt, StepId, StoredEvent, Timestamp,
};
use serde_json::Value;

use crate::account::{CHEAP, DEAR};

/// How long everything takes here.
const LATENCY_MS: u64 = 5;

/// One run and its journal.
pub(crate) struct World {
    plan: Arc<Plan>,
    pub(crate) run: Run,
    pub(crate) now: Timestamp,
    pub(crate) journal: Vec<Event>,
    epoch: u64,
    mails: u64,
    /// What each call sent, and with which key: the same on every attempt.
    sent: BTreeMap<CallId, (Option<String>, Value)>,
    /// The newest request of each step.
    prompts: BTreeMap<StepId, String>,
    /// What whoever drives knows of those who are asked.
    around: Arc<Around>,
}

/// A file of a story's contract, which may have several: a line `=== NAME` begins another one.
fn file<'a>(contract: &'a str, path: &str) -> Option<&'a str> {
    let mut files = contract.split("\n=== ");
    let main = files.next().filter(|_| path == "story.yaml");
    main.or_else(|| {
        files.filter_map(|file| file.split_once('\n')).find(|(name, _)| *name == path).map(|(_, text)| text)
    })
}

impl World {
    pub(crate) fn new(contract: &str) -> Self {
        let mut read =
            |path: &str| file(contract, path).map(str::to_owned).ok_or_else(|| "no such file".to_owned());
        let loaded = handfast_contract::load("story.yaml", "/story", &BTreeMap::new(), &mut read);
        let Some(contract) = loaded.contract else {
            let found = loaded.diagnostics.iter().map(|found| found.render(&loaded.sources, Paint::Plain));
            panic!("the story's contract is wrong:\n{}", found.collect::<String>());
        };
        let sheet = |name: &Name| ModelSheet {
            dialect: Arc::new(Plain),
            rates: Some(rates(name)),
            window: contract.models.get(name).and_then(|used| used.window),
            identity: name.to_string().into(),
        };
        let sheets = contract.models.keys().map(|name| (name.clone(), sheet(name))).collect();
        let plan = Arc::new(Plan::new(Arc::new(contract), &sheets, None));
        let run = Run::new(plan.clone(), RunId::from_bytes([7; 16]));
        let now = Timestamp::from_second(1_700_000_000).expect("a time within the calendar");
        Self {
            plan,
            run,
            now,
            journal: Vec::new(),
            epoch: 0,
            mails: 0,
            sent: BTreeMap::new(),
            prompts: BTreeMap::new(),
            around: Arc::default(),
        }
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        self.plan.clone()
    }

    /// The first workflow of the contract.
    pub(crate) fn workflow(&self) -> String {
        self.plan.contract().workflows.keys().next().expect("a workflow").to_string()
    }

    pub(crate) fn start(&mut self, workflow: &str, input: Value) -> Result<(), Refusal> {
        let start = Start { workflow: workflow.into(), input, ..Start::default() };
        let events = self.run.start(start, self.now)?;
        self.remember(events);
        Ok(())
    }

    pub(crate) fn take(&mut self) -> Result<(), Refusal> {
        self.epoch += 1;
        self.put(Command::Begin { epoch: Epoch(self.epoch), worker: format!("worker-{}", self.epoch) })
    }

    pub(crate) fn mail(&mut self, who: &str, mail: Mail) -> Result<(), Refusal> {
        self.mails += 1;
        let id = CommandId::new(format!("mail-{}", self.mails));
        self.put(Command::Mail { id, who: who.into(), at: self.now, mail })
    }

    pub(crate) fn pass(&mut self, time: Duration) -> Result<(), Refusal> {
        self.now = self.now.checked_add(time).expect("a time within the calendar");
        self.put(Command::TimePassed)
    }

    pub(crate) fn model(
        &mut self,
        (step, turn, attempt): (&str, u32, u32),
        outcome: Result<handfast_engine::ModelSaid, handfast_engine::ModelTrouble>,
    ) -> Result<(), Refusal> {
        let reply = ModelReply { outcome, body: None, latency_ms: LATENCY_MS, request_id: None };
        self.put(Command::ModelReturned { step: StepId::new(step), turn, attempt, reply })
    }

    pub(crate) fn tool(&mut self, call: &str, attempt: u32, outcome: ToolOutcome) -> Result<(), Refusal> {
        let reply = ToolReply { outcome, latency_ms: LATENCY_MS };
        self.put(Command::ToolReturned { call: CallId::new(call), attempt, reply })
    }

    pub(crate) fn polled(&mut self, poll: &PollCall, outcome: PollOutcome) -> Result<(), Refusal> {
        let (call, attempt, poll) = (poll.call.clone(), poll.attempt, poll.poll);
        self.put(Command::CallPolled { call, attempt, poll, outcome })
    }

    /// Tells the run, remembers, becomes, and holds it against the laws.
    pub(crate) fn put(&mut self, command: Command) -> Result<(), Refusal> {
        let again = command.clone();
        let decide = |command| {
            let decision = self.run.think_again(command, self.now, Seen::new(), self.around.clone());
            decision.map(|decision| decision.events)
        };
        let events = match decide(command) {
            Err(Refusal::Bug(illegal)) => {
                panic!("{illegal}\nwhen told {again:?}\njournal:\n{}", self.in_words(0))
            }
            decided => decided?,
        };
        assert_eq!(decide(again).as_ref(), Ok(&events), "the same decision twice");
        Arc::make_mut(&mut self.around).note(self.run.noted(&events));
        self.remember(events);
        Arc::make_mut(&mut self.around).waits(&self.run);
        Ok(())
    }

    pub(crate) fn remember(&mut self, events: Vec<Event>) {
        for event in &events {
            self.run = self.run.clone().evolve(event).expect("a decision fits the run it was made for");
        }
        self.journal.extend(events);
        self.laws();
    }

    pub(crate) fn asks(&self) -> Vec<AskModel> {
        let ask = |debt| if let Debt::AskModel(ask) = debt { Some(*ask) } else { None };
        self.run.owed().filter_map(ask).collect()
    }

    pub(crate) fn calls(&self) -> Vec<CallTool> {
        let call = |debt| if let Debt::CallTool(call) = debt { Some(call) } else { None };
        self.run.owed().filter_map(call).collect()
    }

    pub(crate) fn polls(&self) -> Vec<PollCall> {
        let poll = |debt| if let Debt::PollCall(poll) = debt { Some(poll) } else { None };
        self.run.owed().filter_map(poll).collect()
    }

    /// The tool of a call that was proposed.
    pub(crate) fn run_tool(&self, id: &CallId) -> &str {
        let proposed = self.journal.iter().find_map(|event| match &event.body {
            Body::CallProposed(proposed) if event.call.as_ref() == Some(id) => Some(proposed.tool.as_str()),
            Body::SideCallProposed(proposed) if event.call.as_ref() == Some(id) => {
                Some(proposed.tool.as_str())
            }
            _ => None,
        });
        proposed.expect("a call that was proposed")
    }

    pub(crate) fn wait(&self) -> Option<Timestamp> {
        self.run.owed().find_map(|debt| if let Debt::Wait { until } = debt { Some(until) } else { None })
    }

    /// The next time at which anything is to be done.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.wait().into_iter().chain(self.polls().into_iter().map(|poll| poll.at)).min()
    }

    /// An operator halts something, or lets it go on; whoever drives looks at it.
    pub(crate) fn halt(&mut self, who: &str, scope: Option<&str>) {
        let halts: Vec<Halt> = scope
            .map(|scope| Halt {
                scope: scope.parse().expect("a scope"),
                who: who.into(),
                why: "the shop is on fire".into(),
                at: self.now,
                heeded: None,
            })
            .into_iter()
            .collect();
        self.run.heed(halts.into());
    }

    /// What is asked in the conversation, as whoever looks at the journal sees it.
    pub(crate) fn asked_in_talk(&self) -> Option<ApprovalId> {
        let mut open = None;
        for event in &self.journal {
            match &event.body {
                Body::ApprovalAsked(asked)
                    if asked.roles.iter().any(|role| role.reached == Reach::Conversation) =>
                {
                    open = Some(asked.id.clone());
                }
                Body::ApprovalAnswered(ApprovalAnswered { decides: Some(_), .. })
                | Body::ApprovalLapsed(_)
                | Body::ApprovalWithdrawn(_) => open = None,
                _ => {}
            }
        }
        open
    }

    /// What was asked last of this call or step; one that nobody asked where nothing was.
    pub(crate) fn asked(&self, place: &str) -> ApprovalId {
        let id = self.journal.iter().rev().find_map(|event| match &event.body {
            Body::ApprovalAsked(asked) if place_of(event) == place => Some(asked.id.clone()),
            _ => None,
        });
        id.unwrap_or_else(|| ApprovalId::of(self.run.id(), place, 99))
    }

    /// Nothing that people were asked about leaves without their yes, which is used up by it.
    fn never_unasked(&self) {
        let mut yes: BTreeMap<&CallId, bool> = BTreeMap::new();
        for event in &self.journal {
            let Some(call) = &event.call else { continue };
            match &event.body {
                Body::ApprovalAsked(_) | Body::ApprovalWithdrawn(_) => drop(yes.insert(call, false)),
                Body::ApprovalAnswered(ApprovalAnswered { decides: Some(decided), .. })
                | Body::ApprovalLapsed(ApprovalLapsed { decides: Some(decided), .. }) => {
                    yes.insert(call, decided.answer == "approved");
                }
                Body::CallIntended(intent) if intent.attempt == 1 => {
                    let is_allowed = yes.remove(call).unwrap_or(true);
                    assert!(is_allowed, "`{call}` was sent without a yes:\n{}", self.in_words(0));
                }
                _ => {}
            }
        }
    }

    /// What must hold of every run at every moment.
    fn laws(&mut self) {
        self.same_again();
        self.never_unasked();
        let status = self.run.status();
        let owes = self.run.owed().next().is_some();
        let told = || format!("it is {}\n{}", status.name(), self.in_words(0));
        assert!(!status.is_ended() || !owes, "an ended run owes something: {}", told());
        let is_taken = self.journal.len() > 1;
        assert!(!is_taken || owes || status.rests(), "it rests, and names nothing: {}", told());
        for call in self.calls() {
            let sent = (call.key.clone(), call.sends.clone());
            let before = self.sent.entry(call.call.clone()).or_insert_with(|| sent.clone());
            assert_eq!(*before, sent, "call `{}` changed between attempts", call.call);
        }
        for ask in self.asks() {
            let text = ask.prompt.text();
            assert!(text.starts_with("open\nuser: "), "the first message is written as one: {text}");
            let head = text.get(..ask.prompt.head_len()).expect("a head ends between characters");
            let before = self.prompts.insert(ask.step.clone(), head.to_owned()).unwrap_or_default();
            let newest = self.journal.iter().rev().find_map(|event| match &event.body {
                Body::ModelIntended(intent) if event.step.as_ref() == Some(&ask.step) => Some(intent),
                _ => None,
            });
            let is_anew = newest.is_some_and(|intent| intent.prompt.anew);
            assert!(
                is_anew || text.starts_with(&before),
                "step `{}` changed what it had said before",
                ask.step
            );
        }
    }

    /// A replay of the stored journal comes to the same run.
    fn same_again(&self) {
        let salt = Salt([3; 16]);
        let stored = self.journal.iter().map(|event| {
            let stored = StoredEvent::encode(self.run.id(), salt, event).expect("an event can be written");
            let back = stored.decode().expect("an event can be read");
            assert_eq!(&back, event, "it is read as it was written");
            back
        });
        let fresh = Run::new(self.plan.clone(), self.run.id());
        let again = stored.fold(fresh, |run, event| run.evolve(&event).expect("a journal folds"));
        let view = |run: &Run| {
            let owed: Vec<String> = run.owed().map(|debt| debt.key().to_string()).collect();
            (run.seq(), run.status(), owed, run.spend())
        };
        assert_eq!(view(&again), view(&self.run), "a replay comes to another run");
    }

    /// Whether these events can have happened.
    pub(crate) fn folds(&self, journal: &[Event]) -> bool {
        journal.iter().try_fold(Run::new(self.plan.clone(), self.run.id()), Run::evolve).is_ok()
    }

    /// The journal from this place on, one event a line.
    pub(crate) fn in_words(&self, from: usize) -> String {
        let events = self.journal.get(from..).unwrap_or_default();
        events.iter().map(crate::journal::in_words).collect::<Vec<_>>().join("\n")
    }
}

fn place_of(event: &Event) -> &str {
    event.call.as_ref().map_or_else(|| event.step.as_ref().map_or("", StepId::as_str), CallId::as_str)
}

/// 1 USD for a million tokens in, 10 USD for a million out; model `dear` costs three times as much, to the unit.
fn rates(model: &str) -> Rates {
    let price = if model == "dear" { DEAR } else { CHEAP };
    let [input, input_cached, input_max, output] =
        [price.input, price.cached, price.input_max, price.output].map(Money::from_nano_usd);
    Rates { input, input_cached, input_written: input_max, output, input_max, output_max: output }
}

/// The plainest dialect. It leaves out what the contract shows, so that the wording there changes no story's numbers.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn open(&self, _: &Opening<'_>) -> String {
        "open".into()
    }

    fn first(&self, message: &Message<'_>) -> String {
        format!("\n{}", self.message(message))
    }

    fn message(&self, message: &Message<'_>) -> String {
        match message {
            Message::User(text) => format!("user: {text}\n"),
            Message::Assistant { text, calls, .. } => {
                let calls: Vec<String> =
                    calls.iter().map(|ask| format!("{} {}", ask.tool, ask.args)).collect();
                format!("assistant: {text}{}\n", calls.join(" and "))
            }
            Message::Results(results) => {
                results.iter().map(|result| format!("result {}: {}\n", result.id, result.text)).collect()
            }
        }
    }

    fn close(&self, output_tokens_max: u64) -> String {
        format!("at most {output_tokens_max}")
    }
}
