//! The store's promises, held by the store in one file.

mod crash;
mod kit;
mod sqlite;
mod tale;
mod tampering;
