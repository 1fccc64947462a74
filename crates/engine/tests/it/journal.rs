//! Events in words: their kind, where they belong, and what a story may want to say of them.

use handfast_events::{
    Body, Came, Event, FailureClass, Held, Kept, Mail, MailOutcome, Next, Output, Party, PauseReason,
    Settled, Standing, Stayed, TalkEnd,
};
use serde_json::{Value, json};

/// One event in one line of words.
pub(crate) fn in_words(event: &Event) -> String {
    let place = match (&event.call, &event.step) {
        (Some(call), _) => format!(" {call}"),
        (None, Some(step)) => format!(" {step}"),
        (None, None) => String::new(),
    };
    format!("{}{place} {}", event.name(), more(&event.body)).trim_end().to_owned()
}

fn more(body: &Body) -> String {
    match body {
        Body::RunStarted(it) => format!("{} {}", it.workflow, it.input),
        Body::EpochBegan(it) => format!("{} {}", it.epoch, it.worker),
        Body::MailTaken(it) => {
            let mail = match &it.mail {
                Mail::Settle { .. } => "settle",
                Mail::Raise { .. } => "raise",
                Mail::Cancel { .. } => "cancel",
                Mail::Resume { .. } => "resume",
                Mail::Answer { .. } => "answer",
                Mail::Pause { .. } => "pause",
                Mail::Kill { .. } => "kill",
                Mail::Signal { .. } => "signal",
                Mail::Retry { .. } => "retry",
                Mail::Accept { .. } => "accept",
                Mail::Say { .. } => "say",
                Mail::Leave => "leave",
                Mail::Late { .. } => "late",
            };
            let refused = if it.outcome == MailOutcome::Done { "" } else { " refused" };
            format!("{mail}{refused} {}", it.who)
        }
        Body::LimitRaised(it) => format!("{} to {}", it.clause, it.to),
        Body::RunPaused(it) => match &it.reason {
            PauseReason::Limit { clause, ceiling, used, needs, .. } => {
                format!("{clause} ceiling {ceiling} used {used} needs {needs}")
            }
            PauseReason::Operator { .. } => "operator".into(),
            PauseReason::Person { who, .. } => format!("person {who}"),
            PauseReason::Halt { scope, who, .. } => format!("halt {scope} {who}"),
        },
        Body::RunResumed(it) => it.who.clone(),
        Body::RunCancelRequested(it) => it.who.clone(),
        Body::RunSucceeded(it) => it.output.to_string(),
        Body::RunFailed(it) => {
            let step = it.step.as_ref().map_or("output", |step| step.as_str());
            let stands: String = it.standing.iter().map(|call| format!(" stands {call}")).collect();
            format!("{step} {}{stands}", failed(it.failure.class, it.clause.as_deref(), it.party))
        }
        Body::RunKilled(it) => {
            let open = it
                .open
                .iter()
                .map(|open| open.call.as_ref().map_or(open.step.as_str(), |call| call.as_str()));
            format!("{} open {}", it.who, open.collect::<Vec<_>>().join(" "))
        }
        Body::ApprovalAsked(it) => {
            let asked = it.roles.iter().filter(|role| role.is_asked).map(|role| role.role.as_str());
            format!("{} {}", asked.collect::<Vec<_>>().join(" "), it.question)
        }
        Body::ApprovalAnswered(it) => {
            let decides = it.decides.as_ref().map_or(String::new(), |it| format!("decides {}", it.answer));
            format!("{} {} {} {decides}", it.answer, it.role, it.who)
        }
        Body::MessageHeard(_) => String::new(),
        Body::MessageAwaited(it) => it.until.map_or(String::new(), |_| "until".into()),
        Body::Said(it) => given(&it.output),
        Body::TalkEnded(it) => match &it.why {
            TalkEnd::Left { who } => format!("left {who}"),
            TalkEnd::Idle => "idle".into(),
        },
        Body::ApprovalLapsed(it) => it.decides.as_ref().map_or("fails".into(), |it| it.answer.clone()),
        Body::ApprovalWithdrawn(_) => String::new(),
        Body::RunFailing(it) => failed(it.failure.class, it.clause.as_deref(), it.party),
        Body::CompensationBegan(it) => {
            it.calls.iter().map(|call| call.as_str()).collect::<Vec<_>>().join(" then ")
        }
        Body::CallCompensated(it) => format!("leaves {}", it.leaves.join(" and ")),
        Body::CompensationStuck(it) => failed(it.failure.class, it.clause.as_deref(), it.party),
        Body::CompensationRetried(it) => it.who.clone(),
        Body::CallLeftStanding(it) => match &it.why {
            Standing::Leaves => format!("leaves {}", it.what.join(" and ")),
            Standing::Impossible => format!("impossible {}", it.what.join(" and ")),
            Standing::Unsaid => format!("unsaid {}", it.what.join(" and ")),
            Standing::Accepted { who, .. } => format!("accepted {who} {}", it.what.join(" and ")),
        },
        Body::StandingAccepted(it) => it.who.clone(),
        Body::RunCancelled(_) | Body::StepSkipped(_) | Body::ContextAdjusted(_) => String::new(),
        Body::StepStarted(it) => it.input.to_string(),
        Body::StepSucceeded(it) => given(&it.output),
        Body::ModelIntended(it) => {
            format!("turn {} #{} cap {}", it.turn, it.attempt, it.output_tokens_max)
        }
        Body::ModelAnswered(it) => format!("turn {} #{}", it.turn, it.attempt),
        Body::ModelSwitched(it) => format!("{} to {}", it.from, it.to),
        Body::ModelHeld(it) => it.why.clone(),
        Body::ToolTakenAway(it) => it.tool.clone(),
        Body::CallHeld(it) => it.why.clone(),
        Body::ModelFailed(it) => {
            let again = if it.retry.is_some() { "again" } else { "no more" };
            format!("turn {} #{} {} {again}", it.turn, it.attempt, class(it.failure.class))
        }
        Body::CallProposed(it) => format!("{} {}", it.tool, it.args),
        Body::CallRefused(it) => it.clause.clone(),
        Body::CallQueued(it) => format!("behind {} for {}", it.behind, it.resource),
        Body::ClaimChanged(it) => format!("{} {}", it.name, it.value.as_deref().unwrap_or("free")),
        Body::CallWaits(it) => format!("for {} of {}", it.claim, it.by),
        Body::CallGiven(it) => format!("by {} of {}", it.call, it.run),
        Body::CallIntended(it) => format!("#{} sends {}", it.attempt, it.sends),
        Body::CallNotSent(it) => format!("#{} {} {}", it.attempt, class(it.failure.class), next(&it.next)),
        Body::CallApplied(it) => match &it.result {
            Kept::Whole(value) => format!("#{} {value}", it.attempt),
            Kept::Cut { bytes, .. } => format!("#{} cut {bytes}", it.attempt),
        },
        Body::CallNotApplied(it) => {
            let code = it.failure.code.as_deref().unwrap_or("");
            format!("#{} {} {code} {}", it.attempt, class(it.failure.class), next(&it.next))
        }
        Body::CallDoubted(it) => {
            let code = it.failure.code.as_deref().unwrap_or("");
            format!("#{} {} {code} {}", it.attempt, class(it.failure.class), next(&it.next))
        }
        Body::CallSettled(it) => format!("{} {}", settled(&it.settled), it.who),
        Body::CallJudged(it) => {
            let worst = it.verdicts.iter().find(|verdict| verdict.held != Held::Held);
            worst
                .map_or("held".into(), |verdict| format!("{} {}", word(&json!(verdict.held)), verdict.clause))
        }
        body => of_a_doubt(body),
    }
}

