//! The loop that drives runs: think, remember, become, act. The only room that spawns.
//!
//! It knows no rule of its own: what follows from what is the `engine`'s, what is durable is the `store`'s. Start with
//! [`Worker`]; `live` is what it does for one run, `perform` is how a debt is paid.

mod clock;
mod limits;

mod halts;
mod kit;
mod live;
mod perform;
mod start;
mod worker;

pub use clock::{new_append_id, new_command_id, new_run_id, new_salt, now};
pub use kit::{Around, Kit, KitError, Kits, Variables};
pub use start::{StartError, Started, start};
pub use worker::{DriveError, Driven, Until, Worker};
