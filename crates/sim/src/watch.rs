//! Who watches: a fold of its own over what landed, held against what truly happened.

mod question;
mod talk;
mod undoing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handfast_contract::Limits;
use handfast_engine::{AskModel, CallTool, DebtKey, Run};
use handfast_events::{
    ApprovalId, Body, CallId, CallIntended, CallNotApplied, CallNotSent, Ceiling, CommandId, Event,
    LimitKind, Mail, Money, Next, PauseReason, Reserved, Settled, Stayed, StepId, StepKind,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::limits::BROKEN_MAX;
use crate::model::Bill;
use crate::rules::Class;
use crate::subject::Subject;
use crate::told::{Telling, Told};
use crate::tool::Ledger;
use crate::{Broken, Law};
pub(crate) use question::Question;
use undoing::Undoing;

/// What the journal says of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) tool: String,
    pub(crate) args: Value,
    intents: BTreeMap<u32, CallIntended>,
    /// An attempt may have left, and nothing was said of it yet.
    is_open: bool,
    /// The attempts that nobody knows of what they did.
    doubted: BTreeSet<u32>,
    is_applied: bool,
    is_refused: bool,
    /// Its result came late, and was not as somebody had said.
    is_contradicted: bool,
    /// Since when it waits for a person.
    pub(crate) waits_since: Option<Timestamp>,
    /// Whether what it did can't be taken back without a person.
    pub(crate) is_stuck: bool,
}

impl Story {
    /// How long its attempts may be at work.
    pub(crate) fn timeout_ms(&self) -> u64 {
        self.intents.values().map(|intent| intent.timeout_ms).max().unwrap_or(0)
    }
}

/// What the journal says of one step.
#[derive(Clone, Debug)]
pub(crate) struct StepStory {
    /// The agent at work, if one is.
    pub(crate) agent: Option<String>,
    pub(crate) input: Value,
}

/// What counts as used, by the events.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    spent: Reserved,
    held: Reserved,
}

pub(crate) struct Watch {
    subject: Arc<Subject>,
    pub(crate) broken: Vec<Broken>,
    pub(crate) steps: BTreeMap<StepId, StepStory>,
    pub(crate) told: Told,
    pub(crate) calls: BTreeMap<CallId, Story>,
    asks: BTreeMap<(StepId, u32, u32), Reserved>,
    /// By step; the run's own under no step.
    accounts: BTreeMap<Option<StepId>, Account>,
    bills: BTreeMap<Option<StepId>, Bill>,
    raised: BTreeMap<String, Ceiling>,
    pub(crate) questions: BTreeMap<ApprovalId, Question>,
    talk: talk::Talk,
    undoing: Undoing,
    /// The steps that failed.
    failed: BTreeSet<StepId>,
    mail: BTreeMap<CommandId, Mail>,
    acknowledged: Vec<Arc<Vec<Event>>>,
    views: BTreeMap<u64, View>,
    last: Option<Timestamp>,
    /// Why it paused last.
    pub(crate) paused: Option<PauseReason>,
}

/// What anybody could see of a run.
type View = (handfast_events::Status, Vec<DebtKey>, handfast_engine::Spend);

impl Watch {
    pub(crate) fn new(subject: Arc<Subject>) -> Self {
        Self {
            subject,
            broken: Vec::new(),
            steps: BTreeMap::new(),
            told: Told::default(),
            calls: BTreeMap::new(),
            asks: BTreeMap::new(),
            accounts: BTreeMap::new(),
            bills: BTreeMap::new(),
            raised: BTreeMap::new(),
            questions: BTreeMap::new(),
            talk: talk::Talk::default(),
            undoing: Undoing::default(),
            failed: BTreeSet::new(),
            mail: BTreeMap::new(),
            acknowledged: Vec::new(),
            views: BTreeMap::new(),
            last: None,
            paused: None,
        }
    }

    pub(crate) fn broke(&mut self, law: Law, at_ms: u64, told: String) {
        let is_known = self.broken.iter().any(|broken| broken.law == law && broken.told == told);
        if self.broken.len() < BROKEN_MAX && !is_known {
            self.broken.push(Broken { law, at_ms, told });
        }
    }

