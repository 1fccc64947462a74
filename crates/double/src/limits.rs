//! Every ceiling of this room, each with the sentence that justifies its number.

/// A request's line and headers: servers stop between 8 and 64 KB.
pub(crate) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A request's body: the largest that a provider takes is 32 MB, and tests want to go beyond it.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Requests that are remembered: a storm of a thousand clients with a hundred attempts each.
pub(crate) const ASKED_MAX: usize = 100_000;

/// Connections at once: more than a process may open files for, by default.
pub(crate) const CONNECTIONS_MAX: usize = 4_096;

/// A delta of an answer, in characters: about a token, as providers stream them.
pub(crate) const DELTA_CHARS: usize = 5;
