//! The way from the `-f` files to a checked specification.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Code, Problems, SpecError, SpecErrors};
use crate::inputs::{Environment, FileReader};
use crate::model::Spec;
use crate::node::interpolate::{Interpolation, Missing};
use crate::node::merge::{merge, normalise_cluster};
use crate::node::parse::parse;
use crate::node::{Map, Node, NodeValue};
use crate::read::{Index, Scope, providers_in_use, read_spec};
use crate::source::{Location, SourceText, Sources};
use crate::suggest::closest;

/// What a load depends on besides the files.
pub struct LoadOptions<'a> {
    /// The provider instance for what names none (`--provider`).
    pub provider: Option<String>,
    /// Where `${env:...}` looks.
    pub environment: &'a dyn Environment,
    /// Where `${file:...}` looks.
    pub files: &'a dyn FileReader,
    /// Whether missing secrets and missing values of free-form blocks are stood in for.
    pub rehearse: bool,
    /// The provider types that the program knows; empty to accept any.
    pub provider_types: &'a [&'a str],
}

impl<'a> LoadOptions<'a> {
    /// No choice of a provider, no rehearsal, any provider type.
    pub fn new(environment: &'a dyn Environment, files: &'a dyn FileReader) -> Self {
        Self { provider: None, environment, files, rehearse: false, provider_types: &[] }
    }
}

/// A file that went into a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputDigest {
    /// The file as it was named.
    pub path: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// A checked specification and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The specification.
    pub spec: Spec,
    /// Warnings and notes, in the order of the files.
    pub warnings: Vec<SpecError>,
    /// The `-f` files. What they interpolate is left out: the digest of a short secret can be guessed.
    pub inputs: Vec<InputDigest>,
}

impl Loaded {
    /// One digest over all `-f` files and their order, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for input in &self.inputs {
            hash.update(input.sha256.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// Loads the `-f` files: parse, overlay, interpolate, read, check.
///
/// # Errors
/// Everything that is wrong in the files, warnings included, each with its place and a next step. If a file is no YAML,
/// only that is reported.
pub fn load(sources: &Sources, options: &LoadOptions<'_>) -> Result<Loaded, SpecErrors> {
    let mut problems = Problems::default();
    let inputs = sources
        .iter()
        .map(|(path, content)| InputDigest {
            path: path.to_owned(),
            sha256: hex::encode(Sha256::digest(content)),
        })
        .collect();
    let spec = tree(sources, &mut problems).and_then(|root| check(root, options, &mut problems));
    match spec {
        Some(spec) if !problems.has_errors() => {
            Ok(Loaded { spec, warnings: problems.into_list().into_vec(), inputs })
        }
        _ => Err(problems.into_list()),
    }
}

/// One tree of all files; `None` after an error that makes looking further useless.
fn tree(sources: &Sources, problems: &mut Problems) -> Option<Node> {
    let mut merged: Option<Node> = None;
    let mut usable = true;
    for (order, (path, content)) in sources.iter().enumerate() {
        let Some(mut node) = parse(path, order, content, problems) else {
            usable = false;
            continue;
        };
        if node.as_map().is_none() {
            let summary = format!("the file must be a map, not {}", node.describe());
            let error = node.location.error(Code::WrongType, summary);
            problems
                .push(error.with_next_step("begin with `apiVersion: infra/v1` and `name: ...`"));
            usable = false;
            continue;
        }
        normalise_cluster(&mut node, problems);
        match &mut merged {
            None => merged = Some(node),
            Some(base) => merge(base, node),
        }
    }
    if merged.is_none() && usable {
        let nowhere = Location::new(&SourceText::new("infra.yaml", 0, ""), 1, 1, 1);
        problems.push(nowhere.error(Code::EmptyFile, "no file was given"));
    }
    merged.filter(|_| usable)
}

fn check(mut root: Node, options: &LoadOptions<'_>, problems: &mut Problems) -> Option<Spec> {
    let NodeValue::Map(map) = &mut root.value else { return None };
    let mut interpolation = Interpolation {
        environment: options.environment,
        files: options.files,
        missing: if options.rehearse { Missing::StandIn } else { Missing::Refuse },
        problems,
    };
    for entry in map.entries.iter_mut().filter(|entry| entry.key != "providers") {
        let free_form = crate::secret::is_secret_key(&entry.key);
        interpolation.walk(&mut entry.node, free_form);
    }
    let mut index = Index::gather(map);
    index.known_types = options.provider_types.iter().map(|kind| (*kind).to_owned()).collect();
    choose_provider(map, &mut index, options, interpolation.problems, &root.location);
    let used = providers_in_use(map, &index);
    let blocks = map.entries.iter_mut().find(|entry| entry.key == "providers");
    if let Some(NodeValue::Map(blocks)) = blocks.map(|entry| &mut entry.node.value) {
        let missing = interpolation.missing;
        for entry in &mut blocks.entries {
            let in_use = used.contains(&entry.key);
            interpolation.missing = if in_use { missing } else { Missing::Ignore };
            interpolation.walk(&mut entry.node, true);
        }
    }
    let mut scope = Scope { index, problems };
    let spec = read_spec(&root, &mut scope);
    scope.problems.hide(&root.hidden_texts());
    let mut spec = spec?;
    for block in spec.providers.values_mut() {
        block.in_use = used.contains(&block.name);
    }
    Some(spec)
}

/// `--provider`: must be in the file, and something should follow it.
fn choose_provider(
    map: &Map,
    index: &mut Index,
    options: &LoadOptions<'_>,
    problems: &mut Problems,
    start: &Location,
) {
    let Some(chosen) = &options.provider else { return };
    let at = map.entry("providers").map_or(start, |entry| &entry.key_location);
    if !index.providers.contains_key(chosen) {
        let names: Vec<&str> = index.providers.keys().map(String::as_str).collect();
        let summary = format!("`--provider {chosen}`: the file has no such provider");
        let error = at.error(Code::UnknownProvider, summary);
        problems.push(match closest(chosen, names.iter().copied()) {
            Some(name) => error.with_suggestion(Some(name)),
            None if names.is_empty() => error,
            None => error.with_note(format!("the file has: {}", names.join(", "))),
        });
        // Taken all the same, so that the same slip is not reported at every cluster.
        index.chosen = index.providers.keys().next().cloned();
        return;
    }
    index.chosen = Some(chosen.clone());
    let follows =
        index.clusters.values().any(|named| named.as_ref().is_none_or(|name| name == chosen));
    if !follows && !index.clusters.is_empty() {
        let summary =
            format!("`--provider {chosen}` has no effect: every cluster names another provider");
        problems.push(
            at.warning(Code::NoEffect, summary)
                .with_next_step("remove `provider:` from the cluster that is to follow it"),
        );
    }
}
