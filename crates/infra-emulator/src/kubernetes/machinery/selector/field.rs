//! Field selectors of queries.

use serde_json::Value;

use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;

/// A parsed field selector: fields that must all be equal (or not) to a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    field: String,
    equal: bool,
    value: String,
}

impl FieldSelector {
    /// From the text of a query (`metadata.name=a,status.phase!=Running`), for the fields that the kind supports.
    ///
    /// # Errors
    /// 400 with the parser's text.
    pub fn parse(text: &str, resource: &Resource) -> Result<Self, Status> {
        let mut requirements = Vec::new();
        for term in terms(text).into_iter().filter(|term| !term.is_empty()) {
            let (field, equal, value) = split(&term).ok_or_else(|| {
                Status::bad_request(format!(
                    "invalid selector: '{text}'; can't understand '{term}'"
                ))
            })?;
            let field = canonical(&field);
            if !is_supported(resource, &field) {
                return Err(Status::bad_request(format!(
                    "Unable to find {:?} that match label selector \"\", field selector {text:?}: field label not supported: {field}",
                    kind_text(resource)
                )));
            }
            requirements.push(Requirement { field, equal, value });
        }
        Ok(Self { requirements })
    }

    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The name that objects must have, if the selector says so.
    pub fn name(&self) -> Option<&str> {
        self.requirements
            .iter()
            .find(|own| own.equal && own.field == "metadata.name")
            .map(|own| own.value.as_str())
    }

    /// Whether an object matches.
    pub fn matches(&self, object: &Value) -> bool {
        self.requirements.iter().all(|own| (value_of(object, &own.field) == own.value) == own.equal)
    }
}

fn kind_text(resource: &Resource) -> String {
    let kind = &resource.kind;
    if kind.group.is_empty() {
        format!("/{}, Resource={}", kind.version, resource.plural)
    } else {
        format!("{}/{}, Resource={}", kind.group, kind.version, resource.plural)
    }
}

/// Terms between commas; a backslash keeps the character after it.
fn terms(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

fn split(term: &str) -> Option<(String, bool, String)> {
    for (symbol, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((field, value)) = term.split_once(symbol) {
            let value = value.replace("\\,", ",").replace("\\=", "=").replace("\\\\", "\\");
            return Some((field.to_owned(), equal, value));
        }
    }
    None
}

/// Old names of fields.
fn canonical(field: &str) -> String {
    match field {
        "spec.host" => "spec.nodeName".to_owned(),
        other => other.to_owned(),
    }
}

fn is_supported(resource: &Resource, field: &str) -> bool {
    if field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced) {
        return true;
    }
    if let Some(custom) = &resource.custom {
        return custom.selectable_fields().iter().any(|own| own == field);
    }
    let fields: &[&str] = match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Namespace") => &["status.phase"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("", "ReplicationController") | ("apps", "ReplicaSet") => &["status.replicas"],
        ("batch", "Job") => &["status.successful"],
        ("certificates.k8s.io", _) => &["spec.signerName"],
        ("", "Event") | ("events.k8s.io", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    };
    fields.contains(&field)
}

fn value_of(object: &Value, field: &str) -> String {
    let path = match field {
        "source" => "source.component",
        "status.successful" => "status.succeeded",
        other => other.trim_start_matches('.'),
    };
    let found = path.split('.').try_fold(object, |value, key| value.get(key));
    match (found, field) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(Value::Null) | None, "spec.hostNetwork" | "spec.unschedulable") => "false".into(),
        (Some(Value::Null) | None, "status.replicas" | "status.successful") => "0".into(),
        (Some(Value::Null) | None, _) => String::new(),
        (Some(other), _) => other.to_string(),
    }
}
