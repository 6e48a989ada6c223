//! A chart with its values to rendered files, notes, manifests and hooks.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    capabilities::Capabilities,
    files::Files,
    render::{TemplateFile, render},
};
use crate::{
    chart::{Chart, ChartError, ChartFile},
    environment::Environment,
    exec::{Budget, RenderError},
    release::{Hook, Manifest, ManifestError, sort_manifests},
    value::{Data, Map, MapKind, Value},
    values,
    version::is_compatible,
};

/// `.Release`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of .Release")]
pub struct ReleaseInfo {
    pub name: String,
    pub namespace: String,
    pub revision: i64,
    pub is_install: bool,
    pub is_upgrade: bool,
}

impl Default for ReleaseInfo {
    /// What `helm template` without a name has: `release-name` in `default`, a first installation.
    fn default() -> Self {
        Self {
            name: "release-name".to_owned(),
            namespace: "default".to_owned(),
            revision: 1,
            is_install: true,
            is_upgrade: false,
        }
    }
}

/// How a chart is rendered.
#[derive(Clone)]
pub struct RenderOptions {
    /// The release it becomes.
    pub release: ReleaseInfo,
    /// The cluster it is for.
    pub capabilities: Capabilities,
    /// What it may spend.
    pub budget: Budget,
    /// Time, randomness, `lookup`.
    pub environment: Rc<dyn Environment>,
    /// Whether schemas are left alone.
    pub skip_schema: bool,
    /// Whether notes of charts inside count too.
    pub sub_notes: bool,
}

/// What came of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Every file by its path, notes and empty ones included.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The text of `NOTES.txt`.
    pub notes: String,
    /// The objects in the order they are installed.
    pub manifests: Vec<Manifest>,
    /// The hooks in the order of their kinds.
    pub hooks: Vec<Hook>,
    /// The CRDs of `crds/`, which are no templates.
    pub crds: Vec<ChartFile>,
    /// The values the chart was rendered with, defaults included.
    pub values: Data,
}

/// Why a chart could not be rendered.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[allow(missing_docs, reason = "each variant wraps the error of its step")]
pub enum ChartRenderError {
    #[error(transparent)]
    Chart(#[from] ChartError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl ChartRenderError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Chart(fault) => fault.help(),
            Self::Render(fault) => fault.help(),
            Self::Manifest(fault) => fault.help(),
        }
    }
}

impl Rendered {
    /// The manifest as Helm stores it and `helm template` prints it, with CRDs in front when asked.
    pub fn manifest(&self, with_crds: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |name: &str, data: &[u8]| {
            out.extend_from_slice(b"---\n# Source: ");
            out.extend_from_slice(name.as_bytes());
            out.push(b'\n');
            out.extend_from_slice(data);
            out.push(b'\n');
        };
        if with_crds {
            self.crds.iter().for_each(|crd| add(&crd.name, &crd.data));
        }
        self.manifests.iter().for_each(|own| add(&own.path, &own.text));
        out
    }
}

/// Renders a chart whose dependencies are processed.
///
/// # Errors
/// Values that do not fit, a template that Helm would refuse, a rendered file that is no YAML, or a spent budget. Which of
/// several broken templates is named is Helm's choice too: the first in parse order.
pub fn render_chart(
    chart: &Chart,
    values: &Data,
    options: &RenderOptions,
) -> Result<Rendered, ChartRenderError> {
    let (files, used) = rendered_files(chart, values, options)?;
    let notes = notes(chart, &files, options.sub_notes);
    let (manifests, hooks) = sort_manifests(&files)?;
    Ok(Rendered { files, notes, manifests, hooks, crds: chart.crds(), values: used })
}

/// Renders a chart's files and stops there: they need not be YAML.
///
/// # Errors
/// As [`render_chart`], besides YAML.
pub fn render_files(
    chart: &Chart,
    values: &Data,
    options: &RenderOptions,
) -> Result<BTreeMap<String, Vec<u8>>, ChartRenderError> {
    rendered_files(chart, values, options).map(|(files, _)| files)
}

