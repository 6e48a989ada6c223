//! Objects that an item has besides its manifests: config maps and secrets from files, volumes on NFS.

use std::path::Path;

use base64::Engine as _;
use infra_event::Diagnostic;
use infra_plan::Value;
use infra_spec::model::{Content, ContentFile, NfsVolume, StackItem};

use super::scope::shown;
use super::{ExpandRequest, problem};

/// The most that the Kubernetes API keeps in one ConfigMap or Secret.
const MOST: usize = 1 << 20;

/// The objects, with what is secret in them marked.
pub(super) fn objects(
    request: &ExpandRequest<'_>,
    item: &StackItem,
    namespace: &str,
) -> Result<Vec<Value>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut objects: Vec<Value> =
        item.volumes.iter().flat_map(|volume| storage(volume, namespace)).collect();
    let contents = item.config_maps.iter().map(|it| (it, false));
    for (content, secret) in contents.chain(item.secrets.iter().map(|it| (it, true))) {
        match keys(request, content) {
            Ok(keys) if secret => objects.push(secret_object(content, namespace, keys)),
            Ok(keys) => objects.push(config_map(content, namespace, keys)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(objects) } else { Err(problems) }
}

enum Entry {
    File(Vec<u8>),
    Text(Value),
}

/// Keys and what they hold, in the order of the file; each key once.
fn keys(
    request: &ExpandRequest<'_>,
    content: &Content,
) -> Result<Vec<(String, Entry)>, Diagnostic> {
    let mut keys: Vec<(String, Entry)> = Vec::new();
    for file in &content.files {
        for (key, bytes) in read(request, file)? {
            keys.push((key, Entry::File(bytes)));
        }
    }
    keys.extend(content.values.iter().map(|(key, text)| (key.clone(), Entry::Text(shown(text)))));
    let wrong = |summary: String, next: &str| {
        Err(problem(&content.location, "content", summary).set(next.to_owned()))
    };
    for (index, (key, _)) in keys.iter().enumerate() {
        if keys[..index].iter().any(|(other, _)| other == key) {
            let summary = format!("`{}` has the key `{key}` twice", content.name);
            return wrong(summary, "give one of them another key: `files: { KEY: PATH }`");
        }
    }
    let size: usize = keys.iter().map(|(key, entry)| key.len() + entry.size()).sum();
    if size > MOST {
        let summary = format!("`{}` holds {size} bytes, and the API keeps {MOST}", content.name);
        return wrong(summary, "put large files into an image or onto a volume");
    }
    Ok(keys)
}

impl Entry {
    fn size(&self) -> usize {
        match self {
            Self::File(bytes) => bytes.len(),
            Self::Text(value) => value.text().map_or(0, str::len),
        }
    }
}

/// The key and content of a file, or of each file directly in a folder.
fn read(
    request: &ExpandRequest<'_>,
    file: &ContentFile,
) -> Result<Vec<(String, Vec<u8>)>, Diagnostic> {
    let whole = file.path.resolve();
    let wrong = |summary: String, next: &str| {
        problem(&file.path.location, "file", summary).set(next.to_owned())
    };
    let cannot = |path: &Path, error: &std::io::Error| {
        let summary = format!("`{}` cannot be read: {error}", path.display());
        wrong(summary, "correct the path; it is relative to this file")
    };
    let inside = request.files.folder(&whole).map_err(|error| cannot(&whole, &error))?;
    let paths = match (inside, &file.key) {
        (Some(_), Some(key)) => {
            let summary = format!("`{key}` is one key, and `{}` a folder", file.path.written);
            return Err(wrong(summary, "name a file, or leave the key out"));
        }
        // As kubectl does: what is in folders within it is left out.
        (Some(inside), None) => {
            inside.into_iter().filter(|path| path.parent() == Some(whole.as_path())).collect()
        }
        (None, _) => vec![whole.clone()],
    };
    let mut read = Vec::new();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let key = file.key.clone().or(name).unwrap_or_default();
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || !key.chars().all(legal) {
            let summary =
                format!("the file name `{key}` is no key: letters, digits, `-`, `_` and `.`");
            return Err(wrong(summary, "give it a key: `files: { KEY: PATH }`"));
        }
        let bytes = request.files.read(&path).map_err(|error| cannot(&path, &error))?;
        read.push((key, bytes));
    }
    Ok(read)
}

