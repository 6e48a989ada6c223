//! Queries: parsing, and the options that lists and watches have in common.

use serde_json::Value;

use super::dispatch::Call;
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::selector::{FieldSelector, LabelSelector};
use crate::kubernetes::machinery::status::{Cause, Status};

/// Names and values of a query.
pub(super) fn query_of(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// Label and field selector of a list, a watch or a deletion.
pub(super) struct Selection {
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
}

impl Selection {
    /// From the query of a call.
    ///
    /// # Errors
    /// 400 for what cannot be parsed.
    pub(super) fn of(call: &Call, resource: &Resource, name: &str) -> Result<Self, Status> {
        let given = |key: &str| call.parameter(key).filter(|text| !text.is_empty());
        let labels = given("labelSelector").map(LabelSelector::parse).transpose()?;
        let mut fields =
            given("fieldSelector").map(|text| FieldSelector::parse(text, resource)).transpose()?;
        if !name.is_empty() && fields.is_none() {
            fields = Some(FieldSelector::parse(&format!("metadata.name={name}"), resource)?);
        }
        Ok(Self { labels, fields })
    }

    /// Whether anything is selected at all.
    pub(super) fn is_everything(&self) -> bool {
        self.labels.is_none() && self.fields.is_none()
    }

    /// Whether an object is selected.
    pub(super) fn selects(&self, object: &Value) -> bool {
        self.labels.as_ref().is_none_or(|labels| labels.matches(object))
            && self.fields.as_ref().is_none_or(|fields| fields.matches(object))
    }
}

/// A number in a query.
///
/// # Errors
/// 400 if it is none.
pub(super) fn number(call: &Call, name: &str) -> Result<Option<u64>, Status> {
    let Some(text) = call.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
    })
}

/// 422 for options of a list or a watch that do not go together.
pub(super) fn invalid_options(field: &str, message: &str) -> Status {
    let cause = Cause {
        reason: "FieldValueForbidden".into(),
        field: field.into(),
        message: message.into(),
    };
    Status::invalid("meta.k8s.io", "ListOptions", "", &[cause])
}
