//! What was said to an agent's model and by it, in no provider's words: any model can be told it again.

use std::sync::Arc;

use handfast_events::Answer;

use super::Call;

/// The passages of one conversation, the newest first; a copy costs a pointer, however long it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    newest: Option<Arc<Node>>,
    len: usize,
}

#[derive(Debug)]
struct Node {
    passage: Passage,
    before: Option<Arc<Node>>,
}

/// One passage of a conversation: what can't be parted from each other.
#[derive(Clone, Debug)]
pub(crate) enum Passage {
    /// An answer, and what came of the calls that it asked for; none where it asked for none.
    Answered { model: Arc<str>, answer: Arc<Answer>, calls: Arc<[Call]> },
    /// An answer that could not be used, and what was said to it.
    Amended { model: Arc<str>, answer: Arc<Answer>, what: Arc<str> },
    /// What people said.
    Heard(Arc<str>),
    /// What the runtime told it.
    Noticed(Arc<str>),
    /// What stands for all that came before.
    SummedUp(Arc<str>),
}

impl Past {
    /// How many passages there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The newest passage comes behind the others.
    pub(crate) fn push(&mut self, passage: Passage) {
        self.newest = Some(Arc::new(Node { passage, before: self.newest.take() }));
        self.len += 1;
    }

    /// The passages, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Passage> {
        std::iter::successors(self.newest.as_deref(), |node| node.before.as_deref()).map(|node| &node.passage)
    }

    /// The passages behind so many of the oldest, in their order.
    pub(crate) fn in_order_from(&self, oldest: usize) -> Vec<&Passage> {
        let mut newer: Vec<&Passage> = self.newest_first().take(self.len.saturating_sub(oldest)).collect();
        newer.reverse();
        newer
    }

    /// A summary stands for this many of the oldest from here on.
    pub(crate) fn sum_up(&mut self, oldest: usize, what: Arc<str>) {
        let kept: Vec<Passage> = self.newest_first().take(self.len.saturating_sub(oldest)).cloned().collect();
        *self = Self::default();
        self.push(Passage::SummedUp(what));
        kept.into_iter().rev().for_each(|passage| self.push(passage));
    }

    /// Forgets the newest passages that only remind of the form: another model has made none of these mistakes.
    pub(crate) fn forget_reminders(&mut self) {
        while let Some(Node { passage: Passage::Amended { .. }, before }) = self.newest.as_deref() {
            self.newest = before.clone();
            self.len -= 1;
        }
    }
}

impl Drop for Node {
    /// One after the other: a long conversation that dropped itself would go as deep as it is long.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.before.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(past: &Past) -> Vec<String> {
        let words = |passage: &Passage| match passage {
            Passage::Heard(text) | Passage::SummedUp(text) => text.to_string(),
            _ => "another".into(),
        };
        past.in_order_from(0).into_iter().map(words).collect()
    }

    #[test]
    fn a_summary_stands_for_the_oldest_and_the_newest_stay() {
        let mut past = Past::default();
        (1..=5).for_each(|count| past.push(Passage::Heard(count.to_string().into())));
        let before = past.clone();
        past.sum_up(3, "1 to 3".into());
        assert_eq!(heard(&past), ["1 to 3", "4", "5"]);
        past.sum_up(9, "all".into());
        assert_eq!(heard(&past), ["all"]);
        assert_eq!(heard(&before).len(), 5);
    }

    #[test]
    fn a_long_conversation_is_dropped_without_going_deep() {
        let mut past = Past::default();
        (0..300_000).for_each(|_| past.push(Passage::Heard("x".into())));
        assert_eq!(past.len(), 300_000);
    }
}
