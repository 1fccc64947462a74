//! The store in one file of SQLite, on one machine.
//!
//! Any process reads it, starts runs and puts mail; the one that holds the [`Driver`]'s lock advances runs.

mod filesize;
mod filesystem;
mod schema;

mod checkpoint;
mod pool;
mod writer;

mod appending;
mod codec;
mod halting;
mod leasing;
mod reading;
mod sharing;

mod driver;
mod knock;
mod open;

pub use driver::{Driver, DriverInfo, driver_alive};
pub use filesize::heed_file_size_limit;
pub use knock::{Knocks, knock};
pub use open::{Options, SqliteStore};
