//! The journal kept: append, read, lease, wake.
//!
//! [`Store`] is the only door to what is durable; [`SqliteStore`] keeps it in one file. This room knows no contract
//! and no engine, and reads no clock: events go in and come out in order, and it says so loudly when they can't. Start
//! with [`Store`] and [`Append`], then `sqlite/writer.rs`.

mod damage;
mod error;
mod limits;

mod append;
mod rows;
mod store;

mod journal;
mod lines;

mod sqlite;

pub use append::{Append, ClaimChange, ClaimSet, Expected, Hold, RunBirth};
pub use damage::{Damage, LoadError};
pub use error::{AppendError, Cause, DriverError, MailError, OpenError, ReadError, TakeError, WriteError};
pub use journal::{Checked, Journal, VerifyReport};
pub use rows::{
    Claim, Fed, FoundRun, Lease, MailRow, Position, Posted, RunFilter, RunRow, StatusFilter, Worker,
};
pub use sqlite::{
    Driver, DriverInfo, Knocks, Options, SqliteStore, driver_alive, heed_file_size_limit, knock,
};
pub use store::Store;
