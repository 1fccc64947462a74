//! Stores that are damaged, too new or without room: one clear error each, the right code, and nothing lost.

use std::process::Command;

use crate::kit::{Folder, Said};

/// Replaces bytes of the closed database.
fn tamper(folder: &Folder, from: &[u8], to: &[u8]) {
    folder.until_nobody_drives();
    let mut bytes = std::fs::read(folder.store()).unwrap();
    let at = bytes.windows(from.len()).rposition(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    std::fs::write(folder.store(), bytes).unwrap();
}

#[test]
fn a_damaged_journal_is_shown_up_to_the_damage_and_never_folded() {
    let folder = Folder::with_hello();
    folder.expect(0, &["run", "."]);
    tamper(&folder, b"StepSucceeded", b"StepSucceedet");
    let trace = folder.expect(13, &["trace", "last"]);
    assert!(trace.stderr.contains("is damaged") && trace.stdout.is_empty(), "{}", trace.stderr);
    let journal = folder.expect(13, &["journal", "last"]);
    assert!(
        journal.stdout.contains("RunStarted") && !journal.stdout.contains("StepSucceede"),
        "{}",
        journal.stdout
    );
    assert!(journal.stderr.contains("because: "), "{}", journal.stderr);
    assert_eq!(folder.runs().len(), 1);
    folder.expect(0, &["run", "."]);
}

#[test]
fn a_store_of_a_newer_release_is_refused() {
    let folder = Folder::with_hello();
    folder.expect(0, &["run", "."]);
    folder.until_nobody_drives();
    let mut bytes = std::fs::read(folder.store()).unwrap();
    // Where SQLite keeps the number of the newest script: bytes 60 to 63 of its header.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(folder.store(), bytes).unwrap();
    for args in [&["run", "."][..], &["runs"], &["trace", "last"], &["go"]] {
        let said = folder.expect(13, args);
        assert!(said.stderr.contains("newer release of Handfast (schema 99"), "{}", said.stderr);
    }
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_is() {
    let folder = Folder::with_hello();
    folder.write(
        "notes.db",
        "my notes, which are longer than the header of a database: do not touch them, please, ever",
    );
    let said = folder.expect(10, &["run", ".", "--store", "sqlite:notes.db"]);
    assert!(said.stderr.contains("is no Handfast store"), "{}", said.stderr);
    assert!(folder.read("notes.db").starts_with("my notes"));
}

#[test]
fn a_copied_store_drives_nothing_until_it_is_adopted() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace("turns: 5", "turns: 1");
    folder.write("handfast.yaml", &contract);
    folder.expect(8, &["run", "."]);
    folder.until_nobody_drives();
    std::fs::copy(folder.store(), folder.path().join("copy.db")).unwrap();
    let store = ["--store", "sqlite:copy.db"];
    let refused = folder.expect(10, &[&["raise", "last", "--turns", "4"][..], &store].concat());
    assert!(refused.stderr.contains("handfast doctor --adopt"), "{}", refused.stderr);
    let doctor = folder.expect(10, &[&["doctor"][..], &store].concat());
    assert!(doctor.stdout.contains("fail  worker"), "{}", doctor.stdout);
    let adopted = folder.expect(0, &[&["doctor", "--adopt"][..], &store].concat());
    assert!(adopted.stderr.contains("1 runs"), "{}", adopted.stderr);
    assert_eq!(
        folder.expect(0, &[&["go", "last"][..], &store].concat()).json()["words"],
        8,
        "with what was raised"
    );
}

#[test]
fn without_room_the_command_says_so_and_afterwards_the_run_goes_on() {
    let folder = Folder::with_hello();
    folder.expect(0, &["run", ".", "--key", "first"]);
    folder.until_nobody_drives();
    let mut codes = Vec::new();
    for blocks in [16, 200, 400] {
        let shell =
            format!("ulimit -f {blocks}; exec {} run . --key k{blocks}", env!("CARGO_BIN_EXE_handfast"));
        let output = Command::new("sh").args(["-c", &shell]).current_dir(folder.path()).output().unwrap();
        let said = Said::of(output);
        codes.push(said.code);
        if said.code != 0 {
            assert_eq!(said.code, 10, "{}", said.stderr);
            assert!(said.stderr.contains("error: ") && said.stderr.contains("room"), "{}", said.stderr);
        }
    }
    assert!(codes.contains(&10), "{codes:?}");
    for blocks in [1, 8, 40] {
        let shell = format!(
            "ulimit -f {blocks}; exec {} run . --store sqlite:new{blocks}.db",
            env!("CARGO_BIN_EXE_handfast")
        );
        let output = Command::new("sh").args(["-c", &shell]).current_dir(folder.path()).output().unwrap();
        let said = Said::of(output);
        assert!(said.code == 10 && said.stderr.contains("no room to"), "{}", said.stderr);
    }
    folder.expect(0, &["go"]);
    assert_eq!(folder.expect(0, &["run", ".", "--key", "first", "--json"]).json()["output"]["words"], 8);
    assert!(folder.runs().iter().all(|run| run["status"] == "done"));
}
