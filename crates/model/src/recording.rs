//! A recorded model: every attempt of a live run as one line of a file, and a run answered from such a file offline.
//!
//! The first line says what the file is; each further one holds place, model, the request's digest and the reply. A
//! line is one write, so a killed process leaves whole lines and at most a torn last one, which is dropped.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use handfast_engine::{ModelReply, ModelSaid, ModelTrouble};
use handfast_events::{Answer, Digest, Failure, FailureClass, StepId, Usage};
use serde::{Deserialize, Serialize};

use crate::limits::RECORDING_BYTES_MAX;
use crate::place::Place;

const HEADER: &str = "{\"handfast_recording\":1}\n";

/// A recording can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file can't be opened, read or written: check its path and the disk.
    #[error("the recording {path} can't be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file is something else, or for another release: name another file.
    #[error("{path} is no recording of this release: its first line must be {}", HEADER.trim_end())]
    NotOne {
        /// The file.
        path: PathBuf,
    },
    /// A line does not decode: the file was changed; record again.
    #[error("line {line} of the recording {path} is damaged; record again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Where and why.
        #[source]
        cause: serde_json::Error,
    },
    /// It is larger than what is held in memory: record fewer runs in one file.
    #[error("the recording {path} has {bytes} bytes, and {RECORDING_BYTES_MAX} are the most")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

/// One attempt, as a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    step: StepId,
    turn: u32,
    attempt: u32,
    model: String,
    request: Digest,
    reply: Reply,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Reply {
    outcome: Outcome,
    latency_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Arc<str>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Said {
        answer: Answer,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    Failed {
        failure: Failure,
        may_have_cost: bool,
    },
}

impl Reply {
    fn of(reply: &ModelReply) -> Self {
        let outcome = match &reply.outcome {
            Ok(said) => Outcome::Said { answer: said.answer.clone(), usage: said.usage },
            Err(trouble) => {
                Outcome::Failed { failure: trouble.failure.clone(), may_have_cost: trouble.may_have_cost }
            }
        };
        let (body, request_id) = (reply.body.clone(), reply.request_id.clone());
        Self { outcome, latency_ms: reply.latency_ms, request_id, body }
    }

    fn back(&self) -> ModelReply {
        let outcome = match self.outcome.clone() {
            Outcome::Said { answer, usage } => Ok(ModelSaid { answer, usage }),
            Outcome::Failed { failure, may_have_cost } => Err(ModelTrouble { failure, may_have_cost }),
        };
        let (body, request_id) = (self.body.clone(), self.request_id.clone());
        ModelReply { outcome, body, latency_ms: self.latency_ms, request_id }
    }
}

/// Writes each attempt down.
#[derive(Debug)]
pub(crate) struct Recorder {
    path: PathBuf,
    file: Mutex<File>,
}

impl Recorder {
    /// Opens a recording to go on with, or a new one.
    pub(crate) fn open(path: &Path) -> Result<Self, RecordingError> {
        let wrong = |cause| RecordingError::File { path: path.to_owned(), cause };
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).map_err(wrong)?;
        let text = read_all(path, &mut file)?;
        if text.is_empty() {
            file.write_all(HEADER.as_bytes()).map_err(wrong)?;
        } else {
            check_header(path, &text)?;
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            file.set_len(whole as u64).map_err(wrong)?;
            file.seek(SeekFrom::End(0)).map_err(wrong)?;
        }
        Ok(Self { path: path.to_owned(), file: Mutex::new(file) })
    }

    /// Keeps this reply, and gives it back. A reply that can't be kept is a failure: a recording with a hole would
    /// answer for a run that never was.
    pub(crate) fn keep(&self, model: &str, request: &str, place: &Place, reply: ModelReply) -> ModelReply {
        let line = Line {
            step: place.step.clone(),
            turn: place.turn,
            attempt: place.attempt,
            model: model.to_owned(),
            request: Digest::of(request.as_bytes()),
            reply: Reply::of(&reply),
        };
        match self.write(&line) {
            Ok(()) => reply,
            Err(cause) => {
                let detail = format!(
                    "the answer came but could not be written to the recording {}: {cause}; make room, or run \
                     without `record:`",
                    self.path.display(),
                );
                let failure = Failure::new(FailureClass::BadRequest, detail);
                ModelReply { outcome: Err(ModelTrouble { failure, may_have_cost: true }), ..reply }
            }
        }
    }

    fn write(&self, line: &Line) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        // A lock held by a thread that panicked guards nothing but the file's handle: each line is one write.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&bytes)
    }
}

