//! A seeded world with faults that drives the real engine through every boundary, and holds it against the laws.
//!
//! The engine and its contract are the product's own. All around them is a small model: a journal whose commits may go
//! unconfirmed, workers that die or sleep through their lease, a network that is late, tools that answer, fail, die before
//! or after their effect, models that do as badly, a person who looks at the tools' own ledger. The loop of a worker is
//! written here again, deliberately: the judge must not share the faults of the judged, and here nothing but the seed
//! decides what comes first. Start with [`run`] and `world.rs`; the laws are in `laws.rs`, and each has a [`Mutant`].

mod counts;
mod limits;
mod mutant;
mod random;

mod plan;

mod store;
mod worker;

mod model;
mod person;
mod tool;

mod laws;
mod watch;

mod happening;
mod world;

mod perform;

pub use counts::Counts;
pub use laws::{Broken, Law};
pub use mutant::Mutant;
pub use world::{Outcome, run};
