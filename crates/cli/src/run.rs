//! `handfast run`: starts a run, sees to it that a worker drives it, and follows it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use handfast_contract::{Contract, Name, StepWork, Transport, Workflow};
use handfast_engine::Start;
use handfast_events::RunId;
use handfast_host::{Kit, Started};
use handfast_tool::Tools;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::files::text_of;
use crate::follow::{Ended, Followed, follow};
use crate::limits::ASK_WAIT;
use crate::outcome::Outcome;
use crate::project::{Checked, Project};
use crate::{args, environment, out, post, store_open};

/// Starts and follows.
///
/// # Errors
/// Nothing was started, or the run can't be followed; each says what to mend.
pub(crate) async fn run(args: &args::Run) -> anyhow::Result<Exit> {
    let Begun { run, is_new, what, mut driving } = begin(&args.start, Wanted::Any).await?;
    if args.detach {
        if args.json {
            out::json(&json!({ "run": run, "new": is_new }))?;
        } else {
            out::data(&run.to_string())?;
        }
        return Ok(Exit::Done);
    }
    let key = if is_new { "" } else { " (begun before, under the same key)" };
    out::note(format!("run {run}: {what}{key}"));
    match follow(&mut driving, &mut [Followed::new(run)]).await? {
        Ended::Rested => {
            let outcome = Outcome::of(driving.store(), run).await?;
            outcome.tell(args.json)?;
            Ok(outcome.code())
        }
        Ended::Detached => Ok(Exit::Done),
        Ended::Interrupted => Ok(Exit::Interrupted),
    }
}

/// A run that began, and that somebody drives.
pub(crate) struct Begun {
    pub(crate) run: RunId,
    /// Whether it began just now, and not before under the same key.
    pub(crate) is_new: bool,
    /// The contract's name and the workflow's.
    pub(crate) what: String,
    pub(crate) driving: Driving,
}

/// Which workflows may be meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Any,
    Conversation,
}

/// Starts a run.
///
/// # Errors
/// Nothing was started; each says what to mend.
pub(crate) async fn begin(args: &args::Start, wanted: Wanted) -> anyhow::Result<Begun> {
    let missing =
        || stop(Exit::Usage, "say which contract: <PATH> is a file, or a folder with a handfast.yaml");
    let path = args.path.as_deref().ok_or_else(missing)?;
    let checked = Project::read_and_check(path, &args.settings)?.checked()?;
    let workflow = workflow(&checked.contract, args.workflow.as_deref(), wanted)?;
    let start = Start {
        workflow: workflow.name.to_string(),
        input: args.input.as_deref().map_or_else(|| Ok(json!({})), value)?,
        key: args.key.clone(),
        folder: checked.sources.root.clone(),
        model: args.model.as_deref().map(|model| stand_in(&checked.contract, model)).transpose()?,
    };
    programs(&checked.contract, workflow, &checked.folder)?;
    let Checked { contract, sources, folder } = &checked;
    // Made here only to find early what is missing: the worker makes its own.
    let kit = Kit::new(
        contract.clone(),
        folder,
        start.model.as_deref(),
        &environment::around(),
        handfast_host::now(),
    )?;
    servers_as_promised(contract, workflow, &kit.tools).await?;
    let store = store_open::for_contract(&args.store, folder)?;
    let Started { run, is_new } = handfast_host::start(&store, kit.plan.clone(), sources, start).await?;
    drop(kit);
    let mut driving = Driving::new(store.clone());
    // Before the run is named: whoever reads its id may leave at once.
    post::until_taken(&mut driving, run).await?;
    Ok(Begun { run, is_new, what: format!("{} {}", contract.name, workflow.name), driving })
}

/// The workflow that is meant: the named one, or the only one.
fn workflow<'c>(contract: &'c Contract, name: Option<&str>, wanted: Wanted) -> anyhow::Result<&'c Workflow> {
    let may_be = |workflow: &&std::sync::Arc<Workflow>| wanted == Wanted::Any || workflow.chat.is_some();
    let names: Vec<&str> =
        contract.workflows.values().filter(may_be).map(|workflow| &*workflow.name).collect();
    if names.is_empty() && !contract.workflows.is_empty() {
        let message = "the contract has no conversation: a workflow with `chat: AGENT` is one; `handfast run` starts the others";
        return Err(stop(Exit::NotFound, message));
    }
    let listed = names.join(", ");
    match (name, names.as_slice()) {
        (Some(name), _) => {
            contract.workflows.get(name).filter(may_be).map(|workflow| &**workflow).ok_or_else(|| {
                let meant = handfast_contract::suggest(name, names.iter().copied());
                let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                stop(
                    Exit::NotFound,
                    format!("the contract has no workflow `{name}`{meant} (it has {listed})"),
                )
            })
        }
        (None, [only]) => contract.workflows.get(*only).map(|workflow| &**workflow).context("it was there"),
        (None, []) => Err(stop(Exit::NotFound, "the contract has no workflow: add one under `workflows:`")),
        (None, _) => Err(stop(Exit::Usage, format!("say which workflow: {listed}"))),
    }
}

