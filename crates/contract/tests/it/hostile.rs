//! Contracts that were written to hang, crash or fill the machine end in findings, within counted bounds.
//!
//! All of them are loaded in one child process that has a gigabyte of address space and a bounded time on the processor
//! (the kernel's own count, not a clock), on a thread with the stack that any thread gets. `HOSTILE=part-of-a-name cargo
//! test --release -p handfast-contract --test it -- --ignored --nocapture hostile::measured` prints what each one takes.

mod files;
mod language;
mod steps;
mod texts;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use handfast_contract::{Loaded, Paint, load};

/// A contract of several files, by name, and the code of what must be said of it; none where it must be fine.
pub(crate) struct Trial {
    pub(crate) name: &'static str,
    pub(crate) files: Vec<(String, String)>,
    pub(crate) says: Option<&'static str>,
}

/// One file.
pub(crate) fn trial(
    name: &'static str,
    says: impl Into<Option<&'static str>>,
    text: impl Into<String>,
) -> Trial {
    Trial { name, files: vec![("main.yaml".to_owned(), text.into())], says: says.into() }
}

/// The head of every contract, before `sections`.
pub(crate) fn contract(sections: &str) -> String {
    format!("handfast: 1\nname: hostile\nversion: \"1\"\n{sections}")
}

/// One line or entry for each number.
pub(crate) fn each(count: usize, mut write: impl FnMut(usize) -> String) -> String {
    (0..count).map(&mut write).collect()
}

/// Makers, so that only one trial is in memory at a time.
fn trials() -> impl Iterator<Item = fn() -> Trial> {
    texts::TRIALS.iter().chain(files::TRIALS).chain(language::TRIALS).chain(steps::TRIALS).copied()
}

/// Trials whose ceilings are far above what unoptimised code gets through in a test's time: `measured` shows them.
const OPTIMISED_ONLY: [&str; 4] = [
    "large patterns in conditions, often",
    "large patterns, often",
    "names that are nearly right",
    "choices of choices",
];

/// Files that one load may ask for: those that it includes, one text for each agent, and the lock.
const READS_MAX: usize = 32 + 500 + 1;
/// Bytes of a report: a hundred findings of a screen each.
const REPORT_BYTES_MAX: usize = 100 * 8_000;

/// Loads it as a stranger's contract would be, and holds what comes of it to what always holds.
fn load_one(trial: &Trial) -> Loaded {
    let reads = Cell::new(0);
    let files: BTreeMap<&str, &str> = trial.files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let loaded = load("main.yaml", ".", &BTreeMap::new(), &mut |path| {
        reads.set(reads.get() + 1);
        files.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    });
    let name = trial.name;
    assert!(reads.get() <= READS_MAX, "{name}: {} files were asked for", reads.get());
    assert!(loaded.diagnostics.len() <= 100, "{name}: {} findings", loaded.diagnostics.len());
    let report = loaded.report(Paint::Coloured);
    assert!(report.len() <= REPORT_BYTES_MAX, "{name}: a report of {} bytes", report.len());
    match trial.says {
        Some(code) => {
            let codes: Vec<&str> = loaded.diagnostics.iter().map(|found| found.code.id()).collect();
            assert!(
                codes.contains(&code),
                "{name}: {code} isn't among {codes:?}\n{:.2000}",
                loaded.report(Paint::Plain)
            );
        }
        None => assert!(loaded.checked().is_some(), "{name}:\n{:.2000}", loaded.report(Paint::Plain)),
    }
    loaded
}

#[test]
#[ignore = "the child of the test below"]
fn all_in_here() {
    for make in trials() {
        let trial = make();
        if cfg!(debug_assertions) && OPTIMISED_ONLY.contains(&trial.name) {
            continue;
        }
        // What is printed last is what didn't end.
        println!("{}", trial.name);
        load_one(&trial);
    }
    println!("all ended");
}

#[test]
#[cfg(target_os = "linux")]
fn hostile_contracts_end_soon_and_in_little_memory() {
    let own = std::env::current_exe().unwrap();
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 1048576; ulimit -t 600; exec \"$0\" --exact hostile::all_in_here --ignored --nocapture"])
        .arg(own)
        .env_remove("RUST_MIN_STACK")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success() && out.contains("all ended"), "{out}\n{err:.4000}");
}

/// For people: what each takes. Nothing is judged by it.
#[test]
#[ignore = "prints times, which no test depends on"]
#[expect(clippy::disallowed_methods, reason = "measures for people, and judges nothing by it")]
fn measured() {
    let part = std::env::var("HOSTILE").unwrap_or_default();
    for make in trials() {
        let trial = make();
        if !trial.name.contains(&part) {
            continue;
        }
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let before = peak();
        let start = Instant::now();
        let loaded = std::panic::catch_unwind(|| load_one(&trial));
        println!(
            "{:>8} ms {:>6} MB  {}{}",
            start.elapsed().as_millis(),
            peak().saturating_sub(before) / 1024,
            trial.name,
            if loaded.is_err() { "   <-- WRONG" } else { "" }
        );
    }
}

/// The most memory that this process had at once, in kilobytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
