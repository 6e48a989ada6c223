//! A cluster that is opened again goes on where it was.

use std::sync::Arc;

use serde_json::json;

use crate::harness::{Setting, World, deployment, run};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

#[test]
fn objects_identities_and_unfinished_work_survive() {
    run(async {
        let world = World::new().await;
        let directory = Arc::clone(&world.directory);
        let (authority, token) =
            (world.cluster.ca_pem().to_owned(), world.cluster.admin_token().to_owned());
        let client = &world.client;
        client.create(DEPLOYMENTS, deployment("done", 2)).await;
        let path = format!("{DEPLOYMENTS}/done");
        let done = client.until(&path, |_, it| it["status"]["availableReplicas"] == 2).await;
        // This one is stopped right at its beginning.
        client.create(DEPLOYMENTS, deployment("begun", 2)).await;
        world.cluster.stop().await;

        let world = World::with(Setting { directory, ..Setting::default() }).await;
        assert_eq!(world.cluster.ca_pem(), authority);
        assert_eq!(world.cluster.admin_token(), token);
        let client = &world.client;
        let again = client.until(&path, |_, it| it["status"]["availableReplicas"] == 2).await;
        assert_eq!(again["metadata"]["uid"], done["metadata"]["uid"]);
        let path = format!("{DEPLOYMENTS}/begun");
        client.until(&path, |_, it| it["status"]["availableReplicas"] == 2).await;
        let version = |object: &serde_json::Value| {
            object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap()
        };
        let map = json!({"metadata": {"name": "later"}});
        let later = client.create("/api/v1/namespaces/default/configmaps", map).await;
        assert!(version(&later) > version(&done));
    });
}

#[cfg(unix)]
#[test]
fn files_with_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    run(async {
        let world = World::new().await;
        let directory = world.directory.path().join("cluster");
        let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(Result::unwrap).collect();
        assert!(files.len() >= 5);
        for file in files {
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?}", file.file_name());
        }
    });
}