/// Reads JSON, `@FILE` or `-`.
///
/// # Errors
/// It can't be read, or is no JSON.
pub(crate) fn value(text: &str) -> anyhow::Result<Value> {
    let (what, json) = match text.strip_prefix('@') {
        Some(path) => {
            let mut file = std::fs::File::open(path)
                .map_err(|cause| stop(Exit::NotFound, format!("can't open `{path}`: {cause}")))?;
            (format!("`{path}`"), text_of(&mut file, &format!("`{path}`"))?)
        }
        None if text == "-" => {
            ("standard input".to_owned(), text_of(&mut std::io::stdin(), "standard input")?)
        }
        None => (format!("`{text}`"), text.to_owned()),
    };
    serde_json::from_str(&json).map_err(|cause| stop(Exit::Usage, format!("{what} is no JSON: {cause}")))
}

/// What stands in for the models, with its file's place made one that any process finds.
fn stand_in(contract: &Contract, text: &str) -> anyhow::Result<String> {
    if contract.models.contains_key(text) {
        return Ok(text.to_owned());
    }
    match text.split_once(':') {
        Some((kind, file)) => {
            let file = environment::working_directory()?.join(file);
            Ok(format!("{kind}:{}", file.display()))
        }
        // Refused by name where it is used.
        None => Ok(text.to_owned()),
    }
}

/// Whether the programs are there that the workflow's tools are started from.
fn programs(contract: &Contract, workflow: &Workflow, folder: &Path) -> anyhow::Result<()> {
    let missing = missing_programs(contract, &servers(workflow), folder);
    match missing.first() {
        None => Ok(()),
        Some((server, program)) => {
            let message = format!(
                "the program `{program}` of `servers.{server}` is not there: install it, or correct its place in the \
                 contract; nothing was started"
            );
            Err(stop(Exit::Unavailable, message))
        }
    }
}

/// Whether the servers take what the contract sends. One that can't be asked now is the run's own business: it may come
/// back, or wait for a key.
async fn servers_as_promised(contract: &Contract, workflow: &Workflow, tools: &Tools) -> anyhow::Result<()> {
    let mut drift = Vec::new();
    for server in servers(workflow) {
        if let Ok(Ok(Some(listed))) = timeout(ASK_WAIT, tools.list(&server)).await {
            drift.extend(contract.drift(&server, &listed));
        }
    }
    tools.shutdown().await;
    if drift.is_empty() {
        return Ok(());
    }
    for handfast_contract::Drift { place, problem, .. } in &drift {
        out::note(format!("{place}: {problem}"));
    }
    let message =
        "the servers differ from the contract: nothing was started; mend it, then `handfast check --live`";
    Err(stop(Exit::Contract, message))
}

/// The servers that a workflow can reach by itself.
fn servers(workflow: &Workflow) -> BTreeSet<Name> {
    let of = |step: &std::sync::Arc<handfast_contract::Step>| match &step.work {
        StepWork::Tool(tool) => vec![tool.via.server.clone()],
        StepWork::Agent(agent) => agent.may.iter().map(|grant| grant.tool.via.server.clone()).collect(),
        _ => Vec::new(),
    };
    let steps = workflow.all_steps().into_iter().map(|(_, step)| step);
    steps.chain(workflow.chat.iter().map(|chat| &chat.step)).flat_map(of).collect()
}

/// The programs of these servers that can't be found, with their servers.
pub(crate) fn missing_programs(
    contract: &Contract,
    servers: &BTreeSet<Name>,
    folder: &Path,
) -> Vec<(Name, String)> {
    let missing = |name: &Name| {
        let server = contract.servers.get(name)?;
        let (Transport::McpCommand { command, .. } | Transport::Process { command, .. }) = &server.transport
        else {
            return None;
        };
        let directory = server.directory.as_ref().map_or_else(|| folder.to_owned(), |own| folder.join(own));
        let program = command.first()?;
        let found = environment::program(program, &directory);
        found.is_none().then(|| (name.clone(), program.clone()))
    };
    servers.iter().filter_map(missing).collect()
}
