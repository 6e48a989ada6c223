//! YAML and JSON in and out.

use super::{Function, Outcome, any, bytes, lossy, typed};
use crate::{
    exec::{Failure, Session},
    format::TOO_LARGE,
    json,
    value::{
        Data, ListKind, Map, MapKind,
        Parameter::{Any, String},
        Value,
    },
    yaml::{self, Numbers},
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("toYaml", &[Any], None, |session, v| swallowed(session, yaml::write(&v[0]))),
    typed("mustToYaml", &[Any], None, |session, v| told(session, yaml::write(&v[0]))),
    typed("toYamlPretty", &[Any], None, |session, v| swallowed(session, yaml::write_pretty(&v[0]))),
    typed("fromYaml", &[String], None, |_, v| {
        let data = yaml::read(bytes(&v[0]), Numbers::Floats).map_err(|fault| fault.0);
        Ok(map_or_error(data, "error unmarshaling JSON: while decoding JSON: "))
    }),
    typed("fromYamlArray", &[String], None, |_, v| {
        let data = yaml::read(bytes(&v[0]), Numbers::Floats).map_err(|fault| fault.0);
        Ok(list_or_error(data, "error unmarshaling JSON: while decoding JSON: "))
    }),
    typed("toJson", &[Any], None, |session, v| swallowed(session, json::write(&v[0], true, false))),
    typed("mustToJson", &[Any], None, |session, v| told(session, json::write(&v[0], true, false))),
    typed("toPrettyJson", &[Any], None, |session, v| {
        swallowed(session, json::write(&v[0], true, true))
    }),
    typed("mustToPrettyJson", &[Any], None, |session, v| {
        told(session, json::write(&v[0], true, true))
    }),
    typed("toRawJson", &[Any], None, |session, v| told(session, json::write(&v[0], false, false))),
    typed("mustToRawJson", &[Any], None, |session, v| {
        told(session, json::write(&v[0], false, false))
    }),
    typed("fromJson", &[String], None, |_, v| {
        Ok(match json::read(bytes(&v[0])) {
            Ok(Data::Null) => Value::Map(Map::new(MapKind::NilAny)),
            data => map_or_error(data, ""),
        })
    }),
    typed("fromJsonArray", &[String], None, |_, v| {
        Ok(match json::read(bytes(&v[0])) {
            Ok(Data::Null) => Value::typed_list(ListKind::NilAny, Vec::new()),
            data => list_or_error(data, ""),
        })
    }),
    any("mustFromJson", &[String], None, |_, v| match json::read(bytes(&v[0]))? {
        Data::Float(value) if !value.is_finite() => {
            let shown = lossy(&v[0]).trim().to_owned();
            let message = "into Go value of type float64";
            Err(format!("json: cannot unmarshal number {shown} {message}").into())
        }
        data => Ok(Value::from(&data)),
    }),
];

/// What cannot be written is empty.
fn swallowed(session: &mut Session, text: Result<Vec<u8>, std::string::String>) -> Outcome {
    match text {
        Err(fault) if fault != TOO_LARGE => Ok(Value::string("")),
        text => told(session, text),
    }
}

fn told(session: &mut Session, text: Result<Vec<u8>, std::string::String>) -> Outcome {
    let text = text.map_err(|fault| match fault.as_str() {
        TOO_LARGE => Failure::Budget("output"),
        _ => Failure::Message(fault),
    })?;
    session.spend(text.len())?;
    Ok(Value::string(text.strip_suffix(b"\n").unwrap_or(&text)))
}

fn kind(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "bool",
        Data::Integer(_) | Data::Float(_) => "number",
        Data::String(_) => "string",
        Data::List(_) => "array",
        Data::Map(_) => "object",
    }
}

/// Helm answers with a map in any case; a fault is its entry `Error`.
fn map_or_error(data: Result<Data, std::string::String>, prefix: &str) -> Value {
    let fault = match data {
        Ok(data @ Data::Map(_)) => return Value::from(&data),
        // JSON's null leaves a nil map.
        Ok(Data::Null) => return Value::Map(Map::new(MapKind::Any)),
        Ok(other) => format!(
            "{prefix}json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            kind(&other)
        ),
        Err(fault) => fault,
    };
    let map = Map::new(MapKind::Any);
    map.set(b"Error"[..].into(), Value::string(fault));
    Value::Map(map)
}

fn list_or_error(data: Result<Data, std::string::String>, prefix: &str) -> Value {
    let fault = match data {
        Ok(data @ Data::List(_)) => return Value::from(&data),
        Ok(Data::Null) => return Value::list(Vec::new()),
        Ok(other) => format!(
            "{prefix}json: cannot unmarshal {} into Go value of type []interface {{}}",
            kind(&other)
        ),
        Err(fault) => fault,
    };
    Value::list(vec![Value::string(fault)])
}
