//! Exit codes: one table, and what each error of the rooms comes to.

use std::fmt;
use std::process::ExitCode;

use handfast_events::{EndedAs, Status, Waits};
use handfast_host::{KitError, StartError};
use handfast_store::{
    AppendError, DriverError, LoadError, MailError, OpenError, ReadError, TakeError, WriteError,
};

/// How a command ended, for the shell that called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Contract = 3,
    NotFound = 5,
    Limit = 8,
    Waiting = 9,
    Unavailable = 10,
    Cancelled = 11,
    Doubt = 12,
    Damaged = 13,
    Interrupted = 130,
}

/// What each code says. 4, 6 and 7 are kept for what this release can't come to: not allowed, an invariant was violated,
/// a replay diverged.
pub(crate) const TABLE: [(Exit, &str); 12] = [
    (Exit::Done, "done, or detached"),
    (Exit::Failed, "the run or a test failed, the command was refused, or a difference weighs too much"),
    (Exit::Usage, "the command line or an input is wrong"),
    (Exit::Contract, "the contract or its tests are invalid, or its servers differ from it"),
    (Exit::NotFound, "not found"),
    (Exit::Limit, "a limit was reached"),
    (Exit::Waiting, "waiting for somebody, or paused until somebody helps"),
    (Exit::Unavailable, "the store, a program or the worker is unavailable"),
    (Exit::Cancelled, "cancelled or killed"),
    (Exit::Doubt, "in doubt, stuck or quarantined"),
    (Exit::Damaged, "the journal is damaged, or newer than this release"),
    (Exit::Interrupted, "interrupted"),
];

/// The table as `--help` shows it.
pub(crate) fn table() -> String {
    let line = |(exit, says): &(Exit, &str)| format!("  {:>3}  {says}", *exit as u8);
    format!("Exit codes:\n{}", TABLE.iter().map(line).collect::<Vec<_>>().join("\n"))
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// What a run's state comes to; a run that goes on is none of the command's fault.
    pub(crate) const fn of(status: &Status) -> Self {
        match status {
            Status::Done | Status::Standing(EndedAs::Done) => Self::Done,
            Status::Running | Status::Compensating => Self::Done,
            Status::Failed | Status::Standing(EndedAs::Failed) => Self::Failed,
            Status::Cancelled | Status::Standing(EndedAs::Cancelled) | Status::Killed => Self::Cancelled,
            Status::PausedByLimit => Self::Limit,
            Status::PausedForOperator
            | Status::PausedByPerson
            | Status::PausedByHalt { .. }
            | Status::Waiting(
                Waits::Retry { .. }
                | Waits::Approval
                | Waits::Claim { .. }
                | Waits::Time { .. }
                | Waits::Call { .. }
                | Waits::Signal { .. }
                | Waits::Message { .. },
            ) => Self::Waiting,
            Status::Waiting(Waits::Settlement) | Status::Stuck | Status::Quarantined => Self::Doubt,
        }
    }

    /// The worse of two: what needs a person more.
    pub(crate) fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Done => 0,
            Self::Cancelled => 1,
            Self::Waiting => 2,
            Self::Limit => 3,
            Self::Failed => 4,
            Self::Doubt => 5,
            _ => 6,
        };
        if weight(other) > weight(self) { other } else { self }
    }

    /// What an error comes to.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        error.chain().find_map(one).unwrap_or(Self::Unavailable)
    }
}

/// An error of the command line itself: what is wrong, what to do, and its code.
#[derive(Debug)]
struct Stop {
    exit: Exit,
    message: String,
}

/// Stops with this code and message, which says the remedy too.
pub(crate) fn stop(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Stop { exit, message: message.into() })
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stop {}

/// The code of one error of a chain, if it is one of ours.
fn one(error: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return Some(stop.exit);
    }
    let code = error
        .downcast_ref::<OpenError>()
        .map(open)
        .or_else(|| error.downcast_ref::<StartError>().map(start))
        .or_else(|| error.downcast_ref::<KitError>().map(kit))
        .or_else(|| error.downcast_ref::<LoadError>().map(load))
        .or_else(|| error.downcast_ref::<ReadError>().map(read))
        .or_else(|| error.downcast_ref::<MailError>().map(mail))
        .or_else(|| error.downcast_ref::<TakeError>().map(take))
        .or_else(|| error.downcast_ref::<handfast_host::DriveError>().map(drive));
    if code.is_some() {
        return code;
    }
    let is_away = error.is::<WriteError>() || error.is::<DriverError>() || error.is::<AppendError>();
    is_away.then_some(Exit::Unavailable)
}

const fn open(error: &OpenError) -> Exit {
    match error {
        OpenError::TooNew { .. } | OpenError::Altered { .. } => Exit::Damaged,
        _ => Exit::Unavailable,
    }
}

const fn read(error: &ReadError) -> Exit {
    match error {
        ReadError::Corrupt { .. } => Exit::Damaged,
        ReadError::Failed { .. } => Exit::Unavailable,
    }
}

const fn load(error: &LoadError) -> Exit {
    match error {
        LoadError::NotFound { .. } => Exit::NotFound,
        LoadError::Damaged { .. } | LoadError::TooNew { .. } | LoadError::Mail { .. } => Exit::Damaged,
        LoadError::Read(error) => read(error),
    }
}

