//! Plain data to template values and back.

use std::rc::Rc;

use super::{Data, Value};

impl From<&Data> for Value {
    fn from(data: &Data) -> Self {
        match data {
            Data::Null => Self::Nil,
            Data::Bool(value) => Self::Bool(*value),
            Data::Integer(value) => Self::int64(*value),
            Data::Float(value) => Self::Float(*value),
            Data::String(text) => Self::String(Rc::from(text.as_slice())),
            Data::List(items) => Self::list(items.iter().map(Self::from).collect()),
            Data::Map(map) => Self::map(
                map.iter()
                    .map(|(key, item)| (Rc::from(key.as_slice()), Self::from(item)))
                    .collect(),
            ),
        }
    }
}

impl Value {
    /// The plain data of values that came from plain data; what else there is becomes `null`.
    pub(crate) fn to_data(&self) -> Data {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match self {
            Self::Bool(value) => Data::Bool(*value),
            Self::Integer(_, value) => Data::Integer(*value),
            Self::Float(value) => Data::Float(*value),
            Self::String(text) | Self::Bytes(text) => Data::String(text.to_vec()),
            Self::List(list) => Data::List(list.items.iter().map(Self::to_data).collect()),
            Self::Map(map) => Data::Map(
                map.snapshot()
                    .into_iter()
                    .map(|(key, item)| (key.to_vec(), item.to_data()))
                    .collect(),
            ),
            Self::Nil | Self::Object(_) => Data::Null,
        })
    }
}
