//! An account of one run's money and tokens, kept beside the engine's own: from the events, what was answered and the
//! contract's numbers as they stand here once more. It knows nothing of the engine's fold.

use std::collections::{BTreeMap, BTreeSet};

use handfast_events::{Body, Ceiling, Event, FailureClass, Money, Usage};

/// What a model's tokens cost, in billionths of a dollar for a thousand.
pub(crate) struct Price {
    pub(crate) input: i64,
    pub(crate) cached: i64,
    pub(crate) output: i64,
    pub(crate) input_max: i64,
}

pub(crate) const CHEAP: Price =
    Price { input: 1_000_000, cached: 1_000_000, output: 10_000_000, input_max: 1_000_000 };
pub(crate) const DEAR: Price =
    Price { input: 3_000_001, cached: 300_007, output: 29_999_999, input_max: 3_750_001 };

/// Tokens, and billionths of a dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) tokens: u64,
    pub(crate) nano: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) spent: Amount,
    pub(crate) forfeited: Amount,
    pub(crate) reserved: Amount,
}

/// A ceiling: its clause, and the most of each.
pub(crate) type Most = (&'static str, Option<u64>, Option<i64>);

/// What the account knows of its contract: the ceilings of the run (`""`) and of a step.
pub(crate) type Mosts = fn(&str) -> Vec<Most>;

/// An attempt that has left and isn't back.
#[derive(Debug)]
struct Open {
    holders: Vec<String>,
    held: Amount,
    model: String,
    takes_back: bool,
}

/// What somebody let come of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Came {
    /// The provider answered, and counted so, or didn't.
    Answered(Option<Usage>),
    /// It failed, and may have cost something, or hasn't.
    Failed { may_have_cost: bool },
}

pub(crate) struct Account {
    mosts: Mosts,
    pub(crate) sums: BTreeMap<String, Sum>,
    /// What taking back came to, which no ceiling holds.
    taken_back: BTreeMap<String, i64>,
    open: BTreeMap<String, Open>,
    intended: BTreeSet<String>,
    raised: BTreeMap<String, Ceiling>,
    /// By the attempt of the model.
    pub(crate) came: BTreeMap<String, Came>,
}

impl Account {
    pub(crate) fn new(mosts: Mosts) -> Self {
        Self {
            mosts,
            sums: BTreeMap::new(),
            taken_back: BTreeMap::new(),
            open: BTreeMap::new(),
            intended: BTreeSet::new(),
            raised: BTreeMap::new(),
            came: BTreeMap::new(),
        }
    }

    pub(crate) fn run(&self) -> Sum {
        self.sums.get("").copied().unwrap_or_default()
    }

    /// Attempts that are under way.
    pub(crate) fn open(&self) -> Vec<&str> {
        self.open.keys().map(String::as_str).collect()
    }

    pub(crate) fn follow(&mut self, event: &Event) {
        let place = event.call.as_ref().map(ToString::to_string);
        let place = place.or_else(|| event.step.as_ref().map(ToString::to_string)).unwrap_or_default();
        match &event.body {
            Body::ModelIntended(intent) => {
                let key = attempt(&place, intent.turn, intent.attempt);
                let held = Amount { tokens: intent.reserved.tokens, nano: intent.reserved.cost.nano_usd() };
                let price = price(&intent.model);
                let input = intent.reserved.tokens - intent.output_tokens_max;
                let worst = price.input_max * input as i64 + price.output * intent.output_tokens_max as i64;
                assert!(held.nano * 1_000 >= worst, "`{key}` holds less than it can come to");
                self.reserve(key, &place, held, &intent.model);
            }
            Body::ModelAnswered(said) => {
                let key = attempt(&place, said.turn, said.attempt);
                let open = self.take(&key);
                let Some(Came::Answered(usage)) = self.came.remove(&key) else {
                    panic!("`{key}` was never answered")
                };
                let spent = usage.map_or(open.held, |usage| cost(&price(&open.model), usage));
                let booked = Amount { tokens: said.usage.total(), nano: said.cost.nano_usd() };
                assert_eq!(booked, spent, "`{key}` is booked otherwise than it was billed");
                self.settle(&open, spent, Amount::default());
            }
            Body::ModelFailed(failed) => {
                let key = attempt(&place, failed.turn, failed.attempt);
                let open = self.take(&key);
                // Nobody waits any more for what a worker lost, or for what a run that ends has no use of.
                let class = failed.failure.class;
                let is_lost = matches!(class, FailureClass::WorkerGone | FailureClass::Cancelled);
                let may_have_cost = match self.came.remove(&key) {
                    Some(Came::Failed { may_have_cost }) => may_have_cost,
                    None if is_lost => true,
                    came => panic!("`{key}` failed, and {came:?} came of it"),
                };
                let lost = if may_have_cost { open.held } else { Amount::default() };
                let told = Amount { tokens: failed.forfeited.tokens, nano: failed.forfeited.cost.nano_usd() };
                assert_eq!(told, lost, "`{key}` forfeits otherwise than it may have cost");
                self.settle(&open, Amount::default(), lost);
            }
            Body::LimitRaised(raised) => _ = self.raised.insert(raised.clause.clone(), raised.to),
            _ => self.follow_call(&place, &event.body),
        }
        self.check();
    }