fn of_a_doubt(body: &Body) -> String {
    match body {
        Body::SideCallProposed(it) => format!("{} {}", it.tool, it.args),
        Body::FactSet(it) => format!("{} {} {}", it.fact, it.value, it.by),
        Body::CallWithheld(it) => it.clause.clone(),
        Body::CallWorking(it) => format!("#{} {} as {}", it.attempt, it.server, it.handle),
        Body::ResultCameLate(it) => {
            let came = match &it.came {
                Came::Applied(Kept::Whole(value)) => format!("applied {value}"),
                Came::Applied(Kept::Cut { bytes, .. }) => format!("applied cut {bytes}"),
                Came::NotApplied(failure) => format!("not applied {}", class(failure.class)),
            };
            let said = it
                .contradicts
                .as_ref()
                .map(|said| format!("contradicts {} {}", said.by, settled(&said.settled)));
            format!("#{} {came} {}", it.attempt, said.unwrap_or_default())
        }
        Body::CallPolled(it) => match (&it.failure, &it.handle) {
            (Some(_), _) => format!("#{}.{} not asked", it.attempt, it.poll),
            (None, Some(handle)) => format!("#{}.{} as {handle}", it.attempt, it.poll),
            (None, None) => format!("#{}.{}", it.attempt, it.poll),
        },
        Body::ClaimSeen(it) => {
            format!("{} {}", it.name, if it.digest.is_some() { "there" } else { "absent" })
        }
        Body::MemoryRead(it) => format!("{} {} by {}", it.memory, it.version, it.by),
        Body::MemoryWritten(it) => format!("{} {} by {}", it.memory, it.version, it.by),
        Body::CallFound(it) => format!("{} {}", settled(&it.settled), it.look),
        Body::DoubtStayed(it) => match &it.next {
            Stayed::Look => "look again".into(),
            Stayed::Repeat(_) => "repeat".into(),
            Stayed::Person { role } => format!("person {}", role.as_deref().unwrap_or("")),
        },
        body => of_flow(body),
    }
}

