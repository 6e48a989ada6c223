//! The kinds of resources: one per file.

pub(crate) mod cluster;
