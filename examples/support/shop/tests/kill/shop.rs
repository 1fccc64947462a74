//! What a person would look at: the shop's own ledger of what truly happened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The shop's program.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_shop"))
}

/// Waits until no shop works on this database any more, then reads its ledger: whatever a killed worker's shop was still
/// doing has happened by then.
pub(crate) fn ledger(db: &Path) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_served(db) {
        assert!(Instant::now() < deadline, "a shop without its worker does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    let out = Command::new(program()).arg("--db").arg(db).arg("--ledger").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn is_served(db: &Path) -> bool {
    let needle = db.to_str().unwrap().as_bytes();
    let is_shop = |entry: std::io::Result<std::fs::DirEntry>| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        let names = |part: &[u8]| line.windows(part.len()).any(|window| window == part);
        Some(names(needle) && names(b"--db\0") && !names(b"handfast"))
    };
    std::fs::read_dir("/proc").unwrap().any(|entry| is_shop(entry).unwrap_or(false))
}

/// Every effect with a key is there exactly once, as in the undisturbed run; one without a key at most once.
pub(crate) fn assert_once(ledger: &[Value], undisturbed: &[Value]) {
    assert_eq!(keyed(ledger), keyed(undisturbed), "{ledger:#?}");
    let unkeyed = |rows: &[Value]| rows.iter().filter(|row| row["key"].is_null()).count();
    assert!(unkeyed(ledger) <= unkeyed(undisturbed), "an effect without a key happened twice: {ledger:#?}");
}

/// How often each effect with a key happened; keys differ from run to run, what they did does not.
fn keyed(rows: &[Value]) -> BTreeMap<String, usize> {
    let mut effects = BTreeMap::new();
    for row in rows.iter().filter(|row| !row["key"].is_null()) {
        *effects.entry(format!("{} {}", row["effect"], row["subject"])).or_default() += 1;
    }
    effects
}
