//! Locks on roots.
