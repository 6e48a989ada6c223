//! [`Contexts`]: from a kubeconfig's context to [`ClusterAccess`].
//!
//! Follows "Organizing Cluster Access Using kubeconfig Files" of the Kubernetes documentation: several files in `$KUBECONFIG` are merged,
//! missing ones are skipped, data wins over files, a token over a token file. TLS is always verified, so that contexts that ask to skip
//! that are refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use infra_plan::{Address, Secret};
use infra_provider::{ClusterAccess, Credential, ErrorKind, ProviderError};
use kube::config::{AuthInfo, Cluster, Kubeconfig, NamedContext};
use secrecy::ExposeSecret;

use crate::execute;

const OPERATION: &str = "read the kubeconfig";
/// How long a token from a file is used before the file is read again, as others rotate it.
const TOKEN_FILE_SECONDS: u64 = 600;

/// Where the kubeconfig is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The files of `$KUBECONFIG`, else `~/.kube/config`.
    Usual,
    /// One file.
    File(PathBuf),
}

/// Which context leads to which cluster.
#[derive(Clone, Debug)]
pub(crate) struct Contexts {
    pub(crate) place: Place,
    /// The context of clusters that name none; the current one if absent.
    pub(crate) usual: Option<String>,
    pub(crate) by_cluster: BTreeMap<Address, String>,
}

impl Contexts {
    /// The name of the context of a cluster, and access by it. Reads the files anew each time.
    pub(crate) async fn access(
        &self,
        cluster: &Address,
    ) -> Result<(String, ClusterAccess), ProviderError> {
        let config = self.read()?;
        let named = self.by_cluster.get(cluster).or(self.usual.as_ref());
        let current = config.current_context.as_ref().filter(|name| !name.is_empty());
        let Some(name) = named.or(current) else {
            return Err(wrong("it has no current context".to_owned()).set(format!(
                "name one with `context:` in the provider's block: {}",
                names(&config.contexts)
            )));
        };
        let context = config.contexts.iter().find(|context| context.name == *name);
        let Some(context) = context.and_then(|context| context.context.clone()) else {
            return Err(wrong(format!("it has no context `{name}`"))
                .set(format!("choose one of {}", names(&config.contexts))));
        };
        let missing = |what: &str, missing: &str| {
            wrong(format!("the context `{name}` names the {what} `{missing}`, which is not there"))
                .set("correct the kubeconfig")
        };
        let target = config.clusters.iter().find(|one| one.name == context.cluster);
        let target = target
            .and_then(|one| one.cluster.clone())
            .ok_or_else(|| missing("cluster", &context.cluster))?;
        let user = match context.user.as_deref().filter(|user| !user.is_empty()) {
            None => AuthInfo::default(),
            Some(user) => {
                let found = config.auth_infos.iter().find(|one| one.name == user);
                found.and_then(|one| one.auth_info.clone()).ok_or_else(|| missing("user", user))?
            }
        };
        let access = access(cluster, name, &target, &user).await?;
        Ok((name.clone(), access))
    }

    fn read(&self) -> Result<Kubeconfig, ProviderError> {
        let files = match &self.place {
            Place::File(path) => vec![path.clone()],
            Place::Usual => usual_files()?,
        };
        let mut whole: Option<Kubeconfig> = None;
        for path in &files {
            // Of a list some may be missing.
            if files.len() > 1 && !path.exists() {
                continue;
            }
            let read = Kubeconfig::read_from(path).map_err(|error| unreadable(path, error))?;
            whole = Some(match whole {
                None => read,
                Some(before) => before.merge(read).map_err(|error| unreadable(path, error))?,
            });
        }
        whole.ok_or_else(|| {
            wrong("none of the files in $KUBECONFIG is there".to_owned()).set(
                "correct the variable, or name the file with `kubeconfig:` in the provider's block",
            )
        })
    }
}

fn usual_files() -> Result<Vec<PathBuf>, ProviderError> {
    if let Some(listed) = std::env::var_os("KUBECONFIG") {
        let listed: Vec<PathBuf> =
            std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
        if !listed.is_empty() {
            return Ok(listed);
        }
    }
    let home = std::env::home_dir().ok_or_else(|| {
        wrong("there is no home folder in which it would be".to_owned())
            .set("name the file with `kubeconfig:` in the provider's block")
    })?;
    Ok(vec![home.join(".kube").join("config")])
}

fn names(contexts: &[NamedContext]) -> String {
    let names: Vec<&str> = contexts.iter().map(|context| context.name.as_str()).collect();
    if names.is_empty() { "it has none".to_owned() } else { names.join(", ") }
}

