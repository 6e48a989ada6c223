//! Which representation of an object a client accepts.

use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::table::IncludeObject;
use crate::kubernetes::server::http::parameter;

/// How an answer is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kubernetes::server) enum Representation {
    /// The objects themselves.
    Object,
    /// `meta.k8s.io/v1 Table`.
    Table(IncludeObject),
    /// `PartialObjectMetadata`, or a list of it.
    Metadata,
}

/// The first of the accepted types that can be given.
///
/// # Errors
/// 406 if there is none.
pub(in crate::kubernetes::server) fn negotiate(
    accept: Option<&str>,
    query: &[(String, String)],
) -> Result<Representation, Status> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Ok(Representation::Object);
    };
    let include = match parameter(query, "includeObject") {
        Some("None") => IncludeObject::None,
        Some("Object") => IncludeObject::Object,
        _ => IncludeObject::Metadata,
    };
    for clause in accept.split(',') {
        let mut parts = clause.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        if !matches!(media, "application/json" | "application/*" | "*/*" | "application/yaml") {
            continue;
        }
        let target = parts.find_map(|part| part.strip_prefix("as="));
        match target {
            None => return Ok(Representation::Object),
            Some("Table") => return Ok(Representation::Table(include)),
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") => {
                return Ok(Representation::Metadata);
            }
            Some(_) => {}
        }
    }
    Err(Status::not_acceptable(
        "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor",
    ))
}
