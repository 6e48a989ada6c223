//! The provider's block of the file, and how to connect with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use infra_event::{Diagnostic, ExitCode};
use infra_plan::Secret;
use infra_provider::http::{Authorization, HttpClient, HttpOptions};
use infra_spec::model::ProviderBlock;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::client::Client;
use crate::error::explain;
use crate::provider::DigitalOcean;

/// Environment variables that hold the token, in the order in which they are looked at.
const TOKEN_VARIABLES: [&str; 2] = ["DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN"];
const ENDPOINT: &str = "https://api.digitalocean.com";

/// `providers: { digitalocean: ... }`: how to reach DigitalOcean, and where to put things.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Region of clusters, registries and reserved IPs, such as `ams3`.
    pub region: String,
    /// Personal access token; the variable DIGITALOCEAN_ACCESS_TOKEN if absent. Write `${env:NAME}`, not the token itself.
    #[schemars(with = "Option<String>")]
    #[serde(default)]
    pub token: Option<infra_spec::Secret>,
    /// Root of the API, for other programs that speak it; `https://api.digitalocean.com` if absent.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// PEM file with a certificate authority to trust besides the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Where to reach the image registry instead of `https://registry.digitalocean.com`.
    #[serde(default)]
    pub registry_endpoint: Option<String>,
}

/// What a rehearsal puts in the place of the real cloud.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// Root of the emulated API.
    pub endpoint: String,
    /// A token that it takes.
    pub token: String,
    /// Root of the emulated registry.
    pub registry_endpoint: String,
}

/// Makes a provider from a block of the file; nothing is sent yet. In a rehearsal no variable of the environment is read.
///
/// # Errors
/// All that is wrong with the block, and a missing token.
pub fn connect(
    block: &ProviderBlock,
    rehearsal: Option<Rehearsal>,
) -> Result<Arc<DigitalOcean>, Vec<Diagnostic>> {
    let mut config: Config =
        block.decode().map_err(|errors| errors.iter().map(Diagnostic::from).collect::<Vec<_>>())?;
    let token = match rehearsal {
        Some(rehearsal) => {
            config.endpoint = Some(rehearsal.endpoint);
            config.registry_endpoint = Some(rehearsal.registry_endpoint);
            config.ca_file = None;
            Secret::new(rehearsal.token)
        }
        None => token(&config).ok_or_else(|| vec![missing_token(&block.name)])?,
    };
    let endpoint = config.endpoint.as_deref().unwrap_or(ENDPOINT);
    let endpoint: Url = endpoint.parse().map_err(|_| {
        let summary = format!("`{endpoint}` is not a URL");
        vec![
            Diagnostic::error("invalid-endpoint", summary)
                .set("write it as https://HOST")
                .exit(ExitCode::Invalid),
        ]
    })?;
    let http = HttpClient::new(HttpOptions {
        endpoint,
        authorization: Authorization::Bearer(token),
        ca_file: config.ca_file.clone(),
        user_agent: concat!("infra/", env!("CARGO_PKG_VERSION")).to_owned(),
        explain: Arc::new(explain),
        timeout: Duration::from_secs(40),
    });
    Ok(Arc::new(DigitalOcean::new(Client::new(http), config)))
}

fn token(config: &Config) -> Option<Secret> {
    let given = config.token.as_ref().map(|token| token.expose().to_owned());
    let variable = || TOKEN_VARIABLES.iter().find_map(|name| std::env::var(name).ok());
    given
        .or_else(variable)
        .map(|token| token.trim().to_owned())
        .filter(|token| !token.is_empty())
        .map(Secret::new)
}

fn missing_token(instance: &str) -> Diagnostic {
    Diagnostic::error("unauthenticated", format!("there is no token for the provider `{instance}`"))
        .set("set DIGITALOCEAN_ACCESS_TOKEN, or write `token: ${env:NAME}` into the provider's block")
        .run("infra up --rehearse")
        .exit(ExitCode::Credentials)
}
