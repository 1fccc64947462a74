//! A seeded world with faults that drives runs through every boundary.
