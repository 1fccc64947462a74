//! The double as its users have it: over HTTP, from its first byte to the one after which it breaks off.

#![expect(clippy::unwrap_used, reason = "a test that can't go on must fail, in its helpers, too")]

mod behaviours;
mod breaks;
mod catalogue;
mod setup;
mod shapes;
