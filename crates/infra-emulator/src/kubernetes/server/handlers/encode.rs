//! Writing objects and lists in the representation that was asked for.

use std::sync::Arc;

use axum::body::Body;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::table::{self, IncludeObject};
use crate::kubernetes::server::api::now;
use crate::kubernetes::server::http::Representation;
use crate::kubernetes::server::registry::presented;

/// One object as an answer shows it.
pub(super) fn object(resource: &Resource, object: &Value, how: Representation) -> Value {
    let seen = presented(resource, object);
    match how {
        Representation::Object => seen.into_owned(),
        Representation::Metadata => table::partial_metadata(&seen),
        Representation::Table(include) => {
            let version = &object["metadata"]["resourceVersion"];
            let metadata = serde_json::json!({"resourceVersion": version});
            rows(resource, &[seen.into_owned()], &metadata, include)
        }
    }
}

fn rows(resource: &Resource, objects: &[Value], metadata: &Value, include: IncludeObject) -> Value {
    table::table(resource, objects, metadata, now(), include)
}

/// A list as an answer shows it.
pub(super) fn list(
    resource: &Resource,
    objects: &[Arc<Value>],
    metadata: &Value,
    how: Representation,
) -> Response<Body> {
    let text = match how {
        Representation::Object => serde_json::to_vec(&List { resource, objects, metadata }),
        Representation::Metadata => {
            let items: Vec<Value> = objects
                .iter()
                .map(|object| table::partial_metadata(&presented(resource, object)))
                .collect();
            serde_json::to_vec(&serde_json::json!({
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "items": items,
            }))
        }
        Representation::Table(include) => {
            let objects: Vec<Value> =
                objects.iter().map(|object| presented(resource, object).into_owned()).collect();
            serde_json::to_vec(&rows(resource, &objects, metadata, include))
        }
    };
    let mut response = Response::new(Body::from(text.unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A list that is written from the stored objects without copying them.
struct List<'a> {
    resource: &'a Resource,
    objects: &'a [Arc<Value>],
    metadata: &'a Value,
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", &self.resource.list_kind)?;
        map.serialize_entry("apiVersion", &self.resource.kind.api_version())?;
        map.serialize_entry("metadata", self.metadata)?;
        map.serialize_entry("items", &Items { resource: self.resource, objects: self.objects })?;
        map.end()
    }
}

struct Items<'a> {
    resource: &'a Resource,
    objects: &'a [Arc<Value>],
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.objects.len()))?;
        for object in self.objects {
            let seen = presented(self.resource, object);
            if self.resource.custom.is_some() {
                sequence.serialize_element(&*seen)?;
            } else {
                sequence.serialize_element(&Item(&seen))?;
            }
        }
        sequence.end()
    }
}

/// Items of lists of built-in kinds carry neither kind nor version.
struct Item<'a>(&'a Value);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(fields) = self.0.as_object() else { return self.0.serialize(serializer) };
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in fields {
            if key != "kind" && key != "apiVersion" {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}
