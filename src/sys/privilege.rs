//! Capabilities, credentials and limits of threads: what a thread may do, and giving up the rest.
