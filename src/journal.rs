//! Runs on record: begun before the first change, settled at the end, listed, loaded.
