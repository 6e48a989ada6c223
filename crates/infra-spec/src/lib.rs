//! The user's file: types, source spans, overlays, validation and schema.
