//! Root patterns of policies, expanded to real directories, with the guards that captures need.
