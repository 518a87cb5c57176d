//! The walk: directories by descriptor, in parallel, each entry looked at once.
