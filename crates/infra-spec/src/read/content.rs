//! Reads `config_maps`, `secrets` and `volumes` of a stack item.

use super::fields::{Fields, path_of, text_of, wrong_type};
use super::names::subdomain_of;
use super::values::{Unique, text_map};
use crate::error::{Code, Problems};
use crate::model::{Content, ContentFile, NfsVolume};
use crate::node::{Node, NodeValue};
use crate::quantity::Bytes;

/// The size of a volume on NFS unless given: a claim must name one, and NFS sets no limit.
const DEFAULT_SIZE: Bytes = Bytes::new(1 << 40);
/// The longest key of a ConfigMap or Secret.
const LONGEST_KEY: usize = 253;

/// Reads `config_maps` or `secrets`.
pub(crate) fn contents(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Vec<Content> {
    let what = if key == "secrets" { "a secret" } else { "a config map" };
    let mut unique = Unique::default();
    let nodes = fields.list(key, problems);
    let read = nodes.iter().filter_map(|node| {
        let content = content(node, what, problems)?;
        unique.note(what, &content.name, &node.location, problems);
        Some(content)
    });
    read.collect()
}

fn content(node: &Node, what: &str, problems: &mut Problems) -> Option<Content> {
    let mut inner = Fields::open(node, what, problems)?;
    let name = inner.required("name", problems);
    let name = name.and_then(|node| subdomain_of(node, &format!("the name of {what}"), problems));
    let files = inner.node("files").map(|node| files(node, problems)).unwrap_or_default();
    let values = text_map(&mut inner, "values", problems);
    for key in values.keys() {
        if let Err(reason) = check_key(key) {
            let summary = format!("`{}` {reason}", crate::node::cut(key));
            problems.push(inner.key_location("values").error(Code::InvalidName, summary));
        }
    }
    if inner.node("files").is_none() && inner.node("values").is_none() {
        let summary = format!("{what} needs `files` or `values`");
        problems.push(node.location.error(Code::MissingKey, summary));
    }
    inner.finish(problems);
    Some(Content { name: name?, files, values, location: node.location.clone() })
}

/// A path, a list of paths, or a map of keys to paths.
fn files(node: &Node, problems: &mut Problems) -> Vec<ContentFile> {
    if let Some(map) = node.as_map() {
        let read = map.iter().filter_map(|entry| {
            if let Err(reason) = check_key(&entry.key) {
                let summary = format!("`{}` {reason}", crate::node::cut(&entry.key));
                problems.push(entry.key_location.error(Code::InvalidName, summary));
            }
            let path =
                path_of(&entry.node, &format!("`{}`", crate::node::cut(&entry.key)), problems)?;
            Some(ContentFile { key: Some(entry.key.clone()), path })
        });
        return read.collect();
    }
    let whole = std::slice::from_ref(node);
    let list = node.as_list().unwrap_or(whole);
    let read = list.iter().filter_map(|node| {
        let path = path_of(node, "each of `files`", problems)?;
        Some(ContentFile { key: None, path })
    });
    read.collect()
}

/// The rule of the Kubernetes API for keys of a ConfigMap or Secret.
fn check_key(key: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if key.is_empty()
        || key.len() > LONGEST_KEY
        || !key.chars().all(legal)
        || matches!(key, "." | "..")
    {
        return Err("is no key: letters, digits, `-`, `_` and `.`".to_owned());
    }
    Ok(())
}

/// Reads `volumes`.
pub(crate) fn volumes(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<NfsVolume> {
    let mut unique = Unique::default();
    let nodes = fields.list("volumes", problems);
    let read = nodes.iter().filter_map(|node| {
        let volume = volume(node, problems)?;
        unique.note("a volume", &volume.name, &node.location, problems);
        Some(volume)
    });
    read.collect()
}

fn volume(node: &Node, problems: &mut Problems) -> Option<NfsVolume> {
    let mut inner = Fields::open(node, "a volume", problems)?;
    let name = inner.required("name", problems);
    let name = name.and_then(|node| subdomain_of(node, "the name of a volume", problems));
    let size = match inner.node("size") {
        Some(node) => size(node, problems),
        None => Some(DEFAULT_SIZE),
    };
    let read_only = inner.boolean("read_only", problems).unwrap_or(false);
    let mount_options = inner.texts("mount_options", problems);
    let place = inner.required("nfs", problems).and_then(|node| nfs(node, problems));
    inner.finish(problems);
    let (server, path) = place?;
    let location = node.location.clone();
    Some(NfsVolume { name: name?, server, path, size: size?, read_only, mount_options, location })
}

fn nfs(node: &Node, problems: &mut Problems) -> Option<(String, String)> {
    let mut inner = Fields::open(node, "`nfs`", problems)?;
    let server = inner.required_text("server", problems);
    let path = inner.required_text("path", problems);
    if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        let at = inner.key_location("path");
        problems.push(at.error(Code::InvalidValue, "`path` must begin with `/`"));
    }
    inner.finish(problems);
    Some((server?, path?))
}

fn size(node: &Node, problems: &mut Problems) -> Option<Bytes> {
    if matches!(node.value, NodeValue::Integer(_)) {
        let error = wrong_type(node, "`size`", "an amount with its unit");
        problems.push(error.with_help("write it as `100GiB`"));
        return None;
    }
    let text = text_of(node, "`size`", problems)?;
    match text.parse::<Bytes>() {
        Ok(size) if size.get() > 0 => Some(size),
        Ok(_) => {
            problems
                .push(node.location.error(Code::InvalidValue, "`size` must be more than nothing"));
            None
        }
        Err(message) => {
            problems.push(node.location.error(Code::InvalidValue, format!("`size`: {message}")));
            None
        }
    }
}
