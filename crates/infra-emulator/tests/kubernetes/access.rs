//! Tokens, roles, quotas.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::harness::{Client, World, run};

const CORE: &str = "/api/v1/namespaces/default";

#[test]
fn tokens_work_until_they_expire_or_are_revoked() {
    run(async {
        let world = World::new().await;
        let (cluster, clock) = (&world.cluster, &world.clock);
        let nobody = Client::of(cluster, "", clock);
        assert_eq!(nobody.get("/healthz").await.0, 200);
        assert_eq!(nobody.get("/api/v1/namespaces").await.0, 401);
        let later = SystemTime::now() + Duration::from_secs(3600);
        let before = SystemTime::now() - Duration::from_secs(1);
        cluster.add_token("good", "cloud", &["system:masters"], Some(later)).unwrap();
        cluster.add_token("old", "cloud", &["system:masters"], Some(before)).unwrap();
        let good = Client::of(cluster, "good", clock);
        assert_eq!(good.get("/api/v1/namespaces").await.0, 200);
        assert_eq!(Client::of(cluster, "old", clock).get("/api/v1/namespaces").await.0, 401);
        assert!(cluster.revoke_token("good").unwrap());
        assert_eq!(good.get("/api/v1/namespaces").await.0, 401);
    });
}

#[test]
fn a_service_account_may_do_what_its_role_says() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.until(&format!("{CORE}/serviceaccounts/default"), |code, _| code == 200).await;
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {},
        });
        let path = format!("{CORE}/serviceaccounts/default/token");
        let token = client.create(&path, request).await;
        let token = token["status"]["token"].as_str().unwrap().to_owned();
        let account = Client::of(&world.cluster, &token, &world.clock);
        let (code, refusal) = account.get(&format!("{CORE}/configmaps")).await;
        assert_eq!(code, 403);
        assert_eq!(
            refusal["message"],
            "configmaps is forbidden: User \"system:serviceaccount:default:default\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\""
        );
        let binding = json!({
            "metadata": {"name": "view"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}],
        });
        client
            .create("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", binding)
            .await;
        assert_eq!(account.get(&format!("{CORE}/configmaps")).await.0, 200);
        assert_eq!(account.get(&format!("{CORE}/secrets")).await.0, 403);
        assert_eq!(account.get("/api/v1/namespaces/kube-system/configmaps").await.0, 403);
    });
}

#[test]
fn a_full_quota_refuses_and_says_what_is_used() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        let quota = json!({"metadata": {"name": "small"}, "spec": {"hard": {"pods": "1"}}});
        client.create(&format!("{CORE}/resourcequotas"), quota).await;
        client.until(&format!("{CORE}/serviceaccounts/default"), |code, _| code == 200).await;
        let pod = |name: &str| {
            json!({"metadata": {"name": name}, "spec": {
                "containers": [{"name": "main", "image": "nginx"}],
            }})
        };
        client.create(&format!("{CORE}/pods"), pod("one")).await;
        let body = Some(("application/json", pod("two").to_string()));
        let (code, refusal) = client.send("POST", &format!("{CORE}/pods"), body).await;
        assert_eq!(code, 403);
        assert_eq!(
            refusal["message"],
            "pods \"two\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1"
        );
        client
            .until(&format!("{CORE}/resourcequotas/small"), |_, it| {
                it["status"]["used"]["pods"] == "1"
            })
            .await;
    });
}
