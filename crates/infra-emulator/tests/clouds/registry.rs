//! The OCI registry over its own protocol.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Served, run};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A login at the registry of a world.
struct Login<'a> {
    world: &'a Served,
    host: String,
    bearer: String,
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

async fn registry(world: &Served, name: &str, tier: &str) {
    let body = json!({ "name": name, "subscription_tier_slug": tier });
    world.lasting_post("/v2/registries", body).await;
}

/// User and password of a docker configuration.
async fn docker(world: &Served, registry: &str, query: &str) -> String {
    use base64::Engine;
    let config = world.get(&format!("/v2/registries/{registry}/docker-credentials{query}")).await;
    let auth = config["auths"]["registry.digitalocean.com"]["auth"].as_str().unwrap();
    let text = base64::engine::general_purpose::STANDARD.decode(auth).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (user, password) = text.split_once(':').unwrap();
    assert_eq!(user, password);
    password.to_owned()
}

async fn token(world: &Served, password: &str, scope: &str) -> Response {
    let _busy = world.clock.busy();
    let url = format!("{}/v2/registry/auth", world.url);
    let query = [("service", "registry.digitalocean.com"), ("scope", scope)];
    let request = world.http.get(url).query(&query).basic_auth(password, Some(password));
    request.send().await.unwrap()
}

impl<'a> Login<'a> {
    async fn with(world: &'a Served, password: &str, scope: &str) -> Self {
        let reply = token(world, password, scope).await;
        assert_eq!(reply.status(), 200, "{}", reply.text().await.unwrap());
        let body: Value = reply.json().await.unwrap();
        let bearer = body["token"].as_str().unwrap().to_owned();
        Self { world, host: world.emulator.endpoints().registry.unwrap().host, bearer }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.host);
        self.world.http.request(method, url).bearer_auth(&self.bearer)
    }

    async fn send(&self, method: Method, path: &str, body: &[u8]) -> Response {
        let _busy = self.world.clock.busy();
        self.request(method, path).body(body.to_vec()).send().await.unwrap()
    }

    /// POST, then PUT.
    async fn push_blob(&self, name: &str, bytes: &[u8]) -> String {
        let started = self.send(Method::POST, &format!("/v2/{name}/blobs/uploads/"), b"").await;
        assert_eq!(started.status(), 202);
        let location = started.headers()["location"].to_str().unwrap().to_owned();
        let digest = digest(bytes);
        let put = self.send(Method::PUT, &format!("{location}?digest={digest}"), bytes).await;
        assert_eq!(put.status(), 201);
        assert_eq!(put.headers()["docker-content-digest"], digest.as_str());
        digest
    }

    async fn put_manifest(&self, name: &str, reference: &str, manifest: &Value) -> Response {
        let _busy = self.world.clock.busy();
        let path = format!("/v2/{name}/manifests/{reference}");
        let request = self.request(Method::PUT, &path).header("content-type", MANIFEST);
        request.body(manifest.to_string()).send().await.unwrap()
    }

    /// A small image; its manifest's digest.
    async fn push_image(&self, name: &str, tag: &str, layer: &[u8]) -> String {
        let config = b"{}";
        let (config, layers) =
            (self.push_blob(name, config).await, self.push_blob(name, layer).await);
        let manifest = image(&config, &layers, layer.len());
        let put = self.put_manifest(name, tag, &manifest).await;
        assert_eq!(put.status(), 201);
        put.headers()["docker-content-digest"].to_str().unwrap().to_owned()
    }
}

fn image(config: &str, layer: &str, size: usize) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2,
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": size,
        }],
    })
}

#[test]
fn an_image_is_pushed_pulled_listed_and_deleted() {
    run(async {
        let world = Served::new().await;
        registry(&world, "images", "basic").await;
        let password = docker(&world, "images", "?read_write=true").await;
        let login = Login::with(&world, &password, "repository:images/team/app:pull,push").await;
        let pushed = login.push_image("images/team/app", "1.0", b"layer one").await;

        let pulled = login.send(Method::GET, "/v2/images/team/app/manifests/1.0", b"").await;
        assert_eq!(pulled.headers()["content-type"], MANIFEST);
        assert_eq!(digest(&pulled.bytes().await.unwrap()), pushed);
        let layer = digest(b"layer one");
        let path = format!("/v2/images/team/app/blobs/{layer}");
        let head = login.send(Method::HEAD, &path, b"").await;
        assert_eq!(head.headers()["content-length"], "9");
        let part =
            login.request(Method::GET, &path).header("range", "bytes=6-").send().await.unwrap();
        assert_eq!(part.status(), 206);
        assert_eq!(part.bytes().await.unwrap().as_ref(), b"one");

        let repositories = world.get("/v2/registries/images/repositoriesV2").await;
        assert_eq!(repositories["repositories"][0]["name"], "team/app");
        assert_eq!(repositories["repositories"][0]["latest_manifest"]["digest"], pushed.as_str());
        let tags = world.get("/v2/registries/images/repositories/team%2Fapp/tags").await;
        assert_eq!(tags["tags"][0]["manifest_digest"], pushed.as_str());
        let shown = infra_emulator::show(world.directory.path()).unwrap();
        assert_eq!(shown["registry"]["repositories"][0]["manifests"][0]["tags"], json!(["1.0"]));

        let usage = || async {
            world.get("/v2/registry").await["registry"]["storage_usage_bytes"].as_u64().unwrap()
        };
        assert!(usage().await > 9);
        world.delete("/v2/registries/images/repositories/team%2Fapp/tags/1.0").await;
        let gone = login.send(Method::GET, "/v2/images/team/app/manifests/1.0", b"").await;
        assert_eq!(gone.status(), 404);
        let kind = json!({ "type": "untagged manifests and unreferenced blobs" });
        world.post("/v2/registries/images/garbage-collection", kind).await;
        let refused = login.send(Method::POST, "/v2/images/team/app/blobs/uploads/", b"").await;
        assert_eq!(refused.status(), 405);
        world.sleep(120).await;
        assert_eq!(usage().await, 0);
        assert_eq!(login.send(Method::HEAD, &path, b"").await.status(), 404);
    });
}

