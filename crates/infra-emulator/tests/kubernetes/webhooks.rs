//! Admission webhooks of Services that are absent, not ready or there.

use serde_json::{Value, json};

use crate::harness::{World, deployment, run};

const HOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn hook(policy: &str) -> Value {
    json!({"metadata": {"name": "check"}, "webhooks": [{
        "name": "check.example.org",
        "clientConfig": {"service": {"name": "check", "namespace": "default"}},
        "failurePolicy": policy,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [{
            "operations": ["CREATE"],
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "resources": ["configmaps"],
        }],
    }]})
}

#[test]
fn a_webhook_blocks_until_its_pods_are_ready() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.create(HOOKS, hook("Fail")).await;
        let map = Some(("application/json", json!({"metadata": {"name": "a"}}).to_string()));
        let (code, refusal) = client.send("POST", MAPS, map.clone()).await;
        assert_eq!(code, 500);
        let message = refusal["message"].as_str().unwrap();
        assert!(message.ends_with("service \"check\" not found"), "{message}");
        let service = json!({"metadata": {"name": "check"}, "spec": {
            "selector": {"app": "check"}, "ports": [{"port": 443}],
        }});
        client.create("/api/v1/namespaces/default/services", service).await;
        let (_, refusal) = client.send("POST", MAPS, map.clone()).await;
        let message = refusal["message"].as_str().unwrap();
        assert!(message.contains("no endpoints available for service"), "{message}");
        let deployments = "/apis/apps/v1/namespaces/default/deployments";
        client.create(deployments, deployment("check", 1)).await;
        client
            .until("/api/v1/namespaces/default/endpoints/check", |_, it| {
                it["subsets"][0]["addresses"][0].is_object()
            })
            .await;
        assert_eq!(client.send("POST", MAPS, map).await.0, 201);
    });
}
