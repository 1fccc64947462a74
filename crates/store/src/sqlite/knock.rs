//! A knock at the door of the process that drives: *look, there is something new*. It says nothing more, so nothing is
//! lost when it isn't heard: whoever drives also looks by itself from time to time.

use std::io;
use std::os::unix::net::UnixDatagram as StdDatagram;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;

use crate::limits::SOCKET_PATH_BYTES_MAX;

/// Where the process that drives `store` listens.
fn socket_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".sock");
    name.into()
}

/// Does something with a path that a socket can have: one that is too long is named by its open folder.
fn with_short<T>(path: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return act(path);
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = std::fs::File::open(folder)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
    act(&Path::new("/proc/self/fd").join(number.to_string()).join(name))
}

/// Knocks; tells whether somebody may have heard it.
pub fn knock(store: &Path) -> bool {
    let sent = with_short(&socket_path(store), |path| {
        let socket = StdDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.send_to(b"!", path)
    });
    // A full queue means that there are knocks enough.
    sent.map_or_else(|error| error.kind() == io::ErrorKind::WouldBlock, |_| true)
}

/// The knocks at this process's door. Dropping it takes the door away.
#[derive(Debug)]
pub struct Knocks {
    path: PathBuf,
    socket: Option<UnixDatagram>,
}

impl Knocks {
    /// Begins to listen; only the holder of the lock may, so what is left of an earlier door can go. Where no socket
    /// can be made, nothing is ever heard.
    pub(super) fn listen(store: &Path) -> Self {
        let path = socket_path(store);
        drop(std::fs::remove_file(&path));
        let socket = with_short(&path, |path| {
            let socket = StdDatagram::bind(path)?;
            socket.set_nonblocking(true)?;
            UnixDatagram::from_std(socket)
        });
        if let Err(cause) = &socket {
            tracing::warn!(path = %path.display(), %cause, "no socket to knock at: news are found by looking, later");
        }
        Self { path, socket: socket.ok() }
    }

    /// Waits for the next knock, and takes all that wait with it. May be dropped and called again.
    pub async fn next(&mut self) {
        let mut byte = [0; 1];
        match &self.socket {
            Some(socket) => {
                if let Err(cause) = socket.recv(&mut byte).await {
                    tracing::warn!(%cause, "the socket to knock at broke");
                    self.socket = None;
                    return;
                }
                while socket.try_recv(&mut byte).is_ok() {}
            }
            None => std::future::pending().await,
        }
    }
}

impl Drop for Knocks {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}