    /// An event landed.
    pub(crate) fn landed(&mut self, at: u64, event: &Event) {
        if self.last > Some(event.time) {
            self.broke(Law::SameAgain, at, format!("the time of event {} went backwards", event.seq));
        }
        self.last = Some(event.time);
        self.talk(at, event);
        match &event.body {
            Body::MailTaken(taken) => {
                if self.mail.insert(taken.id.clone(), taken.mail.clone()).is_none() {
                    return;
                }
                self.broke(Law::NeverTwice, at, format!("mail `{}` was taken in twice", taken.id));
            }
            Body::ApprovalAsked(_)
            | Body::ApprovalAnswered(_)
            | Body::ApprovalLapsed(_)
            | Body::ApprovalWithdrawn(_) => self.question(event),
            Body::CallIntended(intent) if intent.attempt == 1 => self.used(at, event),
            Body::RunPaused(paused) => {
                if let PauseReason::Limit { clause, .. } = &paused.reason {
                    self.told.add(Telling::Limit, clause);
                }
                self.paused = Some(paused.reason.clone());
            }
            Body::StepStarted(started) => {
                if let Some(step) = &event.step {
                    let agent = match &started.kind {
                        StepKind::Agent(agent) | StepKind::Talk(agent) => Some(agent.clone()),
                        _ => None,
                    };
                    self.steps.insert(step.clone(), StepStory { agent, input: started.input.clone() });
                }
            }
            Body::StepFailed(_) => self.failed.extend(event.step.clone()),
            Body::StepSucceeded(done) => self.gave(at, event.step.as_ref(), &done.output),
            Body::RunFailed(failed) => {
                let clause = failed.clause.as_deref().unwrap_or_else(|| failed.failure.class.name());
                self.told.add(Telling::Failed, clause);
            }
            Body::CallRefused(refused) => self.told.add(Telling::Refused, &refused.clause),
            Body::CallSettled(_) => {
                let tool =
                    event.call.as_ref().and_then(|call| self.calls.get(call)).map(|story| story.tool.clone());
                self.told.add(Telling::Settled, &tool.unwrap_or_default());
            }
            Body::LimitRaised(raised) => {
                self.raised.insert(raised.clause.clone(), raised.to);
            }
            _ => {}
        }
        if let Some(step) = &event.step {
            self.money(at, step, &event.body);
        }
        if let Some(call) = &event.call {
            self.call(call, event);
        }
        self.undoing(at, event);
    }

    fn call(&mut self, id: &CallId, event: &Event) {
        let story = self.calls.entry(id.clone()).or_default();
        match &event.body {
            Body::CallProposed(proposed) => {
                (story.tool, story.args) = (proposed.tool.clone(), proposed.args.clone());
            }
            Body::SideCallProposed(proposed) => {
                (story.tool, story.args) = (proposed.tool.clone(), proposed.args.clone());
            }
            Body::CallRefused(_) => story.is_refused = true,
            Body::ResultCameLate(late) => story.is_contradicted |= late.contradicts.is_some(),
            Body::CompensationStuck(_) => story.is_stuck = true,
            Body::CompensationRetried(_) | Body::CallLeftStanding(_) => story.is_stuck = false,
            Body::CallIntended(intent) => {
                story.is_open = true;
                story.intents.insert(intent.attempt, intent.clone());
            }
            // What is known of this attempt says nothing of one before it that is in doubt.
            Body::CallNotSent(CallNotSent { attempt, next, .. })
            | Body::CallNotApplied(CallNotApplied { attempt, next, .. }) => {
                story.is_open = false;
                story.doubted.remove(attempt);
                story.waits_since = (*next == Next::Settlement).then_some(event.time);
            }
            Body::CallDoubted(doubted) => {
                story.is_open = false;
                story.doubted.insert(doubted.attempt);
                story.waits_since = (doubted.next == Next::Settlement).then_some(event.time);
            }
            Body::CallApplied(_) => {
                (story.is_open, story.waits_since, story.is_applied) = (false, None, true);
                story.doubted.clear();
            }
            Body::CallFound(found) => {
                (story.is_open, story.waits_since) = (false, None);
                story.doubted.clear();
                story.is_applied = matches!(found.settled, Settled::Applied(_));
            }
            Body::DoubtStayed(stayed) => {
                story.waits_since = matches!(stayed.next, Stayed::Person { .. }).then_some(event.time);
            }
            Body::CallSettled(settled) => {
                story.waits_since = None;
                story.doubted.clear();
                story.is_applied = matches!(settled.settled, Settled::Applied(_));
            }
            _ => {}
        }
    }

