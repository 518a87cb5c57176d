//! Extended attributes: whether an entry has an ACL or file capabilities.