#[test]
fn blobs_come_in_chunks_at_once_and_by_mounting() {
    run(async {
        let world = Served::new().await;
        registry(&world, "images", "basic").await;
        let password = docker(&world, "images", "?read_write=true").await;
        let login = Login::with(&world, &password, "repository:images/a:pull,push").await;
        let started = login.send(Method::POST, "/v2/images/a/blobs/uploads/", b"").await;
        let mut place = started.headers()["location"].to_str().unwrap().to_owned();
        let chunk = |place: String, range: &'static str, bytes: &'static [u8]| {
            let request = login.request(Method::PATCH, &place).header("content-range", range);
            async move { request.body(bytes).send().await.unwrap() }
        };
        let first = chunk(place.clone(), "0-4", b"hello").await;
        assert_eq!(
            (first.status(), &first.headers()["range"]),
            (StatusCode::ACCEPTED, &"0-4".parse().unwrap())
        );
        place = first.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(chunk(place.clone(), "9-10", b"no").await.status(), 416);
        let state = login.send(Method::GET, &place, b"").await;
        assert_eq!(
            (state.status(), &state.headers()["range"]),
            (StatusCode::NO_CONTENT, &"0-4".parse().unwrap())
        );
        assert_eq!(chunk(place.clone(), "5-10", b" world").await.status(), 202);
        let whole = digest(b"hello world");
        let put = login.send(Method::PUT, &format!("{place}?digest={whole}"), b"").await;
        assert_eq!(put.status(), 201);

        let wrong = digest(b"other");
        let path = format!("/v2/images/a/blobs/uploads/?digest={wrong}");
        let refused = login.send(Method::POST, &path, b"bytes").await;
        assert_eq!(refused.status(), 400);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "DIGEST_INVALID");
        let path = format!("/v2/images/a/blobs/uploads/?digest={}", digest(b"bytes"));
        assert_eq!(login.send(Method::POST, &path, b"bytes").await.status(), 201);

        let login = Login::with(&world, &password, "repository:images/b:pull,push").await;
        let mount = format!("/v2/images/b/blobs/uploads/?mount={whole}&from=images/a");
        assert_eq!(login.send(Method::POST, &mount, b"").await.status(), 201);
        let unknown = format!("/v2/images/b/blobs/uploads/?mount={wrong}&from=images/a");
        assert_eq!(login.send(Method::POST, &unknown, b"").await.status(), 202);
        let head = login.send(Method::HEAD, &format!("/v2/images/b/blobs/{whole}"), b"").await;
        assert_eq!(head.status(), 200);
    });
}

#[test]
fn manifests_need_their_blobs_and_tags_are_paged() {
    run(async {
        let world = Served::new().await;
        registry(&world, "images", "basic").await;
        let password = docker(&world, "images", "?read_write=true").await;
        let login = Login::with(&world, &password, "repository:images/a:pull,push").await;
        let absent = image(&digest(b"{}"), &digest(b"x"), 1);
        let refused = login.put_manifest("images/a", "1", &absent).await;
        assert_eq!(refused.status(), 400);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");
        assert_eq!(login.send(Method::GET, "/v2/images/a/tags/list", b"").await.status(), 404);
        let subject = login.push_image("images/a", "1", b"one").await;
        for tag in ["2", "3"] {
            login.push_image("images/a", tag, b"one").await;
        }
        let page = login.send(Method::GET, "/v2/images/a/tags/list?n=2", b"").await;
        let link = page.headers()["link"].to_str().unwrap().to_owned();
        let body: Value = page.json().await.unwrap();
        assert_eq!(body["tags"], json!(["1", "2"]));
        let next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
        let body: Value = login.send(Method::GET, &next, b"").await.json().await.unwrap();
        assert_eq!(body["tags"], json!(["3"]));

        let mut signature = image(&digest(b"{}"), &digest(b"one"), 3);
        signature["subject"] = json!({ "mediaType": MANIFEST, "digest": subject, "size": 1 });
        signature["artifactType"] = json!("application/x.signature");
        let put = login.put_manifest("images/a", "sig", &signature).await;
        assert_eq!(put.headers()["oci-subject"], subject.as_str());
        let path = format!("/v2/images/a/referrers/{subject}?artifactType=application/x.signature");
        let found: Value = login.send(Method::GET, &path, b"").await.json().await.unwrap();
        assert_eq!(found["manifests"].as_array().unwrap().len(), 1);
        let deleted =
            login.send(Method::DELETE, &format!("/v2/images/a/manifests/{subject}"), b"").await;
        assert_eq!(deleted.status(), 202);
        let tags: Value =
            login.send(Method::GET, "/v2/images/a/tags/list", b"").await.json().await.unwrap();
        assert_eq!(tags["tags"], json!(["sig"]));
    });
}

