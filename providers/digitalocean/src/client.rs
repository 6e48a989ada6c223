//! One function per API call; no policy. Paths and answers follow the official OpenAPI description.

mod network;
mod registry;

use http::Method;
use infra_provider::http::{Call, HttpClient, Reply};
use infra_provider::{Context, ErrorKind, ProviderError};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::api::account::{Account, AccountEnvelope, Links, Size, Tag, Vpc};
use crate::api::kubernetes::{
    Associated, Cluster, ClusterEnvelope, Credentials, NodePool, NodePoolEnvelope,
    NodePoolsEnvelope, Options, OptionsEnvelope, StatusMessages,
};

type Result<T> = std::result::Result<T, ProviderError>;

/// The largest page that the API gives.
const PAGE: u32 = 200;
/// More pages than this are a fault of the other side.
const MOST_PAGES: u32 = 500;

/// The calls of the DigitalOcean API that this provider makes.
#[derive(Clone)]
pub(crate) struct Client {
    http: HttpClient,
}

impl Client {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    async fn send(&self, context: &Context, call: Call) -> Result<Reply> {
        self.http.send(context, &call).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        context: &Context,
        path: &str,
        operation: &str,
    ) -> Result<T> {
        self.send(context, Call::new(Method::GET, path, operation)).await?.json()
    }

