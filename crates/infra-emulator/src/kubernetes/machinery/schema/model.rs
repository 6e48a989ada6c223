//! The schema model: what lists and maps merge by, and what values are allowed.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

/// How the items of a list are owned and merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListType {
    /// The list is one value.
    Atomic,
    /// Items are values of a set.
    Set,
    /// Items are objects with keys.
    Map(Vec<String>),
}

/// How the fields of an object are owned and merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapType {
    /// The object is one value.
    Atomic,
    /// Each field by itself.
    Granular,
}

/// A value that has no parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    String,
    /// `int32`.
    Integer32,
    /// `int64`.
    Integer64,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A number or a text such as a percentage.
    IntOrString,
    /// `resource.Quantity`.
    Quantity,
    /// Base64 text.
    Bytes,
    /// RFC 3339 with seconds.
    Time,
    /// RFC 3339 with microseconds.
    MicroTime,
    /// A Go duration.
    Duration,
}

/// What a value is made of.
#[derive(Debug, Clone)]
pub enum Shape {
    /// No parts.
    Scalar(Scalar),
    /// Named fields.
    Struct(IndexMap<String, Arc<Schema>>),
    /// Any keys, values of one schema.
    Map(Arc<Schema>),
    /// Items of one schema.
    List(Arc<Schema>),
    /// Anything (deduced from the value).
    Any,
}

/// One node of a schema.
#[derive(Debug, Clone)]
pub struct Schema {
    /// What the value is made of.
    pub shape: Shape,
    /// Merging of lists; meaningless otherwise.
    pub list_type: ListType,
    /// Merging of objects; meaningless otherwise.
    pub map_type: MapType,
    /// Key of strategic merge patches for lists of objects (empty: no merging).
    pub patch_merge_key: String,
    /// Whether lists of scalars merge in strategic merge patches.
    pub patch_merge: bool,
    /// Whether strategic merge patches keep only the keys given (`retainKeys`).
    pub patch_retain_keys: bool,
    /// Default, where the schema has one.
    pub default: Option<Value>,
    /// Whether unknown fields are kept.
    pub preserve_unknown: bool,
    /// Whether null is a value.
    pub nullable: bool,
}

impl Schema {
    /// A schema of a shape with ordinary merging: lists atomic, objects granular.
    pub fn of(shape: Shape) -> Self {
        Self {
            shape,
            list_type: ListType::Atomic,
            map_type: MapType::Granular,
            patch_merge_key: String::new(),
            patch_merge: false,
            patch_retain_keys: false,
            default: None,
            preserve_unknown: false,
            nullable: false,
        }
    }

    /// A schema that allows anything.
    pub fn any() -> Self {
        Self { preserve_unknown: true, ..Self::of(Shape::Any) }
    }
}
