//! One child process with all its descendants: started in a group of its own, ended together, its last words kept.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::limits::{DEATH_GRACE, KILL_WAIT, STDERR_BYTES};
use crate::secrets::Secrets;

/// A process group. When its leader ends, the rest is killed; dropping it kills all.
pub(crate) struct Group {
    orders: mpsc::Sender<Duration>,
    ended: watch::Receiver<Option<Ended>>,
    words: Arc<Mutex<Vec<u8>>>,
    secrets: Arc<Secrets>,
    /// Owns the process; ends with it, or with this.
    _keeper: JoinSet<()>,
}

/// How a process came to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended {
    /// By itself, or by somebody else.
    Alone(ExitStatus),
    /// By us.
    Killed,
}

impl Group {
    /// Starts a program with exactly these variables.
    pub(crate) fn start(
        command: &[String],
        directory: &Path,
        variables: &BTreeMap<String, String>,
        secrets: &Arc<Secrets>,
    ) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let (program, arguments) =
            command.split_first().ok_or_else(|| io::Error::other("its `command` is empty"))?;
        let mut command = Command::new(resolved(program, directory));
        command.args(arguments).env_clear().envs(variables).current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            Kept { child: CommandWrap::from(command).wrap(ProcessGroup::leader()).spawn()?, runs: true };
        let pipes = (child.child.stdin().take(), child.child.stdout().take(), child.child.stderr().take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("it has no pipes"));
        };
        let words = Arc::new(Mutex::new(Vec::new()));
        let (orders, ordered) = mpsc::channel(8);
        let (tell, ended) = watch::channel(None);
        let mut keeper = JoinSet::new();
        // Some is kept beyond what is told, so that no secret is torn by the cut and slips through.
        let listening = listen(stderr, Arc::clone(&words), STDERR_BYTES + secrets.longest());
        keeper.spawn(keep(child, listening, ordered, tell));
        Ok((Self { orders, ended, words, secrets: Arc::clone(secrets), _keeper: keeper }, stdin, stdout))
    }

    /// Gives the process this long to leave, then kills it; what it started goes with it in either case.
    pub(crate) async fn end(&self, grace: Duration) -> Ended {
        // A full queue holds an order already, and the keeper takes the earliest.
        let _ = self.orders.try_send(grace);
        let mut ended = self.ended.clone();
        let seen = ended.wait_for(Option::is_some).await;
        seen.ok().and_then(|ended| *ended).unwrap_or(Ended::Killed)
    }

    /// The end of what it wrote to its standard error, without any secret.
    pub(crate) fn words(&self) -> String {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        last_words(&words, &self.secrets)
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

/// A child that is killed, with its group, when nobody keeps it any more.
struct Kept {
    child: Box<dyn ChildWrapper>,
    runs: bool,
}

impl Kept {
    fn kill(&mut self) {
        let _ = self.child.start_kill();
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Once it is reaped its number may belong to somebody else.
        if self.runs {
            self.kill();
        }
    }
}

/// A program with a path of its own is found from its directory; a bare name is looked for in PATH.
fn resolved(program: &str, directory: &Path) -> PathBuf {
    if program.contains('/') { directory.join(program) } else { PathBuf::from(program) }
}

/// Stays with the process to its end, and says how it came once its last words are heard.
async fn keep(
    child: Kept,
    listening: impl Future<Output = ()>,
    orders: mpsc::Receiver<Duration>,
    tell: watch::Sender<Option<Ended>>,
) {
    let mut listening = pin!(listening);
    let mut waiting = pin!(wait(child, orders));
    let mut heard = false;
    let ended = loop {
        tokio::select! {
            ended = &mut waiting => break ended,
            () = &mut listening, if !heard => heard = true,
        }
    };
    if !heard {
        let _ = timeout(DEATH_GRACE, listening).await;
    }
    tell.send_replace(Some(ended));
}

async fn wait(mut kept: Kept, mut orders: mpsc::Receiver<Duration>) -> Ended {
    let mut until: Option<Instant> = None;
    let left = loop {
        let late = async move {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            left = kept.child.wait() => break left.ok(),
            () = late => break None,
            order = orders.recv() => match order {
                Some(grace) => {
                    let end = Instant::now() + grace;
                    until = Some(until.map_or(end, |until| until.min(end)));
                }
                None => break None,
            },
        }
    };
    // Its leader may be gone: what it started is not.
    kept.kill();
    let ended = match left {
        Some(status) => Some(Ended::Alone(status)),
        None => timeout(KILL_WAIT, kept.child.wait()).await.ok().map(|_| Ended::Killed),
    };
    kept.runs = ended.is_none();
    ended.unwrap_or(Ended::Killed)
}

async fn listen(mut stderr: ChildStderr, words: Arc<Mutex<Vec<u8>>>, most: usize) {
    let mut buffer = vec![0; 4096];
    while let Ok(count) = stderr.read(&mut buffer).await {
        let Some(heard) = buffer.get(..count).filter(|heard| !heard.is_empty()) else { return };
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend_from_slice(heard);
        let surplus = words.len().saturating_sub(most);
        words.drain(..surplus);
    }
}

/// Masked first and cut then. What was kept beyond the limit goes from the front whatever masking did to the length: a
/// secret of which only the end was kept stands there, where no mask knows it.
fn last_words(kept: &[u8], secrets: &Secrets) -> String {
    let surplus = kept.len().saturating_sub(STDERR_BYTES);
    // Bytes that go on a letter whose beginning is gone: as text each would be longer than it is.
    let torn = kept.iter().take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000).count();
    let masked = secrets.mask(&String::from_utf8_lossy(kept.get(torn..).unwrap_or_default()));
    let from = masked.ceil_char_boundary(surplus.min(masked.len()));
    masked.get(from..).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_on_the_cut_is_told_neither_whole_nor_in_part() {
        let value = "open-sesame-5511-and-a-good-deal-more";
        let secrets = Secrets::of([("S", value)]);
        // Each place of the cut in the secret, with a second secret whose mask makes the text shorter.
        for kept in 0..=value.len() {
            let mut said = value.as_bytes().get(value.len() - kept..).unwrap().to_vec();
            said.extend(value.bytes());
            said.resize(STDERR_BYTES + secrets.longest(), b'.');
            let words = last_words(&said, &secrets);
            let told =
                value.as_bytes().windows(4).any(|part| words.contains(std::str::from_utf8(part).unwrap()));
            assert!(!told, "{kept}: {}", words.get(..60).unwrap());
        }
        assert_eq!(last_words(format!("no {value}\n").as_bytes(), &secrets), "no [secret S]");
    }
}
