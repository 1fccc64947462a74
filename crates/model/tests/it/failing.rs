//! Every failure that providers document, over every wire and at every moment: which class it is, what is done about it, and
//! how its run ends. Each cell is a small run over HTTP, and the double's own reading of its provider is the second opinion.

mod breaks;
mod cell;
mod matrix;
mod novel;
mod page;
mod stage;
mod told;
