//! The schema model: what values are made of, what lists and maps merge by, and which empty values are encoded.

use std::collections::BTreeMap;
use std::sync::Arc;

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
}

/// What a value is made of.
#[derive(Debug, Clone)]
pub enum Shape {
    /// No parts.
    Scalar(Scalar),
    /// Named fields; for custom kinds also others, if there is a schema for them.
    Struct(BTreeMap<String, Field>, Option<Arc<Schema>>),
    /// Any keys, values of one schema.
    Map(Arc<Schema>),
    /// Items of one schema.
    List(Arc<Schema>),
    /// Anything.
    Any,
}

/// Whether a field without (or with an empty) value is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Left out when not given; empty lists and maps are left out too.
    Optional,
    /// Left out when zero, false or empty.
    OmitZero,
    /// Encoded with its zero value.
    Always,
    /// Encoded as null when not given.
    Nullable,
}

/// A field of a struct.
#[derive(Debug, Clone)]
pub struct Field {
    /// Shape of its value.
    pub schema: Arc<Schema>,
    /// Whether it is encoded when empty.
    pub presence: Presence,
}

/// How strategic merge patches treat a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// Key by which lists of objects merge.
    pub merge_key: Option<String>,
    /// Whether lists merge at all.
    pub merge: bool,
    /// Whether only the keys given stay (`$retainKeys`).
    pub retain_keys: bool,
}

/// One node of a schema.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Name of the type as in Go, such as `PodSpec`; empty for types without name.
    pub name: String,
    /// What the value is made of.
    pub shape: Shape,
    /// Merging of lists; meaningless otherwise.
    pub list_type: ListType,
    /// Merging of objects; meaningless otherwise.
    pub map_type: MapType,
    /// Strategic merge patches.
    pub patch: PatchStrategy,
    /// Default, where the schema has one.
    pub default: Option<Value>,
}

impl Schema {
    /// A schema of a shape with ordinary merging: lists atomic, objects granular.
    pub fn of(shape: Shape) -> Self {
        Self {
            name: String::new(),
            shape,
            list_type: ListType::Atomic,
            map_type: MapType::Granular,
            patch: PatchStrategy::default(),
            default: None,
        }
    }

    /// A schema that allows anything, field by field (`x-kubernetes-preserve-unknown-fields`).
    pub fn any() -> Self {
        Self::of(Shape::Any)
    }

    /// A schema that allows anything as one value (`runtime.RawExtension`).
    pub fn opaque() -> Self {
        Self { map_type: MapType::Atomic, ..Self::of(Shape::Any) }
    }

    /// Schema of a field or of a map's value; nothing if there is no such field.
    pub fn child(&self, key: &str) -> Option<&Schema> {
        match &self.shape {
            Shape::Struct(fields, others) => {
                fields.get(key).map(|field| &*field.schema).or(others.as_deref())
            }
            Shape::Map(values) => Some(values),
            Shape::Any if self.map_type == MapType::Granular => Some(self),
            _ => None,
        }
    }

    /// Whether the key is a named field (not the key of a map).
    pub fn has_named(&self, key: &str) -> bool {
        matches!(&self.shape, Shape::Struct(fields, _) if fields.contains_key(key))
    }

    /// Schema of list items.
    pub fn items(&self) -> Option<&Schema> {
        match &self.shape {
            Shape::List(items) => Some(items),
            _ => None,
        }
    }

    /// Default of a key field of the items, such as the protocol of a port.
    pub fn key_default(&self, key: &str) -> Option<&Value> {
        self.items()?.child(key)?.default.as_ref()
    }
}
