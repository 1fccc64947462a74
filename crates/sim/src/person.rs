//! The person: looks at the tools' own ledger and settles what is in doubt, raises a limit once, resumes,
//! sends the signals that are waited for, has what is stuck tried again once, and gives up.

use handfast_contract::{StepWork, Wait};
use handfast_events::{
    CallId, Ceiling, LimitKind, Mail, Money, PauseReason, Reach, Settlement, Status, Waits,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::limits::{JOB_MAX, NETWORK_MAX, SEND_BY, SIGNALS_MAX, TOOL_OVERRUN};
use crate::make::Maker;
use crate::random::Random;
use crate::subject::Subject;
use crate::tool::Ledger;
use crate::watch::{Question, Story, Watch};

/// What the person has done so far.
#[derive(Default)]
pub(crate) struct Person {
    raised: Vec<String>,
    resumed: u32,
    signals: u32,
    /// What they had tried again.
    retried: Vec<CallId>,
    /// How much they said in a conversation.
    said: u32,
}

/// What the person sees.
pub(crate) struct Seen<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) seed: u64,
    pub(crate) is_good: bool,
    pub(crate) status: &'a Status,
    pub(crate) watch: &'a Watch,
    pub(crate) ledger: &'a Ledger,
    pub(crate) now: Timestamp,
    /// Since when no worker sleeps between its last look and the write.
    pub(crate) awake: Timestamp,
    pub(crate) is_hasty: bool,
}

