//! Every number that bounds a tool's call beside its own timeout, each with the sentence that justifies it.

use std::time::Duration;

/// A server that is not ready by then is down: the slowest honest start, a package runner with a cold cache, takes half.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// A host on the same continent answers a connect in a tenth of this.
pub(crate) const TCP_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that has died is started again at once the first time; this is the wait before the second.
pub(crate) const RESTART_BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// A server that dies at every start must not eat the machine, and still be back soon after it is mended.
pub(crate) const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How long a process may take to leave by itself once its input has ended.
pub(crate) const LEAVE_GRACE: Duration = Duration::from_secs(2);
/// How long a process that closed its output may take to say its last words.
pub(crate) const DEATH_GRACE: Duration = Duration::from_millis(300);
/// A killed process is gone in milliseconds, unless the kernel holds it: then nobody can wait for it.
pub(crate) const KILL_WAIT: Duration = Duration::from_secs(2);
/// As long as a cancellation may take to be written: the call has timed out already.
pub(crate) const CANCEL_GRACE: Duration = Duration::from_millis(200);
/// The end of what a process wrote to its standard error: a stack trace fits, a log doesn't.
pub(crate) const STDERR_BYTES: usize = 8 * 1024;
/// One message or one process's output. Results over the engine's limit are kept as head and digest, so they must
/// still fit in memory once; an order of magnitude above the largest honest result seen.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Characters of a failure's text that are kept: what a person or model reads of it.
pub(crate) const TEXT_CHARS_MAX: usize = 4_000;
/// A server with more tools than this is no server for an agent.
pub(crate) const TOOLS_MAX: usize = 1_000;
/// Pages of a listing: a server that never ends it is stopped here.
pub(crate) const PAGES_MAX: usize = 100;
/// Requests on their way to one HTTP server at once; a turn has at most 64 calls.
pub(crate) const HTTP_REQUESTS_MAX: usize = 64;
/// A shorter secret occurs in ordinary text, so masking it would destroy results.
pub(crate) const SECRET_BYTES_MIN: usize = 4;
/// Bytes read of a failed answer's body: a page of HTML fits, and nothing says more of a failure.
pub(crate) const ERROR_BYTES_MAX: usize = 64 * 1024;
/// Idle connections kept to one host: as many calls as one turn rarely makes at once.
pub(crate) const HTTP_IDLE_MAX: usize = 8;
/// Shorter than any common server keeps an idle connection, so that it is rarely closed under a call that reads.
pub(crate) const HTTP_IDLE_TIME: Duration = Duration::from_secs(4);
/// A handle of a call that was taken on: a path with a token in it fits, and what is longer is none.
pub(crate) const HANDLE_BYTES_MAX: usize = 4 * 1024;
/// From a finished operation to its result: a redirect, or a link in what was said, and one more behind it.
pub(crate) const HOPS_MAX: usize = 3;
