//! The registry of served resources and the lookups into it.

use std::sync::Arc;

use serde_json::Value;

use super::builtin;
use crate::kubernetes::machinery::crd::CustomResource;
use crate::kubernetes::machinery::schema::Schema;

/// Group, version and kind of an object; the core group is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupVersionKind {
    /// API group, empty for core.
    pub group: String,
    /// Version such as `v1`.
    pub version: String,
    /// Kind such as `Pod`.
    pub kind: String,
}

impl GroupVersionKind {
    /// From three texts.
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// A part of an object with a path of its own, such as `status` or `scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subresource {
    /// Name such as `status`.
    pub name: String,
    /// What its path takes and gives.
    pub kind: GroupVersionKind,
    /// Verbs of discovery.
    pub verbs: Vec<String>,
}

/// One served resource of one version.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Group, version and kind of its objects.
    pub kind: GroupVersionKind,
    /// Kind of its list.
    pub list_kind: String,
    /// Plural name in paths.
    pub plural: String,
    /// Singular name.
    pub singular: String,
    /// Short names of kubectl.
    pub short_names: Vec<String>,
    /// Categories such as `all`.
    pub categories: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Verbs of discovery (`create`, `delete`, `deletecollection`, `get`, `list`, `patch`, `update`, `watch`).
    pub verbs: Vec<String>,
    /// Parts with paths of their own.
    pub subresources: Vec<Subresource>,
    /// Shape of the objects.
    pub schema: Arc<Schema>,
    /// The definition, for custom kinds.
    pub custom: Option<Arc<CustomResource>>,
}

impl Resource {
    /// Whether a verb is served.
    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|own| own == verb)
    }

    /// The subresource of a name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|own| own.name == name)
    }

    /// Text for the `Warning` header of every request to a deprecated resource.
    pub fn deprecation(&self) -> Option<String> {
        if let Some(custom) = &self.custom {
            return custom.deprecation(&self.kind);
        }
        (self.kind.group.is_empty() && self.kind.kind == "Endpoints").then(|| {
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()
        })
    }

    /// Whether `status` is written by a path of its own.
    pub fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }
}

/// All that is served.
#[derive(Debug, Clone, Default)]
pub struct Scheme {
    resources: Vec<Arc<Resource>>,
}

impl Scheme {
    /// The built-in resources.
    pub fn new() -> Self {
        Self { resources: builtin::resources() }
    }

    /// All resources in the order of discovery.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.iter()
    }

    /// The resource at a path.
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|own| {
            own.kind.group == group && own.kind.version == version && own.plural == plural
        })
    }

    /// The resource of a kind.
    pub fn of_kind(&self, kind: &GroupVersionKind) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|own| own.kind == *kind)
    }

    /// Whether any resource of the group and version is served.
    pub fn has_version(&self, group: &str, version: &str) -> bool {
        self.resources.iter().any(|own| own.kind.group == group && own.kind.version == version)
    }

    /// Serves the versions of an established CustomResourceDefinition, in place of what it served before.
    pub fn add_custom(&mut self, definition: &Value) {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        self.remove_custom(name);
        self.resources.extend(CustomResource::resources(definition).into_iter().map(Arc::new));
    }

    /// Stops serving the kinds of the CustomResourceDefinition of that name (`plural.group`).
    pub fn remove_custom(&mut self, name: &str) {
        self.resources.retain(|own| {
            own.custom.is_none() || format!("{}.{}", own.plural, own.kind.group) != name
        });
    }
}
