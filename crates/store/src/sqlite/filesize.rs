//! A limit on the size of files, as `ulimit -f` sets it: by default the system kills whoever reaches it.

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Has this process told about a file that has reached its size limit instead of being killed, so that it ends as
/// [`crate::WriteError::Full`]. Call it once, within a tokio runtime; it holds as long as the process lives.
///
/// # Errors
/// The system takes no handler for the signal: go on without it.
pub fn heed_file_size_limit() -> std::io::Result<()> {
    // The handler stays when its stream is dropped; the write that reached the limit fails, and says all.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