    fn follow_call(&mut self, call: &str, body: &Body) {
        match body {
            Body::CallIntended(intent) if intent.costs != Money::ZERO => {
                let held = Amount { tokens: 0, nano: intent.costs.nano_usd() };
                let (step, _) = call.rsplit_once('@').expect("a call is of a step");
                self.reserve(attempt(call, 0, intent.attempt), step, held, "");
            }
            Body::CallApplied(_)
            | Body::CallNotApplied(_)
            | Body::CallNotSent(_)
            | Body::CallDoubted(_)
            | Body::CallSettled(_) => {
                let own = self.open.keys().find(|key| key.starts_with(&format!("{call} "))).cloned();
                let Some(open) = own.map(|key| self.take(&key)) else { return };
                let (spent, lost) = match body {
                    Body::CallNotSent(_) => (Amount::default(), Amount::default()),
                    Body::CallDoubted(_) => (Amount::default(), open.held),
                    _ => (open.held, Amount::default()),
                };
                self.settle(&open, spent, lost);
            }
            _ => {}
        }
    }

    fn reserve(&mut self, key: String, step: &str, held: Amount, model: &str) {
        assert!(self.intended.insert(key.clone()), "`{key}` is made a second time");
        let holders = holders(step);
        let takes_back = key.split('@').next_back().is_some_and(|rest| rest.contains("~compensate"));
        for holder in &holders {
            let sum = self.sums.entry(holder.clone()).or_default();
            sum.reserved = plus(sum.reserved, held, 1);
            if takes_back {
                *self.taken_back.entry(holder.clone()).or_default() += held.nano;
            }
        }
        self.open.insert(key, Open { holders, held, model: model.into(), takes_back });
    }

    /// An attempt is back: each only once.
    fn take(&mut self, key: &str) -> Open {
        self.open.remove(key).unwrap_or_else(|| panic!("`{key}` is charged, and isn't under way"))
    }

    fn settle(&mut self, open: &Open, spent: Amount, lost: Amount) {
        for holder in &open.holders {
            let sum = self.sums.entry(holder.clone()).or_default();
            sum.reserved = plus(sum.reserved, open.held, -1);
            sum.spent = plus(sum.spent, spent, 1);
            sum.forfeited = plus(sum.forfeited, lost, 1);
            if open.takes_back {
                *self.taken_back.entry(holder.clone()).or_default() +=
                    spent.nano + lost.nano - open.held.nano;
            }
        }
    }

    /// Never over: every ceiling holds what was spent, what may have been, and what is held.
    fn check(&self) {
        for (holder, sum) in &self.sums {
            let tokens = sum.spent.tokens + sum.forfeited.tokens + sum.reserved.tokens;
            let taken_back = self.taken_back.get(holder).copied().unwrap_or(0);
            let nano = sum.spent.nano + sum.forfeited.nano + sum.reserved.nano - taken_back;
            for (clause, most_tokens, most_nano) in (self.mosts)(holder) {
                let raised = |part: &str| self.raised.get(&format!("{clause}.{part}")).copied();
                let most = match raised("tokens") {
                    Some(Ceiling::Count(to)) => Some(to),
                    _ => most_tokens,
                };
                assert!(
                    most.is_none_or(|most| tokens <= most),
                    "{tokens} of {most:?} tokens of {clause} in `{holder}`"
                );
                let most = match raised("cost") {
                    Some(Ceiling::Money(to)) => Some(to.nano_usd()),
                    _ => most_nano,
                };
                assert!(
                    most.is_none_or(|most| nano <= most),
                    "{nano} of {most:?} nano USD of {clause} in `{holder}`"
                );
            }
        }
    }
}

/// The run, the steps around this one, and the step itself.
fn holders(step: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let ends = step.match_indices('/').map(|(at, _)| at);
    for end in ends {
        let around = &step[..end];
        let from = around.rfind('/').map_or(0, |at| at + 1);
        // A lane or a repeat is a part of its step, and has no ceiling of its own.
        let cut = around[from..].find(['[', '#']).map_or(end, |at| from + at);
        all.push(step[..cut].to_owned());
    }
    all.push(step.to_owned());
    all
}

pub(crate) fn attempt(place: &str, turn: u32, attempt: u32) -> String {
    format!("{place} turn {turn} #{attempt}")
}

fn price(model: &str) -> Price {
    if model == "dear" { DEAR } else { CHEAP }
}

fn cost(price: &Price, usage: Usage) -> Amount {
    let cached = usage.input_cached as i64;
    let milli = (usage.input as i64 - cached) * price.input
        + cached * price.cached
        + usage.output as i64 * price.output;
    Amount { tokens: usage.input + usage.output, nano: (milli + 500) / 1_000 }
}

fn plus(a: Amount, b: Amount, sign: i64) -> Amount {
    let tokens =
        a.tokens.checked_add_signed(b.tokens as i64 * sign).expect("no more comes back than was held");
    Amount { tokens, nano: a.nano + b.nano * sign }
}
