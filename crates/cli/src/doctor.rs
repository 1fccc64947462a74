//! `handfast doctor`: whether the store, the machine, keys and programs are as a run needs them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use handfast_contract::{Contract, Name, Secret};
use handfast_store::{Driver, DriverError, Options, SqliteStore, driver_alive};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::exit::{Exit, stop};
use crate::limits::{DISK_ROOM_MIN, FLUSH_SLOW, FLUSHES};
use crate::project::{Project, locate};
use crate::{args, environment, out, run, store_open};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), remedy: None }
    }

    fn warn(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn fail(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything, and says what to do.
///
/// # Errors
/// Something fails, or the store can't be adopted.
pub(crate) async fn run(args: &args::Doctor) -> anyhow::Result<Exit> {
    if args.adopt {
        return adopt(args).await;
    }
    let mut findings = Vec::new();
    let contract = contract(args, &mut findings)?;
    match place(args, contract.as_deref()) {
        Some(path) => look_at_store(&path, &mut findings).await,
        None => findings.push(Finding::ok("store", "none yet: the first run makes one")),
    }
    if args.json {
        out::json(&json!({ "ok": !is_any(&findings, Verdict::Fail), "checks": findings }))?;
    } else {
        out::data(&text(&findings))?;
    }
    if is_any(&findings, Verdict::Fail) {
        return Err(stop(Exit::Unavailable, "something needs mending: see above"));
    }
    Ok(Exit::Done)
}

fn is_any(findings: &[Finding], verdict: Verdict) -> bool {
    findings.iter().any(|finding| finding.verdict == verdict)
}

fn text(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let word = match finding.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        let remedy = finding.remedy.as_ref().map(|remedy| format!("\n                → {remedy}"));
        format!("{word}  {:<9} {}{}", finding.check, finding.found, remedy.unwrap_or_default())
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn adopt(args: &args::Doctor) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let aside = store.adopt().await?;
    out::note(format!(
        "adopted `{}`: {aside} runs that had not ended are set aside. Look what each may already have done \
         (`handfast trace RUN`), then `handfast go RUN`",
        store.path().display()
    ));
    Ok(Exit::Done)
}

/// Looks at the contract that is named, or at that of the working directory. Gives its folder.
fn contract(args: &args::Doctor, findings: &mut Vec<Finding>) -> anyhow::Result<Option<PathBuf>> {
    let path = match &args.path {
        Some(path) => path.clone(),
        None => match locate(Path::new(".")) {
            Ok(path) => path,
            Err(_) => return Ok(None),
        },
    };
    let Project { file, folder, loaded, .. } = Project::read(&path, &args.settings)?;
    let file = file.display();
    match &loaded.contract {
        None => findings.push(Finding::fail(
            "contract",
            format!("{file} is invalid"),
            format!("handfast check {file}"),
        )),
        Some(contract) => {
            findings.push(Finding::ok("contract", format!("{file} is in order")));
            findings.extend(keys(contract));
            let servers: BTreeSet<Name> = contract.servers.keys().cloned().collect();
            for (server, program) in run::missing_programs(contract, &servers, &folder) {
                let remedy = format!("install it, or correct its place in `servers.{server}`");
                findings.push(Finding::fail("program", format!("`{program}` is not there"), remedy));
            }
        }
    }
    Ok(Some(folder))
}

/// Which keys are there. Their values are nobody's business.
fn keys(contract: &Contract) -> Vec<Finding> {
    let mut secrets: BTreeSet<&Secret> =
        contract.models.values().filter_map(|model| model.api_key.as_ref()).collect();
    for server in contract.servers.values() {
        secrets.extend(server.transport.secrets());
    }
    let look = |secret: &Secret| match environment::variable(&secret.0).is_some_and(|value| !value.is_empty())
    {
        true => Finding::ok("key", format!("{} is set", secret.0)),
        false => {
            let remedy = format!("export {}=… before `handfast run`", secret.0);
            Finding::warn("key", format!("{} is not set", secret.0), remedy)
        }
    };
    secrets.into_iter().map(look).collect()
}

/// Where the store is that would be used.
fn place(args: &args::Doctor, folder: Option<&Path>) -> Option<PathBuf> {
    if args.store.store.is_none()
        && let Some(folder) = folder
    {
        return Some(folder.join(store_open::PLACE)).filter(|path| path.exists());
    }
    store_open::find(&args.store).ok()
}

async fn look_at_store(path: &Path, findings: &mut Vec<Finding>) {
    let store = match SqliteStore::open(path, Options::default()) {
        Ok(store) => store,
        Err(error) => {
            let error = anyhow::Error::new(error);
            findings.push(Finding::fail(
                "store",
                format!("{error:#}"),
                "mend that; nothing in it was changed",
            ));
            return;
        }
    };
    findings.push(Finding::ok("store", format!("{} can be read and written", path.display())));
    findings.push(driver(&store).await);
    if let Some(folder) = path.parent() {
        findings.push(room(folder));
        findings.push(flushes(folder));
    }
}

/// Whether somebody drives, and whether somebody could.
async fn driver(store: &SqliteStore) -> Finding {
    match driver_alive(store.path()) {
        Ok(Some(driver)) if driver.pid == 0 => Finding::ok("worker", "one is just beginning to drive"),
        Ok(Some(driver)) => {
            Finding::ok("worker", format!("process {} drives since {}", driver.pid, driver.since))
        }
        Ok(None) => match Driver::acquire(store, handfast_host::now()).await {
            Ok(_) | Err(DriverError::Held { .. }) => {
                Finding::ok("worker", "none; the next `handfast run` or `handfast go` starts one")
            }
            Err(error @ DriverError::Incarnation { .. }) => {
                let remedy = "handfast doctor --adopt, after a look at what the runs may already have done";
                Finding::fail("worker", error.to_string(), remedy)
            }
            Err(error) => Finding::fail("worker", format!("{:#}", anyhow::Error::new(error)), "mend that"),
        },
        Err(error) => Finding::fail("worker", format!("{:#}", anyhow::Error::new(error)), "mend that"),
    }
}

fn room(folder: &Path) -> Finding {
    match environment::room(folder) {
        Err(error) => {
            Finding::warn("disk", format!("can't see how much room there is: {error}"), "look yourself")
        }
        Ok(free) => {
            let found = format!("{} MiB free", free / (1024 * 1024));
            if free < DISK_ROOM_MIN {
                let remedy = format!("free some: under {} MiB runs soon stop", DISK_ROOM_MIN / (1024 * 1024));
                return Finding::warn("disk", found, remedy);
            }
            Finding::ok("disk", found)
        }
    }
}

/// How long a small write takes until it is on the disk.
fn flushes(folder: &Path) -> Finding {
    match median_flush(folder) {
        Err(error) => {
            let remedy = format!("see that `{}` can be written", folder.display());
            Finding::fail("flush", format!("{error:#}"), remedy)
        }
        Ok(median) => {
            let found = format!(
                "{:.2} ms until a write is on the disk (median of {FLUSHES})",
                median.as_secs_f64() * 1e3
            );
            if median > FLUSH_SLOW {
                return Finding::warn(
                    "flush",
                    found,
                    "put the store on a faster disk: each step waits for this",
                );
            }
            if median < Duration::from_micros(20) {
                return Finding::warn(
                    "flush",
                    found,
                    "so fast is no disk: does this one keep what it is told?",
                );
            }
            Finding::ok("flush", found)
        }
    }
}

fn median_flush(folder: &Path) -> anyhow::Result<Duration> {
    let path = folder.join(format!(".doctor.{}", std::process::id()));
    let mut file =
        std::fs::File::create_new(&path).with_context(|| format!("can't write `{}`", path.display()))?;
    let mut times = Vec::with_capacity(FLUSHES);
    let mut measure = || -> std::io::Result<()> {
        for _ in 0..FLUSHES {
            let begun = Instant::now();
            file.write_all(&[b'.'; 4096])?;
            file.sync_data()?;
            times.push(begun.elapsed());
        }
        Ok(())
    };
    let measured = measure();
    drop(std::fs::remove_file(&path));
    measured.with_context(|| format!("can't write `{}`", path.display()))?;
    times.sort();
    times.get(times.len() / 2).copied().context("nothing was measured")
}
