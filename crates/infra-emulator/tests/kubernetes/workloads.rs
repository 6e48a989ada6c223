//! Deployments, Services, Jobs and what the kubelet makes of broken pods.

use infra_emulator::kubernetes::{PodBehaviour, PodScript};
use serde_json::{Value, json};

use crate::harness::{Setting, World, deployment, reasons, run};

const APPS: &str = "/apis/apps/v1/namespaces/default";
const CORE: &str = "/api/v1/namespaces/default";
const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";

#[test]
fn a_deployment_becomes_available_behind_a_load_balancer_and_goes_with_its_pods() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.create(&format!("{APPS}/deployments"), deployment("web", 3)).await;
        let service = json!({
            "metadata": {"name": "web"},
            "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]},
        });
        client.create(&format!("{CORE}/services"), service).await;
        let path = format!("{APPS}/deployments/web");
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 3).await;
        let service = client
            .until(&format!("{CORE}/services/web"), |_, it| {
                it["status"]["loadBalancer"]["ingress"][0]["ip"].is_string()
            })
            .await;
        let finalizer = "service.kubernetes.io/load-balancer-cleanup";
        assert_eq!(service["metadata"]["finalizers"], json!([finalizer]));
        let endpoints = client.get(&format!("{CORE}/endpoints/web")).await.1;
        assert_eq!(endpoints["subsets"][0]["addresses"].as_array().unwrap().len(), 3);
        client.delete(&path).await;
        client
            .until(&format!("{CORE}/pods"), |_, it| it["items"].as_array().unwrap().is_empty())
            .await;
        client.delete(&format!("{CORE}/services/web")).await;
        client.until_gone(&format!("{CORE}/services/web")).await;
    });
}

#[test]
fn a_roll_out_keeps_enough_pods_and_stalls_on_an_image_that_is_not_there() {
    run(async {
        let broken = PodScript {
            image: "broken".into(),
            pull_error: Some("no such host".into()),
            ..PodScript::default()
        };
        let pods = PodBehaviour { scripts: vec![broken], ..PodBehaviour::default() };
        let world = World::with(Setting { pods, ..Setting::default() }).await;
        let client = &world.client;
        client.create(&format!("{APPS}/deployments"), deployment("web", 4)).await;
        let path = format!("{APPS}/deployments/web");
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 4).await;
        let patch = json!({"spec": {"progressDeadlineSeconds": 60, "template": {"spec": {
            "containers": [{"name": "main", "image": "broken:1"}],
        }}}});
        client.merge(&path, patch).await;
        let stalled = client
            .until(&path, |_, it| {
                it["status"]["conditions"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|condition| condition["reason"] == "ProgressDeadlineExceeded")
            })
            .await;
        // maxUnavailable and maxSurge are 25 %: one of four.
        assert_eq!(stalled["status"]["availableReplicas"], 3);
        assert_eq!(stalled["status"]["replicas"], 5);
        let pods = client.get(&format!("{CORE}/pods")).await.1;
        let waiting: Vec<&Value> = pods["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pod| &pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"])
            .filter(|reason| reason.is_string())
            .collect();
        assert_eq!(waiting, ["ImagePullBackOff"; 2]);
    });
}

#[test]
fn a_job_completes_and_one_that_fails_says_so() {
    run(async {
        let failing = PodScript { pod: "bad".into(), exit_code: Some(3), ..PodScript::default() };
        let pods = PodBehaviour { scripts: vec![failing], ..PodBehaviour::default() };
        let world = World::with(Setting { pods, ..Setting::default() }).await;
        let client = &world.client;
        let job = |name: &str| {
            json!({"metadata": {"name": name}, "spec": {"backoffLimit": 1, "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "main", "image": "busybox", "command": ["echo", "hello"]}],
            }}}})
        };
        let condition = |kind: &'static str| {
            move |_: u16, it: &Value| {
                it["status"]["conditions"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one["type"] == kind))
            }
        };
        client.create(JOBS, job("good")).await;
        client.create(JOBS, job("bad")).await;
        let good = client.until(&format!("{JOBS}/good"), condition("Complete")).await;
        assert_eq!(good["status"]["succeeded"], 1);
        let bad = client.until(&format!("{JOBS}/bad"), condition("Failed")).await;
        assert_eq!(bad["status"]["failed"], 2);
        let pods = client.get(&format!("{CORE}/pods?labelSelector=job-name=good")).await.1;
        let pod = pods["items"][0]["metadata"]["name"].as_str().unwrap();
        let log = client.get(&format!("{CORE}/pods/{pod}/log")).await;
        assert_eq!(log, (200, json!("hello\n")));
    });
}

