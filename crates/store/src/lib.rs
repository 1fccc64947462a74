//! The journal kept: append, read, lease, wake.
//!
//! [`Store`] is the only door to what is durable; [`SqliteStore`] keeps it in one file. This room knows no contract
//! and no engine: events go in and come out in order, and it says so loudly when they can't. It reads no clock, except
//! to write down since when a process drives. Start with [`Store`] and [`Append`], then `sqlite/writer.rs`.

mod error;
mod limits;

mod append;
mod rows;
mod store;

mod journal;

pub use append::{Append, ClaimChange, Expected, Hold, RunBirth};
pub use error::{
    AppendError, Cause, Damage, DriverError, LoadError, MailError, OpenError, ReadError, TakeError,
    WriteError,
};
pub use journal::{Checked, Journal, VerifyReport};
pub use rows::{
    Claim, Fed, FoundRun, Lease, MailRow, Position, Posted, RunFilter, RunRow, StatusFilter, Worker,
};
pub use store::Store;
