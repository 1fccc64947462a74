//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use handfast_events::Timestamp;

use crate::amount;

mod diff;
mod import;
mod people;
mod steering;
mod talk;

pub(crate) use diff::{Diff, FailOn};
pub(crate) use import::{Import, ImportMcp, ImportOpenapi, Lock, Picked};
pub(crate) use people::{Answer, Approve, Deny, Halt, Inbox, Kill, Release, Steer, Unhalt};
pub(crate) use steering::{Accept, Mail, Raise, Retry, Settle, Signal};
pub(crate) use talk::{Chat, Leave, Say, Start};

/// Runs AI agents from contracts.
#[derive(Debug, Parser)]
#[command(name = "handfast", version, propagate_version = true, after_help = crate::out::help_end())]
pub(crate) struct Cli {
    /// Never ask: fail instead. (No command of this release asks.)
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a small contract that runs at once, without a key or a server
    #[command(after_help = "Example: handfast init hello && handfast run hello")]
    Init(Init),
    /// Check a contract; with --live, against its servers
    #[command(after_help = "Example: handfast check examples/support --live")]
    Check(Check),
    /// Run the tests beside a contract, with fake tools; tells which clauses they exercised
    #[command(after_help = "Example: handfast test examples/support --filter refund")]
    Test(Test),
    /// Break whatever can break in simulated worlds of a contract
    #[command(after_help = "Example: handfast sim examples/support --worlds 10000\n\n\
        Models and tools are made up from the contract: nothing is started, asked or sent. The same seed is the same worlds.")]
    Sim(Sim),
    /// Ask a contract's servers what they offer, and keep the answer beside it
    #[command(after_help = "Example: handfast lock examples/files --set folder=/home/me/untidy")]
    Lock(Lock),
    /// Write a first contract from a server or a specification
    ///
    /// What isn't known is marked `todo:`, and `check` refuses it until a person has said it.
    #[command(
        subcommand,
        after_help = "Example: handfast import mcp -- npx -y @modelcontextprotocol/server-memory"
    )]
    Import(Import),
    /// Write contracts in their one canonical form
    #[command(after_help = "Example: handfast fmt examples/support --check\n\n\
        A folder stands for its handfast.yaml, the environments (handfast.NAME.yaml) and the tests (*.test.yaml) in it; \
        `-` for standard input. Comments stay. With --check nothing is written: what differs is listed, and the exit \
        code is 1.")]
    Fmt(Fmt),
    /// Print the JSON Schema of the language, for editors
    #[command(after_help = "Example: handfast schema > .handfast/handfast.schema.json\n\n\
        With `# yaml-language-server: $schema=.handfast/handfast.schema.json` as the first line of a contract, editors \
        complete its keys and say what they mean.")]
    Schema,
    /// Show what a model sees of an agent or a tool, or a workflow as a graph
    #[command(after_help = "Example: handfast show examples/support clerk")]
    Show(Show),
    /// Say what changes between two versions of a contract: what breaks whom, and what doesn't
    #[command(after_help = "Example: handfast diff handfast.yaml ../next/handfast.yaml --fail-on breaking")]
    Diff(Diff),
    /// Show the page of an error's code
    #[command(after_help = "Example: handfast explain HF0010")]
    Explain(Explain),
    /// Start a run and follow it
    #[command(after_help = "Example: handfast run examples/support ticket --input @ticket.json\n\n\
        A detached worker drives the run: a closed terminal or pipe ends only the watching. Ctrl-C detaches; a second \
        one within 2 s stops the worker, and `handfast go` goes on.")]
    Run(Run),
    /// Talk with an agent: start a conversation, or go on with one
    #[command(after_help = "Example: handfast chat examples/desk\n\n\
        A line of standard input is a message, its end leaves the conversation. A detached worker drives it: Ctrl-C or a \
        closed terminal ends only the looking, and `handfast chat --run last` goes on.")]
    Chat(Chat),
    /// Say one thing in a conversation
    #[command(after_help = "Example: handfast say last 'Where is my order?' --wait")]
    Say(Say),
    /// Leave a conversation: it is over once all is answered
    #[command(after_help = "Example: handfast leave last")]
    Leave(Leave),
    /// Drive whatever can go on, after a crash, a stop, or once a key is there
    #[command(after_help = "Example: handfast go last")]
    Go(Go),
    /// List runs, the youngest first
    #[command(after_help = "Example: handfast runs --status waiting --since 2h")]
    Runs(Runs),
    /// Show a run as a tree: steps, model calls, tools, what each took
    #[command(after_help = "Example: handfast trace last --prompts")]
    Trace(Trace),
    /// Show a run's events
    #[command(after_help = "Example: handfast journal last --json")]
    Journal(Journal),
    /// Say whether a call in doubt took effect
    #[command(
        after_help = "Example: handfast settle last open_case@0.0 --not-applied --evidence 'no such case in the shop'"
    )]
    Settle(Settle),
    /// Raise a limit that holds a run, for this run alone
    #[command(after_help = "Example: handfast raise last --cost 5USD")]
    Raise(Raise),
    /// List everything that waits for a person, each item with its verb
    #[command(after_help = "Example: handfast inbox")]
    Inbox(Inbox),
    /// Say yes to what waits for it
    #[command(after_help = "Example: handfast approve 1c073f9a-k2m9x3q --note 'as agreed by phone'")]
    Approve(Approve),
    /// Say no to what waits for a yes, and why not
    #[command(after_help = "Example: handfast deny 1c073f9a-k2m9x3q --note 'half of it at most'")]
    Deny(Deny),
    /// Give one of the answers that a step asks for
    #[command(after_help = "Example: handfast answer 1c073f9a-k2m9x3q revise --note 'shorter, please'")]
    Answer(Answer),
    /// Let a run rest; what is under way comes back
    #[command(after_help = "Example: handfast pause last --reason 'the shop is down'")]
    Pause(Steer),
    /// Let a run go on that was paused
    #[command(after_help = "Example: handfast resume last")]
    Resume(Steer),
    /// End a run at once: nothing is settled, nothing is taken back
    #[command(after_help = "Example: handfast kill last --reason 'the machine is moved'")]
    Kill(Kill),
    /// Stop an agent, a tool, a server, a contract or everything, in all runs
    #[command(after_help = "Example: handfast halt tool:refund --reason 'the shop books twice'")]
    Halt(Halt),
    /// Lift a halt, and let the runs go on that it held
    #[command(after_help = "Example: handfast unhalt tool:refund")]
    Unhalt(Unhalt),
    /// Take up a run again that was set aside
    #[command(after_help = "Example: handfast release last")]
    Release(Release),
    /// Tell a run that something happened which a step of it waits for, or will
    #[command(after_help = "Example: handfast signal last paid '{\"amount\": 7}'")]
    Signal(Signal),
    /// End a run; what has left is settled first
    #[command(after_help = "Example: handfast cancel last --reason 'wrong customer'")]
    Cancel(Steer),
    /// Try again to take back what a run is stuck at
    #[command(after_help = "Example: handfast retry last book@0.0 --reason 'the hotel answers again'")]
    Retry(Retry),
    /// Let stand what a call did: it is stuck, or nothing takes it back
    #[command(after_help = "Example: handfast accept last book@0.0 --reason 'cancelled by phone'")]
    Accept(Accept),
    /// Check the store, the machine, keys and programs
    #[command(after_help = "Example: handfast doctor examples/support")]
    Doctor(Doctor),
    /// Measure how fast steps become durable here
    #[command(after_help = "Example: handfast bench")]
    Bench(crate::bench::BenchArgs),
    /// Drive a store's runs as a service: it keeps timers that are far away
    #[command(after_help = "Example: handfast worker --stay")]
    Worker(Worker),
}

