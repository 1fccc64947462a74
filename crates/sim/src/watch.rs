//! Who watches: a fold of its own over what landed, held against what truly happened.

use std::collections::{BTreeMap, BTreeSet};

use handfast_engine::{AskModel, CallTool, Run};
use handfast_events::{
    Body, CallId, CallIntended, CallNotApplied, CallNotSent, Ceiling, CommandId, Event, LimitKind, Money,
    Next, PauseReason, Reserved, Settled, StepId,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::limits::BROKEN_MAX;
use crate::model::Bill;
use crate::plan::{CEILINGS, is_granted};
use crate::tool::Ledger;
use crate::{Broken, Law};

/// What the journal says of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) tool: String,
    pub(crate) args: Value,
    intents: BTreeMap<u32, CallIntended>,
    /// An attempt may have left, and nothing was said of it yet.
    is_open: bool,
    is_doubted: bool,
    is_applied: bool,
    is_refused: bool,
    /// Since when it waits for a person.
    pub(crate) waits_since: Option<Timestamp>,
}

/// What counts as used, by the events.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    spent: Reserved,
    held: Reserved,
}

#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) broken: Vec<Broken>,
    pub(crate) calls: BTreeMap<CallId, Story>,
    asks: BTreeMap<(StepId, u32, u32), Reserved>,
    /// By step; the run's own under no step.
    accounts: BTreeMap<Option<StepId>, Account>,
    bills: BTreeMap<Option<StepId>, Bill>,
    raised: BTreeMap<String, Ceiling>,
    mail: BTreeSet<CommandId>,
    acknowledged: BTreeMap<u64, Event>,
    views: BTreeMap<u64, View>,
    last: Option<Timestamp>,
    /// Why it paused last.
    pub(crate) paused: Option<PauseReason>,
}

/// What anybody could see of a run.
type View = (handfast_events::Status, Vec<String>, handfast_engine::Spend);

impl Watch {
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
        match &event.body {
            Body::MailTaken(taken) if self.mail.insert(taken.id.clone()) => {}
            Body::MailTaken(taken) => {
                self.broke(Law::NeverTwice, at, format!("mail `{}` was taken in twice", taken.id));
            }
            Body::RunPaused(paused) => self.paused = Some(paused.reason.clone()),
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
    }

    fn call(&mut self, id: &CallId, event: &Event) {
        let story = self.calls.entry(id.clone()).or_default();
        match &event.body {
            Body::CallProposed(proposed) => {
                (story.tool, story.args) = (proposed.tool.clone(), proposed.args.clone());
            }
            Body::CallRefused(_) => story.is_refused = true,
            Body::CallIntended(intent) => {
                story.is_open = true;
                story.intents.insert(intent.attempt, intent.clone());
            }
            // What is known of this attempt says nothing of one before it that is in doubt.
            Body::CallNotSent(CallNotSent { next, .. })
            | Body::CallNotApplied(CallNotApplied { next, .. }) => {
                story.is_open = false;
                story.waits_since = (*next == Next::Settlement).then_some(event.time);
            }
            Body::CallDoubted(doubted) => {
                (story.is_open, story.is_doubted) = (false, true);
                story.waits_since = (doubted.next == Next::Settlement).then_some(event.time);
            }
            Body::CallApplied(_) => {
                (story.is_open, story.is_doubted, story.is_applied) = (false, false, true);
            }
            Body::CallSettled(settled) => {
                (story.is_doubted, story.waits_since) = (false, None);
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
                return self.ceilings(at);
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
    fn ceilings(&mut self, at: u64) {
        for limits in &CEILINGS {
            let account = self.accounts.get(&limits.step.map(StepId::new)).copied().unwrap_or_default();
            let all = plus(account.spent, account.held);
            let raised = |limit: LimitKind| self.raised.get(&format!("{}.{}", limits.owner, limit.name()));
            let tokens = match raised(LimitKind::Tokens) {
                Some(Ceiling::Count(count)) => *count,
                _ => limits.tokens,
            };
            let cost = match raised(LimitKind::Cost) {
                Some(Ceiling::Money(money)) => *money,
                _ => limits.cost,
            };
            if all.tokens > tokens || all.cost > cost {
                let told =
                    format!("{}: {} tokens of {tokens}, {} of {cost}", limits.owner, all.tokens, all.cost);
                self.broke(Law::NeverOver, at, told);
            }
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
            _ if story.is_refused => "though it was refused",
            None => "without an intent",
            Some(intent) if intent.sends != call.sends => "with other arguments than intended",
            Some(_) if !is_granted(step.as_str(), &call.tool.name, &story.args) => "without a grant",
            Some(_) => return,
        };
        self.broke(Law::NeverUnasked, at, format!("call {id} #{} was sent {told}", call.attempt));
    }

    /// A call took effect: never twice, but where twice is as good as once.
    pub(crate) fn took_effect(&mut self, at: u64, call: &CallTool, ledger: &Ledger) {
        let times = ledger.of(&call.call).len();
        if times > 1 && &*call.tool.name != "note" {
            self.broke(
                Law::NeverTwice,
                at,
                format!("call {} ({}) took effect {times} times", call.call, call.tool.name),
            );
        }
    }

    /// A commit was acknowledged.
    pub(crate) fn acknowledged(&mut self, events: &[Event]) {
        self.acknowledged.extend(events.iter().map(|event| (event.seq.0, event.clone())));
    }

    /// A run came to be what it is here: whoever sees it again sees the same.
    pub(crate) fn saw(&mut self, at: u64, run: &Run) {
        let owed = run.owed().map(|debt| debt.key().to_string()).collect();
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
    pub(crate) fn end(&mut self, at: u64, journal: &[Event], posted: &BTreeSet<CommandId>, ledger: &Ledger) {
        for (seq, event) in std::mem::take(&mut self.acknowledged) {
            let there = usize::try_from(seq - 1).ok().and_then(|index| journal.get(index));
            if there != Some(&event) {
                self.broke(Law::NeverLost, at, format!("event {seq} ({}) was acknowledged", event.name()));
            }
        }
        for (id, story) in self.calls.clone() {
            let times = ledger.of(&id).len();
            let told = match (times, story.is_applied) {
                _ if story.tool == "read" => continue,
                _ if story.is_open => "may have left, and nothing was said of it".to_owned(),
                _ if story.is_doubted => "is in doubt for ever".to_owned(),
                (0, true) => "is said to have taken effect, and did not".to_owned(),
                (1.., false) => format!("took effect {times} times, and that is not said"),
                _ => continue,
            };
            self.broke(Law::NeverUnsaid, at, format!("call {id} ({}) {told}", story.tool));
        }
        if !posted.is_superset(&self.mail) {
            self.broke(Law::NeverUnasked, at, "mail was taken in that nobody put there".into());
        }
    }
}

fn plus(a: Reserved, b: Reserved) -> Reserved {
    Reserved { tokens: a.tokens + b.tokens, cost: Money::plus(a.cost, b.cost) }
}
