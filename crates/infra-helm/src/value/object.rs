//! Go structs and named types with fields and methods, as templates see them.

use std::fmt::Debug;

use super::Value;

/// The static type of a function's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// `interface {}`
    Any,
    /// `reflect.Value`, as the built-in functions of text/template take it.
    Reflect,
    String,
    Bool,
    Int,
    Float64,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// A named struct type.
    Named(&'static str),
}

impl Parameter {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float64 => "float64",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Named(name) => name,
        }
    }

    /// Whether Go's nil is a value of the type.
    pub(crate) fn can_be_nil(self) -> bool {
        matches!(self, Self::Any | Self::Map | Self::List | Self::Reflect)
    }
}

/// What a function takes, and whether its outcome is seen through an interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    pub(crate) fixed: &'static [Parameter],
    pub(crate) variadic: Option<Parameter>,
    pub(crate) returns_interface: bool,
}

/// A Go value with fields or methods.
pub(crate) trait Object: Debug {
    fn type_name(&self) -> &str;

    fn kind_name(&self) -> &str {
        "struct"
    }

    /// The exported fields in declaration order.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        self.fields()
            .into_iter()
            .find(|(field, _)| field.as_bytes() == name)
            .map(|(_, value)| value)
    }

    /// The element type of a map-like object's entries, for `range` and `index`.
    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        None
    }

    fn method(&self, _name: &[u8]) -> Option<Signature> {
        None
    }

    /// Calls a method that [`Self::method`] names; the arguments fit its signature.
    fn call(&self, name: &[u8], _arguments: &[Value]) -> Result<Value, String> {
        Err(format!("no method {}", String::from_utf8_lossy(name)))
    }

    /// The text of a Go `Stringer`.
    fn text(&self) -> Option<Vec<u8>> {
        None
    }

    /// The text an action prints, where it differs from [`Object::text`].
    fn printed(&self) -> Option<Vec<u8>> {
        self.text()
    }

    /// The fields as `%v` shows them, those included that templates cannot reach.
    fn shown_fields(&self) -> Vec<(&'static str, Value)> {
        self.fields()
    }

    /// The element behind a key or index; `None` when there is none.
    fn element(&self, key: &Value) -> Option<Value> {
        let wanted = crate::format::display(key);
        self.entries()?
            .into_iter()
            .find(|(own, _)| crate::format::display(own) == wanted)
            .map(|(_, value)| value)
    }

    /// The text of a type that marshals itself to a JSON string.
    fn json_text(&self) -> Option<Vec<u8>> {
        None
    }

    /// The name of a field in JSON.
    fn json_name(&self, field: &'static str) -> &'static str {
        field
    }

    fn truth(&self) -> bool {
        true
    }
}
