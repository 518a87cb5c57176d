//! Facts of the machine and the caller: boot, time, user.

use super::SysError;
use crate::model::mode::Mode;
use rustix::io::Errno;
use rustix::process::{geteuid, getpid, getuid};
use rustix::system::uname;
use std::fs::read_to_string;

/// What tells this boot from every other; empty where procfs doesn't say, which is no boot's.
pub(crate) fn boot_id() -> String {
    read_to_string("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// The umask of the process; ENODATA where /proc doesn't tell it, for asking umask(2) means changing it.
pub(crate) fn umask() -> Result<Mode, SysError> {
    let status = read_to_string("/proc/self/status").map_err(SysError::of_io("read(/proc/self/status)"))?;
    let octal = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    let bits = octal.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok());
    bits.map(Mode::new).ok_or(SysError { call: "read(/proc/self/status)", errno: Errno::NODATA })
}

/// The name of the machine.
pub(crate) fn hostname() -> String {
    uname().nodename().to_string_lossy().into_owned()
}

/// Who started the run: the real user.
pub(crate) fn real_uid() -> u32 {
    getuid().as_raw()
}

/// As whom the run acts.
pub(crate) fn effective_uid() -> u32 {
    geteuid().as_raw()
}

/// The uid that stands for every owner who isn't known in this user namespace (user_namespaces(7), "Unmapped user and
/// group IDs"); `None` in the initial one, where everybody is known.
pub(crate) fn unmapped_uid() -> Option<u32> {
    let map = read_to_string("/proc/self/uid_map").ok()?;
    if map.split_whitespace().eq(["0", "0", "4294967295"]) {
        return None;
    }
    read_to_string("/proc/sys/kernel/overflowuid").ok()?.trim().parse().ok()
}

/// The file /etc/login.defs, which tells the system's ids from those of people.
pub(crate) fn login_defs() -> Result<Vec<u8>, SysError> {
    std::fs::read("/etc/login.defs").map_err(SysError::of_io("read"))
}

/// The process.
pub(crate) fn pid() -> u32 {
    getpid().as_raw_nonzero().get().unsigned_abs()
}

/// Now.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The day it is here, local time.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
}
