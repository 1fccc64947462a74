//! The journal kept: append, read, lease, wake; SQLite.