/// Of steps that fail, hold steps or wait.
fn of_flow(body: &Body) -> String {
    match body {
        Body::StepFailed(it) => {
            let caught = it.caught_by.as_ref().map_or(String::new(), |scope| format!(" caught by {scope}"));
            let from: String = it.from.iter().map(|step| format!(" from {step}")).collect();
            format!("{}{from}{caught}", failed(it.failure.class, it.clause.as_deref(), it.party))
        }
        Body::BranchChosen(it) => it.branch.clone(),
        Body::RoundStarted(it) => it.round.to_string(),
        Body::LaneStarted(it) => it.lane.to_string(),
        Body::LaneFinished(it) => format!("{} {}", it.lane, given(&it.output)),
        Body::LaneFailed(it) => format!("{} because of {}", it.lane, it.failed),
        Body::OtherwiseTaken(it) => format!("because of {}", it.failed),
        Body::WaitBegan(it) => {
            let until = it.until.map_or(String::new(), |until| format!(" until {until}"));
            let limit = if it.limit_at.is_some() { " limited" } else { "" };
            format!("{}{until}{limit}", it.signal.as_deref().unwrap_or("a time"))
        }
        Body::SignalReceived(it) => it.id.to_string(),
        body => panic!("no words for {}", body.name()),
    }
}

fn failed(of: FailureClass, clause: Option<&str>, party: Party) -> String {
    format!("{} {} blames {}", class(of), clause.unwrap_or(""), word(&json!(party)))
}

fn settled(settled: &Settled) -> String {
    match settled {
        Settled::Applied(value) => format!("applied {value}"),
        Settled::NotApplied => "not applied".into(),
    }
}

fn next(next: &Next) -> &'static str {
    match next {
        Next::Retry(_) => "again",
        Next::Settlement => "settlement",
        Next::GiveUp => "given up",
    }
}

pub(crate) fn class(class: FailureClass) -> String {
    word(&json!(class))
}

/// The one word by which a journal stores it.
fn word(value: &Value) -> String {
    value.as_str().expect("one word").to_owned()
}

fn given(output: &Output) -> String {
    match output {
        Output::Value(value) => value.to_string(),
        Output::AsGiven => "as given".into(),
        Output::Absent => "absent".into(),
    }
}
