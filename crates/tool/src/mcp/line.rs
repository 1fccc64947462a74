//! A reader that refuses a line that is longer than a message may be, so that no server can fill the memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::limits::MESSAGE_BYTES_MAX;

/// Counts the bytes since the last line's end.
pub(crate) struct Lines<R> {
    inner: R,
    length: usize,
}

impl<R> Lines<R> {
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, length: 0 }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Lines<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(ctx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        match read.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => this.length = read.len() - end - 1,
            None => this.length = this.length.saturating_add(read.len()),
        }
        if this.length > MESSAGE_BYTES_MAX {
            let text = format!("the server sent a message of more than {MESSAGE_BYTES_MAX} bytes");
            return Poll::Ready(Err(io::Error::other(text)));
        }
        Poll::Ready(Ok(()))
    }
}
