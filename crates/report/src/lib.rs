//! Folds over a journal for people and machines.
