//! Semantic versions.

use std::rc::Rc;

use super::{Function, lossy, typed};
use crate::{
    value::{
        Object,
        Parameter::{self, Named, String},
        Signature, Value,
    },
    version::{Constraints, Version},
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("semver", &[String], None, |_, v| {
        Ok(Value::Object(Rc::new(Parsed(Version::parse(&lossy(&v[0]))?))))
    }),
    typed("semverCompare", &[String, String], None, |_, v| {
        let constraints = Constraints::parse(&lossy(&v[0]))?;
        Ok(Value::Bool(constraints.check(&Version::parse(&lossy(&v[1]))?)))
    }),
];

/// A `*semver.Version`.
#[derive(Debug)]
struct Parsed(Version);

const OTHER: &[Parameter] = &[Named("*semver.Version")];

impl Parsed {
    fn of(value: Option<&Value>) -> Option<Version> {
        let Some(Value::Object(object)) = value else { return None };
        Version::parse(&std::string::String::from_utf8_lossy(&object.text()?)).ok()
    }

    /// The next version: a pre-release becomes its release first.
    fn next(&self, name: &[u8]) -> Version {
        let own = &self.0;
        let mut next = own.clone();
        (next.prerelease, next.metadata) = (std::string::String::new(), std::string::String::new());
        match name {
            b"IncMajor" => (next.major, next.minor, next.patch) = (own.major + 1, 0, 0),
            b"IncMinor" => (next.minor, next.patch) = (own.minor + 1, 0),
            _ if own.prerelease.is_empty() => next.patch = own.patch + 1,
            _ => {}
        }
        let lead = if own.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{lead}{}", next.text());
        next
    }
}

impl Object for Parsed {
    fn type_name(&self) -> &str {
        "*semver.Version"
    }

    fn kind_name(&self) -> &str {
        "ptr"
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.0.text().into_bytes())
    }

    fn json_text(&self) -> Option<Vec<u8>> {
        self.text()
    }

    fn method(&self, name: &[u8]) -> Option<Signature> {
        let fixed = match name {
            b"Major" | b"Minor" | b"Patch" | b"Prerelease" | b"Metadata" | b"Original"
            | b"String" | b"IncMajor" | b"IncMinor" | b"IncPatch" => &[],
            b"Compare" | b"Equal" | b"GreaterThan" | b"GreaterThanEqual" | b"LessThan"
            | b"LessThanEqual" => OTHER,
            _ => return None,
        };
        Some(Signature { fixed, variadic: None, returns_interface: false })
    }

    fn call(&self, name: &[u8], arguments: &[Value]) -> Result<Value, std::string::String> {
        let own = &self.0;
        let number =
            |value: u64| Ok(Value::Integer(crate::value::IntegerKind::Uint64, value.cast_signed()));
        match name {
            b"Major" => return number(own.major),
            b"Minor" => return number(own.minor),
            b"Patch" => return number(own.patch),
            b"Prerelease" => return Ok(Value::string(&own.prerelease)),
            b"Metadata" => return Ok(Value::string(&own.metadata)),
            b"Original" => return Ok(Value::string(&own.original)),
            b"String" => return Ok(Value::string(own.text())),
            b"IncMajor" | b"IncMinor" | b"IncPatch" => {
                return Ok(Value::Object(Rc::new(Self(self.next(name)))));
            }
            _ => {}
        }
        let Some(other) = Self::of(arguments.first()) else {
            return Err("no version to compare with".to_owned());
        };
        let order = own.compare(&other);
        Ok(match name {
            b"Compare" => Value::int(order as i64),
            b"Equal" => Value::Bool(order.is_eq()),
            b"GreaterThan" => Value::Bool(order.is_gt()),
            b"GreaterThanEqual" => Value::Bool(order.is_ge()),
            b"LessThan" => Value::Bool(order.is_lt()),
            _ => Value::Bool(order.is_le()),
        })
    }
}
