//! What a person would look at: the shop's own ledger of what truly happened.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The shop's program.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_shop"))
}

/// Waits until no shop works on this database any more, then reads its ledger: whatever a killed worker's shop was still
/// doing has happened by then.
pub(crate) fn ledger(db: &Path) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !servers(db).is_empty() {
        assert!(Instant::now() < deadline, "a shop without its worker does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    let out = Command::new(program()).arg("--db").arg(db).arg("--ledger").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Kills every shop that serves this database. Tells whether there was one.
pub(crate) fn kill(db: &Path) -> bool {
    let servers = servers(db);
    for pid in &servers {
        kill_process(*pid);
    }
    !servers.is_empty()
}

/// SIGKILL. A process that has gone meanwhile is no trouble.
pub(crate) fn kill_process(pid: u32) {
    drop(Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status());
}

fn servers(db: &Path) -> Vec<u32> {
    let needle = db.to_str().unwrap().as_bytes();
    let shop = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let line = std::fs::read(path.join("cmdline")).ok()?;
        let names = |part: &[u8]| line.windows(part.len()).any(|window| window == part);
        let is_shop = names(needle) && names(b"--db\0") && !names(b"handfast");
        is_shop.then(|| path.file_name()?.to_str()?.parse().ok()).flatten()
    };
    std::fs::read_dir("/proc").unwrap().filter_map(shop).collect()
}

/// Whether this effect is that of a call with these arguments. A key tells exactly; without one the arguments do, of
/// which no two calls of one run share those that count.
pub(crate) fn is_of(row: &Value, tool: &str, args: &Value, key: Option<&str>) -> bool {
    if let Some(key) = key {
        return row["key"] == key;
    }
    let (effect, subject, detail) = (&row["effect"], &row["subject"], &row["detail"]);
    match tool {
        "open_case" => *effect == "case" && *subject == args["order_id"],
        "note_order" => *effect == "note" && *subject == args["order_id"] && detail["text"] == args["text"],
        "cancel_seat" => *effect == "seat cancelled" && *subject == args["seat"],
        "hold_room" => {
            let what = format!("{} on {}", args["hotel"].as_str().unwrap(), args["day"].as_str().unwrap());
            *effect == "room held" && detail["what"] == what
        }
        other => panic!("nothing says which effects are `{other}`'s: say it here"),
    }
}

/// What the shop gave for this effect: what a person says of a call that was in doubt.
pub(crate) fn gave(row: &Value) -> Value {
    let (subject, detail) = (&row["subject"], &row["detail"]);
    match row["effect"].as_str().unwrap() {
        "case" => json!({ "case_id": detail["case_id"] }),
        "mail" => json!({ "to": subject }),
        "note" => json!({ "order_id": subject }),
        "refund" => {
            let refund_id = format!("r-{}", subject.as_str().unwrap());
            json!({ "refund_id": refund_id, "order_id": subject, "amount": detail["amount"] })
        }
        "card charged" => json!({ "receipt": detail["receipt"] }),
        effect if effect.starts_with("seat") => json!({ "seat": subject }),
        effect if effect.starts_with("room") => json!({ "room": subject }),
        other => panic!("nothing says what the shop gives for `{other}`: say it here"),
    }
}
