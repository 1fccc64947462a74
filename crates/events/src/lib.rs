//! All that can have happened in a run: the events, their ids, and the chain over them.
//!
//! The only types that are ever persisted live here. This room is pure: it knows no clock, no file, no socket,
//! and not why something happened: that is the `engine`'s. Start with [`Event`] and [`Body`].

mod digest;
mod id;
mod key;
mod money;

mod answer;
mod approval;
mod block;
mod call;
mod claim;
mod compensation;
mod fact;
mod failure;
mod halt;
mod mail;
mod memory;
mod prompt;
mod run;
mod side;
mod sources;
mod step;
mod talk;
mod turn;
mod verdict;

mod body;
mod envelope;
mod event;

pub use answer::{Answer, Ask, Finish, Usage};
pub use approval::{
    ApprovalAnswered, ApprovalAsked, ApprovalLapsed, ApprovalWithdrawn, Decision, Reach, RoleAsked,
};
pub use block::{
    BranchChosen, LaneFailed, LaneFinished, LaneStarted, OtherwiseTaken, RoundStarted, SignalReceived,
    WaitBegan,
};
pub use body::{Body, DecodeError};
pub use call::{
    CallApplied, CallDoubted, CallHeld, CallIntended, CallJudged, CallNotApplied, CallNotSent, CallPolled,
    CallProposed, CallQueued, CallRefused, CallSettled, CallWithheld, CallWorking, Came, Handle, Idempotency,
    Kept, Next, ResultCameLate, SaidBefore, Settled,
};
pub use claim::{Action, CallGiven, CallWaits, ClaimBefore, ClaimChanged, ClaimSeen, Done, Outage, Slots};
pub use compensation::{
    CallCompensated, CallLeftStanding, CompensationBegan, CompensationRetried, CompensationStuck, Standing,
    StandingAccepted,
};
pub use digest::{Digest, Hasher, canonical};
pub use envelope::{Envelope, Head, Salt, StoredEvent, chain};
pub use event::Event;
pub use fact::FactSet;
pub use failure::{Failure, FailureClass, Party};
pub use halt::{Halt, HaltScope, Heeded, NoScope};
pub use id::{AppendId, ApprovalId, CallId, CommandId, Epoch, RunId, Seq, StepId};
pub use key::call_key;
pub use mail::{Fault, Heard, Mail, MailOutcome, MailTaken, Settlement};
pub use memory::{MemoryCell, MemoryEntry, MemoryRead, MemoryWritten, Written};
pub use money::{Money, ParseMoneyError};
pub use prompt::{Prompt, PromptDelta, RebuildError};
pub use run::{
    Ceiling, EndedAs, EpochBegan, Format, LimitKind, LimitRaised, PauseReason, RunCancelRequested,
    RunCancelled, RunFailed, RunFailing, RunKilled, RunPaused, RunResumed, RunStarted, RunSucceeded, Status,
    StillOpen, Waits,
};
pub use side::{CallFound, DoubtStayed, Purpose, SideCallProposed, Stayed};
pub use sources::Sources;
pub use step::{Output, StepFailed, StepKind, StepSkipped, StepStarted, StepSucceeded};
pub use talk::{MessageAwaited, MessageHeard, Said, TalkEnd, TalkEnded};
pub use turn::{
    ContextAdjusted, ModelAnswered, ModelFailed, ModelHeld, ModelIntended, ModelSwitched, Reserved, Retry,
    ToolTakenAway,
};
pub use verdict::{Held, Verdict};

/// The time of an event, as its run's worker recorded it: microseconds, UTC.
pub use jiff::Timestamp;
