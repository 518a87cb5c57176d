//! The mounts of the system: what file system lies where.
