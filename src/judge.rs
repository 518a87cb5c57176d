//! Judging: one entry and one intent in, findings and the desired state out; pure.
