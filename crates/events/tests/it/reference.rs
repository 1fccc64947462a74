//! `docs/reference/events.md` says what there is, and its way to verify a chain by hand works.

use std::io::Write as _;
use std::process::{Command, Stdio};

use handfast_events::{Body, Digest, Envelope, chain};

use crate::golden::GOLDEN;

const PAGE: &str = include_str!("../../../../docs/reference/events.md");

#[test]
fn the_reference_lists_every_kind_with_its_version_and_fields() {
    for (kind, version) in Body::KINDS {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{kind}` | {version} |")));
        let row = row
            .unwrap_or_else(|| panic!("docs/reference/events.md has no row for `{kind}` version {version}"));
        for line in GOLDEN.lines().filter(|line| line.contains(&format!(r#""kind":"{kind}""#))) {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            for field in event["body"].as_object().unwrap().keys() {
                assert!(row.contains(&format!("`{field}`")), "the row of `{kind}` doesn't name `{field}`");
            }
        }
    }
    let rows = PAGE.lines().filter(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        cells.next().is_some_and(|kind| kind.starts_with('`'))
            && cells.next().is_some_and(|version| version.parse::<u32>().is_ok())
    });
    assert_eq!(rows.count(), Body::KINDS.len(), "the reference has a row for a kind that there isn't");
}

#[test]
fn the_reference_names_every_part_of_an_envelope() {
    for line in GOLDEN.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in event["envelope"].as_object().unwrap().keys() {
            assert!(PAGE.contains(&format!("| `{field}` |")), "the reference doesn't say what `{field}` is");
        }
    }
}

/// The first fenced block of the reference in this language.
fn block(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    PAGE.split_once(&fence).and_then(|(_, rest)| rest.split_once("```")).unwrap().0
}

#[test]
fn the_chain_is_verified_by_hand_as_the_reference_says() {
    let script = block("bash").replace("handfast journal RUN --json", "cat");
    let can_hash = Command::new("sha256sum").arg("--version").output().is_ok();
    let child =
        Command::new("bash").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Some(mut child) = child.ok().filter(|_| can_hash) else {
        println!("skipped: the chain by hand needs `bash` and `sha256sum`: install them");
        return;
    };
    let lines: Vec<&str> = GOLDEN.lines().take(12).collect();
    child.stdin.take().unwrap().write_all(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let mut head = Digest::default();
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let (_, envelope) = line.strip_suffix('}').unwrap().rsplit_once(r#","envelope":"#).unwrap();
        let parsed: Envelope = serde_json::from_str(envelope).unwrap();
        assert_eq!(event["envelope"]["seq"], parsed.seq.0);
        head = chain(head, envelope.as_bytes());
        let wanted = format!("{} {}\n", parsed.seq, head.hex());
        assert!(told.contains(&wanted), "the script told {told}, and {wanted} is right");
    }
}