#[test]
fn credentials_open_what_they_are_for_until_they_expire() {
    run(async {
        let world = Served::new().await;
        registry(&world, "one", "professional").await;
        registry(&world, "two", "professional").await;
        let host = world.emulator.endpoints().registry.unwrap().host;
        let challenge =
            world.http.get(format!("http://{host}/v2/one/a/tags/list")).send().await.unwrap();
        assert_eq!(challenge.status(), 401);
        let header = challenge.headers()["www-authenticate"].to_str().unwrap();
        let realm = format!("Bearer realm=\"{}/v2/registry/auth\"", world.url);
        assert!(
            header.starts_with(&realm) && header.contains("scope=\"repository:one/a:pull\""),
            "{header}"
        );

        let read = docker(&world, "one", "").await;
        let short = docker(&world, "one", "?read_write=true&expiry_seconds=60").await;
        let (pull, push) = ("repository:one/a:pull", "repository:one/a:pull,push");
        for (password, scope, status) in [
            (&read, pull, 200),
            (&read, push, 401),
            (&short, push, 200),
            (&read, "repository:two/a:pull", 401),
            (&read, "repository:three/a:pull", 400),
            (&read, "repository:a:pull", 400),
            (&world.token, push, 200),
            (&"nobody".to_owned(), pull, 401),
        ] {
            assert_eq!(token(&world, password, scope).await.status(), status, "{scope}");
        }
        world.sleep(61).await;
        assert_eq!(token(&world, &short, push).await.status(), 401);
        let post = world.request(Method::POST, "/v2/registry/auth").send().await.unwrap();
        assert_eq!(post.status(), 405);
        let revoke = format!("{}/v1/oauth/revoke", world.url);
        let revoked = world.http.post(revoke).bearer_auth(&read).send().await.unwrap();
        assert_eq!(revoked.status(), 200);
        assert_eq!(token(&world, &read, pull).await.status(), 401);

        // A token for one repository does not open another.
        let login = Login::with(&world, &world.token, push).await;
        let other = login.send(Method::POST, "/v2/one/b/blobs/uploads/", b"").await;
        assert_eq!(other.status(), 401);
    });
}

#[test]
fn the_tier_limits_the_number_of_repositories() {
    run(async {
        let world = Served::new().await;
        registry(&world, "images", "starter").await;
        let login = Login::with(&world, &world.token, "repository:images/a:pull,push").await;
        login.push_image("images/a", "1", b"one").await;
        login.push_image("images/a", "2", b"two").await;
        let login = Login::with(&world, &world.token, "repository:images/b:pull,push").await;
        let denied = login.send(Method::POST, "/v2/images/b/blobs/uploads/", b"").await;
        assert_eq!(denied.status(), 403);
        let body: Value = denied.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "DENIED");
        let options = world.get("/v2/registries/options").await;
        assert_eq!(options["options"]["subscription_tiers"][0]["eligible"], true);
    });
}

#[test]
fn images_survive_and_go_with_their_registry() {
    run(async {
        let world = Served::new().await;
        registry(&world, "images", "basic").await;
        let scope = "repository:images/a:pull,push";
        Login::with(&world, &world.token, scope).await.push_image("images/a", "1", b"one").await;
        let world = world.reopened().await;
        let login = Login::with(&world, &world.token, scope).await;
        let there = login.send(Method::HEAD, "/v2/images/a/manifests/1", b"").await;
        assert_eq!(there.status(), 200);
        world.delete("/v2/registries/images").await;
        let gone = login.send(Method::HEAD, "/v2/images/a/manifests/1", b"").await;
        assert_eq!(gone.status(), 404);
        let blobs = std::fs::read_dir(world.directory.path().join("registry/blobs")).unwrap();
        assert_eq!(blobs.count(), 0);
    });
}

/// Pushes a small image with the account's own token.
pub(crate) async fn push(world: &Served, name: &str, tag: &str) {
    let scope = format!("repository:{name}:pull,push");
    Login::with(world, &world.token, &scope).await.push_image(name, tag, b"layer").await;
}