const fn mail(error: &MailError) -> Exit {
    match error {
        MailError::NotFound { .. } => Exit::NotFound,
        MailError::Encode { .. } => Exit::Usage,
        MailError::Write(_) => Exit::Unavailable,
    }
}

const fn take(error: &TakeError) -> Exit {
    match error {
        TakeError::NotFound { .. } => Exit::NotFound,
        TakeError::TooNew { .. } => Exit::Damaged,
        _ => Exit::Unavailable,
    }
}

const fn drive(error: &handfast_host::DriveError) -> Exit {
    use handfast_host::DriveError;
    match error {
        DriveError::Read(error) => read(error),
        DriveError::Take(error) => take(error),
        DriveError::Write(_) => Exit::Unavailable,
    }
}

const fn kit(error: &KitError) -> Exit {
    match error {
        KitError::StandIn(_) => Exit::Usage,
        KitError::Read(error) => read(error),
        KitError::NoContract { .. } => Exit::Damaged,
        _ => Exit::Contract,
    }
}

const fn start(error: &StartError) -> Exit {
    match error {
        StartError::Refused(
            handfast_engine::Refusal::NoPrice { .. } | handfast_engine::Refusal::NoModel { .. },
        ) => Exit::Contract,
        // Ours, not the caller's: another input would not help.
        StartError::Refused(handfast_engine::Refusal::Bug(_)) => Exit::Failed,
        StartError::Refused(_) | StartError::KeyTaken { .. } => Exit::Usage,
        StartError::Load(error) => load(error),
        StartError::Read(error) => read(error),
        StartError::Append(_) | StartError::Write(_) => Exit::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use handfast_events::RunId;

    #[test]
    fn each_code_stands_once_in_the_table_and_in_the_reference() {
        let reference = include_str!("../../../docs/reference/cli.md");
        for (index, (exit, says)) in TABLE.iter().enumerate() {
            let row = format!("| {} | {says} |", *exit as u8);
            assert!(reference.contains(&row), "docs/reference/cli.md lacks `{row}`");
            assert!(TABLE.iter().skip(index + 1).all(|(other, _)| other != exit));
        }
    }

    #[test]
    fn every_rest_of_a_run_has_its_code() {
        let codes = [
            (Status::Done, 0),
            (Status::Failed, 1),
            (Status::PausedByLimit, 8),
            (Status::PausedForOperator, 9),
            (Status::PausedByPerson, 9),
            (Status::PausedByHalt { scope: "everything".into() }, 9),
            (Status::Waiting(Waits::Approval), 9),
            (Status::Cancelled, 11),
            (Status::Killed, 11),
            (Status::Waiting(Waits::Settlement), 12),
            (Status::Waiting(Waits::Time { until: handfast_events::Timestamp::UNIX_EPOCH }), 9),
            (Status::Waiting(Waits::Signal { name: "paid".into() }), 9),
            (Status::Stuck, 12),
            (Status::Quarantined, 12),
            (Status::Standing(EndedAs::Done), 0),
            (Status::Standing(EndedAs::Failed), 1),
            (Status::Standing(EndedAs::Cancelled), 11),
        ];
        for (status, code) in codes {
            assert_eq!(Exit::of(&status) as u8, code, "{}", status.name());
        }
    }

    #[test]
    fn every_trouble_with_a_store_has_its_code_also_behind_context() {
        let (path, run) = (PathBuf::from("j.db"), RunId::from_bytes([7; 16]));
        let cause = || -> handfast_store::Cause { std::sync::Arc::new(std::io::Error::other("no")) };
        let illegal = handfast_engine::Illegal { place: "run".into(), state: "done", event: "RunStarted" };
        let errors = [
            (anyhow::Error::new(OpenError::TooNew { path: path.clone(), found: 9, known: 1 }), 13),
            (OpenError::Network { path: path.clone(), kind: "NFS" }.into(), 10),
            (OpenError::Foreign { path: path.clone() }.into(), 10),
            (ReadError::Corrupt { path: path.clone(), cause: cause() }.into(), 13),
            (LoadError::TooNew { run }.into(), 13),
            (LoadError::NotFound { run }.into(), 5),
            (StartError::Write(WriteError::Full { path: path.clone(), cause: cause() }).into(), 10),
            (StartError::KeyTaken { key: "k".into(), run }.into(), 2),
            (StartError::Refused(handfast_engine::Refusal::Bug(illegal)).into(), 1),
            (LoadError::Mail { run, cause: cause() }.into(), 13),
            (KitError::StandIn("x".into()).into(), 2),
            (KitError::Contract("x".into()).into(), 3),
            (stop(Exit::NotFound, "no"), 5),
        ];
        for (error, code) in errors {
            let told = error.to_string();
            assert_eq!(Exit::of_error(&error.context("while trying")) as u8, code, "{told}");
        }
    }

    #[test]
    fn what_needs_a_person_more_is_worse() {
        let order = [
            Exit::Done,
            Exit::Cancelled,
            Exit::Waiting,
            Exit::Limit,
            Exit::Failed,
            Exit::Doubt,
            Exit::Damaged,
        ];
        for pair in order.windows(2) {
            assert_eq!((pair[0].worse(pair[1]), pair[1].worse(pair[0])), (pair[1], pair[1]));
        }
    }
}
