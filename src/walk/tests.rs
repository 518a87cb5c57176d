//! What a walk must be: complete, bounded, and never anywhere else.
