//! What the double does with one request: what it says, what fails, how fast, and where it breaks off.

use std::time::Duration;

use crate::fault::Fault;
use crate::http::Pace;
use crate::said::Said;
use crate::wire::Headers;

/// A cue: what the double does with one request.
#[derive(Clone, Debug)]
pub struct Cue {
    pub(crate) what: What,
    pub(crate) said: Said,
    /// Of the answer's events, how many come before the failure.
    pub(crate) within: Option<usize>,
    /// Set over those of the reply; none takes one away.
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) before: Duration,
    pub(crate) between: Duration,
    pub(crate) pieces: Pieces,
    pub(crate) broken: Option<Break>,
    pub(crate) window: Option<u64>,
    pub(crate) is_whole: bool,
}

/// Whether it is an answer.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Answer,
    Fault(Fault),
    Raw { status: u16, headers: Headers, body: Vec<u8> },
}

/// The pieces in which a body is written, each by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pieces {
    /// An event each; a document at once.
    #[default]
    Events,
    /// So many bytes each, wherever that cuts.
    Bytes(usize),
    /// All at once.
    Whole,
}

/// Where and how a reply breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) at: At,
    pub(crate) how: How,
}

/// Where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Before the first byte of the head.
    Head,
    /// After so many bytes of the body.
    Byte(usize),
    /// In the middle of the body.
    Half,
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The connection ends, though more was promised.
    Cut,
    /// Nothing more comes, and the connection stays.
    Silent,
    /// As if that had been all.
    Closed,
}

/// What errors about a window count with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) tokens: u64,
    pub(crate) window: u64,
    pub(crate) answer: u64,
}

impl Cue {
    /// This answer.
    pub fn said(said: impl Into<Said>) -> Self {
        Self {
            what: What::Answer,
            said: said.into(),
            within: None,
            headers: Vec::new(),
            before: Duration::ZERO,
            between: Duration::ZERO,
            pieces: Pieces::default(),
            broken: None,
            window: None,
            is_whole: false,
        }
    }

    /// This failure, of an answer that would have been short.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self::said("There is more to be said.").but(fault)
    }

    /// These bytes, whatever they are. With the content type of a stream they are one: in chunks, without their length.
    #[must_use]
    pub fn raw(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().copied().collect();
        Self { what: What::Raw { status, headers, body: body.into() }, ..Self::said("") }
    }

    /// The same with this failure: in the place of its answer, or of a part of it.
    #[must_use]
    pub fn but(mut self, fault: Fault) -> Self {
        self.what = What::Fault(fault);
        self
    }

    /// The same with its failure within a stream, after so many events of the answer, as its wire words that. A failure
    /// that is no error in JSON cuts the connection there; one that is an answer stays as it is. Whole, it is what the wire has for it: an error under a status
    /// of 200 on Chat, a failed response on Responses, and on Messages the error as it is.
    #[must_use]
    pub fn within(mut self, events: usize) -> Self {
        self.within = Some(events);
        self
    }

    /// The same with a header in the place of all of its name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }

    /// The same without any header of this name.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.push((name.into(), None));
        self
    }

    /// The same after a wait before the first byte.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.before = wait;
        self
    }

    /// The same with a wait between its pieces.
    #[must_use]
    pub fn pause(mut self, wait: Duration) -> Self {
        self.between = wait;
        self
    }

    /// The same in other pieces.
    #[must_use]
    pub fn in_pieces(mut self, pieces: Pieces) -> Self {
        self.pieces = pieces;
        self
    }

    /// The same, with the connection ended after so many bytes of the body, though more was promised.
    #[must_use]
    pub fn cut_at(self, bytes: usize) -> Self {
        self.broken(At::Byte(bytes), How::Cut)
    }

    /// The same, with nothing after so many bytes of the body, and the connection open until the client leaves.
    #[must_use]
    pub fn silent_at(self, bytes: usize) -> Self {
        self.broken(At::Byte(bytes), How::Silent)
    }

    /// The same, ended in good order after so many bytes of the body.
    #[must_use]
    pub fn closed_at(self, bytes: usize) -> Self {
        self.broken(At::Byte(bytes), How::Closed)
    }

    /// The same from a model with this window, which errors of overflow name.
    #[must_use]
    pub fn window(mut self, tokens: u64) -> Self {
        self.window = Some(tokens);
        self
    }

    /// The same as one document, though a stream is wanted: some servers, and what stands before them, stream nothing.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// Whether nothing is to fail but, perhaps, the connection.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self.what, What::Answer)
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace { before: self.before, between: self.between, pieces: self.pieces }
    }

    fn broken(mut self, at: At, how: How) -> Self {
        self.broken = Some(Break { at, how });
        self
    }
}

impl<S: Into<Said>> From<S> for Cue {
    fn from(said: S) -> Self {
        Self::said(said)
    }
}

impl From<Fault> for Cue {
    fn from(fault: Fault) -> Self {
        Self::fault(fault)
    }
}
