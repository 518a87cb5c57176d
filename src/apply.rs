//! Applying a plan: each entry looked up again, held, changed, and looked at afterwards.
