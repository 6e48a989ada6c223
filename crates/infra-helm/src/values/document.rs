//! A values file: its documents, one over the other.

use std::collections::BTreeMap;

use super::merge::merge_maps;
use crate::{
    value::Data,
    yaml::{self, Numbers},
};

/// The map of a values file; later documents are merged over earlier ones.
///
/// # Errors
/// Helm's text.
pub(crate) fn read(text: &[u8]) -> Result<Data, String> {
    let mut values = Data::Map(BTreeMap::new());
    for part in yaml::split_documents(text) {
        let wrong = |message: String| Err(format!("cannot unmarshal yaml document: {message}"));
        match yaml::read(&part, Numbers::Floats) {
            Ok(Data::Null) => {}
            Ok(document @ Data::Map(_)) => values = merge_maps(values, document),
            Ok(other) => {
                let kind = match other {
                    Data::List(_) => "array",
                    Data::String(_) => "string",
                    Data::Bool(_) => "bool",
                    _ => "number",
                };
                return wrong(format!(
                    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of \
                     type map[string]interface {{}}"
                ));
            }
            Err(fault) => return wrong(fault.0),
        }
    }
    Ok(values)
}
