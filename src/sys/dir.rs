//! Directories by descriptor: opening them below one another, and listing them.
