//! YAML 1.1 as go-yaml v2 and `sigs.k8s.io/yaml` read and write it, and the second emitter (v3) behind `toYamlPretty`.

mod decode;
mod document;
mod emit;
mod order;
mod parse;
mod reader;
mod resolve;
mod scalar;
mod scan;
mod style;
mod tag;
mod token;
mod write;

pub(crate) use decode::{Numbers, read};
pub(crate) use document::split_documents;

pub(crate) use write::{write, write_data, write_pretty};
