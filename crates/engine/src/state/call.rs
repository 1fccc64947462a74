//! The table of one tool call.

use std::sync::Arc;

use handfast_events::{
    Body, CallFound, CallGiven, CallId, CallIntended, CallRefused, CallSettled, CallWithheld, Failure, Held,
    Idempotency, Kept, Next, Party, Purpose, RunId, Settled, SideCallProposed, Timestamp, Verdict,
};
use serde_json::Value;

use super::becoming::{after, answered, settle, stay};
use super::{Illegal, Question, Working, Yes};

/// One tool call of a turn, or of a tool step.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) tool: Arc<str>,
    pub(crate) args: Arc<Value>,
    pub(crate) state: CallState,
    /// The newest attempt, whatever came of it.
    pub(crate) newest: Option<Arc<CallIntended>>,
    /// When the newest attempt is given up at the latest, had it left at once.
    pub(crate) over_by: Timestamp,
    /// When the newest attempt was intended.
    pub(crate) asked_at: Timestamp,
    /// When its result came.
    pub(crate) told_at: Timestamp,
    /// How many calls hung behind it when what they had seen ceased to count: it was sent, or had to wait for another one.
    pub(crate) seen_from: usize,
    /// What it is for, where it hangs behind another call.
    pub(crate) purpose: Option<Purpose>,
    /// The calls that hang behind it, in the order in which they were proposed.
    pub(crate) side: Vec<Call>,
    /// How often people were asked about it: once they were, only a yes lets it go.
    pub(crate) asked: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum CallState {
    /// It may be sent as soon as nothing is in its way.
    Due(Due),
    /// People are asked whether it may; nothing is held while they decide.
    Asking(Question),
    /// They said no.
    Denied,
    /// It may have left.
    Intended(Sent),
    /// Its server has taken it on, and is asked now and then how it stands.
    Working(Working),
    /// Nobody can know whether it took effect: a person settles it.
    Doubted(Sent),
    /// It took effect; what came back is not judged yet.
    Applied(Kept),
    /// Nothing more happens to it.
    Closed(Closed),
}

/// A call that may be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    /// The number of the next attempt.
    pub(crate) attempt: u32,
    /// Attempts that count against the limit.
    pub(crate) tries: u64,
    /// Not before this time.
    pub(crate) not_before: Option<Timestamp>,
    /// The call that goes first, once that was said.
    pub(crate) behind: Option<CallId>,
    /// When its turn is, or was, that it waited for.
    pub(crate) turn_at: Option<Timestamp>,
    /// Whether it waits until somebody who is under way has come back.
    pub(crate) waits_for_place: bool,
    /// A person's yes, used up by the next intent.
    pub(crate) yes: Option<Yes>,
    /// The run that is about the same action, and how often that was found.
    pub(crate) held: Option<HeldBy>,
    /// The last attempt, where one may have left and nobody knows what came of it.
    pub(crate) doubt: Option<Arc<CallIntended>>,
}

/// Another run is about the same action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldBy {
    pub(crate) run: RunId,
    pub(crate) looks: u32,
}

/// A call that may have left.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) intent: Arc<CallIntended>,
    pub(crate) tries: u64,
    /// Whether an earlier attempt is in doubt: a failure speaks for its own attempt only.
    pub(crate) doubt: bool,
    /// Who ends a doubt about it.
    pub(crate) settles: Settles,
}

/// Who ends a doubt.
#[derive(Clone, Debug, Default)]
pub(crate) enum Settles {
    /// The world, where the contract says how to look.
    #[default]
    Looks,
    /// A person, of this role where the contract names one.
    Person(Option<Arc<str>>),
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) enum Closed {
    Refused(CallRefused),
    /// A person refused it, or nobody answered.
    Denied(CallRefused),
    Failed(Failure),
    /// People answered what it asked, in their own words.
    Answered {
        role: Arc<str>,
        text: Arc<str>,
    },
    Judged(Kept),
    /// It took effect, and broke what its contract promises.
    Broken(Verdict),
    /// The same action was done before: this is what it gave then.
    Given(CallGiven),
    /// Whoever asked may not see the result. It is kept where the call itself took effect.
    Withheld(CallWithheld, Option<Kept>),
}

impl Closed {
    /// Whether nothing came of it that its asker can use.
    pub(crate) const fn is_error(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Denied(_) | Self::Failed(_) | Self::Broken(_))
    }
}

