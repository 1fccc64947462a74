//! A journal as lines: where, when, what, and a digest of what it says.

use handfast_events::{
    Answer, Body, CallPolled, Came, ContextAdjusted, Event, Kept, Mail, MailOutcome, Money, Next, Output,
    PauseReason, Purpose, ResultCameLate, Settled, Standing, Stayed, StepKind, TalkEnd, Timestamp,
};

use crate::limits::{WIDTH_MAX, WIDTH_MIN};
use crate::render::{Line, Paint};
use crate::text::{Style, cost, count, duration, json, number_of, visible};

/// One event on one line: seq, time (UTC), kind, step or call, digest.
pub fn journal_line(event: &Event, width: usize, style: Style) -> String {
    let place = event.call.as_ref().map(ToString::to_string);
    let place = place.or_else(|| event.step.as_ref().map(ToString::to_string)).unwrap_or_default();
    let mut line = Line::default();
    line.push(Paint::Dim, &format!("{:>5}  {}  ", event.seq.0, event.time.strftime("%H:%M:%S%.3f")));
    line.push(Paint::Bold, &format!("{:<18} ", event.name()));
    line.push(Paint::Plain, &format!("{:<14} ", visible(&place)));
    line.push(Paint::Dim, &digest(&event.body));
    line.finish(width.clamp(WIDTH_MIN, WIDTH_MAX), style)
}

/// What an event says, in a phrase; hidden characters are spelled out. The whole stands in its payload.
pub fn digest(body: &Body) -> String {
    visible(&phrase(body)).into_owned()
}

fn phrase(body: &Body) -> String {
    match body {
        Body::RunStarted(run) => format!("{} · {} {}", run.contract, run.workflow, json(&run.input)),
        Body::EpochBegan(began) => format!("epoch {} of {}", began.epoch, began.worker),
        Body::MailTaken(taken) => {
            let what = mail(&taken.mail);
            match &taken.outcome {
                MailOutcome::Done => format!("{what} by {}", taken.who),
                MailOutcome::Refused { why } => format!("{what} by {}, refused: {why}", taken.who),
            }
        }
        Body::LimitRaised(raised) => format!("{} to {}", raised.clause, raised.to),
        Body::RunPaused(paused) => match &paused.reason {
            PauseReason::Limit { clause, ceiling, used, needs, .. } => {
                format!("{clause}: {used} of {ceiling} used, the next call could take {needs}")
            }
            PauseReason::Operator { why } => why.clone(),
            PauseReason::Person { who, why } => format!("by {who}: {why}"),
            PauseReason::Halt { scope, who, why } => format!("{scope} is halted by {who}: {why}"),
        },
        Body::RunResumed(resumed) => format!("by {}", resumed.who),
        Body::RunCancelRequested(request) => format!("by {}: {}", request.who, request.why),
        Body::RunSucceeded(done) => json(&done.output),
        Body::RunFailed(failed) => failure(&failed.failure),
        Body::RunFailing(failing) => failure(&failing.failure),
        Body::RunCancelled(_) => String::new(),
        Body::RunKilled(killed) => {
            let open = number_of(killed.open.len() as u64, "thing", "things");
            format!("by {}: {} · {open} open", killed.who, killed.why)
        }
        Body::StepStarted(started) => match &started.kind {
            StepKind::Agent(name) => format!("agent {name} {}", json(&started.input)),
            StepKind::Tool(name) => format!("tool {name} {}", json(&started.input)),
            StepKind::Workflow(name) => format!("workflow {name} {}", json(&started.input)),
            StepKind::Wait => "wait".to_owned(),
            StepKind::Choose => "choose".to_owned(),
            StepKind::Repeat => "repeat".to_owned(),
            StepKind::Each => format!("each of {}", json(&started.input)),
            StepKind::Approval => "approval".to_owned(),
            StepKind::Talk(name) => format!("talk {name} {}", json(&started.input)),
        },
        Body::StepSkipped(skipped) => skipped.why.clone(),
        Body::StepSucceeded(done) => output_told(&done.output),
        Body::StepFailed(failed) => match &failed.caught_by {
            Some(scope) => format!("{} · {scope} goes on without it", failure(&failed.failure)),
            None => failure(&failed.failure),
        },
        body => phrase_of_model(body),
    }
}