fn wrong(message: String) -> ProviderError {
    ProviderError::new(ErrorKind::Unauthenticated, OPERATION, message)
}

fn unreadable(path: &Path, error: kube::config::KubeconfigError) -> ProviderError {
    // Errors of the parser quote the file, which holds credentials.
    let why = match &error {
        kube::config::KubeconfigError::ReadConfig(error, _) => error.to_string(),
        _ => "it is no kubeconfig".to_owned(),
    };
    wrong(format!("{}: {why}", path.display())).set(
        "name another file with `kubeconfig:` in the provider's block, or in $KUBECONFIG; `kubectl config view` shows what kubectl reads",
    )
}

async fn access(
    address: &Address,
    name: &str,
    cluster: &Cluster,
    user: &AuthInfo,
) -> Result<ClusterAccess, ProviderError> {
    let refused = |what: &str, next: &str| {
        Err(wrong(format!("the context `{name}` {what}")).set(next.to_owned()))
    };
    let Some(server) = cluster.server.clone() else {
        return refused("names no server", "correct the kubeconfig");
    };
    if cluster.insecure_skip_tls_verify == Some(true) {
        return refused(
            "asks not to verify the server's certificate",
            "put the authority's certificate into `certificate-authority-data`, and remove `insecure-skip-tls-verify`",
        );
    }
    if !server.starts_with("https://") {
        return refused("reaches its server without TLS", "use the server's https:// address");
    }
    if cluster.proxy_url.as_deref().is_some_and(|proxy| !proxy.is_empty()) {
        return refused(
            "goes through a proxy, which is not supported",
            "use a way without `proxy-url`",
        );
    }
    if user.impersonate.is_some() {
        return refused(
            "impersonates another user, which is not supported",
            "use a context of that user",
        );
    }
    let certificate_authority = text(
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    )?;
    let (credential, expires) = credential(name, cluster, user).await?;
    Ok(ClusterAccess {
        cluster: address.clone(),
        server,
        server_name: cluster.tls_server_name.clone().filter(|name| !name.is_empty()),
        certificate_authority,
        credential,
        expires,
    })
}

/// In the order in which kubectl looks.
async fn credential(
    name: &str,
    cluster: &Cluster,
    user: &AuthInfo,
) -> Result<(Credential, Option<std::time::SystemTime>), ProviderError> {
    if let Some(token) =
        user.token.as_ref().map(ExposeSecret::expose_secret).filter(|it| !it.is_empty())
    {
        return Ok((Credential::Token(Secret::new(token.to_owned())), None));
    }
    if let Some(path) = &user.token_file {
        let token = read_file(path)?.trim().to_owned();
        let expires = infra_clock::wall_now() + std::time::Duration::from_secs(TOKEN_FILE_SECONDS);
        return Ok((Credential::Token(Secret::new(token)), Some(expires)));
    }
    let key_data = user.client_key_data.as_ref().map(ExposeSecret::expose_secret);
    let certificate =
        text(user.client_certificate_data.as_deref(), user.client_certificate.as_deref())?;
    let key = text(key_data, user.client_key.as_deref())?;
    if let (Some(certificate), Some(key)) = (certificate, key) {
        return Ok((Credential::Certificate { certificate, key: Secret::new(key) }, None));
    }
    if let Some(exec) = &user.exec {
        return execute::credential(exec, cluster).await;
    }
    let what = if user.username.is_some() {
        "has a user name and a password, which no supported Kubernetes takes"
    } else if user.auth_provider.is_some() {
        "has an `auth-provider`, which kubectl has given up as well"
    } else {
        "has no credential"
    };
    Err(wrong(format!("the context `{name}` {what}"))
        .set("give its user a token, a client certificate, or an `exec` plugin"))
}

/// What a field holds in base64, or else the content of the file that it names.
fn text(data: Option<&str>, path: Option<&str>) -> Result<Option<String>, ProviderError> {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        return text.map(Some).ok_or_else(|| {
            wrong("a certificate or key in it is not base64 of PEM".to_owned())
                .set("correct the kubeconfig")
        });
    }
    path.filter(|path| !path.is_empty()).map(read_file).transpose()
}

fn read_file(path: &str) -> Result<String, ProviderError> {
    std::fs::read_to_string(path).map_err(|error| {
        wrong(format!("{path}, which it names, cannot be read: {error}"))
            .set("check the path and its permissions")
    })
}