impl Call {
    pub(crate) fn new(id: CallId, tool: &str, args: Value) -> Self {
        let due = Due { attempt: 1, ..Due::default() };
        Self {
            id,
            tool: tool.into(),
            args: Arc::new(args),
            state: CallState::Due(due),
            newest: None,
            over_by: Timestamp::UNIX_EPOCH,
            asked_at: Timestamp::UNIX_EPOCH,
            told_at: Timestamp::UNIX_EPOCH,
            seen_from: 0,
            purpose: None,
            side: Vec::new(),
            asked: 0,
        }
    }

    pub(super) fn aside(id: CallId, proposed: &SideCallProposed) -> Self {
        let due = Due { attempt: 1, not_before: proposed.not_before, ..Due::default() };
        Self {
            state: CallState::Due(due),
            purpose: Some(proposed.purpose.clone()),
            ..Self::new(id, &proposed.tool, proposed.args.clone())
        }
    }

    /// The id of the next call for this purpose behind it.
    pub(crate) fn next_aside(&self, purpose: &Purpose) -> CallId {
        let before = self.side.iter().filter(|side| side.purpose.as_ref() == Some(purpose)).count();
        self.id.aside(purpose, before + 1)
    }

    /// Those of the calls behind it that looked at the world for its next attempt.
    pub(crate) fn probes(&self) -> std::slice::Iter<'_, Self> {
        self.side.get(self.seen_from..).unwrap_or_default().iter()
    }

    /// What an event of it, or of a call behind it, says.
    pub(crate) fn follow(&mut self, id: &CallId, time: Timestamp, body: &Body) -> Result<(), Illegal> {
        if self.id == *id {
            *self = self.clone().evolve(time, body)?;
            return Ok(());
        }
        let place = format!("call `{}`", self.id);
        if let Body::SideCallProposed(proposed) = body
            && id.behind().as_ref() == Some(&self.id)
        {
            if *id != self.next_aside(&proposed.purpose) {
                return Err(Illegal { place, state: "about to have another beside it", event: body.name() });
            }
            self.side.push(Self::aside(id.clone(), proposed));
            return Ok(());
        }
        let unknown = || Illegal { place, state: "without that call behind it", event: body.name() };
        let side = self.side.iter_mut().find(|side| id.is_of(&side.id)).ok_or_else(unknown)?;
        side.follow(id, time, body)
    }

    /// Becomes what the event says.
    pub(crate) fn evolve(mut self, time: Timestamp, body: &Body) -> Result<Self, Illegal> {
        if let Body::CallIntended(intent) = body {
            let timeout = std::time::Duration::from_millis(intent.timeout_ms);
            self.over_by = time.checked_add(timeout).unwrap_or(Timestamp::MAX);
            self.asked_at = time;
            self.newest = Some(Arc::new(intent.clone()));
        }
        match body {
            Body::CallIntended(_) | Body::CallQueued(_) => self.seen_from = self.side.len(),
            Body::CallApplied(_) => self.told_at = time,
            // What was at work when it was heard of last may be so for as long again as one attempt.
            Body::CallDoubted(_) if matches!(self.state, CallState::Working(_)) => {
                let timeout = self.newest.as_ref().map_or(0, |intent| intent.timeout_ms);
                let more = std::time::Duration::from_millis(timeout);
                self.over_by = time.checked_add(more).unwrap_or(Timestamp::MAX);
            }
            _ => {}
        }
        use CallState::{Applied, Asking, Denied, Doubted, Due as DueState, Intended, Working};
        self.state = match (self.state, body) {
            (DueState(due), Body::ApprovalAsked(asked)) if due.attempt == 1 && due.yes.is_none() => {
                self.asked += 1;
                Asking(Question::new(asked))
            }
            (Asking(question), body) if question.hears(body) => answered(question, body),
            (DueState(Due { yes: Some(yes), behind, .. }), Body::ApprovalWithdrawn(withdrawn))
                if withdrawn.id == yes.id =>
            {
                DueState(Due { attempt: 1, behind, ..Due::default() })
            }
            (Denied, Body::CallRefused(refused)) => CallState::Closed(Closed::Denied(refused.clone())),
            (DueState(_), Body::CallRefused(refused)) => CallState::Closed(Closed::Refused(refused.clone())),
            (DueState(due), Body::CallQueued(queued)) => {
                DueState(Due { behind: Some(queued.behind.clone()), ..due })
            }
            (DueState(due), Body::CallHeld(held)) => {
                let (not_before, waits_for_place) = (held.until, held.until.is_none());
                let turn_at = if held.has_turn { held.until } else { due.turn_at };
                DueState(Due { not_before, waits_for_place, turn_at, behind: None, ..due })
            }
            (DueState(due), Body::CallWaits(waits)) => {
                let looks = due.held.map_or(0, |held| held.looks) + 1;
                let held = Some(HeldBy { run: waits.by, looks });
                DueState(Due { not_before: Some(waits.until), behind: None, held, ..due })
            }
            (DueState(_), Body::CallGiven(given)) => CallState::Closed(Closed::Given(given.clone())),
            (DueState(due), Body::CallIntended(intent))
                if intent.attempt == due.attempt && due.is_allowed(self.asked) =>
            {
                Intended(Sent {
                    intent: Arc::new(intent.clone()),
                    tries: due.tries + 1,
                    doubt: due.doubt.is_some(),
                    settles: Settles::Looks,
                })
            }
            (Intended(sent), Body::CallWorking(taken)) if taken.attempt == sent.intent.attempt => {
                Working(super::Working::new(sent, taken, time))
            }
            (Working(working), Body::CallPolled(polled)) if working.hears(polled) => {
                Working(working.evolve(polled, time))
            }
            (Working(super::Working { sent, .. }), Body::CallSettled(settled))
                if matches!(settled.settled, Settled::Applied(_)) =>
            {
                settle(sent.intent.attempt, sent.tries, &settled.settled)
            }
            (Intended(sent), Body::CallNotSent(not)) if not.attempt == sent.intent.attempt => {
                after(sent, &not.next, &not.failure)
            }
            (Intended(sent) | Working(super::Working { sent, .. }), Body::CallApplied(applied))
                if applied.attempt == sent.intent.attempt =>
            {
                Applied(applied.result.clone())
            }
            (Intended(sent) | Working(super::Working { sent, .. }), Body::CallNotApplied(not))
                if not.attempt == sent.intent.attempt =>
            {
                after(sent, &not.next, &not.failure)
            }
            (Intended(sent) | Working(super::Working { sent, .. }), Body::CallDoubted(doubted))
                if doubted.attempt == sent.intent.attempt =>
            {
                after(Sent { doubt: true, ..sent }, &doubted.next, &doubted.failure)
            }
            // An answer came after all, late: that of the attempt in doubt, or of one before it.
            (Doubted(sent), Body::CallApplied(applied)) if applied.attempt <= sent.intent.attempt => {
                Applied(applied.result.clone())
            }
            (DueState(due), Body::CallApplied(applied)) if applied.attempt < due.attempt => {
                Applied(applied.result.clone())
            }
            (Doubted(sent), Body::CallNotApplied(not)) if not.attempt == sent.intent.attempt => {
                after(Sent { doubt: false, ..sent }, &not.next, &not.failure)
            }
            (Doubted(sent), Body::CallNotSent(not)) if not.attempt == sent.intent.attempt => {
                after(Sent { doubt: false, ..sent }, &not.next, &not.failure)
            }
            // The run is ending, and what is in doubt is not repeated any more.
            (DueState(Due { doubt: Some(intent), tries, .. }), Body::CallDoubted(doubted))
                if doubted.next == Next::Settlement =>
            {
                Doubted(Sent { intent, tries, doubt: true, settles: Settles::Looks })
            }
            (Doubted(sent), Body::DoubtStayed(stayed)) => stay(sent, &stayed.next),
            (Doubted(sent), Body::CallFound(CallFound { settled, .. }))
            | (Doubted(sent), Body::CallSettled(CallSettled { settled, .. })) => {
                settle(sent.intent.attempt, sent.tries, settled)
            }
            // A person may know before the next attempt does.
            (DueState(Due { doubt: Some(intent), tries, .. }), Body::CallSettled(settled)) => {
                settle(intent.attempt, tries, &settled.settled)
            }
            (Applied(result), Body::CallJudged(judged)) => {
                let broken = judged.verdicts.iter().find(|verdict| is_broken(verdict)).cloned();
                CallState::Closed(broken.map_or(Closed::Judged(result), Closed::Broken))
            }
            (CallState::Closed(Closed::Judged(result)), Body::CallWithheld(why)) => {
                CallState::Closed(Closed::Withheld(why.clone(), Some(result)))
            }
            (CallState::Closed(Closed::Given(_)), Body::CallWithheld(why)) => {
                CallState::Closed(Closed::Withheld(why.clone(), None))
            }
            (state, body) => {
                return Err(Illegal {
                    place: format!("call `{}`", self.id),
                    state: state.name(),
                    event: body.name(),
                });
            }
        };
        Ok(self)
    }

    /// Whether somebody may still hear of it: it is under way, or in doubt.
    pub(crate) const fn may_have_left(&self) -> bool {
        match &self.state {
            CallState::Due(due) => due.doubt.is_some(),
            CallState::Intended(_)
            | CallState::Working(_)
            | CallState::Doubted(_)
            | CallState::Applied(_) => true,
            CallState::Asking(_) | CallState::Denied | CallState::Closed(_) => false,
        }
    }

    /// Whether its newest attempt has left, and nothing is known of it yet.
    pub(crate) const fn is_away(&self) -> bool {
        matches!(self.state, CallState::Intended(_) | CallState::Working(_))
    }

    /// What people are asked about it.
    pub(crate) const fn question(&self) -> Option<&Question> {
        match &self.state {
            CallState::Asking(question) => Some(question),
            _ => None,
        }
    }

    /// Their yes that it has not used yet.
    pub(crate) const fn yes(&self) -> Option<&Yes> {
        match &self.state {
            CallState::Due(due) => due.yes.as_ref(),
            _ => None,
        }
    }

    /// Whether somebody may still hear of it, or of a call behind it that doesn't only look.
    pub(crate) fn is_open(&self) -> bool {
        let counts = |call: &&Self| matches!(call.purpose, None | Some(Purpose::Compensate));
        self.family().filter(counts).any(Self::may_have_left)
    }

    /// Whether it took effect, and there may be something to take back.
    pub(crate) fn has_changed_something(&self) -> bool {
        let has_applied = matches!(
            self.state,
            CallState::Applied(_)
                | CallState::Closed(Closed::Judged(_) | Closed::Broken(_) | Closed::Withheld(_, Some(_)))
        );
        has_applied && self.newest.as_ref().is_some_and(|intent| intent.idempotency != Idempotency::Reads)
    }

    /// Whether it took effect and broke a promise.
    pub(crate) const fn is_broken(&self) -> bool {
        matches!(self.state, CallState::Closed(Closed::Broken(_)))
    }

    /// What it gave, once that is there.
    pub(crate) const fn result(&self) -> Option<&Kept> {
        match &self.state {
            CallState::Applied(result)
            | CallState::Closed(Closed::Judged(result) | Closed::Withheld(_, Some(result))) => Some(result),
            _ => None,
        }
    }

    /// Whether a person may say what came of it.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        match &self.state {
            CallState::Doubted(_) => true,
            CallState::Due(due) => due.doubt.is_some(),
            _ => false,
        }
    }

    /// Whether it took effect, here or before, and what came back was held against its contract.
    pub(crate) const fn is_judged(&self) -> bool {
        matches!(self.state, CallState::Closed(Closed::Judged(_) | Closed::Given(_)))
    }

    /// What it gave, if that was kept whole.
    pub(crate) fn gave(&self) -> Option<Value> {
        match &self.state {
            CallState::Closed(
                Closed::Judged(Kept::Whole(value))
                | Closed::Given(CallGiven { result: Kept::Whole(value), .. }),
            ) => Some(value.clone()),
            _ => None,
        }
    }

    /// The run whose action it waits for until this time.
    pub(crate) fn held_by(&self, until: Timestamp) -> Option<RunId> {
        match &self.state {
            CallState::Due(due) if due.not_before == Some(until) => due.held.map(|held| held.run),
            _ => None,
        }
    }

    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.state, CallState::Closed(_))
    }
}

/// Whether nothing may be made of what came back: a promise is broken, or its author's fault keeps it from being judged.
const fn is_broken(verdict: &Verdict) -> bool {
    match verdict.held {
        Held::Held => false,
        Held::Violated => true,
        Held::Unverified => matches!(verdict.party, Some(Party::Author)),
    }
}

impl Due {
    /// Whether it may leave, after people were asked about it so often. What was sent once was allowed then.
    const fn is_allowed(&self, asked: u32) -> bool {
        asked == 0 || self.attempt > 1 || self.yes.is_some()
    }
}

impl CallState {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Due(_) => "due",
            Self::Asking(_) => "waiting for people",
            Self::Denied => "denied",
            Self::Intended(_) => "intended",
            Self::Working(_) => "worked on by its server",
            Self::Doubted(_) => "in doubt",
            Self::Applied(_) => "applied",
            Self::Closed(_) => "closed",
        }
    }
}

impl Sent {
    /// Whether it may be sent again while nobody knows what came of it.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.intent.idempotency.is_repeatable()
    }

    /// Whether it can't have changed anything.
    pub(crate) fn only_reads(&self) -> bool {
        self.intent.idempotency == Idempotency::Reads
    }
}