fn phrase_of_model(body: &Body) -> String {
    match body {
        Body::ModelIntended(intent) => {
            let sums_up = intent.summarises.map(|oldest| format!(", sums up the oldest {oldest}"));
            format!(
                "{} turn {} attempt {}{}, {} bytes {}, {} tokens reserved",
                intent.model,
                intent.turn,
                intent.attempt,
                sums_up.unwrap_or_default(),
                count(u64::try_from(intent.prompt.delta.len()).unwrap_or(u64::MAX)),
                if intent.prompt.anew { "anew" } else { "added" },
                count(intent.reserved.tokens),
            )
        }
        Body::ModelAnswered(said) => {
            let written = match said.usage.input_written {
                0 => String::new(),
                written => format!(" ({} written to the cache)", count(written)),
            };
            format!(
                "{} · {} in{written}, {} out · {} · {}",
                answer(&said.answer),
                count(said.usage.input),
                count(said.usage.output),
                cost(said.cost),
                duration(said.latency_ms),
            )
        }
        Body::ModelFailed(failed) => {
            let again = failed.retry.as_ref().map_or("not tried again", |retry| &retry.why);
            format!("{} · {again}", failure(&failed.failure))
        }
        Body::ContextAdjusted(adjusted) => adjusted_told(adjusted),
        Body::ModelSwitched(switched) => format!("{} → {}: {}", switched.from, switched.to, switched.why),
        Body::ModelHeld(held) => format!("turn {}{}: {}", held.turn, until(held.until), held.why),
        Body::ToolTakenAway(away) if away.until.is_none() => {
            format!("{} for the rest of the step: {}", away.tool, away.why)
        }
        Body::ToolTakenAway(away) => format!("{}{}: {}", away.tool, until(away.until), away.why),
        body => phrase_of_call(body),
    }
}

fn phrase_of_call(body: &Body) -> String {
    match body {
        Body::CallProposed(proposed) => format!("{} {}", proposed.tool, json(&proposed.args)),
        Body::SideCallProposed(proposed) => {
            format!("{}: {} {}", purpose(&proposed.purpose), proposed.tool, json(&proposed.args))
        }
        Body::CallRefused(refused) => format!("{}: {}; {}", refused.clause, refused.reason, refused.mend),
        Body::CallWithheld(withheld) => {
            format!("{}: {}; {}", withheld.clause, withheld.reason, withheld.mend)
        }
        Body::CallQueued(queued) => format!("behind {} for {}", queued.behind, queued.resource),
        Body::CallWaits(waits) => {
            format!("run {} has {}, looked for again at {}", waits.by, waits.claim, waits.until)
        }
        Body::CallGiven(given) => {
            format!("done before by {} of run {}: {}", given.call, given.run, kept(&given.result))
        }
        Body::CallIntended(intent) if intent.costs == Money::ZERO => {
            format!("attempt {} {}", intent.attempt, json(&intent.sends))
        }
        Body::CallIntended(intent) => {
            format!("attempt {} for {} {}", intent.attempt, cost(intent.costs), json(&intent.sends))
        }
        Body::CallHeld(held) => format!("held{}: {}", until(held.until), held.why),
        Body::CallWorking(taken) => {
            let says = taken.says.as_ref().map(|says| format!(" ({says})")).unwrap_or_default();
            format!(
                "attempt {}: {} works on it, as {}{says}, asked at {}",
                taken.attempt, taken.server, taken.handle, taken.ask_at
            )
        }
        Body::CallPolled(polled) => polled_told(polled),
        Body::ResultCameLate(late) => late_told(late),
        Body::CallNotSent(not) => {
            format!("attempt {}: {} · {}", not.attempt, failure(&not.failure), next(&not.next))
        }
        Body::CallNotApplied(not) => {
            format!("attempt {}: {} · {}", not.attempt, failure(&not.failure), next(&not.next))
        }
        Body::CallDoubted(doubted) => {
            format!("attempt {}: {} · {}", doubted.attempt, failure(&doubted.failure), next(&doubted.next))
        }
        Body::CallApplied(applied) => format!("{} · {}", kept(&applied.result), duration(applied.latency_ms)),
        Body::CallSettled(settled) => match &settled.settled {
            Settled::Applied(result) => {
                format!("applied, by {}: {} · {}", settled.who, settled.evidence, json(result))
            }
            Settled::NotApplied => format!("not applied, by {}: {}", settled.who, settled.evidence),
        },
        Body::CallFound(found) => match &found.settled {
            Settled::Applied(result) => format!("applied, says {}: {}", found.look, json(result)),
            Settled::NotApplied => format!("not applied, says {}: {}", found.look, found.evidence),
        },
        Body::DoubtStayed(stayed) => format!("{} · {}", stayed.why, stayed_next(&stayed.next)),
        Body::CallJudged(judged) => {
            let is_broken = |verdict: &&handfast_events::Verdict| verdict.held != handfast_events::Held::Held;
            match judged.verdicts.iter().find(is_broken) {
                Some(verdict) => format!("{}: {}", verdict.clause, verdict.evidence),
                None => format!("{} held", number_of(judged.verdicts.len() as u64, "clause", "clauses")),
            }
        }
        body => phrase_of_shared(body),
    }
}

