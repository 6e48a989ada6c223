//! Reading layouts.

use std::path::{Path, PathBuf};

use infra_oci::{Layout, LayoutError, Problem};
use infra_spec::FileReader;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

struct Disk;

impl FileReader for Disk {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

pub(crate) fn reader() -> impl FileReader {
    Disk
}

/// A layout in a temporary directory.
pub(crate) struct Written {
    directory: tempfile::TempDir,
    /// Digest of the image.
    pub(crate) digest: String,
    /// The layer's file.
    pub(crate) layer: PathBuf,
}

impl Written {
    /// A layout with one image of one layer with this content.
    pub(crate) fn new(content: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("blobs/sha256")).unwrap();
        write(&directory.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
        let mut written = Self { directory, digest: String::new(), layer: PathBuf::new() };
        let image = written.image(content);
        written.digest = image["digest"].as_str().unwrap().to_owned();
        written.index(&[image]);
        written
    }

    /// A layout whose one entry is an index of two images.
    pub(crate) fn of_two_platforms() -> Self {
        let mut written = Self::new("arm");
        let manifests = [written.image("arm"), written.image("amd")];
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let entry = written.blob(INDEX, &index.to_string());
        written.digest = entry["digest"].as_str().unwrap().to_owned();
        written.index(&[entry]);
        written
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn blob(&self, media_type: &str, content: &str) -> Value {
        let hex = hex(content);
        write(&self.path().join("blobs/sha256").join(&hex), content);
        json!({ "mediaType": media_type, "digest": format!("sha256:{hex}"), "size": content.len() })
    }

    pub(crate) fn image(&mut self, content: &str) -> Value {
        let config = self.blob("application/vnd.oci.image.config.v1+json", "{}");
        let layer = self.blob("application/vnd.oci.image.layer.v1.tar+gzip", content);
        self.layer = self.path().join("blobs/sha256").join(hex(content));
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        self.blob(MANIFEST, &manifest.to_string())
    }

    pub(crate) fn index(&self, entries: &[Value]) {
        let index = json!({ "schemaVersion": 2, "manifests": entries });
        write(&self.path().join("index.json"), &index.to_string());
    }

    fn read(&self, tag: &str) -> Result<Layout, LayoutError> {
        Layout::read(self.path(), tag, &Disk)
    }
}

fn write(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
}

fn hex(content: &str) -> String {
    Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named(mut entry: Value, name: &str) -> Value {
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
    entry
}

#[test]
fn the_only_image_is_taken_whatever_its_name() {
    let written = Written::new("one");
    let layout = written.read("latest").unwrap();
    assert_eq!(layout.digest(), written.digest);
    assert_eq!((layout.documents.len(), layout.blobs.len(), layout.size()), (1, 2, 5));
}

#[test]
fn of_several_images_the_one_with_the_tag_is_taken() {
    let mut written = Written::new("one");
    let (one, two) = (written.image("one"), written.image("two"));
    written.index(&[named(one.clone(), "1.0"), named(two.clone(), "docker.io/team/app:2.0")]);
    assert_eq!(written.read("1.0").unwrap().digest(), one["digest"]);
    assert_eq!(written.read("2.0").unwrap().digest(), two["digest"]);
    let error = written.read("3").unwrap_err();
    assert!(error.to_string().contains("1.0, docker.io/team/app:2.0"), "{error}");
    assert!(error.next_step("./app", "3").contains("`tag`"));
    written.index(&[named(one, "1.0"), named(two, "1.0")]);
    assert!(matches!(written.read("1.0").unwrap_err().problem, Problem::TagTwice(_)));
}

#[test]
fn an_index_stands_after_its_manifests_and_shared_blobs_are_there_once() {
    let layout = Written::of_two_platforms().read("latest").unwrap();
    assert_eq!(layout.documents.len(), 3);
    assert_eq!(layout.documents[2].media_type, INDEX);
    assert_eq!(layout.blobs.len(), 3);
}

#[test]
fn images_for_several_platforms_side_by_side_are_one_index() {
    let mut written = Written::new("one");
    let mut entries = [written.image("arm"), written.image("amd")];
    for entry in &mut entries {
        entry["platform"] = json!({ "os": "linux", "architecture": "x" });
    }
    written.index(&entries);
    let layout = written.read("latest").unwrap();
    assert_eq!(layout.documents.len(), 3);
    let index = std::fs::read(written.path().join("index.json")).unwrap();
    assert_eq!(layout.documents[2].bytes, index);
}

#[test]
fn what_is_wrong_is_told_with_its_file() {
    let break_it = |change: &dyn Fn(&Written)| {
        let written = Written::new("one");
        change(&written);
        let error = written.read("latest").unwrap_err();
        assert!(!error.next_step("./app", "latest").is_empty());
        assert!(error.to_string().contains(&written.path().display().to_string()), "{error}");
        error.problem
    };
    let in_root = |name: &'static str, text: &'static str| {
        move |written: &Written| write(&written.path().join(name), text)
    };
    let newer = in_root("oci-layout", r#"{"imageLayoutVersion":"2.0"}"#);
    assert!(matches!(break_it(&newer), Problem::Version(_)));
    assert!(matches!(break_it(&in_root("index.json", "no")), Problem::Malformed(_)));
    let empty = in_root("index.json", r#"{"manifests":[]}"#);
    assert!(matches!(break_it(&empty), Problem::Empty));
    let climbing = in_root(
        "index.json",
        r#"{"manifests":[{"mediaType":"x","digest":"sha256:../../../etc/passwd","size":1}]}"#,
    );
    assert!(matches!(break_it(&climbing), Problem::DigestForm(_)));
    let lost = |written: &Written| std::fs::remove_file(&written.layer).unwrap();
    assert!(matches!(break_it(&lost), Problem::Unreadable(_)));
    let cut = |written: &Written| write(&written.layer, "on");
    assert!(matches!(break_it(&cut), Problem::Size { told: 3, found: 2 }));
    let changed = |written: &Written| {
        let hex = written.digest.strip_prefix("sha256:").unwrap();
        write(&written.path().join("blobs/sha256").join(hex), "{}");
    };
    assert!(matches!(break_it(&changed), Problem::Digest { .. }));
}
