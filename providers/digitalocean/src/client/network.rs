//! Reserved IPs, load balancers, volumes.

use http::Method;
use infra_provider::Context;
use infra_provider::http::Call;
use serde_json::json;

use super::{Client, Result, segment};
use crate::api::network::{LoadBalancer, ReservedIp, ReservedIpEnvelope, Volume};

impl Client {
    pub(crate) async fn reserved_ips(&self, context: &Context) -> Result<Vec<ReservedIp>> {
        self.list(context, "/v2/reserved_ips", "reserved_ips").await
    }

    pub(crate) async fn reserved_ip(
        &self,
        context: &Context,
        ip: &str,
    ) -> Result<Option<ReservedIp>> {
        let path = format!("/v2/reserved_ips/{}", segment(ip));
        let envelope: Option<ReservedIpEnvelope> =
            self.find(context, &path, "read the reserved IP").await?;
        Ok(envelope.map(|envelope| envelope.reserved_ip))
    }

    pub(crate) async fn create_reserved_ip(
        &self,
        context: &Context,
        region: &str,
    ) -> Result<ReservedIp> {
        let call = Call::new(Method::POST, "/v2/reserved_ips", "reserve an IP")
            .body(json!({ "region": region }));
        let envelope: ReservedIpEnvelope = self.send(context, call).await?.json()?;
        Ok(envelope.reserved_ip)
    }

    pub(crate) async fn assign_reserved_ip(
        &self,
        context: &Context,
        ip: &str,
        droplet: u64,
    ) -> Result<()> {
        let path = format!("/v2/reserved_ips/{}/actions", segment(ip));
        // Assigning twice to one Droplet assigns once.
        let call = Call::new(Method::POST, path, "assign the reserved IP")
            .body(json!({ "type": "assign", "droplet_id": droplet }))
            .idempotent();
        self.send(context, call).await.map(|_| ())
    }

    pub(crate) async fn unassign_reserved_ip(&self, context: &Context, ip: &str) -> Result<()> {
        let path = format!("/v2/reserved_ips/{}/actions", segment(ip));
        let call = Call::new(Method::POST, path, "unassign the reserved IP")
            .body(json!({ "type": "unassign" }))
            .idempotent();
        self.remove(context, call).await
    }

    pub(crate) async fn delete_reserved_ip(&self, context: &Context, ip: &str) -> Result<()> {
        let path = format!("/v2/reserved_ips/{}", segment(ip));
        self.remove(context, Call::new(Method::DELETE, path, "release the reserved IP")).await
    }

    pub(crate) async fn load_balancers(&self, context: &Context) -> Result<Vec<LoadBalancer>> {
        self.list(context, "/v2/load_balancers", "load_balancers").await
    }

    pub(crate) async fn volumes(&self, context: &Context) -> Result<Vec<Volume>> {
        self.list(context, "/v2/volumes", "volumes").await
    }
}