/// Of what a run knows, and of what runs share.
fn phrase_of_shared(body: &Body) -> String {
    match body {
        Body::ClaimSeen(seen) if seen.digest.is_some() => format!("{} is as it was", seen.name),
        Body::ClaimSeen(seen) => format!("{} is nobody's", seen.name),
        Body::MemoryRead(read) => format!("{} at version {}, by {}", read.memory, read.version, read.by),
        Body::MemoryWritten(written) => {
            format!("{} is version {}, by {}", written.memory, written.version, written.by)
        }
        Body::FactSet(set) => format!("{} is {}, by {}", set.fact, json(&set.value), set.by),
        Body::ClaimChanged(changed) => match &changed.value {
            Some(value) => format!("{} is {value}", changed.name),
            None => format!("{} is free", changed.name),
        },
        body => phrase_of_people(body),
    }
}

/// A time behind what waits for it.
pub(crate) fn until(until: Option<Timestamp>) -> String {
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}

/// What a remedy changed, with its reason first.
fn adjusted_told(adjusted: &ContextAdjusted) -> String {
    let cap = adjusted.output_tokens_max.map(|cap| format!(" · at most {} tokens", count(cap)));
    let what = match adjusted.replaces {
        _ if adjusted.what.is_empty() => String::new(),
        Some(oldest) => format!(" · instead of the oldest {oldest}: {}", adjusted.what),
        None => format!(" · told: {}", adjusted.what),
    };
    format!("{}{}{what}", adjusted.why, cap.unwrap_or_default())
}

/// What was heard late.
fn late_told(late: &ResultCameLate) -> String {
    let came = match &late.came {
        Came::Applied(result) => format!("applied, {}", kept(result)),
        Came::NotApplied(why) => format!("not applied, {}", failure(why)),
    };
    let said = late.contradicts.as_ref().map(|said| format!("; contradicts {}", said.by));
    format!("attempt {}: {came}{}", late.attempt, said.unwrap_or_default())
}

/// What came of asking how a call stands.
fn polled_told(polled: &CallPolled) -> String {
    let told = match (&polled.failure, &polled.says) {
        (Some(why), _) => format!("not asked: {}", failure(why)),
        (None, Some(says)) => format!("still at work ({says})"),
        (None, None) => "still at work".to_owned(),
    };
    let handle = polled.handle.as_ref().map(|handle| format!(", now as {handle}")).unwrap_or_default();
    format!("poll {}: {told}{handle}, asked again at {}", polled.poll, polled.ask_at)
}

fn phrase_of_people(body: &Body) -> String {
    match body {
        Body::ApprovalAsked(asked) => {
            let roles = asked.roles.iter().filter(|role| role.is_asked).map(|role| role.role.as_str());
            format!("{} of {}: {}", asked.id, roles.collect::<Vec<_>>().join(" and "), asked.question)
        }
        Body::ApprovalAnswered(answered) => {
            let note = if answered.note.is_empty() { String::new() } else { format!(": {}", answered.note) };
            format!("{} {} by {} for {}{note}", answered.id, answered.answer, answered.who, answered.role)
        }
        Body::ApprovalLapsed(lapsed) => match &lapsed.decides {
            Some(decision) => format!("{} nobody answered, which is {}", lapsed.id, decision.answer),
            None => format!("{} nobody answered", lapsed.id),
        },
        Body::ApprovalWithdrawn(withdrawn) => format!("{} {}", withdrawn.id, withdrawn.why),
        body => phrase_of_flow(body),
    }
}

/// What a step or a lane gave.
fn output_told(output: &Output) -> String {
    match output {
        Output::Value(value) => json(value),
        Output::AsGiven => "as given".to_owned(),
        Output::Absent => "no value".to_owned(),
    }
}

