//! The user's file: types, source spans, overlays, validation and schema.

/// The file.
pub struct Spec;
