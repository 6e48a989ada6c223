//! Checks of values by an OpenAPI schema, with the server's reasons and texts.

use regex::Regex;
use serde_json::{Map, Value};

use super::formats;
use super::structural::flag;
use crate::kubernetes::machinery::status::Cause;

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Checker {
    pub(super) causes: Vec<Cause>,
}

impl Checker {
    fn add(&mut self, reason: &str, field: &str, message: String) {
        self.causes.push(Cause { reason: reason.into(), field: field.into(), message });
    }

    fn invalid(&mut self, field: &str, value: &Value, detail: &str) {
        self.add(
            "FieldValueInvalid",
            field,
            format!("Invalid value: {value}: {field} in body {detail}"),
        );
    }

    /// Checks a whole object; its metadata is checked elsewhere.
    pub(super) fn object(&mut self, open_api: &Value, object: &Value) {
        let mut body: Map<String, Value> = object.as_object().cloned().unwrap_or_default();
        let listed = |key: &str| open_api["properties"].get(key).is_some();
        body.retain(|key, _| !matches!(key.as_str(), "metadata") || listed(key));
        self.value(open_api, &Value::Object(body), "");
    }

    /// Checks a value at a field.
    pub(super) fn value(&mut self, open_api: &Value, value: &Value, field: &str) {
        if value.is_null() {
            if !flag(open_api, "nullable") && open_api.get("type").is_some() {
                self.wrong_type(open_api["type"].as_str().unwrap_or_default(), value, field);
            }
            return;
        }
        if !self.has_type(open_api, value, field) {
            return;
        }
        self.enumeration(open_api, value, field);
        match value {
            Value::String(text) => self.text(open_api, text, field),
            Value::Number(_) => self.number(open_api, value, field),
            Value::Array(list) => self.list(open_api, list, field),
            Value::Object(map) => self.fields(open_api, map, field),
            _ => {}
        }
        self.combinations(open_api, value, field);
    }

    fn wrong_type(&mut self, wanted: &str, value: &Value, field: &str) {
        let name = type_of(value);
        self.add(
            "FieldValueTypeInvalid",
            field,
            format!("Invalid value: {name:?}: {field} in body must be of type {wanted}: {name:?}"),
        );
    }

    fn has_type(&mut self, open_api: &Value, value: &Value, field: &str) -> bool {
        if flag(open_api, "x-kubernetes-int-or-string") {
            let good = value.is_string() || is_integer(value);
            if !good {
                self.wrong_type("integer,string", value, field);
            }
            return good;
        }
        let Some(wanted) = open_api.get("type").and_then(Value::as_str) else { return true };
        let good = match wanted {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => is_integer(value),
            "number" => value.is_number(),
            _ => true,
        };
        if !good {
            self.wrong_type(wanted, value, field);
        }
        good
    }

    fn enumeration(&mut self, open_api: &Value, value: &Value, field: &str) {
        let Some(allowed) = open_api.get("enum").and_then(Value::as_array) else { return };
        if !allowed.contains(value) {
            let list: Vec<String> = allowed.iter().map(Value::to_string).collect();
            self.add(
                "FieldValueNotSupported",
                field,
                format!("Unsupported value: {value}: supported values: {}", list.join(", ")),
            );
        }
    }

    fn text(&mut self, open_api: &Value, text: &str, field: &str) {
        let value = Value::from(text);
        let length = text.chars().count() as u64;
        if let Some(limit) = open_api["maxLength"].as_u64().filter(|limit| length > *limit) {
            self.add(
                "FieldValueTooLong",
                field,
                format!("Too long: may not be more than {limit} bytes"),
            );
        }
        if let Some(limit) = open_api["minLength"].as_u64().filter(|limit| length < *limit) {
            self.invalid(field, &value, &format!("should be at least {limit} chars long"));
        }
        if let Some(pattern) = open_api["pattern"].as_str()
            && Regex::new(pattern).is_ok_and(|expression| !expression.is_match(text))
        {
            self.invalid(field, &value, &format!("should match '{pattern}'"));
        }
        if let Some(format) = open_api["format"].as_str()
            && !formats::is_valid(format, text)
        {
            self.add(
                "FieldValueTypeInvalid",
                field,
                format!(
                    "Invalid value: {value}: {field} in body must be of type {format}: {value}"
                ),
            );
        }
    }

