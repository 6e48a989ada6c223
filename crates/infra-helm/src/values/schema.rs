//! JSON schemas of a chart and the charts inside it.

use serde_json::Value as Json;

use super::fault;
use crate::{
    chart::{Chart, ChartError},
    value::Data,
};

/// Plain data as serde's JSON; whole floats as whole numbers, which they are to a schema.
pub(crate) fn to_json(data: &Data) -> Json {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::Bool(*value),
        Data::Integer(value) => Json::from(*value),
        #[allow(clippy::cast_possible_truncation)]
        Data::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
            Json::from(*value as i64)
        }
        Data::Float(value) => Json::from(*value),
        Data::String(text) => Json::String(String::from_utf8_lossy(text).into_owned()),
        Data::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Data::Map(map) => Json::Object(
            map.iter()
                .map(|(key, item)| (String::from_utf8_lossy(key).into_owned(), to_json(item)))
                .collect(),
        ),
    })
}

/// Holds values against the schemas of a chart and those inside it.
///
/// # Errors
/// The faults of every chart, each under its name. A reference that would need the network is one.
pub(crate) fn validate(chart: &Chart, values: &Data) -> Result<(), ChartError> {
    let mut text = String::new();
    collect(chart, values, &mut text);
    if text.is_empty() { Ok(()) } else { Err(ChartError::Schema(text)) }
}

fn collect(chart: &Chart, values: &Data, text: &mut String) {
    if let Some(schema) = &chart.schema
        && let Err(message) = one(schema, values)
    {
        text.push_str(&format!("{}:\n{message}", chart.name()));
    }
    for inner in &chart.dependencies {
        match values.get(inner.name()) {
            None | Some(Data::Null) => {}
            Some(own @ Data::Map(_)) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || collect(inner, own, text));
            }
            Some(other) => {
                let kind = crate::value::Value::from(other).type_name().to_owned();
                text.push_str(&format!(
                    "{}:\ninvalid type for values: expected object (map), got {kind}\n",
                    inner.name()
                ));
            }
        }
    }
}

fn one(schema: &[u8], values: &Data) -> Result<(), String> {
    let schema: Json = serde_json::from_slice(schema).map_err(|fault| fault.to_string())?;
    let validator = jsonschema::options()
        .with_retriever(NoNetwork)
        .build(&schema)
        .map_err(|fault| fault.to_string())?;
    let values = to_json(values);
    let lines = fault::lines(validator.iter_errors(&values));
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}

/// Nothing is fetched: references must lie in the schema. A name (`urn:`) allows everything, as Helm has it.
struct NoNetwork;

impl jsonschema::Retrieve for NoNetwork {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" {
            return Ok(Json::Bool(true));
        }
        Err(format!("{uri} is not part of the chart; schemas are not fetched").into())
    }
}
