//! What a user gives: values files and the `--set` family, in Helm's order.

use std::collections::BTreeMap;

use super::{
    document,
    literal::set_literal,
    merge::merge_maps,
    set::{Reading, set},
};
use crate::{chart::ChartError, json, value::Data};

/// A source of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// A values file: its name for messages, and its text.
    File(String, Vec<u8>),
    /// `--set-json`: `key=json,...`, or one JSON object.
    Json(String),
    /// `--set`: `key=value,...` with booleans, whole numbers and `null`.
    Set(String),
    /// `--set-string`: the same, all values text.
    SetString(String),
    /// `--set-file`: the values name files.
    SetFile(String),
    /// `--set-literal`: one key, the rest as it is.
    SetLiteral(String),
}

impl ValueSource {
    /// Helm's order, whatever the order on the command line: files, JSON, set, strings, files' contents, literals.
    fn rank(&self) -> u8 {
        match self {
            Self::File(..) => 0,
            Self::Json(_) => 1,
            Self::Set(_) => 2,
            Self::SetString(_) => 3,
            Self::SetFile(_) => 4,
            Self::SetLiteral(_) => 5,
        }
    }
}

/// Reads a values file: a map, or the merge of several documents.
///
/// # Errors
/// The text is no YAML, or no map; Helm's text.
pub fn read_values(text: &[u8]) -> Result<Data, ChartError> {
    document::read(text).map_err(ChartError::Values)
}

/// All sources over each other. `read_file` gives the content of a file that `--set-file` names.
///
/// # Errors
/// A source cannot be parsed, or a file not be read; Helm's text.
pub fn merge_sources(
    sources: &[ValueSource],
    read_file: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Data, ChartError> {
    let mut ordered: Vec<&ValueSource> = sources.iter().collect();
    ordered.sort_by_key(|source| source.rank());
    let mut values = Data::Map(BTreeMap::new());
    for source in ordered {
        values = add(values, source, read_file).map_err(ChartError::Values)?;
    }
    Ok(values)
}

fn add(
    values: Data,
    source: &ValueSource,
    read_file: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Data, String> {
    let Data::Map(mut map) = values else { return Ok(values) };
    match source {
        ValueSource::File(name, text) => {
            let read =
                document::read(text).map_err(|fault| format!("failed to parse {name}: {fault}"))?;
            return Ok(merge_maps(Data::Map(map), read));
        }
        ValueSource::Json(text) if text.trim().starts_with('{') => {
            return match json::read(text.trim().as_bytes()) {
                Ok(object @ Data::Map(_)) => Ok(merge_maps(Data::Map(map), object)),
                _ => Err(format!("failed parsing --set-json data JSON: {text}")),
            };
        }
        ValueSource::Json(text) => set(text, &mut map, &Reading::Json)
            .map_err(|_| format!("failed parsing --set-json data {text}"))?,
        ValueSource::Set(text) => set(text, &mut map, &Reading::Typed)
            .map_err(|fault| format!("failed parsing --set data: {fault}"))?,
        ValueSource::SetString(text) => set(text, &mut map, &Reading::Text)
            .map_err(|fault| format!("failed parsing --set-string data: {fault}"))?,
        ValueSource::SetFile(text) => set(text, &mut map, &Reading::File(read_file))
            .map_err(|fault| format!("failed parsing --set-file data: {fault}"))?,
        ValueSource::SetLiteral(text) => set_literal(text, &mut map)
            .map_err(|fault| format!("failed parsing --set-literal data: {fault}"))?,
    }
    Ok(Data::Map(map))
}
