//! Reading a request's body field by field, with the refusals that the API has for wrong ones.
//!
//! A wrong type is a 400, a value that is not allowed a 422. Fields that are not asked for are ignored, as the API does.

use regex::Regex;
use serde_json::{Map, Value};

use super::reply::ApiError;

/// An object of a request's body.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The body itself, which must be an object.
    pub(super) fn of(body: &'a Value) -> Result<Self, ApiError> {
        let map = body.as_object().ok_or_else(|| {
            ApiError::bad_request("Invalid request body: expected a JSON object.")
        })?;
        Ok(Self { map })
    }

    /// The value of a field that is there and not null.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Whether the field is given, be it as null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        self.typed(name, "string", Value::as_str)
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, ApiError> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(missing(name)),
        }
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        self.typed(name, "boolean", Value::as_bool)
    }

    /// A whole number that is not negative.
    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, ApiError> {
        match self.typed(name, "integer", |value| value.as_i64().or(whole(value)))? {
            Some(number) => match u64::try_from(number) {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(ApiError::unprocessable(format!(
                    "{name} must be greater than or equal to 0"
                ))),
            },
            None => Ok(None),
        }
    }

    pub(super) fn required_count(&self, name: &str) -> Result<u64, ApiError> {
        self.count(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        self.typed(name, "number", Value::as_f64)
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&'a Vec<Value>>, ApiError> {
        self.typed(name, "array", Value::as_array)
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Fields<'a>>, ApiError> {
        Ok(self.typed(name, "object", Value::as_object)?.map(|map| Fields { map }))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        let texts = list.iter().map(|value| {
            value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(name, "string", value))
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn ids(&self, name: &str) -> Result<Option<Vec<u64>>, ApiError> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        let ids = list
            .iter()
            .map(|value| value.as_u64().ok_or_else(|| wrong_type(name, "integer", value)));
        ids.collect::<Result<_, _>>().map(Some)
    }

    /// One of the words that the field may have.
    pub(super) fn choice(&self, name: &str, allowed: &[&str]) -> Result<Option<&'a str>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if allowed.contains(&text) {
            return Ok(Some(text));
        }
        Err(ApiError::unprocessable(format!("{name} must be one of: {}", allowed.join(", "))))
    }

    fn typed<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| wrong_type(name, wanted, value)),
        }
    }
}

/// A number such as `3.0` is a whole number in JSON.
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
}

fn wrong_type(name: &str, wanted: &str, value: &Value) -> ApiError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    ApiError::bad_request(format!("cannot unmarshal {found} into field {name} of type {wanted}"))
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::unprocessable(format!("validation error: {name} is required"))
}

/// Whether a text has this form. The patterns are literals of this crate.
pub(super) fn has_form(text: &str, pattern: &str) -> bool {
    Regex::new(pattern).is_ok_and(|expression| expression.is_match(text))
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Tags as every tagged object takes them.
pub(super) fn tags(fields: &Fields<'_>) -> Result<Vec<String>, ApiError> {
    let tags = fields.texts("tags")?.unwrap_or_default();
    match tags.iter().find(|tag| !is_tag(tag)) {
        None => Ok(tags),
        Some(tag) => Err(ApiError::unprocessable(format!(
            "Tag {tag} is invalid: tags may only contain letters, numbers, colons, dashes, and underscores"
        ))),
    }
}

pub(super) fn is_tag(text: &str) -> bool {
    text.len() <= 255 && has_form(text, r"^[a-zA-Z0-9_\-:]+$")
}
