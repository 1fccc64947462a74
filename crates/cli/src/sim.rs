//! `handfast sim`: a contract under faults that its own words give, and what of its promises did not survive them.
//!
//! The models and tools are made up from the contract: no server, no key and no store is needed, and nothing is sent. Which
//! worlds there are is `handfast_sim`'s; this file chooses, counts and tells.

use std::sync::Arc;
use std::thread::available_parallelism;

use handfast_sim::{Campaign, Subject, Tally, Telling, campaign, shrink, story};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::args;
use crate::exit::{Exit, stop};
use crate::out;
use crate::project::Project;

/// The shortest story of a law that was broken.
struct Told {
    law: String,
    seed: u64,
    faults: Vec<String>,
    story: String,
}

/// Lets worlds happen to every workflow of the contract, or to the one that is named.
///
/// # Errors
/// The contract is invalid, or has no such workflow.
pub(crate) fn run(args: &args::Sim) -> anyhow::Result<Exit> {
    let project = Project::read(&args.path, &args.settings)?;
    let file = project.file.display().to_string();
    let contract = project.checked()?.contract;
    let is_wanted =
        |subject: &Subject| args.workflow.as_ref().is_none_or(|wanted| subject.workflow_name() == wanted);
    let subjects: Vec<Arc<Subject>> =
        Subject::all(&contract).into_iter().filter(is_wanted).map(Arc::new).collect();
    if subjects.is_empty() {
        return Err(stop(Exit::NotFound, format!("`{file}` has no such workflow to simulate")));
    }
    let threads = available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = Campaign { worlds: args.worlds, seed: args.seed, mutant: None, sweeps: true, threads };
    let bar = bar();
    let told = |progress: handfast_sim::Progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.done);
    };
    let tallies = campaign(&subjects, &wanted, &told).map_err(|why| stop(Exit::Failed, why))?;
    bar.finish_and_clear();
    let mut stories = Vec::new();
    for (subject, tally) in subjects.iter().zip(&tallies) {
        stories.push(shortest(subject, tally)?);
    }
    let is_kept = stories.iter().all(Option::is_none);
    if args.json {
        let workflows: Vec<Value> = subjects
            .iter()
            .zip(&tallies)
            .zip(&stories)
            .map(|((subject, tally), told)| document(subject, tally, told.as_ref()))
            .collect();
        out::json(&json!({
            "file": file, "contract": contract.name, "version": contract.version, "seed": args.seed, "ok": is_kept,
            "workflows": workflows,
        }))?;
    } else {
        let parts = subjects.iter().zip(&tallies).zip(&stories);
        let parts: Vec<String> =
            parts.map(|((subject, tally), told)| page(subject, tally, told.as_ref())).collect();
        out::data(&format!("{file}, from seed {}\n\n{}", args.seed, parts.join("\n")))?;
    }
    Ok(if is_kept { Exit::Done } else { Exit::Failed })
}

/// Shown to whoever looks at standard error, and to nobody else.
fn bar() -> ProgressBar {
    if !out::is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:32} {human_pos} of {human_len} worlds, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn shortest(subject: &Arc<Subject>, tally: &Tally) -> anyhow::Result<Option<Told>> {
    let Some(first) = &tally.first else { return Ok(None) };
    let shrunk = shrink(subject, first.spec.clone(), first.law).map_err(|why| stop(Exit::Failed, why))?;
    Ok(Some(Told {
        law: format!("{:?}", first.law),
        seed: first.spec.seed,
        faults: shrunk.outcome.happened.iter().map(ToString::to_string).collect(),
        story: story(&shrunk.outcome),
    }))
}

/// What a contract's owner is told of a workflow.
const TELLINGS: [(Telling, &str, &str); 5] = [
    (Telling::Failed, "failed", "the run failed by"),
    (Telling::LeftStanding, "left_standing", "the run ended otherwise, and left standing what was done by"),
    (Telling::Settled, "settled", "a person had to find out what came of"),
    (Telling::Limit, "limits", "a limit held the run:"),
    (Telling::Refused, "refused", "calls were refused by"),
];

fn page(subject: &Subject, tally: &Tally, told: Option<&Told>) -> String {
    let mut page = format!("workflow {}\n", subject.workflow_name());
    let boundaries: Vec<String> =
        tally.boundaries.iter().map(|(boundary, pairs)| format!("{pairs} {}", boundary.place())).collect();
    page.push_str(&format!(
        "  {} worlds in which one thing breaks, at each boundary of a good run: {}\n  {} worlds in which chance breaks what it likes\n",
        tally.swept,
        boundaries.join(", "),
        tally.worlds
    ));
    let ends: Vec<String> = tally.ends.iter().map(|(end, worlds)| format!("{worlds} {end}")).collect();
    page.push_str(&format!("  {} faults; the runs ended {}\n", tally.counts.broke(), ends.join(", ")));
    if let Some(objection) = &tally.objection {
        page.push_str(&format!("  even where nothing breaks, {objection}\n"));
    }
    for (telling, _, words) in TELLINGS {
        for (whom, worlds) in of(tally, telling) {
            page.push_str(&format!(
                "  in {worlds} of {} worlds {words} {whom}\n",
                tally.swept + tally.worlds
            ));
        }
    }
    for failure in subject.unmade() {
        page.push_str(&format!(
            "  not tried: `{failure}`, since no error was found that its `when` recognises\n"
        ));
    }
    match told {
        None => page.push_str("  every law held: never twice, never lost, never unsaid, never over, never unasked, same again\n"),
        Some(told) => page.push_str(&format!(
            "  {} was broken in {} worlds. The shortest story, of seed {}:\n\n{}",
            told.law, tally.broken, told.seed, told.story
        )),
    }
    page
}

fn of(tally: &Tally, telling: Telling) -> impl Iterator<Item = (&str, u64)> {
    let all = tally.told.worlds.iter().filter(move |((of, _), _)| *of == telling);
    all.map(|((_, whom), worlds)| (whom.as_str(), *worlds))
}

fn document(subject: &Subject, tally: &Tally, told: Option<&Told>) -> Value {
    let boundaries: serde_json::Map<String, Value> =
        tally.boundaries.iter().map(|(boundary, pairs)| (boundary.key().to_owned(), json!(pairs))).collect();
    let mut document = json!({
        "name": subject.workflow_name(),
        "swept": tally.swept,
        "boundaries": boundaries,
        "worlds": tally.worlds,
        "faults": tally.counts.broke(),
        "ended": tally.ends,
        "objection": tally.objection,
        "untried": subject.unmade(),
        "broken": told.map(|told| json!({
            "law": told.law, "worlds": tally.broken, "seed": told.seed, "faults": told.faults, "story": told.story,
        })),
    });
    for (telling, key, _) in TELLINGS {
        let all: serde_json::Map<String, Value> =
            of(tally, telling).map(|(whom, worlds)| (whom.to_owned(), json!(worlds))).collect();
        if let Value::Object(fields) = &mut document {
            fields.insert(key.to_owned(), Value::Object(all));
        }
    }
    document
}