impl Person {
    /// What the person puts to a run that rests like this.
    pub(crate) fn act(&mut self, seen: &Seen<'_>) -> Vec<Mail> {
        match seen.status {
            Status::Waiting(Waits::Settlement) => {
                let doubts = seen.watch.calls.iter().filter(|(_, story)| is_quiet(seen, story));
                doubts.map(|(call, story)| settle(seen, call, story)).collect()
            }
            Status::Waiting(Waits::Approval) => {
                let open = seen.watch.questions.values().filter(|question| question.is_open);
                open.flat_map(|question| answers(seen, question)).collect()
            }
            Status::Waiting(Waits::Message { .. }) => self.talk(seen),
            Status::Waiting(Waits::Signal { name }) => vec![self.signal(seen, name)],
            Status::PausedByLimit => vec![self.raise(seen.watch.paused.as_ref())],
            Status::PausedForOperator => {
                self.resumed += 1;
                vec![if self.resumed > 4 { cancel() } else { Mail::Resume { reason: "mended".into() } }]
            }
            Status::Stuck => {
                let stuck = seen.watch.calls.iter().filter(|(_, story)| story.is_stuck);
                stuck.map(|(call, _)| self.unstick(call)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Sends the signal that it waits for, with a value that fits; after so many of them there is none any more.
    fn signal(&mut self, seen: &Seen<'_>, name: &str) -> Mail {
        self.signals += 1;
        if self.signals > SIGNALS_MAX {
            return cancel();
        }
        let steps = seen.subject.contract.workflows.values().flat_map(|workflow| workflow.all_steps());
        let mut gives = steps.filter_map(|(_, step)| match &step.work {
            StepWork::Wait(Wait::Signal { name: own, gives: Some(gives), .. }) if **own == *name => {
                Some(gives.clone())
            }
            _ => None,
        });
        let mut random = Random::at(seen.seed, &format!("signal {name} {}", self.signals));
        let mut maker = Maker { random: &mut random, literals: &seen.subject.literals };
        let value = gives.next().map_or(Value::Null, |gives| maker.fitting(&gives));
        Mail::Signal { name: name.to_owned(), key: None, value }
    }

    /// Has what takes a call back tried again once, and then lets it stand.
    fn unstick(&mut self, call: &CallId) -> Mail {
        let (call, reason) = (call.clone(), "seen to by hand".to_owned());
        if self.retried.contains(&call) {
            return Mail::Accept { call, reason };
        }
        self.retried.push(call.clone());
        Mail::Retry { call, reason }
    }

    /// Says a few things, perhaps several at once, and leaves; or says nothing any more.
    fn talk(&mut self, seen: &Seen<'_>) -> Vec<Mail> {
        let mut random = Random::at(seen.seed, &format!("talk {}", self.said));
        let most = if seen.is_good { 2 } else { 4 };
        let has_enough = self.said >= most || !seen.is_good && random.chance(15);
        if has_enough {
            self.said = most;
            return if seen.is_good || random.chance(60) { vec![Mail::Leave] } else { Vec::new() };
        }
        let count = if seen.is_good || random.chance(70) { 1 } else { 2 };
        let says = (0..count).map(|index| {
            let text = format!("message {} about order o-1", self.said + index);
            Mail::Say { text, to: None }
        });
        let says: Vec<Mail> = says.collect();
        self.said += count;
        says
    }

    /// Raises each limit once, and then has had enough.
    fn raise(&mut self, paused: Option<&PauseReason>) -> Mail {
        let Some(PauseReason::Limit { clause, limit, ceiling, .. }) = paused else { return cancel() };
        if self.raised.contains(clause) || *limit == LimitKind::Turns {
            return cancel();
        }
        self.raised.push(clause.clone());
        let to = match *ceiling {
            Ceiling::Count(count) if *limit == LimitKind::Attempts => Ceiling::Count(count + 2),
            Ceiling::Count(count) => Ceiling::Count(count * 2),
            Ceiling::Money(money) => Ceiling::Money(Money::plus(money, money)),
            Ceiling::Ms(ms) => Ceiling::Ms(ms * 2),
        };
        Mail::Raise { limit: *limit, to, reason: "it is worth it".into() }
    }
}

/// Whether the call waits for a person, and nothing of its attempts can still happen: the sending, the way, the work. A key
/// covers a worker that falls asleep as it sends; whoever settles by hand must know that none does.
fn is_quiet(seen: &Seen<'_>, story: &Story) -> bool {
    let Some(since) = story.waits_since else { return false };
    if seen.is_hasty {
        return true;
    }
    // A worker may have died with the word in its hands that the tool takes the call on.
    let work = (story.timeout_ms() + TOOL_OVERRUN).max(JOB_MAX);
    let quiet = i128::from(SEND_BY + NETWORK_MAX + work);
    seen.now.duration_since(since.max(seen.awake)).as_millis() >= quiet
}

/// What each role that is asked, and has not answered, says: most say yes.
fn answers<'a>(seen: &Seen<'_>, question: &'a Question) -> impl Iterator<Item = Mail> + use<'a> {
    let asked = &question.asked;
    let (seed, is_good) = (seen.seed, seen.is_good);
    let roles = asked.roles.iter().filter(|role| role.is_asked && !question.answered.contains(&role.role));
    roles.filter_map(move |role| {
        if role.reached == Reach::Conversation {
            let mut random = Random::at(seed, &format!("{:?}{}", asked.id, role.role));
            let others = ["no", "only half of it", "why?"];
            let text = if is_good || random.chance(70) { "Yes, please." } else { random.pick(&others)? };
            return Some(Mail::Say { text: text.to_owned(), to: Some(asked.id.clone()) });
        }
        let mut random = Random::at(seed, &format!("{:?}{}", asked.id, role.role));
        let others = asked.answers.get(1..).unwrap_or_default();
        let answer = match is_good || others.is_empty() || random.chance(75) {
            true => asked.answers.first(),
            false => random.pick(others),
        };
        let (id, role) = (asked.id.clone(), Some(role.role.clone()));
        Some(Mail::Answer { id, answer: answer?.clone(), role, note: String::new() })
    })
}

pub(crate) fn cancel() -> Mail {
    Mail::Cancel { reason: "enough".into() }
}

/// What the ledger says, and in the words that the tool promised: what it gave in truth may not be of its type.
fn settle(seen: &Seen<'_>, call: &CallId, story: &Story) -> Mail {
    let settlement = match seen.ledger.of(call).first() {
        Some(gave) => {
            let output = seen.subject.rules.tool(&story.tool).and_then(|tool| tool.output.as_ref());
            debug_assert!(output.is_none_or(|output| output.fits(gave)), "a fake gives what its type says");
            Settlement::Applied(gave.clone())
        }
        None => Settlement::NotApplied,
    };
    Mail::Settle { call: call.clone(), settlement, evidence: "looked at the ledger".into() }
}
