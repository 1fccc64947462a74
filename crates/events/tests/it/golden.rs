//! A golden journal: its bytes mean the same in every release, and the same values are written as the same bytes.

use handfast_events::{Body, DecodeError, Digest, Envelope, Event, Salt, StoredEvent, chain};

use crate::samples;

/// One event a line, `{"body":…,"envelope":…}` as `handfast journal --json` shows it. Lines are only ever added.
pub(crate) const GOLDEN: &str = include_str!("../golden/v1.jsonl");

/// The chain behind the last line: whatever changes a byte above changes it.
const CHAIN: &str = include_str!("../golden/v1.chain");

/// The salt of the golden run.
const SALT: Salt = Salt([7; 16]);

/// A line's two parts, to the byte. No envelope holds an object, so the last `"envelope":` is the one.
fn stored(line: &str) -> StoredEvent {
    let inner = line.strip_prefix(r#"{"body":"#).and_then(|rest| rest.strip_suffix('}')).unwrap();
    let (payload, envelope) = inner.rsplit_once(r#","envelope":"#).unwrap();
    StoredEvent { envelope: envelope.into(), payload: payload.into() }
}

fn line(event: &Event) -> String {
    let stored = StoredEvent::encode(samples::run(), SALT, event).unwrap();
    let part = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    format!(r#"{{"body":{},"envelope":{}}}"#, part(stored.payload), part(stored.envelope))
}

#[test]
fn golden_bytes_say_what_they_always_said() {
    let samples = samples::all();
    let lines: Vec<&str> = GOLDEN.lines().collect();
    for (event, line) in samples.iter().zip(&lines) {
        assert_eq!(stored(line).decode().unwrap(), *event, "{line}");
    }
    let missing: Vec<String> = samples.iter().skip(lines.len()).map(line).collect();
    assert!(missing.is_empty(), "these lines belong behind the golden journal:\n{}", missing.join("\n"));
    assert_eq!(lines.len(), samples.len(), "no sample says what these lines mean");
}

#[test]
fn what_was_read_is_written_as_the_same_bytes() {
    for text in GOLDEN.lines() {
        assert_eq!(line(&stored(text).decode().unwrap()), text);
    }
}

#[test]
fn every_kind_is_in_the_golden_journal() {
    let forms =
        Body::KINDS.iter().flat_map(|(kind, newest)| (1..=*newest).map(move |version| (kind, version)));
    for (kind, version) in forms {
        let is_there = GOLDEN.lines().any(|line| {
            let envelope: Envelope = serde_json::from_slice(&stored(line).envelope).unwrap();
            (envelope.kind.as_ref(), envelope.version) == (*kind, version)
        });
        assert!(is_there, "`{kind}` version {version}: give it a sample");
    }
}

#[test]
fn the_golden_chain_holds() {
    let mut head = Digest::default();
    for line in GOLDEN.lines() {
        let stored = stored(line);
        let envelope: Envelope = serde_json::from_slice(&stored.envelope).unwrap();
        assert_eq!(envelope.payload, SALT.digest(&stored.payload), "{line}");
        head = chain(head, &stored.envelope);
    }
    assert_eq!(head.hex(), CHAIN.trim());
}

#[test]
fn another_kind_or_version_is_too_new_and_never_damaged() {
    for (kind, version) in [("CallIntended", 3), ("RunDanced", 1), ("CallIntended", 0)] {
        assert!(matches!(Body::decode(kind, version, b"{}"), Err(DecodeError::TooNew { .. })), "{kind}");
    }
    assert!(matches!(Body::decode("CallIntended", 1, b"{}"), Err(DecodeError::Damaged { .. })));
}
