//! Who asks for what: the parts of a request that matter behind HTTP.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::write::{FieldValidation, Options};
use crate::kubernetes::server::api::{now, storage_name};
use crate::kubernetes::server::security::Identity;
use crate::kubernetes::server::store::Key;

/// What a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The resource, in the version of the request.
    pub(crate) resource: Arc<Resource>,
    /// Namespace, or empty.
    pub(crate) namespace: String,
    /// Name, or empty.
    pub(crate) name: String,
    /// Subresource, or empty.
    pub(crate) subresource: String,
}

impl Target {
    /// The object itself.
    pub(crate) fn object(resource: Arc<Resource>, namespace: &str, name: &str) -> Self {
        let namespace = if resource.namespaced { namespace } else { "" };
        Self {
            resource,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: String::new(),
        }
    }

    /// The same object's subresource.
    pub(crate) fn sub(&self, subresource: &str) -> Self {
        Self { subresource: subresource.to_owned(), ..self.clone() }
    }

    /// The storage key of the object of this name.
    pub(crate) fn key(&self, name: &str) -> Key {
        Key::new(&storage_name(&self.resource), &self.namespace, name)
    }

    /// 404 for the object.
    pub(crate) fn not_found(&self) -> Status {
        Status::not_found(&self.resource.kind.group, &self.resource.plural, &self.name)
    }

    /// 403 for the object, with a cause.
    pub(crate) fn forbidden(&self, name: &str, cause: &str) -> Status {
        Status::forbidden(&self.resource.kind.group, &self.resource.plural, name, cause)
    }

    /// 409 of a lost optimistic lock.
    pub(crate) fn modified(&self) -> Status {
        Status::modified(&self.resource.kind.group, &self.resource.plural, &self.name)
    }

    /// Whether it is a core resource of this plural name.
    pub(crate) fn is_core(&self, plural: &str) -> bool {
        self.resource.kind.group.is_empty() && self.resource.plural == plural
    }
}

/// Who asks, and how.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The user.
    pub(crate) identity: Identity,
    /// Field manager.
    pub(crate) manager: String,
    /// Whether nothing is to be stored.
    pub(crate) dry_run: bool,
    /// What happens to unknown fields.
    pub(crate) field_validation: FieldValidation,
    /// `force` of server-side apply.
    pub(crate) force: bool,
}

impl Caller {
    /// One of the cluster's own components.
    pub(crate) fn component(user: &str, manager: &str) -> Self {
        Self {
            identity: Identity::component(user),
            manager: manager.to_owned(),
            dry_run: false,
            field_validation: FieldValidation::Ignore,
            force: true,
        }
    }

    /// The options of a write of a target.
    pub(crate) fn options(&self, target: &Target) -> Options {
        Options {
            subresource: target.subresource.clone(),
            namespace: target.namespace.clone(),
            name: target.name.clone(),
            manager: self.manager.clone(),
            field_validation: self.field_validation,
            force: self.force,
            now: now(),
        }
    }

    /// The time of a write.
    pub(crate) fn now(&self) -> Timestamp {
        now()
    }
}

/// What a write left.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The object as stored (or as it would be, in a dry run).
    pub(crate) object: Arc<Value>,
    /// Whether it is new.
    pub(crate) created: bool,
    /// Texts for the `Warning` header.
    pub(crate) warnings: Vec<String>,
}
