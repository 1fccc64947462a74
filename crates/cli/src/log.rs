//! The worker's log: one JSON object a line, in `worker.log` beside the store. Followers read from it why a worker ended
//! or set a run aside.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use handfast_events::RunId;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::limits::{LOG_BYTES_MAX, LOG_TAIL_BYTES};
use crate::out;

/// Where the log of a store's workers is.
pub(crate) fn path(store: &Path) -> PathBuf {
    store.with_file_name("worker.log")
}

/// Opens the log to write at its end; one that has grown too long is moved aside first. Tells its length, too.
///
/// # Errors
/// The store's folder can't be written.
pub(crate) fn open(store: &Path) -> io::Result<(File, u64)> {
    let path = path(store);
    if std::fs::metadata(&path).is_ok_and(|about| about.len() > LOG_BYTES_MAX) {
        std::fs::rename(&path, path.with_extension("log.1"))?;
    }
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// Makes the log what this process writes to standard error.
///
/// # Errors
/// The store's folder can't be written.
pub(crate) fn take_standard_error(store: &Path) -> io::Result<()> {
    let (file, _) = open(store)?;
    rustix::stdio::dup2_stderr(file)?;
    Ok(())
}

/// Why a worker that wrote behind `from` ended, in its own words.
pub(crate) fn last_words(store: &Path, from: u64) -> Option<String> {
    newest(&tail(store, from)?, |line| Some(line.get("run").is_none() && line.get("level")? == "ERROR"))
}

/// Why this run was set aside.
pub(crate) fn why_aside(store: &Path, run: RunId) -> Option<String> {
    let run = run.to_string();
    newest(&tail(store, 0)?, |line| line.get("run")?.as_str().map(|found| found == run))
}

/// The newest line's reason of those that fit.
fn newest(text: &str, fits: impl Fn(&Map<String, Value>) -> Option<bool>) -> Option<String> {
    let mut lines =
        text.lines().rev().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok());
    let line = lines.find(|line| fits(line).unwrap_or(false))?;
    line.get("why").or_else(|| line.get("message"))?.as_str().map(str::to_owned)
}

fn tail(store: &Path, from: u64) -> Option<String> {
    let mut file = File::open(path(store)).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_TAIL_BYTES)))).ok()?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Sends what the rooms trace to standard error, which is the log. Call it once.
pub(crate) fn install() {
    // Only the first subscriber counts, and this is it.
    drop(tracing::subscriber::set_global_default(Log));
}

/// Our own news, and everybody's warnings; spans are of no use here.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        let is_ours = about.target().starts_with("handfast");
        *about.level() <= if is_ours { Level::INFO } else { Level::WARN }
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(Map::new());
        line.0.insert("at".into(), handfast_host::now().to_string().into());
        line.0.insert("level".into(), event.metadata().level().as_str().into());
        line.0.insert("pid".into(), std::process::id().into());
        event.record(&mut line);
        out::note(Value::Object(line.0).to_string());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// An event's fields.
struct Line(Map<String, Value>);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_finds_why_a_run_was_set_aside_and_why_a_worker_ended() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("journal.db");
        let run = RunId::from_bytes([7; 16]);
        let old = "not JSON\n{\"level\":\"ERROR\",\"message\":\"x\",\"why\":\"an older worker's\"}\n";
        let new = format!("{{\"level\":\"ERROR\",\"run\":\"{run}\",\"why\":\"no script\"}}\n");
        std::fs::write(path(&store), format!("{old}{new}")).unwrap();
        assert_eq!(why_aside(&store, run).as_deref(), Some("no script"));
        assert_eq!(why_aside(&store, RunId::from_bytes([8; 16])), None);
        assert_eq!(last_words(&store, 0).as_deref(), Some("an older worker's"));
        assert_eq!(last_words(&store, old.len() as u64), None);
    }

    #[test]
    fn a_long_log_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("journal.db");
        let long = vec![b'x'; usize::try_from(LOG_BYTES_MAX).unwrap() + 1];
        std::fs::write(path(&store), long).unwrap();
        assert_eq!(open(&store).unwrap().1, 0);
        assert!(folder.path().join("worker.log.1").exists());
    }
}
