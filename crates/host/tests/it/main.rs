//! The whole shell on a real store: what a contract says happens, and goes on after a worker is gone.

mod drive;
mod world;
