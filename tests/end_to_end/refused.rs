//! Files that are well-formed and that the provider cannot do: each is refused before any write, with the place and what to do.

use crate::cloud::FILE;
use crate::scene::Scene;

/// What is changed in the file, and what the error must say.
const CASES: [(&str, &str, &str, &str); 11] = [
    ("region", "region: ams3", "region: mars1", "no Kubernetes in the region `mars1`"),
    ("version", "\"1.36\"", "\"1.12\"", "no Kubernetes 1.12"),
    (
        "size",
        "size: { cpus: 2, memory: 4GiB }",
        "size: s-2vcpu-4bg",
        "choose one that is there, such as s-2vcpu-4gb",
    ),
    (
        "need",
        "size: { cpus: 2, memory: 4GiB }",
        "size: { cpus: 3000 }",
        "no size in ams3 has what the pool `default` needs",
    ),
    ("no-pool", "pools:\n", "pools: []\nunused:\n", "unused"),
    ("load-balancer", "bind: { pool: default }", "bind: load_balancer", "binds to a node"),
    (
        "vpc",
        "version: \"1.36\"",
        "version: \"1.36\"\n  on: { digitalocean: { vpc: nowhere } }",
        "there is no VPC `nowhere`",
    ),
    ("words", "version: \"1.36\"", "version: \"1.36\"\n  on: { digitalocean: { vcp: x } }", "vpc"),
    (
        "pool-words",
        "name: big, count: 1",
        "name: big, count: 1, on: { digitalocean: { slug: x } }",
        "size",
    ),
    (
        "existing-registry",
        "{ name: images }",
        "{ name: images, existing: true }",
        "registry.images",
    ),
    ("block", "{ region: ams3 }", "{ region: ams3, regoin: x }", "region"),
];

#[test]
fn are_refused_with_a_place_and_a_next_step() {
    for (name, from, to, said) in CASES {
        let scene = Scene::new(FILE);
        scene.edit(from, to);
        let told = scene.run(&["up", "--rehearse", "--yes"]);
        assert_eq!(told.code, 3, "{name}: {}", told.stderr);
        assert!(told.stderr.contains(said), "{name}: {}", told.stderr);
        assert!(told.stderr.contains("next:"), "{name}: {}", told.stderr);
        assert_eq!(scene.writes(".infra/rehearsal/hub/world"), 0, "{name}");
    }
}
