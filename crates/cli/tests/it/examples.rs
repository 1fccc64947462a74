//! The examples, run to their end by the real program on their real servers.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::kit::{Folder, Said};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).canonicalize().unwrap()
}

/// The shop's program, beside ours.
fn shop() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_BIN_EXE_handfast")).with_file_name("shop");
    if program.exists() {
        return Some(program);
    }
    skip("the shop isn't built: run `cargo build -p example-shop`");
    None
}

fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI must not skip: {why}");
    println!("skipped: {why}");
}

/// Runs one ticket with its script.
fn ticket(folder: &Folder, shop: &Path, name: &str) -> Said {
    let root = example("support");
    let db = folder.path().join("shop.db");
    folder.expect(
        0,
        &[
            "run",
            &root.display().to_string(),
            "ticket",
            "--store",
            &format!("sqlite:{}", folder.store().display()),
            "--input",
            &format!("@{}", root.join(format!("tickets/{name}.json")).display()),
            "--model",
            &format!("script:{}", root.join(format!("scripts/{name}.json")).display()),
            "--set",
            &format!("shop={}", shop.display()),
            "--set",
            &format!("db={}", db.display()),
        ],
    )
}

#[test]
fn every_ticket_ends_as_its_script_and_the_shop_have_it() {
    let Some(shop) = shop() else { return };
    let outcomes = [
        ("late-parcel", "answered"),
        ("refund", "refunded"),
        ("refund-too-large", "declined"),
        ("refunded-before", "declined"),
        ("hand-over", "handed_over"),
    ];
    for (name, outcome) in outcomes {
        let folder = Folder::new();
        let said = ticket(&folder, &shop, name);
        assert_eq!(said.json()["outcome"], outcome, "{name}: {}", said.stdout);
    }
}

#[test]
fn the_trace_tells_of_the_malformed_answer_the_reminder_and_the_good_one() {
    let Some(shop) = shop() else { return };
    let folder = Folder::new();
    ticket(&folder, &shop, "late-parcel");
    let trace = folder.expect(0, &["trace", "last"]).stdout;
    let places: Vec<Option<usize>> = [
        "gives an answer that can't be",
        "malformed output: it is no JSON",
        "Answer again with one JSON value",
        "turn 2, attempt 2",
    ]
    .iter()
    .map(|words| trace.find(words))
    .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{trace}");
    assert!(trace.contains("tried again: backoff") && trace.contains("totals"), "{trace}");
}

#[test]
fn a_trip_that_nobody_pays_for_is_taken_back_last_first() {
    let Some(shop) = shop() else { return };
    let root = example("trip");
    for (input, code, effects) in [
        ("declined", 1, vec!["seat booked", "room held", "room released", "seat cancelled"]),
        ("paid", 0, vec!["seat booked", "room held", "card charged"]),
    ] {
        let folder = Folder::new();
        let db = folder.path().join("trip.db").display().to_string();
        let [root_arg, store, input] = [
            root.display().to_string(),
            format!("sqlite:{}", folder.store().display()),
            format!("@{}", root.join(format!("{input}.json")).display()),
        ];
        let [shop_arg, db_arg] = [format!("shop={}", shop.display()), format!("db={db}")];
        let run =
            ["run", &root_arg, "--store", &store, "--input", &input, "--set", &shop_arg, "--set", &db_arg];
        folder.expect(9, &run);
        let inbox = folder.expect(0, &["inbox", "--json"]).json();
        let item = inbox["items"][0]["id"].as_str().unwrap();
        folder.expect(code, &["approve", item, "--follow"]);
        let ledger = Command::new(&shop).args(["--db", &db, "--ledger"]).output().unwrap().stdout;
        let rows = String::from_utf8(ledger).unwrap();
        let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.iter().map(|row| row["effect"].as_str().unwrap()).collect::<Vec<_>>(), effects);
    }
}

#[test]
fn a_real_folder_is_tidied_on_the_public_server_and_nothing_leaves_it() {
    let root = example("files");
    if !root.join("node_modules").is_dir() {
        return skip("the filesystem server isn't installed: run `npm ci` in examples/files");
    }
    let folder = Folder::new();
    let untidy = folder.path().canonicalize().unwrap().join("untidy");
    copy(&root.join("sample"), &untidy);
    let said = folder.expect(
        0,
        &[
            "run",
            &root.display().to_string(),
            "tidy",
            "--store",
            &format!("sqlite:{}", folder.store().display()),
            "--input",
            &format!("@{}", root.join("wish.json").display()),
            "--model",
            &format!("script:{}", root.join("scripts/tidy.json").display()),
            "--set",
            &format!("folder={}", untidy.display()),
        ],
    );
    assert_eq!(said.json()["moved"], 7);
    let mut files = Vec::new();
    list(&untidy, &untidy, &mut files);
    files.sort();
    assert_eq!(
        json!(files),
        json!([
            "archive/todo-2025.txt",
            "invoices/invoice-2026-10.txt",
            "invoices/invoice-2026-11.txt",
            "invoices/scan-0007.txt",
            "meetings/notes.txt",
            "recipes/dinner ideas.txt",
            "recipes/soup.txt",
        ])
    );
    let journal = folder.expect(0, &["journal", "last", "--json"]).stdout;
    let refused: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["envelope"]["kind"] == "CallRefused")
        .collect();
    assert_eq!(refused.len(), 1, "the one move that would leave the folder");
}

#[test]
fn contracts_that_say_all_the_language_can_are_in_order() {
    for name in ["contracts/support", "contracts/research", "contracts/github-issues", "servers/git"] {
        let root = example(name).display().to_string();
        let said = Folder::new().expect(0, &["check", &root]);
        assert!(said.stdout.contains("is in order"), "{name}: {}", said.stdout);
    }
}

#[test]
fn the_git_servers_contract_refuses_what_its_tests_say() {
    let root = example("servers/git").display().to_string();
    let said = Folder::new().expect(0, &["test", &root]);
    assert!(said.stdout.contains("9 passed, 0 failed"), "{}", said.stdout);
}

#[test]
fn what_was_found_about_the_git_server_can_still_be_seen() {
    let root = example("servers/git");
    let python = root.join("../.venv/bin/python");
    if !python.exists() {
        return skip("mcp-server-git isn't installed: `cargo xtask test` does it");
    }
    let done = Command::new(python).arg(root.join("findings.py")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let rows = std::fs::read_to_string(root.join("FINDINGS.md")).unwrap();
    let rows = rows.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |")).count();
    assert_eq!(said.lines().filter(|line| line.ends_with(" seen")).count(), rows, "{said}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}
