//! The command as people and scripts use it: the real program, on real projects, each in a folder of its own.

mod kit;

mod refusals;
mod starting;
mod steering;
mod transcript;
mod trouble;