    /// Like `get`, with `None` for 404.
    async fn find<T: DeserializeOwned>(
        &self,
        context: &Context,
        path: &str,
        operation: &str,
    ) -> Result<Option<T>> {
        match self.get(context, path, operation).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes; what is not there is deleted (rule P-03).
    async fn remove(&self, context: &Context, call: Call) -> Result<()> {
        match self.send(context, call).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// All pages of a list (rule P-08). Of a next link only the page number is taken: the host stays ours.
    async fn list<T: DeserializeOwned>(
        &self,
        context: &Context,
        path: &str,
        key: &str,
    ) -> Result<Vec<T>> {
        let operation = format!("list {}", key.replace('_', " "));
        let mut all = Vec::new();
        let mut page = 1;
        loop {
            let call = Call::new(Method::GET, path, &operation)
                .query("per_page", PAGE)
                .query("page", page);
            let mut body: serde_json::Map<String, Json> = self.send(context, call).await?.json()?;
            let form = |error: serde_json::Error| {
                let message = "the answer does not have the expected form";
                ProviderError::new(ErrorKind::Unexpected, &operation, message).source(error)
            };
            let items = body
                .remove(key)
                .filter(|items| !items.is_null())
                .unwrap_or_else(|| Json::Array(Vec::new()));
            let items: Vec<T> = serde_json::from_value(items).map_err(form)?;
            all.extend(items);
            let links = body.remove("links").filter(|links| !links.is_null());
            let links: Links =
                links.map(serde_json::from_value).transpose().map_err(form)?.unwrap_or_default();
            match links.pages.and_then(|pages| pages.next).and_then(|next| next_page(&next)) {
                Some(next) if next > page && next <= MOST_PAGES => page = next,
                _ => return Ok(all),
            }
        }
    }

    pub(crate) async fn account(&self, context: &Context) -> Result<Account> {
        let envelope: AccountEnvelope =
            self.get(context, "/v2/account", "read the account").await?;
        Ok(envelope.account)
    }

    pub(crate) async fn sizes(&self, context: &Context) -> Result<Vec<Size>> {
        self.list(context, "/v2/sizes", "sizes").await
    }

    pub(crate) async fn vpcs(&self, context: &Context) -> Result<Vec<Vpc>> {
        self.list(context, "/v2/vpcs", "vpcs").await
    }

    pub(crate) async fn tags(&self, context: &Context) -> Result<Vec<Tag>> {
        self.list(context, "/v2/tags", "tags").await
    }

    pub(crate) async fn delete_tag(&self, context: &Context, name: &str) -> Result<()> {
        let path = format!("/v2/tags/{}", segment(name));
        self.remove(context, Call::new(Method::DELETE, path, "delete the tag")).await
    }

    /// Deletes the tags that nothing bears any more and that `ours` tells to be of something that is gone. Tags outlive what bore them.
    pub(crate) async fn tidy_tags(
        &self,
        context: &Context,
        ours: impl Fn(&str) -> bool,
    ) -> Result<()> {
        for tag in self.tags(context).await? {
            if tag.resources.count == 0 && ours(&tag.name) {
                self.delete_tag(context, &tag.name).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn options(&self, context: &Context) -> Result<Options> {
        let path = "/v2/kubernetes/options";
        let envelope: OptionsEnvelope =
            self.get(context, path, "read the Kubernetes options").await?;
        Ok(envelope.options)
    }

    pub(crate) async fn clusters(&self, context: &Context) -> Result<Vec<Cluster>> {
        self.list(context, "/v2/kubernetes/clusters", "kubernetes_clusters").await
    }

    pub(crate) async fn cluster(&self, context: &Context, id: &str) -> Result<Option<Cluster>> {
        let envelope: Option<ClusterEnvelope> =
            self.find(context, &cluster_path(id, ""), "read the cluster").await?;
        Ok(envelope.map(|envelope| envelope.kubernetes_cluster))
    }

    pub(crate) async fn create_cluster(&self, context: &Context, body: Json) -> Result<Cluster> {
        let call =
            Call::new(Method::POST, "/v2/kubernetes/clusters", "create the cluster").body(body);
        let envelope: ClusterEnvelope = self.send(context, call).await?.json()?;
        Ok(envelope.kubernetes_cluster)
    }

    pub(crate) async fn update_cluster(
        &self,
        context: &Context,
        id: &str,
        body: Json,
    ) -> Result<Cluster> {
        let call = Call::new(Method::PUT, cluster_path(id, ""), "change the cluster").body(body);
        let envelope: ClusterEnvelope = self.send(context, call).await?.json()?;
        Ok(envelope.kubernetes_cluster)
    }

    pub(crate) async fn upgrade_cluster(
        &self,
        context: &Context,
        id: &str,
        version: &str,
    ) -> Result<()> {
        // Asking twice for one version upgrades once.
        let call = Call::new(Method::POST, cluster_path(id, "/upgrade"), "upgrade the cluster")
            .body(serde_json::json!({ "version": version }))
            .idempotent();
        self.send(context, call).await.map(|_| ())
    }

    pub(crate) async fn status_messages(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<StatusMessages> {
        self.get(context, &cluster_path(id, "/status_messages"), "read the status messages").await
    }

    pub(crate) async fn credentials(
        &self,
        context: &Context,
        id: &str,
        seconds: u64,
    ) -> Result<Credentials> {
        let call = Call::new(
            Method::GET,
            cluster_path(id, "/credentials"),
            "read the cluster's credentials",
        )
        .query("expiry_seconds", seconds);
        self.send(context, call).await?.json()
    }

    pub(crate) async fn associated(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<Option<Associated>> {
        let path = cluster_path(id, "/destroy_with_associated_resources");
        self.find(context, &path, "list what the cluster made in the cloud").await
    }

    pub(crate) async fn destroy_cluster(
        &self,
        context: &Context,
        id: &str,
        body: Json,
    ) -> Result<()> {
        let path = cluster_path(id, "/destroy_with_associated_resources/selective");
        self.remove(context, Call::new(Method::DELETE, path, "delete the cluster").body(body)).await
    }

    pub(crate) async fn node_pools(
        &self,
        context: &Context,
        cluster: &str,
    ) -> Result<Vec<NodePool>> {
        let path = cluster_path(cluster, "/node_pools");
        let envelope: Option<NodePoolsEnvelope> =
            self.find(context, &path, "list the node pools").await?;
        Ok(envelope.map(|envelope| envelope.node_pools).unwrap_or_default())
    }

    pub(crate) async fn node_pool(
        &self,
        context: &Context,
        cluster: &str,
        id: &str,
    ) -> Result<Option<NodePool>> {
        let path = pool_path(cluster, id);
        let envelope: Option<NodePoolEnvelope> =
            self.find(context, &path, "read the node pool").await?;
        Ok(envelope.map(|envelope| envelope.node_pool))
    }

    pub(crate) async fn create_node_pool(
        &self,
        context: &Context,
        cluster: &str,
        body: Json,
    ) -> Result<NodePool> {
        let path = cluster_path(cluster, "/node_pools");
        let call = Call::new(Method::POST, path, "create the node pool").body(body);
        let envelope: NodePoolEnvelope = self.send(context, call).await?.json()?;
        Ok(envelope.node_pool)
    }

    pub(crate) async fn update_node_pool(
        &self,
        context: &Context,
        cluster: &str,
        id: &str,
        body: Json,
    ) -> Result<NodePool> {
        let call =
            Call::new(Method::PUT, pool_path(cluster, id), "change the node pool").body(body);
        let envelope: NodePoolEnvelope = self.send(context, call).await?.json()?;
        Ok(envelope.node_pool)
    }

    pub(crate) async fn delete_node_pool(
        &self,
        context: &Context,
        cluster: &str,
        id: &str,
    ) -> Result<()> {
        self.remove(
            context,
            Call::new(Method::DELETE, pool_path(cluster, id), "delete the node pool"),
        )
        .await
    }
}

fn cluster_path(id: &str, rest: &str) -> String {
    format!("/v2/kubernetes/clusters/{}{rest}", segment(id))
}

fn pool_path(cluster: &str, id: &str) -> String {
    format!("/v2/kubernetes/clusters/{}/node_pools/{}", segment(cluster), segment(id))
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn next_page(link: &str) -> Option<u32> {
    let query = link.split_once('?')?.1;
    let pages = url::form_urlencoded::parse(query.as_bytes());
    pages.filter(|(name, _)| name == "page").find_map(|(_, value)| value.parse().ok())
}