    fn money(&mut self, at: u64, step: &StepId, body: &Body) {
        let (turn, attempt, used) = match body {
            Body::ModelIntended(intent) => {
                let key = (step.clone(), intent.turn, intent.attempt);
                if self.asks.insert(key, intent.reserved).is_some() {
                    self.broke(
                        Law::NeverTwice,
                        at,
                        format!("{step}@{} #{} twice", intent.turn, intent.attempt),
                    );
                }
                for owner in [None, Some(step.clone())] {
                    let account = self.accounts.entry(owner).or_default();
                    account.held = plus(account.held, intent.reserved);
                }
                return self.ceilings(at, step);
            }
            Body::ModelAnswered(said) => {
                (said.turn, said.attempt, Reserved { tokens: said.usage.total(), cost: said.cost })
            }
            Body::ModelFailed(failed) => (failed.turn, failed.attempt, failed.forfeited),
            _ => return,
        };
        let held = self.asks.get(&(step.clone(), turn, attempt)).copied().unwrap_or_default();
        for owner in [None, Some(step.clone())] {
            let account = self.accounts.entry(owner).or_default();
            account.held.tokens = account.held.tokens.saturating_sub(held.tokens);
            account.held.cost = account.held.cost.minus(held.cost);
            account.spent = plus(account.spent, used);
        }
    }

    /// Never over: what is used and held fits every ceiling, at the moment of each intent.
    fn ceilings(&mut self, at: u64, step: &StepId) {
        let subject = self.subject.clone();
        let of_run = subject.rules.ceilings_of_run();
        self.ceiling(at, None, &of_run.owner, of_run.limits);
        if let Some((owner, limits)) = subject.rules.ceilings_of_step(step) {
            self.ceiling(at, Some(step), &owner, &limits);
        }
    }

    fn ceiling(&mut self, at: u64, of: Option<&StepId>, owner: &str, limits: &Limits) {
        let account = self.accounts.get(&of.cloned()).copied().unwrap_or_default();
        let all = plus(account.spent, account.held);
        let raised = |limit: LimitKind| self.raised.get(&format!("{owner}.{}", limit.name()));
        let tokens = match raised(LimitKind::Tokens) {
            Some(Ceiling::Count(count)) => Some(*count),
            _ => limits.tokens,
        };
        let cost = match raised(LimitKind::Cost) {
            Some(Ceiling::Money(money)) => Some(*money),
            _ => limits.cost,
        };
        if tokens.is_some_and(|most| all.tokens > most) || cost.is_some_and(|most| all.cost > most) {
            let told = format!("{owner}: {} tokens and {} are used and held", all.tokens, all.cost);
            self.broke(Law::NeverOver, at, told);
        }
    }

    /// A provider charged: all of it is accounted for, as measured, as assumed, or as held.
    pub(crate) fn billed(&mut self, at: u64, step: &StepId, bill: Bill) {
        for owner in [None, Some(step.clone())] {
            let total = self.bills.entry(owner.clone()).or_default();
            total.tokens += bill.tokens;
            total.cost = total.cost.plus(bill.cost);
        }
        self.accounted(at);
    }

    pub(crate) fn accounted(&mut self, at: u64) {
        for (owner, bill) in self.bills.clone() {
            let account = self.accounts.get(&owner).copied().unwrap_or_default();
            let all = plus(account.spent, account.held);
            if bill.tokens > all.tokens || bill.cost > all.cost {
                let told = format!(
                    "{} tokens, {} were charged, {} tokens, {} are accounted for",
                    bill.tokens, bill.cost, all.tokens, all.cost
                );
                self.broke(Law::NeverOver, at, told);
            }
        }
    }

    /// A model's request goes out: its intent has landed.
    pub(crate) fn asked(&mut self, at: u64, ask: &AskModel) {
        if !self.asks.contains_key(&(ask.step.clone(), ask.turn, ask.attempt)) {
            let told = format!("{}@{} #{} was asked without an intent", ask.step, ask.turn, ask.attempt);
            self.broke(Law::NeverUnasked, at, told);
        }
    }

    /// A call goes out: its intent has landed, and its contract grants it.
    pub(crate) fn sent(&mut self, at: u64, call: &CallTool) {
        let id = &call.call;
        let Some(story) = self.calls.get(id) else {
            return self.broke(Law::NeverUnasked, at, format!("call {id} was sent and never proposed"));
        };
        let step = id.step();
        let told = match story.intents.get(&call.attempt) {
            _ if story.is_refused => "though it was refused".to_owned(),
            None => "without an intent".to_owned(),
            Some(intent) if intent.sends != call.sends => "with other arguments than intended".to_owned(),
            Some(_) => {
                let input = self.steps.get(&step).map_or(&Value::Null, |step| &step.input);
                match self.subject.rules.objection(call.run, id, (&call.tool.name, &story.args, input)) {
                    Some(objection) => objection,
                    None => return,
                }
            }
        };
        self.broke(Law::NeverUnasked, at, format!("call {id} #{} was sent {told}", call.attempt));
    }

