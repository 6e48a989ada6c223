//! The values templates work on, after Go's reflection: byte strings, typed integers, maps that alias and are changed in
//! place, lists, and objects with methods.
//!
//! A [`Value`] is what Go's `interface{}` holds. Whether it is seen through an interface (a map element) or as itself
//! (the outcome of a pipeline) matters to Go's checks and is kept beside it, in the executor's operand.

mod convert;
mod data;
mod object;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

pub use data::Data;
pub(crate) use object::{Object, Parameter, Signature};

/// A Go string: bytes, mostly but not always UTF-8.
pub(crate) type Text = Rc<[u8]>;

/// The named integer types that templates can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntegerKind {
    Int,
    Int64,
    Uint8,
    Uint64,
    Duration,
}

impl IntegerKind {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Duration => "time.Duration",
        }
    }

    pub(crate) fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint8 | Self::Uint64)
    }

    /// Go's `reflect.Kind` of the type.
    pub(crate) fn kind_name(self) -> &'static str {
        match self {
            Self::Duration => "int64",
            other => other.type_name(),
        }
    }
}

/// The static type of a list's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// `[]interface {}`
    Any,
    /// The same without a slice behind it: empty, and `null` in JSON.
    NilAny,
    /// `[]string`
    Strings,
    /// The same without a slice behind it: empty, and `null` in JSON.
    NilStrings,
    /// `[]int`
    Ints,
    /// `[]map[string]interface {}`
    Maps,
}

/// The static type of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapKind {
    /// `map[string]interface {}`
    Any,
    /// `map[string]interface {}` without a map behind it: empty, and `null` in JSON.
    NilAny,
    /// `map[string]string`
    Strings,
    /// The same without a map behind it: empty, and `null` in JSON.
    NilStrings,
    /// Helm's named type of `.Values`.
    Values,
}

/// A slice. Never changed after it is made, so sharing is free.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) kind: ListKind,
    pub(crate) items: Vec<Value>,
}

/// A map with string keys, shared by reference as in Go.
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) kind: MapKind,
    entries: Entries,
}

/// What several views of one map share.
type Entries = Rc<RefCell<BTreeMap<Text, Value>>>;

/// A value as Go's `interface{}` holds it.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Nil,
    Bool(bool),
    Integer(IntegerKind, i64),
    Float(f64),
    String(Text),
    /// `[]uint8`
    Bytes(Text),
    List(Rc<List>),
    Map(Rc<Map>),
    Object(Rc<dyn Object>),
}

impl Map {
    pub(crate) fn new(kind: MapKind) -> Rc<Self> {
        Self::of(kind, BTreeMap::new())
    }

    pub(crate) fn of(kind: MapKind, entries: BTreeMap<Text, Value>) -> Rc<Self> {
        Rc::new(Self { kind, entries: Rc::new(RefCell::new(entries)) })
    }

    /// The same map under another type: a change through either is seen through both.
    pub(crate) fn retyped(&self, kind: MapKind) -> Rc<Self> {
        Rc::new(Self { kind, entries: self.entries.clone() })
    }

    /// Whether two views are of one map.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }

    /// The values, when no other view needs them.
    fn take_last(&mut self) -> Vec<Value> {
        match Rc::get_mut(&mut self.entries) {
            Some(entries) => std::mem::take(entries.get_mut()).into_values().collect(),
            None => Vec::new(),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.entries.borrow().contains_key(key)
    }

    pub(crate) fn set(&self, key: Text, value: Value) {
        let old = self.entries.borrow_mut().insert(key, value);
        drop(old);
    }

    pub(crate) fn remove(&self, key: &[u8]) {
        let old = self.entries.borrow_mut().remove(key);
        drop(old);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries as they are now, in key order; later changes do not show.
    pub(crate) fn snapshot(&self) -> Vec<(Text, Value)> {
        self.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub(crate) fn keys(&self) -> Vec<Text> {
        self.entries.borrow().keys().cloned().collect()
    }
}

/// Nested lists and maps are freed by a loop: a template can nest deeper than the stack is.
fn release(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => {
                if let Some(mut list) = Rc::into_inner(list) {
                    pending.append(&mut list.items);
                }
            }
            Value::Map(map) => {
                if let Some(mut map) = Rc::into_inner(map) {
                    pending.extend(map.take_last());
                }
            }
            _ => {}
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.items.is_empty() {
            release(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        let entries = self.take_last();
        if !entries.is_empty() {
            release(entries);
        }
    }
}

impl Value {
    pub(crate) fn int(value: i64) -> Self {
        Self::Integer(IntegerKind::Int, value)
    }

    pub(crate) fn int64(value: i64) -> Self {
        Self::Integer(IntegerKind::Int64, value)
    }

    pub(crate) fn string(text: impl AsRef<[u8]>) -> Self {
        Self::String(Rc::from(text.as_ref()))
    }

    pub(crate) fn list(items: Vec<Value>) -> Self {
        Self::List(Rc::new(List { kind: ListKind::Any, items }))
    }

    pub(crate) fn typed_list(kind: ListKind, items: Vec<Value>) -> Self {
        Self::List(Rc::new(List { kind, items }))
    }

    pub(crate) fn strings<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::typed_list(ListKind::Strings, items.into_iter().map(Self::string).collect())
    }

    /// Go's nil slice of strings when there are none.
    pub(crate) fn strings_or_nil<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<Value> = items.into_iter().map(Self::string).collect();
        let kind = if items.is_empty() { ListKind::NilStrings } else { ListKind::Strings };
        Self::typed_list(kind, items)
    }

    pub(crate) fn map(entries: BTreeMap<Text, Value>) -> Self {
        Self::Map(Map::of(MapKind::Any, entries))
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The name Go prints for the type, `<nil>` for nil.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Integer(kind, _) => kind.type_name(),
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => list.kind.type_name(),
            Self::Map(map) => map.kind.type_name(),
            Self::Object(object) => object.type_name(),
        }
    }

    /// The name of Go's `reflect.Kind`, `invalid` for nil.
    pub(crate) fn kind_name(&self) -> &str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Integer(kind, _) => kind.kind_name(),
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::Bytes(_) | Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind_name(),
        }
    }

    /// Go's truth: not the zero value; an object that is a struct is always true.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Integer(_, value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::String(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.truth(),
        }
    }
}

impl ListKind {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any | Self::NilAny => "[]interface {}",
            Self::Strings | Self::NilStrings => "[]string",
            Self::Ints => "[]int",
            Self::Maps => "[]map[string]interface {}",
        }
    }

    /// Whether this is Go's nil slice.
    pub(crate) fn is_nil(self) -> bool {
        matches!(self, Self::NilAny | Self::NilStrings)
    }

    /// Whether elements are seen through an interface.
    pub(crate) fn is_interface(self) -> bool {
        matches!(self, Self::Any | Self::NilAny)
    }
}

impl MapKind {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any | Self::NilAny => "map[string]interface {}",
            Self::Strings | Self::NilStrings => "map[string]string",
            Self::Values => "common.Values",
        }
    }

    /// Whether elements are seen through an interface.
    pub(crate) fn is_interface(self) -> bool {
        !matches!(self, Self::Strings | Self::NilStrings)
    }

    /// Whether this is Go's nil map.
    pub(crate) fn is_nil(self) -> bool {
        matches!(self, Self::NilAny | Self::NilStrings)
    }
}
