//! Facts of the machine and the caller: boot, time, user.