    fn number(&mut self, open_api: &Value, value: &Value, field: &str) {
        let number = value.as_f64().unwrap_or(0.0);
        if let Some(limit) = open_api["maximum"].as_f64() {
            let exclusive = flag(open_api, "exclusiveMaximum");
            if number > limit || (exclusive && number >= limit) {
                let text = if exclusive { "less than" } else { "less than or equal to" };
                self.invalid(field, value, &format!("should be {text} {}", open_api["maximum"]));
            }
        }
        if let Some(limit) = open_api["minimum"].as_f64() {
            let exclusive = flag(open_api, "exclusiveMinimum");
            if number < limit || (exclusive && number <= limit) {
                let text = if exclusive { "greater than" } else { "greater than or equal to" };
                self.invalid(field, value, &format!("should be {text} {}", open_api["minimum"]));
            }
        }
        if let Some(step) = open_api["multipleOf"].as_f64().filter(|step| *step != 0.0)
            && (number / step).fract().abs() > f64::EPSILON
        {
            self.invalid(
                field,
                value,
                &format!("should be a multiple of {}", open_api["multipleOf"]),
            );
        }
        let limit = match open_api["format"].as_str() {
            Some("int32") => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        if value.as_i64().is_some_and(|own| own > limit || own < -limit - 1) {
            self.invalid(field, value, "should be a number between -2147483648 and 2147483647");
        }
    }

    fn list(&mut self, open_api: &Value, list: &[Value], field: &str) {
        let length = list.len() as u64;
        if let Some(limit) = open_api["maxItems"].as_u64().filter(|limit| length > *limit) {
            self.add(
                "FieldValueTooMany",
                field,
                format!("Too many: {length}: must have at most {limit} items"),
            );
        }
        if let Some(limit) = open_api["minItems"].as_u64().filter(|limit| length < *limit) {
            let value = Value::from(length);
            self.invalid(field, &value, &format!("should have at least {limit} items"));
        }
        if let Some(items) = open_api.get("items") {
            for (index, item) in list.iter().enumerate() {
                self.value(items, item, &format!("{field}[{index}]"));
            }
        }
        self.duplicates(open_api, list, field);
    }

    /// Items of sets and keyed lists stand once.
    fn duplicates(&mut self, open_api: &Value, list: &[Value], field: &str) {
        let keys: Vec<&str> = match open_api["x-kubernetes-list-type"].as_str() {
            Some("set") => Vec::new(),
            Some("map") => open_api["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
            _ => return,
        };
        let identity = |item: &Value| -> Value {
            if keys.is_empty() {
                return item.clone();
            }
            let fields =
                keys.iter().filter_map(|key| Some(((*key).to_owned(), item.get(*key)?.clone())));
            Value::Object(fields.collect())
        };
        let mut seen: Vec<Value> = Vec::new();
        for (index, item) in list.iter().enumerate() {
            let own = identity(item);
            if seen.contains(&own) {
                self.add(
                    "FieldValueDuplicate",
                    &format!("{field}[{index}]"),
                    format!("Duplicate value: {own}"),
                );
            }
            seen.push(own);
        }
    }

    fn fields(&mut self, open_api: &Value, map: &Map<String, Value>, field: &str) {
        let place = |key: &str| {
            if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") }
        };
        for name in open_api["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !map.contains_key(name) {
                self.add("FieldValueRequired", &place(name), "Required value".into());
            }
        }
        let count = map.len() as u64;
        if let Some(limit) = open_api["maxProperties"].as_u64().filter(|limit| count > *limit) {
            self.add(
                "FieldValueTooMany",
                field,
                format!("Too many: {count}: must have at most {limit} items"),
            );
        }
        if let Some(limit) = open_api["minProperties"].as_u64().filter(|limit| count < *limit) {
            let value = Value::from(count);
            self.invalid(field, &value, &format!("should have at least {limit} properties"));
        }
        let values = open_api.get("additionalProperties").filter(|values| values.is_object());
        for (key, value) in map {
            if let Some(property) = open_api["properties"].get(key).or(values) {
                self.value(property, value, &place(key));
            }
        }
    }

    fn combinations(&mut self, open_api: &Value, value: &Value, field: &str) {
        let matching = |list: &str| -> Option<(usize, usize)> {
            let schemas = open_api.get(list)?.as_array()?;
            let good = schemas.iter().filter(|schema| matches(schema, value)).count();
            Some((good, schemas.len()))
        };
        let shown = Value::from(type_of(value));
        if let Some((0, _)) = matching("anyOf") {
            self.invalid(field, &shown, "must validate at least one schema (anyOf)");
        }
        if let Some((good, _)) = matching("oneOf")
            && good != 1
        {
            self.invalid(field, &shown, "must validate one and only one schema (oneOf)");
        }
        for schema in open_api["allOf"].as_array().into_iter().flatten() {
            self.value(schema, value, field);
        }
        if let Some(schema) = open_api.get("not")
            && matches(schema, value)
        {
            self.invalid(field, &shown, "must not validate the schema (not)");
        }
    }
}

/// Whether a value fits a schema.
fn matches(open_api: &Value, value: &Value) -> bool {
    let mut checker = Checker::default();
    checker.value(open_api, value, "");
    checker.causes.is_empty()
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if is_integer(value) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