/// Which store.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StoreArgs {
    /// The store: sqlite:PATH [default: .handfast/journal.db beside the contract]
    #[arg(long, value_name = "URL", env = "HANDFAST_STORE")]
    pub(crate) store: Option<String>,
}

/// The values of a contract's settings.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Settings {
    /// Take the settings of handfast.NAME.yaml beside the contract
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Give a setting its value
    #[arg(long, value_name = "NAME=VALUE", value_parser = amount::pair)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where; made if it isn't there
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A contract's file, or a folder with a handfast.yaml
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Ask the servers whether their tools are as the contract says
    #[arg(long)]
    pub(crate) live: bool,
    /// Print how far each clause is true
    #[arg(long)]
    pub(crate) levels: bool,
    /// How findings are told
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: CheckFormat,
    /// One JSON document: the same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// How `check` tells what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CheckFormat {
    /// As people read it
    #[default]
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for what shows findings beside the lines of a review
    Sarif,
}

impl Check {
    /// The format that is asked for, by either flag.
    pub(crate) fn told_as(&self) -> CheckFormat {
        if self.json { CheckFormat::Json } else { self.format }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// A contract's file, a folder with a handfast.yaml, or a file of tests (x.test.yaml beside x.yaml)
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Only the tests whose sentence has this in it
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sim {
    /// A contract's file, or a folder with a handfast.yaml
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Only this workflow
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
    /// How many worlds in which chance breaks what it likes, beside those that break each boundary once
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) worlds: u64,
    /// The first world's seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// Files, or folders with a handfast.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// List the files that differ from their form, and change none
    #[arg(long, conflicts_with = "stdout")]
    pub(crate) check: bool,
    /// Print the form of one file, and change nothing
    #[arg(long)]
    pub(crate) stdout: bool,
    /// One JSON document
    #[arg(long, conflicts_with = "stdout")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A contract's file, or a folder with a handfast.yaml
    pub(crate) path: PathBuf,
    /// An agent, a tool or a workflow
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// A workflow as a Mermaid flowchart, for pages that draw one
    #[arg(long)]
    pub(crate) mermaid: bool,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// As in `error[HF0010]`
    pub(crate) code: String,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) start: Start,
    /// Print the run's id and leave
    #[arg(long)]
    pub(crate) detach: bool,
    /// One JSON document: the outcome
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Go {
    /// Runs by id, its beginning or end, or `last`; without, whatever can go on
    #[arg(value_name = "RUN")]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document: the outcomes
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Only those: running, waiting, paused, compensating, stuck, done, failed, cancelled,
    /// quarantined, or `waiting (settlement)`
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,
    /// Only those of this workflow
    #[arg(long)]
    pub(crate) workflow: Option<String>,
    /// Only those that began since: 2h (ago), 2026-11-21, 2026-11-21T06:00:00Z
    #[arg(long, value_name = "TIME", value_parser = amount::since)]
    pub(crate) since: Option<Timestamp>,
    /// At most so many
    #[arg(long, default_value_t = crate::limits::RUNS_SHOWN)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// Show every prompt, to the byte
    #[arg(long)]
    pub(crate) prompts: bool,
    /// As it stood after this event
    #[arg(long, value_name = "SEQ")]
    pub(crate) at: Option<u64>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Journal {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document for each event, on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// A contract whose keys and programs are looked for; that of the working directory if there is one
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Drive a store again that was copied or restored: every run that has not ended is set aside until you name it
    #[arg(long)]
    pub(crate) adopt: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Worker {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// Runs to take by name, whatever they rest on
    #[arg(long, value_name = "RUN", hide = true)]
    pub(crate) take: Vec<handfast_events::RunId>,
    /// Stay until stopped, in this terminal or under a service manager; without it, until nothing moves
    #[arg(long)]
    pub(crate) stay: bool,
}
