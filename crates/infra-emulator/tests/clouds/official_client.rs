//! The registry with the client library that many Rust programs use: login by challenge, both forms of upload, pull.

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use serde_json::json;

use crate::client::{Served, run};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

fn client(monolithic: bool) -> Client {
    Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        use_monolithic_push: monolithic,
        ..ClientConfig::default()
    })
}

#[test]
fn images_go_up_in_chunks_and_at_once_and_come_down_the_same() {
    run(async {
        let world = Served::new().await;
        let body = json!({ "name": "images", "subscription_tier_slug": "basic" });
        world.lasting_post("/v2/registries", body).await;
        let host = world.emulator.endpoints().registry.unwrap().host;
        let auth = RegistryAuth::Basic(world.token.clone(), world.token.clone());
        let layer: Vec<u8> = (0..9_u32 << 18).flat_map(u32::to_le_bytes).collect();
        for (monolithic, tag) in [(false, "chunks"), (true, "whole")] {
            let name: Reference = format!("{host}/images/team/app:{tag}").parse().unwrap();
            let layers = vec![ImageLayer::new(layer.clone(), LAYER.to_owned(), None)];
            let config = Config::oci_v1(b"{}".to_vec(), None);
            let pushed =
                client(monolithic).push(&name, &layers, config, &auth, None).await.unwrap();
            assert!(pushed.manifest_url.contains("/images/team/app/"), "{}", pushed.manifest_url);
            let pulled = client(true).pull(&name, &auth, vec![LAYER]).await.unwrap();
            assert_eq!(pulled.layers.len(), 1);
            assert!(pulled.layers[0].data == layer, "the layer came back changed");
        }
        let name: Reference = format!("{host}/images/team/app:chunks").parse().unwrap();
        let tags = client(true).list_tags(&name, &auth, None, None).await.unwrap();
        assert_eq!(tags.tags, ["chunks", "whole"]);
        let nobody = RegistryAuth::Basic("no".into(), "body".into());
        assert!(client(true).pull(&name, &nobody, vec![LAYER]).await.is_err());
        let absent: Reference = format!("{host}/images/team/app:absent").parse().unwrap();
        assert!(client(true).pull_manifest(&absent, &auth).await.is_err());
    });
}