fn metadata(name: &str, namespace: Option<&str>) -> Value {
    let mut entries = vec![("name", Value::from(name))];
    entries.extend(namespace.map(|namespace| ("namespace", Value::from(namespace))));
    Value::map(entries)
}

fn config_map(content: &Content, namespace: &str, keys: Vec<(String, Entry)>) -> Value {
    let (mut data, mut binary) = (Vec::new(), Vec::new());
    for (key, entry) in keys {
        match entry {
            Entry::Text(value) => data.push((key, value)),
            Entry::File(bytes) => match String::from_utf8(bytes) {
                Ok(text) => data.push((key, Value::from(text))),
                Err(error) => binary.push((key, Value::from(encoded(error.as_bytes())))),
            },
        }
    }
    let mut fields = vec![
        ("apiVersion", Value::from("v1")),
        ("kind", "ConfigMap".into()),
        ("metadata", metadata(&content.name, Some(namespace))),
    ];
    if !data.is_empty() {
        fields.push(("data", Value::map(data)));
    }
    if !binary.is_empty() {
        fields.push(("binaryData", Value::map(binary)));
    }
    Value::map(fields)
}

fn secret_object(content: &Content, namespace: &str, keys: Vec<(String, Entry)>) -> Value {
    let data = keys.into_iter().map(|(key, entry)| {
        let bytes = match entry {
            Entry::File(bytes) => bytes,
            Entry::Text(value) => value.text().unwrap_or_default().as_bytes().to_vec(),
        };
        (key, Value::secret(encoded(&bytes)))
    });
    Value::map([
        ("apiVersion", Value::from("v1")),
        ("kind", "Secret".into()),
        ("metadata", metadata(&content.name, Some(namespace))),
        ("type", "Opaque".into()),
        ("data", Value::map(data)),
    ])
}

fn encoded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The volume, which nobody else can claim, and its claim. What is on the server stays when they go.
fn storage(volume: &NfsVolume, namespace: &str) -> [Value; 2] {
    let name = format!("{namespace}-{}", volume.name);
    let modes: Vec<&str> = vec![if volume.read_only { "ReadOnlyMany" } else { "ReadWriteMany" }];
    let size = Value::from(quantity(volume.size.get()));
    let mut spec = vec![
        ("capacity", Value::map([("storage", size.clone())])),
        ("accessModes", Value::from(modes.clone())),
        ("persistentVolumeReclaimPolicy", "Retain".into()),
        ("storageClassName", "".into()),
        (
            "claimRef",
            Value::map([
                ("apiVersion", Value::from("v1")),
                ("kind", "PersistentVolumeClaim".into()),
                ("namespace", namespace.into()),
                ("name", volume.name.as_str().into()),
            ]),
        ),
        (
            "nfs",
            Value::map([
                ("server", Value::from(volume.server.as_str())),
                ("path", volume.path.as_str().into()),
                ("readOnly", volume.read_only.into()),
            ]),
        ),
    ];
    if !volume.mount_options.is_empty() {
        spec.push(("mountOptions", Value::from(volume.mount_options.clone())));
    }
    let place = Value::map([
        ("apiVersion", Value::from("v1")),
        ("kind", "PersistentVolume".into()),
        ("metadata", metadata(&name, None)),
        ("spec", Value::map(spec)),
    ]);
    let claim = Value::map([
        ("apiVersion", Value::from("v1")),
        ("kind", "PersistentVolumeClaim".into()),
        ("metadata", metadata(&volume.name, Some(namespace))),
        (
            "spec",
            Value::map([
                ("accessModes", Value::from(modes)),
                ("storageClassName", "".into()),
                ("volumeName", name.as_str().into()),
                ("resources", Value::map([("requests", Value::map([("storage", size)]))])),
            ]),
        ),
    ]);
    [place, claim]
}

/// A number of bytes in the largest unit that divides it.
fn quantity(bytes: u64) -> String {
    let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let unit = units.iter().find(|(_, bits)| bytes != 0 && bytes.is_multiple_of(1 << bits));
    unit.map_or_else(|| bytes.to_string(), |(unit, bits)| format!("{}{unit}", bytes >> bits))
}
