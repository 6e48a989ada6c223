//! JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge patch.

mod json;
mod merge;
mod order;
mod strategic;
#[cfg(test)]
mod tests;

pub use json::json_patch;
pub use merge::merge_patch;
pub use strategic::strategic_merge_patch;
