//! A run recorded to a file and answered from it: offline, checked against the prompts, and whole after any kill.

use std::path::Path;

use handfast_double::Cue;
use handfast_engine::ModelReply;
use handfast_model::{Models, Source};

use crate::setup::{PATIENCE, document, in_words, model, open, place, provider};

/// Nobody is there.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

fn replies() -> [Cue; 2] {
    let answer =
        r#"{"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
    let limited = r#"{"error":{"message":"Slow","code":"rate_limit_exceeded"}}"#;
    [document(429, limited).header("retry-after", "2"), document(200, answer).header("x-request-id", "r2")]
}

async fn record(file: &Path) -> [ModelReply; 2] {
    let double = provider(replies()).await;
    let models = open(&model(double.url()), Source::Record(file.into())).unwrap();
    let first = models.ask("main", "prompt", &place("resolve", 1, 1), PATIENCE).await;
    let second = models.ask("main", "prompt", &place("resolve", 1, 2), PATIENCE).await;
    [first, second]
}

fn replay(file: &Path) -> Models {
    open(&model(NOWHERE), Source::Replay(file.into())).unwrap()
}

#[tokio::test]
async fn a_recorded_run_is_answered_offline_attempt_by_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    let recorded = record(&file).await;
    let models = replay(&file);
    for (attempt, expected) in (1..).zip(&recorded) {
        let reply = models.ask("main", "prompt", &place("resolve", 1, attempt), PATIENCE).await;
        assert_eq!(&reply, expected);
    }
    // An attempt that got no answer when it was recorded has no line; the next that was asked the same counts.
    let later = models.ask("main", "prompt", &place("resolve", 1, 3), PATIENCE).await;
    assert_eq!(later, recorded[1]);
}

#[tokio::test]
async fn a_prompt_that_differs_from_the_recorded_one_is_refused_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    record(&file).await;
    let models = replay(&file);
    let mut told = String::new();
    for (request, turn) in [("another prompt", 1), ("prompt", 2)] {
        let reply = models.ask("main", request, &place("resolve", turn, 1), PATIENCE).await;
        told.push_str(&in_words(&reply).replace(&folder.path().display().to_string(), "…"));
        told.push('\n');
    }
    let renamed = handfast_contract::ModelUse { name: "other".into(), ..model(NOWHERE) };
    let models = open(&renamed, Source::Replay(file)).unwrap();
    let reply = models.ask("other", "prompt", &place("resolve", 1, 1), PATIENCE).await;
    told.push_str(&in_words(&reply).replace(&folder.path().display().to_string(), "…"));
    insta::assert_snapshot!(told, @r"
    bad request [replay_differs], cost nothing: the prompt differs from the recorded one at step `resolve`, turn 1, attempt 1 (…/run.jsonl): the contract, the input or a tool's result is another; record the run again
    bad request [replay_differs], cost nothing: the recording …/run.jsonl has no answer for step `resolve`, turn 2, attempt 1; record the run again
    bad request [replay_differs], cost nothing: the recording …/run.jsonl was asked of model `main`, not `other`, at step `resolve`, turn 1, attempt 1
    ");
}

#[tokio::test]
async fn a_recording_is_readable_and_goes_on_wherever_a_kill_cut_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    record(&file).await;
    let whole = std::fs::read(&file).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let script = folder.path().join("s.json");
    std::fs::write(&script, r#"{ "handfast_script": 1, "otherwise": { "text": "more" } }"#).unwrap();
    let used = crate::setup::scripted(script.to_str().unwrap());
    for cut in (header..whole.len()).step_by(7).chain([whole.len() - 1]) {
        std::fs::write(&file, &whole[..cut]).unwrap();
        replay(&file);
        let models = open(&used, Source::Record(file.clone())).unwrap();
        models.ask("main", "more", &place("resolve", 2, 1), PATIENCE).await.outcome.unwrap();
        let reply = replay(&file).ask("main", "more", &place("resolve", 2, 1), PATIENCE).await;
        assert_eq!(reply.outcome.unwrap().answer.text, "more", "cut at {cut}");
    }
}

#[test]
fn a_file_that_is_no_recording_or_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    let told = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let replayed = open(&model(NOWHERE), Source::Replay(file.clone())).unwrap_err().to_string();
        replayed.replace(&folder.path().display().to_string(), "…")
    };
    assert_eq!(
        told("{}\n"),
        "…/run.jsonl is no recording of this release: its first line must be {\"handfast_recording\":1}"
    );
    assert_eq!(
        told("{\"handfast_recording\":1}\n{}\n{}\n"),
        "line 2 of the recording …/run.jsonl is damaged; record again"
    );
    std::fs::write(&file, "notes of mine\n").unwrap();
    assert!(open(&model(NOWHERE), Source::Record(file.clone())).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "notes of mine\n");
    if Path::new("/dev/zero").exists() {
        let error = open(&model(NOWHERE), Source::Replay("/dev/zero".into())).unwrap_err().to_string();
        assert_eq!(error, "the recording /dev/zero can't be used");
    }
}