#[test]
fn a_cron_job_makes_a_job_each_time_and_keeps_three() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        let cron = json!({"metadata": {"name": "tick"}, "spec": {
            "schedule": "*/10 * * * *",
            "jobTemplate": {"spec": {"template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "main", "image": "busybox"}],
            }}}},
        }});
        client.create("/apis/batch/v1/namespaces/default/cronjobs", cron).await;
        let started = world.clock.now();
        world.clock.sleep(std::time::Duration::from_secs(3600)).await;
        let jobs = client
            .until(JOBS, |_, it| {
                it["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|job| job["status"]["succeeded"] == 1)
                    .count()
                    == 3
            })
            .await;
        assert!(world.clock.now().since(started).as_secs() >= 3600);
        let names: Vec<_> = jobs["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["metadata"]["name"].as_str().unwrap().to_owned())
            .collect();
        assert!(names.iter().all(|name| name.starts_with("tick-")), "{names:?}");
        client.delete("/apis/batch/v1/namespaces/default/cronjobs/tick").await;
        client.until(JOBS, |_, it| it["items"].as_array().unwrap().is_empty()).await;
    });
}

#[test]
fn a_container_that_crashes_backs_off_and_recovers() {
    run(async {
        let crashing = PodScript {
            pod: "shaky".into(),
            exit_code: Some(1),
            failures: Some(2),
            ..PodScript::default()
        };
        let pods = PodBehaviour { scripts: vec![crashing], ..PodBehaviour::default() };
        let world = World::with(Setting { pods, ..Setting::default() }).await;
        let client = &world.client;
        let pod = json!({
            "metadata": {"name": "shaky"},
            "spec": {"containers": [{"name": "main", "image": "nginx"}]},
        });
        client.create(&format!("{CORE}/pods"), pod).await;
        let path = format!("{CORE}/pods/shaky");
        let status = |it: &Value| it["status"]["containerStatuses"][0].clone();
        client
            .until(&path, |_, it| status(it)["state"]["waiting"]["reason"] == "CrashLoopBackOff")
            .await;
        let healed = client
            .until(&path, |_, it| status(it)["restartCount"] == 2 && status(it)["ready"] == true)
            .await;
        assert_eq!(status(&healed)["lastState"]["terminated"]["exitCode"], 1);
        let events = client.get(&format!("{CORE}/events")).await.1;
        assert!(reasons(&events, "shaky").contains(&"BackOff".to_owned()));
    });
}

#[test]
fn a_namespace_goes_with_its_content_and_waits_for_finalizers() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        client.create("/api/v1/namespaces", json!({"metadata": {"name": "gone"}})).await;
        let map = json!({"metadata": {"name": "kept", "finalizers": ["example.org/keep"]}});
        client
            .until("/api/v1/namespaces/gone/serviceaccounts/default", |code, _| code == 200)
            .await;
        client.create("/api/v1/namespaces/gone/configmaps", map).await;
        client.delete("/api/v1/namespaces/gone").await;
        let stuck = client
            .until("/api/v1/namespaces/gone", |_, it| {
                it["status"]["conditions"].as_array().is_some_and(|all| {
                    all.iter().any(|one| {
                        one["type"] == "NamespaceFinalizersRemaining" && one["status"] == "True"
                    })
                })
            })
            .await;
        assert!(stuck.to_string().contains("example.org/keep in 1 resource instances"));
        let path = "/api/v1/namespaces/gone/configmaps/kept";
        client.merge(path, json!({"metadata": {"finalizers": null}})).await;
        client.until_gone("/api/v1/namespaces/gone").await;
    });
}
