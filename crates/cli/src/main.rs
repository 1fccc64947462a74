//! The command `handfast`.
fn main() {}
