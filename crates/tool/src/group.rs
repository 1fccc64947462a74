//! One child process with all its descendants: started in a group of its own, ended together, its last words kept.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::limits::{DEATH_GRACE, KILL_WAIT, STDERR_BYTES};

/// A process group. Dropping it kills what is left of it.
pub(crate) struct Group {
    inner: tokio::sync::Mutex<Inner>,
    words: Arc<Mutex<Vec<u8>>>,
}

/// How a process came to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended {
    /// By itself, within the time it was given.
    Alone(ExitStatus),
    /// By us.
    Killed,
}

struct Inner {
    child: Box<dyn ChildWrapper>,
    ended: Option<Ended>,
    listeners: JoinSet<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Once it is reaped its number may belong to somebody else.
        if self.ended.is_none() {
            let _ = self.child.start_kill();
        }
    }
}

impl Group {
    /// Starts a program with exactly these variables.
    pub(crate) fn start(
        command: &[String],
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let (program, arguments) =
            command.split_first().ok_or_else(|| io::Error::other("its `command` is empty"))?;
        let mut command = Command::new(resolved(program, directory));
        command.args(arguments).env_clear().envs(variables).current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut wrapped = CommandWrap::from(command);
        let mut child = wrapped.wrap(ProcessGroup::leader()).spawn()?;
        let pipes = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let words = Arc::new(Mutex::new(Vec::new()));
        let mut inner = Inner { child, ended: None, listeners: JoinSet::new() };
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("it has no pipes"));
        };
        inner.listeners.spawn(listen(stderr, Arc::clone(&words)));
        Ok((Self { inner: tokio::sync::Mutex::new(inner), words }, stdin, stdout))
    }

    /// Gives the process this long to leave, then kills it; what it started goes with it in either case.
    pub(crate) async fn end(&self, grace: Duration) -> Ended {
        let mut inner = self.inner.lock().await;
        if let Some(ended) = inner.ended {
            return ended;
        }
        let left = timeout(grace, inner.child.wait()).await;
        let _ = inner.child.start_kill();
        let ended = match left {
            Ok(Ok(status)) => Some(Ended::Alone(status)),
            Ok(Err(_)) | Err(_) => match timeout(KILL_WAIT, inner.child.wait()).await {
                Ok(_) => Some(Ended::Killed),
                Err(_) => None,
            },
        };
        inner.ended = ended;
        let _ = timeout(DEATH_GRACE, inner.listeners.join_next()).await;
        ended.unwrap_or(Ended::Killed)
    }

    /// The end of what it wrote to its standard error.
    pub(crate) fn words(&self) -> String {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&words).trim().to_owned()
    }
}

impl Ended {
    /// How it ended, in words that follow "it".
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Alone(status) => match status.code() {
                Some(code) => format!("ended with exit code {code}"),
                None => format!("was ended from outside ({status})"),
            },
            Self::Killed => "had to be killed".to_owned(),
        }
    }
}

/// A program with a path of its own is found from its directory; a bare name is looked for in PATH.
fn resolved(program: &str, directory: &Path) -> PathBuf {
    if program.contains('/') { directory.join(program) } else { PathBuf::from(program) }
}

async fn listen(mut stderr: ChildStderr, words: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(count) = stderr.read(&mut buffer).await {
        let Some(heard) = buffer.get(..count).filter(|heard| !heard.is_empty()) else { return };
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend_from_slice(heard);
        let surplus = words.len().saturating_sub(STDERR_BYTES);
        words.drain(..surplus);
    }
}
