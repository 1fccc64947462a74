//! What people read of a run, held against hand-written journals.

mod stories;

mod laws;
mod pages;
mod remedies;
