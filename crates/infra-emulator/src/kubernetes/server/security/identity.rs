//! [`Identity`]: who sends a request, as authentication found it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The group of everybody who is authenticated.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";
/// The group that may do everything.
pub(crate) const MASTERS: &str = "system:masters";

/// A user as the API server sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// User name.
    pub name: String,
    /// Unique id, where the authenticator has one.
    #[serde(default)]
    pub uid: String,
    /// Groups, `system:authenticated` included.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Further attributes.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Identity {
    /// A user with groups; everybody but the anonymous user is in `system:authenticated` as well.
    pub fn new(name: impl Into<String>, groups: impl IntoIterator<Item = String>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().collect();
        if !groups.iter().any(|group| group == AUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Self { name: name.into(), groups, ..Self::default() }
    }

    /// Who sends no credential at all.
    pub fn anonymous() -> Self {
        Self {
            name: "system:anonymous".into(),
            groups: vec!["system:unauthenticated".into()],
            ..Self::default()
        }
    }

    /// The identity of one of the cluster's own components.
    pub fn component(name: &str) -> Self {
        Self::new(name, [MASTERS.to_owned()])
    }

    /// The identity that a service account's token carries.
    pub fn service_account(namespace: &str, name: &str, uid: &str) -> Self {
        let groups =
            ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        let mut identity = Self::new(format!("system:serviceaccount:{namespace}:{name}"), groups);
        identity.uid = uid.to_owned();
        identity
    }

    /// The identity in a client certificate: the common name is the user, organizations are the groups.
    pub fn from_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let subject = certificate.subject();
        let name = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
        let groups = subject
            .iter_organization()
            .filter_map(|value| value.as_str().ok().map(str::to_owned))
            .collect::<Vec<_>>();
        Some(Self::new(name, groups))
    }

    /// Whether the user is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|of| of == group)
    }
}
