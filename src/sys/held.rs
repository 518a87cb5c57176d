//! Entries held by descriptor: looked at, and changed, whatever becomes of their names.
