//! The state folder's files: made private, written whole, synced, locked.
