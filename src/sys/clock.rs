//! The clock that the kernel stamps changes of files by.

use crate::model::entry::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// What a change that is made now is stamped with at the earliest: that clock goes by ticks (clock_gettime(2)).
pub(crate) fn of_stamps() -> Timestamp {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    Timestamp::new(now.tv_sec, u32::try_from(now.tv_nsec).unwrap_or_default())
}
