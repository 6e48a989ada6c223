//! The examples, from nothing to running and back.

use infra_plan::{Address, Value};

use super::support::{World, example};

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starter_lives_and_goes() {
    let mut world = World::new().await;
    let nodes = example("starter");
    let done = world.up(&nodes).await.unwrap();
    assert_eq!(done, ["create main/namespace.starter", "create main/app"]);
    let endpoints = world.kept[&address("main/app")].outputs.get("endpoints").unwrap().clone();
    let Value::List(endpoints) = endpoints else { panic!("{endpoints:?}") };
    assert_eq!(endpoints.len(), 1);
    assert!(endpoints[0].text_at("url").unwrap().starts_with("http://203.0.113."));
    let deployment = world.get("apps/v1", "Deployment", "starter/python-deployment").await.unwrap();
    assert_eq!(deployment["status"]["readyReplicas"], 3);
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "registry.example.org/team/app:v1");

    let before = world.versions();
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
    assert_eq!(world.versions(), before, "the second run writes nothing");

    world.down().await.unwrap();
    assert_eq!(world.get("v1", "Namespace", "starter").await, None);
    let left: Vec<_> = world.versions().into_keys().filter(|key| key.contains("starter")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arl_lives_and_goes() {
    let mut world = World::new().await;
    let nodes = example("arl");
    let done = world.up(&nodes).await.unwrap();
    let expected = [
        "create main/namespace.arl",
        "create password.arl/notebook",
        "create main/pull_secret.arl/arlregcred",
        "create main/arl",
        "create main/arl/smoke_test",
    ];
    assert_eq!(done, expected);
    let password = world.kept[&address("password.arl/notebook")].outputs.get("password").cloned();
    let projected = world.get("v1", "Secret", "arl/arl-notebook").await.unwrap();
    let password = password.unwrap().text().unwrap().to_owned();
    assert!(password.len() >= 24);
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(&password);
    assert_eq!(projected["data"]["password"], encoded);
    let claim = world.get("v1", "PersistentVolumeClaim", "arl/arl-data").await.unwrap();
    assert_eq!(claim["status"]["phase"], "Bound");
    let Some(Value::List(endpoints)) = world.kept[&address("main/arl")].outputs.get("endpoints")
    else {
        panic!("no endpoints")
    };
    let names: Vec<_> = endpoints.iter().filter_map(|found| found.text_at("name")).collect();
    assert_eq!(names, ["notebook", "scheduler", "dashboard"]);
    assert_eq!(world.get("batch/v1", "Job", "arl/smoke-test-arl").await, None, "it is removed");

    let before = world.versions();
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
    assert_eq!(world.versions(), before, "the second run writes nothing");

    world.down().await.unwrap();
    let left: Vec<_> = world.versions().into_keys().filter(|key| key.contains("arl")).collect();
    assert_eq!(left, Vec::<String>::new());
}
