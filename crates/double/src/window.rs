//! A context window: prompts beyond it fail, or are read in part without a word.

use crate::asked::Asked;
use crate::behaviour::Behaviour;
use crate::cue::Cue;
use crate::fault::Fault;

/// A window of so many tokens around another behaviour. A token is four bytes of the request's body: coarse, and the same
/// on every machine.
#[derive(Clone, Debug)]
pub struct Window<B> {
    tokens: u64,
    beyond: Beyond,
    within: B,
}

/// What becomes of a prompt that is larger than the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It fails so.
    Fails(Fault),
    /// It is answered, to as much of it as the window holds; only the count of what was read tells.
    IsTruncated,
}

impl<B: Behaviour> Window<B> {
    /// A window of so many tokens, beyond which a request fails as its wire says that.
    #[must_use]
    pub fn of(tokens: u64, within: B) -> Self {
        Self { tokens, beyond: Beyond::Fails(Fault::Overflow), within }
    }

    /// The same with another end for what is beyond.
    #[must_use]
    pub fn beyond(mut self, beyond: Beyond) -> Self {
        self.beyond = beyond;
        self
    }
}

impl<B: Behaviour> Behaviour for Window<B> {
    fn cue(&mut self, asked: &Asked) -> Cue {
        let cue = match self.beyond {
            Beyond::Fails(fault) if asked.tokens() > self.tokens => Cue::fault(fault),
            Beyond::IsTruncated if asked.tokens() > self.tokens => {
                let cue = self.within.cue(asked);
                if cue.is_answer() { cue.but(Fault::TruncatedSilently) } else { cue }
            }
            _ => self.within.cue(asked),
        };
        cue.window(self.tokens)
    }
}