    /// A call took effect: never twice, but where twice is as good as once.
    pub(crate) fn took_effect(&mut self, at: u64, call: &CallTool, ledger: &Ledger) {
        let times = ledger.of(&call.call).len();
        let class = self.subject.rules.class(&call.tool.name);
        if times > 1 && matches!(class, Class::Keyed { .. } | Class::None) {
            self.broke(
                Law::NeverTwice,
                at,
                format!("call {} ({}) took effect {times} times", call.call, call.tool.name),
            );
        }
    }

    /// A commit was acknowledged.
    pub(crate) fn acknowledged(&mut self, events: &Arc<Vec<Event>>) {
        self.acknowledged.push(events.clone());
    }

    /// A run came to be what it is here: whoever sees it again sees the same.
    pub(crate) fn saw(&mut self, at: u64, run: &Run) {
        let owed = run.owed().map(|debt| debt.key()).collect();
        let view = (run.status(), owed, run.spend());
        let before = self.views.entry(run.seq().0).or_insert_with(|| view.clone());
        if *before != view {
            let told = format!("at {} it was {before:?}, and is {view:?}", run.seq());
            self.broke(Law::SameAgain, at, told);
        }
    }

    /// Sees the run again, where somebody saw it before.
    pub(crate) fn saw_again(&mut self, at: u64, run: &Run) {
        if self.views.contains_key(&run.seq().0) {
            self.saw(at, run);
        }
    }

    /// The run is at its end, and the world at rest: nothing is missing, nothing was left unsaid.
    pub(crate) fn end(
        &mut self,
        at: u64,
        journal: &[Event],
        posted: &BTreeMap<CommandId, Mail>,
        ledger: &Ledger,
    ) {
        let acknowledged = std::mem::take(&mut self.acknowledged);
        for event in acknowledged.iter().flat_map(|events| events.iter()) {
            let there = usize::try_from(event.seq.0 - 1).ok().and_then(|index| journal.get(index));
            if there != Some(event) {
                let told =
                    format!("event {} ({}) was acknowledged, and isn't there", event.seq, event.name());
                self.broke(Law::NeverLost, at, told);
            }
        }
        for (id, story) in self.calls.clone() {
            let times = ledger.of(&id).len();
            let told = match (times, story.is_applied) {
                _ if self.subject.rules.class(&story.tool) == Class::Reads => continue,
                // The run itself did it, in the commit that says so: `remembers` looks at that.
                _ if story.tool.starts_with("memory.") => continue,
                _ if story.is_open => "may have left, and nothing was said of it".to_owned(),
                _ if !story.doubted.is_empty() => "is in doubt for ever".to_owned(),
                _ if story.is_contradicted => continue,
                (0, true) => "is said to have taken effect, and did not".to_owned(),
                (1.., false) => format!("took effect {times} times, and that is not said"),
                _ => continue,
            };
            self.broke(Law::NeverUnsaid, at, format!("call {id} ({}) {told}", story.tool));
        }
        self.remembers(at, journal);
        self.talk_ended(at, journal);
        self.undone(at, journal);
        let left = journal.iter().filter(|event| matches!(event.body, Body::CallLeftStanding(_)));
        let standing = left.filter_map(|event| self.calls.get(event.call.as_ref()?));
        for tool in standing.map(|story| story.tool.clone()).collect::<Vec<_>>() {
            self.told.add(Telling::LeftStanding, &tool);
        }
        if self.mail.iter().any(|(id, mail)| posted.get(id) != Some(mail)) {
            self.broke(Law::NeverUnasked, at, "mail was taken in that nobody put there".into());
        }
    }
}

impl Watch {
    /// No write into memory is lost, and whoever reads sees all that was written before.
    fn remembers(&mut self, at: u64, journal: &[Event]) {
        let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
        for event in journal {
            let (memory, version, expected) = match &event.body {
                Body::MemoryWritten(written) => {
                    let version = versions.entry(&written.memory).or_default();
                    *version += 1;
                    (&written.memory, written.version, *version)
                }
                Body::MemoryRead(read) => {
                    (&read.memory, read.version, versions.get(read.memory.as_str()).copied().unwrap_or(0))
                }
                _ => continue,
            };
            if version != expected {
                let told = format!(
                    "memory `{memory}` is version {expected}, and event {} says {version}",
                    event.seq
                );
                self.broke(Law::NeverLost, at, told);
            }
        }
    }
}

fn plus(a: Reserved, b: Reserved) -> Reserved {
    Reserved { tokens: a.tokens + b.tokens, cost: Money::plus(a.cost, b.cost) }
}
