//! Splitting rendered files into objects and sorting them.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::bytes::Regex;

use super::{
    hook::{Hook, Role, role},
    order::{INSTALL_ORDER, compare},
};
use crate::{
    value::Data,
    yaml::{self, Numbers},
};

/// An object of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The template it came from.
    pub path: String,
    /// Its text.
    pub text: Vec<u8>,
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
}

/// A rendered file that is no YAML.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("YAML parse error on {path}: {message}")]
pub struct ManifestError {
    /// The template.
    pub path: String,
    /// Go's text.
    pub message: String,
}

impl ManifestError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        "look at the rendered file for wrong indentation or unquoted values, and correct the template or the values"
    }
}

static SEPARATOR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)(?:^|[\t\n\f\r ]*\n)---[\t\n\f\r ]*").ok());

/// The documents of a text, blank ones left out. The separator takes the white space around it, as in Helm 4.2.
pub fn split_manifests(text: &[u8]) -> Vec<Vec<u8>> {
    let shown = trimmed_start(text);
    let Some(separator) = &*SEPARATOR else { return vec![shown.to_vec()] };
    separator
        .split(shown)
        .filter(|part| !is_blank(part))
        .map(|part| trimmed_start(part).to_vec())
        .collect()
}

fn trimmed_start(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_start().as_bytes(),
        Err(_) => text.trim_ascii_start(),
    }
}

fn is_blank(text: &[u8]) -> bool {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().is_empty(),
        Err(_) => text.trim_ascii().is_empty(),
    }
}

/// What Helm reads of an object.
struct Head {
    api_version: String,
    kind: String,
    name: String,
    annotations: BTreeMap<String, String>,
}

fn text(data: Option<&Data>, path: &str) -> Result<String, String> {
    let refused = |kind: &str| {
        Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go struct field \
             SimpleHead.{path} of type string"
        ))
    };
    Ok(match data {
        None | Some(Data::Null) => String::new(),
        Some(Data::String(text)) => String::from_utf8_lossy(text).into_owned(),
        Some(Data::Bool(value)) => value.to_string(),
        Some(Data::Integer(value)) => value.to_string(),
        Some(Data::Float(value)) => crate::format::float_shortest(*value, 6),
        Some(Data::List(_)) => return refused("array"),
        Some(Data::Map(_)) => return refused("object"),
    })
}

/// Go's JSON takes any spelling of a field's case.
fn field<'a>(data: &'a Data, name: &str) -> Option<&'a Data> {
    let map = data.as_map()?;
    let found = map.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
    found.map(|(_, value)| value)
}

fn head(document: &[u8]) -> Result<Head, String> {
    let data = yaml::read(document, Numbers::Exact).map_err(|fault| fault.0)?;
    let wrong = |kind: &str, into: &str| {
        Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go {into}"
        ))
    };
    let kind_of = |data: &Data| match data {
        Data::List(_) => "array",
        Data::String(_) => "string",
        Data::Bool(_) => "bool",
        Data::Map(_) => "object",
        _ => "number",
    };
    if !matches!(data, Data::Map(_) | Data::Null) {
        return wrong(kind_of(&data), "value of type util.SimpleHead");
    }
    let mut annotations = BTreeMap::new();
    let mut name = String::new();
    match field(&data, "metadata") {
        None | Some(Data::Null) => {}
        Some(metadata @ Data::Map(_)) => {
            name = text(field(metadata, "name"), "metadata.name")?;
            match field(metadata, "annotations") {
                None | Some(Data::Null) => {}
                Some(Data::Map(map)) => {
                    for (key, value) in map {
                        let value = text(Some(value), "metadata.annotations")?;
                        annotations.insert(String::from_utf8_lossy(key).into_owned(), value);
                    }
                }
                Some(other) => {
                    return wrong(
                        kind_of(other),
                        "struct field SimpleHead.metadata.annotations of type map[string]string",
                    );
                }
            }
        }
        Some(other) => {
            return wrong(kind_of(other), "struct field SimpleHead.metadata of type struct");
        }
    }
    Ok(Head {
        api_version: text(field(&data, "apiVersion"), "apiVersion")?,
        kind: text(field(&data, "kind"), "kind")?,
        name,
        annotations,
    })
}

/// Objects and hooks of all files, in install order; notes, partials and blank files are passed over.
///
/// # Errors
/// The first file, in the order of paths, that is no YAML object.
pub fn sort_manifests(
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<(Vec<Manifest>, Vec<Hook>), ManifestError> {
    let (mut manifests, mut hooks) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let base = path.rsplit('/').next().unwrap_or(path);
        if path.ends_with("NOTES.txt") || base.starts_with('_') || is_blank(content) {
            continue;
        }
        for document in split_manifests(content) {
            let head =
                head(&document).map_err(|message| ManifestError { path: path.clone(), message })?;
            match role(&head.annotations, &head.name, &head.kind, path, &document) {
                Role::Object => manifests.push(Manifest {
                    path: path.clone(),
                    text: document,
                    api_version: head.api_version,
                    kind: head.kind,
                    name: head.name,
                }),
                Role::Hook(hook) => hooks.push(hook),
                Role::Unknown => {}
            }
        }
    }
    manifests.sort_by(|left, right| compare(&left.kind, &right.kind, INSTALL_ORDER));
    hooks.sort_by(|left, right| compare(&left.kind, &right.kind, INSTALL_ORDER));
    Ok((manifests, hooks))
}
