//! A seeded world with faults that drives the real engine through every boundary, and holds it against the laws.
//!
//! The engine is the product's own, and any contract can be the subject. All around it is a small model: a journal whose
//! commits may go unconfirmed, workers that die or sleep through their lease, a network that is late, models that are
//! generated from what the contract grants, tools that are generated from what it promises and fail as it names, a person
//! who looks at the tools' own ledger. The loop of a worker is written here again, deliberately: the judge must not share
//! the faults of the judged, and here nothing but the seed decides what comes first.
//!
//! Start with [`run`] and `world.rs`. The laws are in `laws.rs`, and each has two [`Mutant`]s at least; what can break, and
//! where, is in `faults.rs`; [`sweep`] breaks every boundary of a good run once, [`shrink`] makes a broken world small.
//! [`storm`] is a world of its own: many runs of several workers, and a provider that turns half of their calls away.

mod counts;
mod faults;
mod limits;
mod mutant;
mod random;

mod dialect;
mod failing;
mod literals;
mod make;
mod rules;
mod subject;

mod store;
mod worker;

mod model;
mod person;
mod tool;

mod laws;
mod told;
mod watch;

mod happening;
mod jobs;
mod world;

mod perform;

mod campaign;
mod shrink;
mod sweep;

mod storm;

pub use campaign::{Campaign, FirstBroken, Progress, Tally, campaign};
pub use counts::Counts;
pub use faults::{Boundary, Fault, Faults, Happened, Point};
pub use laws::{Broken, Law};
pub use mutant::Mutant;
pub use shrink::{Shrunk, shrink, story};
pub use storm::{Shift, Shifted, Storm, Stormed, storm};
pub use subject::{Skipped, Subject};
pub use sweep::{Caught, Sweep, hunt, sweep};
pub use told::{Telling, Told};
pub use world::{Outcome, Spec, run};