/// Of steps that hold steps, and of those that wait.
fn phrase_of_flow(body: &Body) -> String {
    match body {
        Body::MessageAwaited(awaited) => match awaited.until {
            Some(until) => format!("until {until}"),
            None => String::new(),
        },
        Body::MessageHeard(heard) => heard.id.to_string(),
        Body::Said(said) => output_told(&said.output),
        Body::TalkEnded(ended) => match &ended.why {
            TalkEnd::Left { who } => format!("{who} left"),
            TalkEnd::Idle => "nobody said anything for too long".to_owned(),
        },
        Body::BranchChosen(chosen) => format!("the branch {}", chosen.branch),
        Body::RoundStarted(next) => format!("round {}", next.round),
        Body::LaneStarted(next) => format!("lane {}", next.lane),
        Body::LaneFinished(done) => format!("lane {} gave {}", done.lane, output_told(&done.output)),
        Body::LaneFailed(failed) => format!("lane {}: {} failed", failed.lane, failed.failed),
        Body::OtherwiseTaken(taken) => format!("{} failed", taken.failed),
        Body::WaitBegan(began) => match (&began.signal, began.until) {
            (Some(signal), Some(until)) => format!("for the signal {signal}, until {until}"),
            (Some(signal), None) => format!("for the signal {signal}"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => String::new(),
        },
        Body::SignalReceived(received) => format!("by {}", received.id),
        body => phrase_of_compensation(body),
    }
}

fn phrase_of_compensation(body: &Body) -> String {
    match body {
        Body::CompensationBegan(began) => {
            let calls = began.calls.iter().map(|call| call.as_str()).collect::<Vec<_>>().join(", ");
            format!("taken back in this order: {calls}")
        }
        Body::CallCompensated(done) if done.leaves.is_empty() => "taken back".into(),
        Body::CallCompensated(done) => format!("taken back but for {}", done.leaves.join(", ")),
        Body::CompensationStuck(stuck) => format!("can't be taken back: {}", failure(&stuck.failure)),
        Body::CompensationRetried(retried) => format!("tried again by {}: {}", retried.who, retried.why),
        Body::CallLeftStanding(left) => format!("{}; {}", left.what.join(", "), standing(&left.why)),
        Body::StandingAccepted(said) => format!("may stand, by {}: {}", said.who, said.why),
        _ => String::new(),
    }
}

/// What a call that hangs behind another one is for, in words.
pub(crate) fn purpose(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Before(name) => format!("looks at {name} before"),
        Purpose::After(name) => format!("looks at {name} after"),
        Purpose::Look => "looks whether it took effect".into(),
        Purpose::Compensate => "takes it back".into(),
    }
}

/// Why something stands, behind what stands.
pub(crate) fn standing(why: &Standing) -> String {
    match why {
        Standing::Leaves => "its contract says that it may stay".into(),
        Standing::Impossible => "its contract says that nothing takes it back".into(),
        Standing::Unsaid => "its contract doesn't say what takes it back".into(),
        Standing::Accepted { who, why } => format!("accepted by {who}: {why}"),
    }
}

fn mail(mail: &Mail) -> String {
    match mail {
        Mail::Signal { name, value, .. } => format!("signal {name} {}", json(value)),
        Mail::Settle { call, .. } => format!("settle {call}"),
        Mail::Raise { limit, to, .. } => format!("raise {} to {to}", limit.name()),
        Mail::Cancel { reason } => format!("cancel ({reason})"),
        Mail::Resume { reason } => format!("resume ({reason})"),
        Mail::Answer { id, answer, .. } => format!("answer {id}: {answer}"),
        Mail::Pause { reason } => format!("pause ({reason})"),
        Mail::Kill { reason } => format!("kill ({reason})"),
        Mail::Retry { call, reason } => format!("retry {call} ({reason})"),
        Mail::Accept { call, reason } => format!("accept {call} ({reason})"),
        Mail::Say { text, .. } => format!("say {text}"),
        Mail::Leave => "leave".to_owned(),
        Mail::Late { call, attempt, .. } => format!("what came late of {call}, attempt {attempt}"),
    }
}

pub(crate) fn failure(failure: &handfast_events::Failure) -> String {
    match &failure.code {
        Some(code) => format!("{} [{code}]: {}", failure.class.name(), failure.detail),
        None => format!("{}: {}", failure.class.name(), failure.detail),
    }
}

pub(crate) fn next(next: &Next) -> String {
    match next {
        Next::Retry(retry) => format!("tried again: {}", retry.why),
        Next::Settlement => "a person must settle it".into(),
        Next::GiveUp => "not tried again".into(),
    }
}

pub(crate) fn stayed_next(next: &Stayed) -> String {
    match next {
        Stayed::Look => "looked for again".into(),
        Stayed::Repeat(retry) => format!("sent again: {}", retry.why),
        Stayed::Person { role: None } => "a person must settle it".into(),
        Stayed::Person { role: Some(role) } => format!("{role} must settle it"),
    }
}

pub(crate) fn kept(kept: &Kept) -> String {
    match kept {
        Kept::Whole(value) => json(value),
        Kept::Cut { head, bytes, .. } => format!("{head}… ({} bytes in all)", count(*bytes)),
    }
}

fn answer(answer: &Answer) -> String {
    if let Some(refusal) = &answer.refusal {
        return format!("declined: {refusal}");
    }
    if answer.calls.is_empty() {
        return answer.text.clone();
    }
    format!("asks for {}", answer.calls.iter().map(|ask| ask.tool.as_str()).collect::<Vec<_>>().join(", "))
}
