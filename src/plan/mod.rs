//! Changes and plans: the one format of plan, journal and undo.
