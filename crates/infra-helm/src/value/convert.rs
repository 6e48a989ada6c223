//! Plain data to template values and back.

use std::rc::Rc;

use super::{Data, Map, MapKind, Value};

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
    /// A map of data as Helm's named `.Values` type.
    pub(crate) fn values_from(data: &Data) -> Self {
        let map = Map::new(MapKind::Values);
        if let Data::Map(entries) = data {
            for (key, item) in entries {
                map.set(Rc::from(key.as_slice()), Self::from(item));
            }
        }
        Self::Map(map)
    }
}
