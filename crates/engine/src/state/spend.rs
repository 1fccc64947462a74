//! What a step or a run has used up, and what is held for calls under way.

use handfast_events::{Body, Money, Reserved, Usage};

/// Spent, forfeited, reserved. Every ceiling is held against the three together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// As measured.
    pub spent: Reserved,
    /// Assumed, because nobody can know it.
    pub forfeited: Reserved,
    /// Held for calls under way.
    pub reserved: Reserved,
}

impl Spend {
    /// All tokens that count against a ceiling.
    pub const fn tokens(&self) -> u64 {
        self.spent.tokens + self.forfeited.tokens + self.reserved.tokens
    }

    /// All money that counts against a ceiling.
    pub const fn cost(&self) -> Money {
        self.spent.cost.plus(self.forfeited.cost).plus(self.reserved.cost)
    }

    /// Whether something is held that may come back.
    pub const fn has_reserved(&self) -> bool {
        self.reserved.tokens > 0 || self.reserved.cost.nano_usd() > 0
    }

    /// Counts what an event of a call says, a model's or a tool's; so much was held for it.
    pub(crate) fn follow(&mut self, held: Reserved, body: &Body) {
        match body {
            Body::ModelIntended(intent) => self.reserve(intent.reserved),
            Body::ModelAnswered(said) => self.book(held, said.usage, said.cost),
            Body::ModelFailed(failed) => self.forfeit(held, failed.forfeited),
            Body::CallIntended(intent) => self.reserve(Reserved { tokens: 0, cost: intent.costs }),
            Body::CallApplied(_) | Body::CallNotApplied(_) | Body::CallSettled(_) => {
                self.book(held, Usage::default(), held.cost);
            }
            Body::CallNotSent(_) => self.release(held),
            // Nobody knows whether it was charged.
            Body::CallDoubted(_) => self.forfeit(held, held),
            _ => {}
        }
    }

    fn reserve(&mut self, worst: Reserved) {
        self.reserved = add(self.reserved, worst);
    }

    fn book(&mut self, held: Reserved, usage: Usage, cost: Money) {
        self.release(held);
        self.spent = add(self.spent, Reserved { tokens: usage.total(), cost });
    }

    fn forfeit(&mut self, held: Reserved, lost: Reserved) {
        self.release(held);
        self.forfeited = add(self.forfeited, lost);
    }

    fn release(&mut self, held: Reserved) {
        self.reserved.tokens = self.reserved.tokens.saturating_sub(held.tokens);
        self.reserved.cost = self.reserved.cost.minus(held.cost);
    }
}

const fn add(a: Reserved, b: Reserved) -> Reserved {
    Reserved { tokens: a.tokens.saturating_add(b.tokens), cost: a.cost.plus(b.cost) }
}
