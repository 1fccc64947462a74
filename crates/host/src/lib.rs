//! The loop that drives runs: the only room that spawns.
