//! [`DigitalOcean`]: the provider, as the rest of the program sees it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use futures::FutureExt;
use futures::future::BoxFuture;
use infra_event::Diagnostic;
use infra_plan::{Address, Node, Ownership, Plan, Record, Secret};
use infra_provider::{
    Capabilities, ClusterAccess, Context, Credential, ErrorKind, ExpandRequest, Findings, Provider,
    ProviderError, RegistryLogin, Resource, Survey,
};

use crate::api::kubernetes::Credentials;
use crate::client::Client;
use crate::config::Config;
use crate::kinds::{address, address_binding, cluster, node_pool, registry, registry_integration};
use crate::{expand, leftovers, preflight, survey};

/// How long credentials of a cluster live that a run asks for.
const ACCESS_SECONDS: u64 = 12 * 3600;
/// How long a login for pushing images lives.
const PUSH_SECONDS: u64 = 2 * 3600;
/// How many calls run at a time: 250 a minute are allowed.
const PARALLEL: usize = 8;

/// One instance of the provider.
pub struct DigitalOcean {
    client: Client,
    config: Config,
    capabilities: Capabilities,
}

impl DigitalOcean {
    pub(crate) fn new(client: Client, config: Config) -> Self {
        let capabilities = Capabilities {
            provider: crate::TYPE,
            kinds: vec![
                &cluster::KIND,
                &node_pool::KIND,
                &registry::KIND,
                &registry_integration::KIND,
                &address::KIND,
                &address_binding::KIND,
            ],
            parallel: PARALLEL,
            address: Some(("a reserved IP", &["node"])),
            address_moves: true,
            lists_leftovers: true,
        };
        Self { client, config, capabilities }
    }

    async fn access(
        &self,
        context: &Context,
        cluster: &Address,
        id: &str,
    ) -> Result<ClusterAccess, ProviderError> {
        let credentials = self.client.credentials(context, id, ACCESS_SECONDS).await?;
        let decoded =
            |field: &Option<String>| match field.as_deref().filter(|text| !text.is_empty()) {
                Some(text) => decode_pem(text).map(Some),
                None => Ok(None),
            };
        let credential = match (&credentials.token, decoded(&credentials.client_certificate_data)?)
        {
            (Some(token), _) if !token.is_empty() => Credential::Token(Secret::new(token.clone())),
            (_, Some(certificate)) => {
                let key = decoded(&credentials.client_key_data)?.unwrap_or_default();
                Credential::Certificate { certificate, key: Secret::new(key) }
            }
            _ => return Err(malformed("neither a token nor a certificate")),
        };
        Ok(ClusterAccess {
            cluster: cluster.clone(),
            server: credentials.server.clone(),
            server_name: None,
            certificate_authority: decoded(&credentials.certificate_authority_data)?,
            credential,
            expires: expiry(&credentials),
        })
    }

    async fn login(
        &self,
        context: &Context,
        name: &str,
        write: bool,
    ) -> Result<RegistryLogin, ProviderError> {
        let operation = "read a login to the registry";
        let seconds = if write { PUSH_SECONDS } else { 0 };
        let config = self.client.docker_credentials(context, name, write, seconds).await?;
        let unexpected =
            |message: &str| ProviderError::new(ErrorKind::Unexpected, operation, message);
        let (host, auth) =
            config.auths.into_iter().next().ok_or_else(|| unexpected("no login came"))?;
        let pair = base64::engine::general_purpose::STANDARD
            .decode(auth.auth)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| unexpected("the login is not base64"))?;
        let (username, password) =
            pair.split_once(':').ok_or_else(|| unexpected("the login is no pair"))?;
        Ok(RegistryLogin {
            host,
            path: name.to_owned(),
            endpoint: self.config.registry_endpoint.clone(),
            username: username.to_owned(),
            password: Secret::new(password.to_owned()),
            expires: write.then(|| infra_clock::wall_now() + Duration::from_secs(PUSH_SECONDS)),
        })
    }
}

fn expiry(credentials: &Credentials) -> Option<SystemTime> {
    let timestamp: jiff::Timestamp = credentials.expires_at.as_deref()?.parse().ok()?;
    Some(timestamp.into())
}

fn decode_pem(text: &str) -> Result<String, ProviderError> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    bytes
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| malformed("data that is not base64"))
}

fn malformed(what: &str) -> ProviderError {
    ProviderError::new(
        ErrorKind::Unexpected,
        "read the cluster's credentials",
        format!("the answer holds {what}"),
    )
}

impl Provider for DigitalOcean {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn survey<'call>(
        &'call self,
        context: &'call Context,
    ) -> BoxFuture<'call, Result<Survey, ProviderError>> {
        survey::read(&self.client, context, &self.config.region).boxed()
    }

    fn expand(&self, request: &ExpandRequest<'_>) -> Result<Vec<Node>, Vec<Diagnostic>> {
        expand::expand(request, &self.config)
    }

    fn resource(&self, kind: &str) -> Option<Arc<dyn Resource>> {
        let client = self.client.clone();
        Some(match kind {
            "cluster" => Arc::new(cluster::ClusterResource { client }),
            "node_pool" => Arc::new(node_pool::NodePoolResource { client }),
            "registry" => Arc::new(registry::RegistryResource { client }),
            "registry_integration" => {
                Arc::new(registry_integration::RegistryIntegrationResource { client })
            }
            "address" => Arc::new(address::AddressResource { client }),
            "address_binding" => Arc::new(address_binding::AddressBindingResource { client }),
            _ => return None,
        })
    }

    fn preflight(&self, plan: &Plan, survey: &Survey) -> Vec<Diagnostic> {
        preflight::check(plan, survey)
    }

    fn cluster_access<'call>(
        &'call self,
        context: &'call Context,
        cluster: &'call Address,
        id: &'call str,
    ) -> BoxFuture<'call, Result<ClusterAccess, ProviderError>> {
        self.access(context, cluster, id).boxed()
    }

    fn registry_login<'call>(
        &'call self,
        context: &'call Context,
        id: &'call str,
        write: bool,
    ) -> BoxFuture<'call, Result<RegistryLogin, ProviderError>> {
        self.login(context, id, write).boxed()
    }

    fn tidy<'call>(
        &'call self,
        context: &'call Context,
        marker_prefix: &'call str,
        known: &'call [Record],
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        let clusters = known.iter().filter(|record| {
            record.kind == cluster::KIND.name && record.ownership == Ownership::Owned
        });
        let clouds: Vec<_> = clusters.map(|record| format!("k8s:{}", record.id)).collect();
        let ours =
            move |tag: &str| tag.starts_with(marker_prefix) || clouds.iter().any(|one| one == tag);
        self.client.tidy_tags(context, ours).boxed()
    }

    fn leftovers<'call>(
        &'call self,
        context: &'call Context,
        marker_prefix: &'call str,
        known: &'call [Record],
    ) -> BoxFuture<'call, Result<Findings, ProviderError>> {
        leftovers::list(&self.client, context, marker_prefix, known).boxed()
    }
}
