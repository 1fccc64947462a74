//! Every code has a report that was looked at: it stands in a snapshot of what people read.

use handfast_contract::Code;

/// The folders of snapshots in which contracts' diagnostics are shown.
const SNAPSHOTS: [&str; 3] = ["tests/it/snapshots", "tests/it/errors/snapshots", "../cli/tests/it/snapshots"];

/// Codes that no snapshot shows: the first is of mistakes of our own, which can't be brought about; the others lack a row,
/// and this list may only get shorter.
const UNSEEN: [&str; 3] = ["HF0095", "HF0041", "HF0125"];

#[test]
fn every_code_is_shown_in_a_snapshot() {
    let mut shown = String::new();
    for folder in SNAPSHOTS {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let Ok(files) = std::fs::read_dir(folder) else { continue };
        for file in files.map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|name| name == "snap") {
                shown += &std::fs::read_to_string(file).unwrap();
            }
        }
    }
    let is_shown = |code: &&Code| shown.contains(&format!("[{code}]: "));
    let missing: Vec<String> = Code::all()
        .iter()
        .filter(|code| !is_shown(code) && !UNSEEN.contains(&code.id()))
        .map(|code| format!("{code} {}", code.title()))
        .collect();
    assert!(missing.is_empty(), "no snapshot shows:\n{}", missing.join("\n"));
}