/// Answers from a recording.
#[derive(Debug)]
pub(crate) struct Replay {
    path: PathBuf,
    lines: BTreeMap<(StepId, u32), Vec<Line>>,
}

impl Replay {
    /// Reads a recording.
    pub(crate) fn open(path: &Path) -> Result<Self, RecordingError> {
        let mut file =
            File::open(path).map_err(|cause| RecordingError::File { path: path.to_owned(), cause })?;
        let text = read_all(path, &mut file)?;
        check_header(path, &text)?;
        let mut lines: BTreeMap<(StepId, u32), Vec<Line>> = BTreeMap::new();
        let whole = text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let kept = text.get(..whole).unwrap_or_default();
        for (at, bytes) in kept.split(|byte| *byte == b'\n').enumerate().skip(1) {
            let line: Line = serde_json::from_slice(bytes).map_err(|cause| RecordingError::Damaged {
                path: path.to_owned(),
                line: at + 1,
                cause,
            })?;
            lines.entry((line.step.clone(), line.turn)).or_default().push(line);
        }
        for turn in lines.values_mut() {
            turn.sort_by_key(|line| line.attempt);
        }
        Ok(Self { path: path.to_owned(), lines })
    }

    /// The recorded reply to this request at this place. Where an attempt has no line of its own (its worker died
    /// before there was an answer), the next one that was asked the same counts.
    pub(crate) fn answer(&self, model: &str, request: &str, place: &Place) -> ModelReply {
        let digest = Digest::of(request.as_bytes());
        let turn = self.lines.get(&(place.step.clone(), place.turn)).map(Vec::as_slice).unwrap_or_default();
        let asked_same = |line: &&Line| line.request == digest && line.model == model;
        let found = turn
            .iter()
            .filter(asked_same)
            .find(|line| line.attempt >= place.attempt)
            .or_else(|| turn.iter().rfind(asked_same));
        if let Some(line) = found {
            return line.reply.back();
        }
        let (path, at) = (self.path.display(), place.words());
        let detail = match turn.first() {
            None => format!("the recording {path} has no answer for {at}; record the run again"),
            Some(line) if line.model != model => {
                format!("the recording {path} was asked of model `{}`, not `{model}`, at {at}", line.model)
            }
            Some(_) => format!(
                "the prompt differs from the recorded one at {at} ({path}): the contract, the input or a tool's \
                 result is another; record the run again"
            ),
        };
        let failure = Failure::new(FailureClass::BadRequest, detail).with_code("replay_differs");
        let outcome = Err(ModelTrouble { failure, may_have_cost: false });
        ModelReply { outcome, body: None, latency_ms: 0, request_id: None }
    }
}

/// The whole file, if it is one: a device or a pipe may never end.
fn read_all(path: &Path, file: &mut File) -> Result<Vec<u8>, RecordingError> {
    let wrong = |cause| RecordingError::File { path: path.to_owned(), cause };
    let about = file.metadata().map_err(wrong)?;
    if !about.is_file() {
        return Err(wrong(std::io::Error::other("it is no file")));
    }
    if about.len() > RECORDING_BYTES_MAX {
        return Err(RecordingError::TooLarge { path: path.to_owned(), bytes: about.len() });
    }
    let mut text = Vec::new();
    file.take(RECORDING_BYTES_MAX).read_to_end(&mut text).map_err(wrong)?;
    Ok(text)
}

fn check_header(path: &Path, text: &[u8]) -> Result<(), RecordingError> {
    if text.starts_with(HEADER.as_bytes()) {
        Ok(())
    } else {
        Err(RecordingError::NotOne { path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use handfast_events::RunId;

    use super::*;

    #[test]
    fn an_answer_that_cannot_be_written_down_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        std::fs::write(&path, HEADER).unwrap();
        let read_only = Recorder { path: path.clone(), file: Mutex::new(File::open(&path).unwrap()) };
        let said = ModelSaid { answer: Answer::default(), usage: None };
        let reply = ModelReply { outcome: Ok(said), body: None, latency_ms: 5, request_id: None };
        let place = Place { run: RunId::from_bytes([0; 16]), step: StepId::new("s"), turn: 1, attempt: 1 };
        let trouble = read_only.keep("main", "{}", &place, reply).outcome.unwrap_err();
        assert_eq!((trouble.failure.class, trouble.may_have_cost), (FailureClass::BadRequest, true));
        assert!(trouble.failure.detail.contains("make room, or run without `record:`"));
    }
}