fn rendered_files(
    chart: &Chart,
    values: &Data,
    options: &RenderOptions,
) -> Result<(BTreeMap<String, Vec<u8>>, Data), ChartRenderError> {
    let wanted = &chart.metadata.kube_version;
    let offered = options.capabilities.normalised_version();
    if !wanted.is_empty() && !is_compatible(wanted, &offered) {
        let full = &options.capabilities.kube_version;
        return Err(ChartError::Values(format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {full}"
        ))
        .into());
    }
    let coalesced = values::coalesce_values(chart, values).map_err(ChartError::Values)?;
    let used = Value::Map(coalesced.clone()).to_data();
    if !options.skip_schema {
        values::validate(chart, &used)?;
    }
    Ok((texts(chart, &coalesced, options)?, used))
}

fn texts(
    chart: &Chart,
    values: &Rc<Map>,
    options: &RenderOptions,
) -> Result<BTreeMap<String, Vec<u8>>, RenderError> {
    let release = Map::new(MapKind::Any);
    let own = &options.release;
    for (name, value) in [
        ("Name", Value::string(&own.name)),
        ("Namespace", Value::string(&own.namespace)),
        ("IsUpgrade", Value::Bool(own.is_upgrade)),
        ("IsInstall", Value::Bool(own.is_install)),
        ("Revision", Value::int(own.revision)),
        ("Service", Value::string("Helm")),
    ] {
        release.set(name.as_bytes().into(), value);
    }
    let shared =
        Shared { release: Value::Map(release), capabilities: options.capabilities.value() };
    let mut templates = Vec::new();
    collect(chart, chart.name(), true, values, &shared, &mut templates);
    render(&templates, options.budget, options.environment.clone())
}

struct Shared {
    release: Value,
    capabilities: Value,
}

/// The templates of a chart and those inside it, with their dots; gives the chart's own dot.
fn collect<'a>(
    chart: &'a Chart,
    path: &str,
    is_root: bool,
    values: &Rc<Map>,
    shared: &Shared,
    templates: &mut Vec<TemplateFile<'a>>,
) -> Rc<Map> {
    let dot = Map::new(MapKind::Values);
    let inner_dots = Map::new(MapKind::Any);
    for (name, value) in [
        ("Chart", chart.metadata.value(is_root)),
        ("Files", Value::Object(Rc::new(Files::new(&chart.files)))),
        ("Release", shared.release.clone()),
        ("Capabilities", shared.capabilities.clone()),
        ("Values", Value::Map(values.retyped(MapKind::Values))),
        ("Subcharts", Value::Map(inner_dots.clone())),
    ] {
        dot.set(name.as_bytes().into(), value);
    }
    for inner in &chart.dependencies {
        let name = inner.name();
        let own = match values.get(name.as_bytes()) {
            Some(Value::Map(own)) => own,
            _ => Map::new(MapKind::Values),
        };
        let inner_path = format!("{path}/charts/{name}");
        let inner_dot = collect(inner, &inner_path, false, &own, shared, templates);
        inner_dots.set(name.as_bytes().into(), Value::Map(inner_dot.retyped(MapKind::Any)));
    }
    let library = chart.metadata.is_library();
    for file in &chart.templates {
        let base = file.name.rsplit('/').next().unwrap_or(&file.name);
        if library && !base.starts_with('_') {
            continue;
        }
        let full = format!("{path}/{}", file.name);
        // Of two files of one path the later one counts.
        templates.retain(|own| own.path != full);
        templates.push(TemplateFile {
            path: full,
            base: format!("{path}/templates"),
            source: &file.data,
            dot: dot.clone(),
        });
    }
    dot
}

const NOTES: &str = "NOTES.txt";

fn notes(chart: &Chart, files: &BTreeMap<String, Vec<u8>>, all: bool) -> String {
    let own = format!("{}/templates/{NOTES}", chart.name());
    let found = files.iter().filter(|(path, _)| path.ends_with(NOTES) && (all || **path == own));
    let texts: Vec<_> = found.map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect();
    texts.join("\n")
}
