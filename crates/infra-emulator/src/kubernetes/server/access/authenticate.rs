//! From the credentials of a request to an identity, and from one identity to another by impersonation.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Attributes;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::http::Peer;
use crate::kubernetes::server::security::Identity;

/// Who sends a request; nothing without any credential.
///
/// # Errors
/// 401 for a credential that is not (or no longer) good.
pub(in crate::kubernetes::server) fn authenticate(
    api: &Api,
    headers: &HeaderMap,
    peer: &Peer,
) -> Result<Option<Identity>, Status> {
    if let Some(identity) = &peer.certificate {
        return Ok(Some(identity.clone()));
    }
    let Some(header) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")))
        .map(str::trim)
        .ok_or_else(Status::unauthorized)?;
    identity_of_token(api, token).map(Some).ok_or_else(Status::unauthorized)
}

/// Whose token this is.
pub(super) fn identity_of_token(api: &Api, token: &str) -> Option<Identity> {
    if let Some(identity) = api.tokens.identity(token) {
        return Some(identity);
    }
    let subject = api.account_tokens.subject(token)?;
    let account = api.object("serviceaccounts", &subject.namespace, &subject.name)?;
    (account["metadata"]["uid"] == *subject.uid)
        .then(|| Identity::service_account(&subject.namespace, &subject.name, &subject.uid))
}

/// The identity that a request asks to act as, if its sender may.
///
/// # Errors
/// 403 if it may not, 500 for impersonation headers without a user.
pub(in crate::kubernetes::server) fn impersonated(
    api: &Api,
    headers: &HeaderMap,
    identity: Identity,
) -> Result<Identity, Status> {
    let all = |name: &str| -> Vec<String> {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect()
    };
    let user = all("impersonate-user").into_iter().next().unwrap_or_default();
    let groups = all("impersonate-group");
    let uid = all("impersonate-uid").into_iter().next().unwrap_or_default();
    if user.is_empty() {
        if groups.is_empty() && uid.is_empty() {
            return Ok(identity);
        }
        return Err(Status::internal(
            "requested [...] without impersonating a user name; send Impersonate-User too",
        ));
    }
    let may = |resource: &str, group: &str, namespace: &str, name: &str| {
        let attributes = Attributes {
            verb: "impersonate".into(),
            group: group.into(),
            resource: resource.into(),
            namespace: namespace.into(),
            name: name.into(),
            ..Attributes::default()
        };
        api.authorize(&identity, &attributes)
    };
    let account = user
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'))
        .map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    match &account {
        Some((namespace, name)) => may("serviceaccounts", "", namespace, name)?,
        None => may("users", "", "", &user)?,
    }
    for group in &groups {
        may("groups", "", "", group)?;
    }
    if !uid.is_empty() {
        may("uids", "authentication.k8s.io", "", &uid)?;
    }
    let mut acting = match (&account, groups.is_empty()) {
        (Some((namespace, name)), true) => Identity::service_account(namespace, name, ""),
        _ => Identity::new(user, groups),
    };
    acting.uid = uid;
    for (header, value) in headers {
        if let Some(key) = header.as_str().strip_prefix("impersonate-extra-")
            && let Ok(value) = value.to_str()
        {
            may(&format!("userextras/{key}"), "authentication.k8s.io", "", value)?;
            acting.extra.entry(key.to_owned()).or_default().push(value.to_owned());
        }
    }
    Ok(acting)
}
