//! The command `handfast`: the only room that prints.
//!
//! Data goes to standard output, everything else to standard error. Nothing here knows a rule of how runs run: the
//! commands load, start, watch and put mail; a detached process of the same program drives (`worker`). Read `args`
//! for what there is, then `run` and `follow`.

mod limits;

mod amount;
mod args;
mod environment;
mod exit;
mod files;
mod out;

mod project;
mod store_open;

mod detach;
mod log;
mod worker;

mod follow;
mod outcome;
mod watch;

mod asked;
mod bench;
mod check;
mod diff;
mod doctor;
mod explain;
mod format;
mod go;
mod halt;
mod import;
mod inbox;
mod init;
mod journal;
mod lock;
mod people;
mod post;
mod run;
mod runs;
mod schema;
mod show;
mod sim;
mod talk;
mod test;
mod trace;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser as _;
use exit::Exit;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return out::usage(&error),
    };
    // Before a thread is started: the worker must have left its terminal by then.
    if matches!(&cli.command, Command::Worker(worker) if !worker.stay) {
        worker::leave_terminal();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return out::error(&anyhow::Error::new(error).context("can't start threads")),
    };
    let ended = runtime.block_on(dispatch(cli.command));
    // What still reads from a pipe or a disk must not hold the command's end.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => out::error(&error),
    }
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    // Heard and ignored: past a limit on a file's size, a write must fail with an error instead of ending the process.
    let _size_limit = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
    let exit: Exit = match command {
        Command::Init(args) => init::run(&args)?,
        Command::Check(args) => check::run(&args).await?,
        Command::Test(args) => test::run(&args).await?,
        Command::Sim(args) => sim::run(&args)?,
        Command::Lock(args) => lock::run(&args).await?,
        Command::Import(args) => import::run(&args).await?,
        Command::Fmt(args) => format::run(&args)?,
        Command::Schema => schema::run()?,
        Command::Show(args) => show::run(&args)?,
        Command::Diff(args) => diff::run(&args)?,
        Command::Explain(args) => explain::run(&args)?,
        Command::Run(args) => run::run(&args).await?,
        Command::Chat(args) => talk::chat(&args).await?,
        Command::Say(args) => talk::say(&args).await?,
        Command::Leave(args) => talk::leave(&args).await?,
        Command::Go(args) => go::run(&args).await?,
        Command::Runs(args) => runs::run(&args).await?,
        Command::Trace(args) => trace::run(&args).await?,
        Command::Journal(args) => journal::run(&args).await?,
        Command::Settle(args) => post::settle(&args).await?,
        Command::Raise(args) => post::raise(&args).await?,
        Command::Inbox(args) => inbox::run(&args).await?,
        Command::Approve(args) => people::approve(&args).await?,
        Command::Deny(args) => people::deny(&args).await?,
        Command::Answer(args) => people::answer(&args).await?,
        Command::Pause(args) => post::pause(&args).await?,
        Command::Resume(args) => post::resume(&args).await?,
        Command::Kill(args) => post::kill(&args).await?,
        Command::Halt(args) => halt::halt(&args).await?,
        Command::Unhalt(args) => halt::unhalt(&args).await?,
        Command::Release(args) => go::release(&args).await?,
        Command::Signal(args) => post::signal(&args).await?,
        Command::Cancel(args) => post::cancel(&args).await?,
        Command::Retry(args) => post::retry(&args).await?,
        Command::Accept(args) => post::accept(&args).await?,
        Command::Doctor(args) => doctor::run(&args).await?,
        Command::Bench(args) => bench::run(&args).await.map(|()| Exit::Done)?,
        Command::Worker(args) => worker::run(&args).await?,
    };
    Ok(exit.into())
}
