//! Scheduling and the loss of nodes.

use serde_json::{Value, json};

use crate::harness::{World, deployment, run};

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn nodes_of(pods: &Value) -> Vec<String> {
    pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pod| pod["metadata"].get("deletionTimestamp").is_none())
        .map(|pod| pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn what_fits_nowhere_says_why_and_runs_once_there_is_room() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        let pod = json!({"metadata": {"name": "big"}, "spec": {
            "nodeSelector": {"kubernetes.io/hostname": "node-9"},
            "containers": [{"name": "main", "image": "nginx"}],
        }});
        client.create(PODS, pod).await;
        let path = format!("{PODS}/big");
        let pending = client
            .until(&path, |_, it| it["status"]["conditions"][0]["reason"] == "Unschedulable")
            .await;
        assert_eq!(
            pending["status"]["conditions"][0]["message"],
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
        );
        world.cluster.add_node(crate::harness::node(9)).await.unwrap();
        client.until(&path, |_, it| it["status"]["phase"] == "Running").await;
    });
}

#[test]
fn pods_of_a_removed_node_are_made_anew_elsewhere() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.create(DEPLOYMENTS, deployment("web", 3)).await;
        let path = format!("{DEPLOYMENTS}/web");
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 3).await;
        world.cluster.remove_node("node-2").await.unwrap();
        client
            .until(PODS, |_, it| {
                let nodes = nodes_of(it);
                nodes.len() == 3
                    && !nodes.contains(&"node-2".into())
                    && !nodes.contains(&String::new())
            })
            .await;
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 3).await;
        assert!(world.cluster.remove_node("node-2").await.is_err());
    });
}

#[test]
fn a_silent_node_keeps_its_pods_for_five_minutes() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.create(DEPLOYMENTS, deployment("web", 3)).await;
        let path = format!("{DEPLOYMENTS}/web");
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 3).await;
        let before = world.clock.now();
        world.cluster.set_node_ready("node-1", false).await.unwrap();
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 2).await;
        client
            .until(PODS, |_, it| {
                let nodes = nodes_of(it);
                nodes.len() == 3 && !nodes.contains(&"node-1".into())
            })
            .await;
        assert!(world.clock.now().since(before).as_secs() >= 300);
        let node = client.get("/api/v1/nodes/node-1").await.1;
        assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/unreachable");
        world.cluster.set_node_ready("node-1", true).await.unwrap();
        client.until("/api/v1/nodes/node-1", |_, it| it["spec"].get("taints").is_none()).await;
    });
}

#[test]
fn an_eviction_respects_a_disruption_budget() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.create(DEPLOYMENTS, deployment("web", 2)).await;
        let budget = json!({"metadata": {"name": "web"}, "spec": {
            "minAvailable": 2, "selector": {"matchLabels": {"app": "web"}},
        }});
        let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
        client.create(budgets, budget).await;
        client.until(&format!("{budgets}/web"), |_, it| it["status"]["currentHealthy"] == 2).await;
        let pods = client.get(PODS).await.1;
        let pod = pods["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod},
        });
        let evict = || {
            let body = Some(("application/json", eviction.to_string()));
            let path = format!("{PODS}/{pod}/eviction");
            async move { client.send("POST", &path, body).await }
        };
        let (code, answer) = evict().await;
        assert_eq!(code, 429, "{answer}");
        client.merge(&format!("{budgets}/web"), json!({"spec": {"minAvailable": 1}})).await;
        client
            .until(&format!("{budgets}/web"), |_, it| it["status"]["disruptionsAllowed"] == 1)
            .await;
        assert_eq!(evict().await.0, 201);
        client.until_gone(&format!("{PODS}/{pod}")).await;
    });
}
