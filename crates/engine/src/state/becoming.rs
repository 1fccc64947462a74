//! What a call becomes by an attempt without a result, by the end of a doubt, and by what people answer.

use std::sync::Arc;

use handfast_events::{Body, Failure, FailureClass, Kept, Next, Settled, Stayed};

use super::{CallState, Closed, Due, Moved, Question, Sent, Settles, Yes};

/// What a person's word leaves behind.
pub(super) fn settle(attempt: u32, tries: u64, settled: &Settled) -> CallState {
    match settled {
        Settled::Applied(result) => CallState::Applied(Kept::Whole(result.clone())),
        Settled::NotApplied => CallState::Due(Due { attempt: attempt + 1, tries, ..Due::default() }),
    }
}

/// What a doubt that stayed leaves behind.
pub(super) fn stay(sent: Sent, next: &Stayed) -> CallState {
    match next {
        Stayed::Look => CallState::Doubted(sent),
        Stayed::Person { role } => {
            CallState::Doubted(Sent { settles: Settles::Person(role.as_deref().map(Arc::from)), ..sent })
        }
        Stayed::Repeat(retry) => CallState::Due(Due {
            attempt: sent.intent.attempt + 1,
            tries: sent.tries,
            not_before: Some(retry.at),
            doubt: Some(sent.intent),
            ..Due::default()
        }),
    }
}

/// What an attempt without a result leaves behind.
pub(super) fn after(sent: Sent, next: &Next, failure: &Failure) -> CallState {
    // An attempt that died with its worker, or that the operator must mend, says nothing about the tool: it doesn't count.
    let counts = !matches!(
        failure.class,
        FailureClass::WorkerGone | FailureClass::Authentication | FailureClass::Billing
    );
    let tries = if counts { sent.tries } else { sent.tries.saturating_sub(1) };
    match next {
        Next::Retry(retry) => CallState::Due(Due {
            attempt: sent.intent.attempt + 1,
            tries,
            not_before: Some(retry.at),
            doubt: sent.doubt.then_some(sent.intent),
            ..Due::default()
        }),
        Next::Settlement => CallState::Doubted(Sent { tries, ..sent }),
        Next::GiveUp => CallState::Closed(Closed::Failed(failure.clone())),
    }
}

/// What an answer, silence or a withdrawal leaves behind.
pub(super) fn answered(question: Question, body: &Body) -> CallState {
    let (id, subject) = (question.id().clone(), question.asked.subject);
    let yes = question.asked.answers.first().cloned();
    let role = question.open_roles().next().map(|role| role.role.as_str().into()).unwrap_or_default();
    match question.evolve(body) {
        Moved::Open(question) => CallState::Asking(question),
        Moved::Decided(decision) if Some(&decision.answer) == yes.as_ref() => {
            let yes = Some(Yes { id, subject, until: decision.valid_until });
            CallState::Due(Due { attempt: 1, yes, ..Due::default() })
        }
        Moved::Decided(decision) if yes.is_none() => {
            CallState::Closed(Closed::Answered { role, text: decision.answer.into() })
        }
        Moved::Decided(_) | Moved::Lapsed => CallState::Denied,
        Moved::Withdrawn => CallState::Due(Due { attempt: 1, ..Due::default() }),
    }
}
