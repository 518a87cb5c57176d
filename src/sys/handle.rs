//! File handles: what tells an entry from every other across boots (name_to_handle_at(2)).
