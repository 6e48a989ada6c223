//! A chart from its files.

use std::collections::BTreeMap;

use super::{archive, archive::Limits, directory, directory::Directory, metadata::Metadata};
use crate::{
    value::Data,
    values,
    yaml::{self, Numbers},
};

/// A file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    /// The path from the chart's root, `/` between parts.
    pub name: String,
    /// Its bytes, without a byte order mark.
    pub data: Vec<u8>,
}

impl ChartFile {
    /// A file; a leading byte order mark is dropped, as Helm drops it.
    pub fn new(name: &str, data: Vec<u8>) -> Self {
        let data = match data.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => rest.to_vec(),
            None => data,
        };
        Self { name: name.to_owned(), data }
    }
}

/// Why a chart could not be loaded or prepared.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChartError {
    /// The files are no chart; Helm's text.
    #[error("{0}")]
    Load(String),
    /// The values do not fit the chart; Helm's text.
    #[error("{0}")]
    Values(String),
    /// A schema refuses the values; one line per fault, under the name of its chart.
    #[error(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{0}"
    )]
    Schema(String),
    /// More than a budget allows.
    #[error("the chart has too many {0}")]
    Budget(&'static str),
}

impl ChartError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Load(_) => "correct the chart, or fetch it again: an archive may be cut off",
            Self::Values(_) => "correct the values at the path named",
            Self::Schema(_) => "correct the values at the paths named, or skip the schema",
            Self::Budget(_) => "use a smaller chart, or raise the limits if you trust it",
        }
    }
}

/// A loaded chart with the charts inside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// `Chart.yaml`.
    pub metadata: Metadata,
    /// `Chart.lock`.
    pub lock: Option<Data>,
    /// `values.yaml`; a map. Changed by [`Chart::process_dependencies`] when values are imported.
    pub values: Data,
    /// `values.schema.json`.
    pub schema: Option<Vec<u8>>,
    /// What is in `templates/`.
    pub templates: Vec<ChartFile>,
    /// All else, such as `crds/`, `README.md` and what `.Files` reads.
    pub files: Vec<ChartFile>,
    /// The charts in `charts/`, in the order of their names.
    pub dependencies: Vec<Chart>,
    /// Every file as it was.
    pub raw: Vec<ChartFile>,
}

fn load_error<T>(result: Result<T, String>, what: &str) -> Result<T, ChartError> {
    result.map_err(|message| ChartError::Load(format!("{what}: {message}")))
}

fn read(data: &[u8]) -> Result<Data, String> {
    yaml::read(data, Numbers::Exact).map_err(|fault| fault.0)
}

impl Chart {
    /// Loads a `.tgz` archive.
    ///
    /// # Errors
    /// The bytes are no archive, hold names that leave the chart, are larger than the limits, or are no chart.
    pub fn from_archive(bytes: &[u8], limits: Limits) -> Result<Self, ChartError> {
        Self::archive_at(bytes, limits, 0)
    }

    /// Loads a folder. Its `.helmignore` holds for the charts inside it too.
    ///
    /// # Errors
    /// The folder cannot be read, holds irregular or too large files, or is no chart.
    pub fn from_directory(directory: &dyn Directory, limits: Limits) -> Result<Self, ChartError> {
        Self::files_at(directory::files(directory, limits)?, limits, 0)
    }

    /// Loads a chart from files in memory.
    ///
    /// # Errors
    /// As [`Chart::from_archive`].
    pub fn from_files(files: Vec<ChartFile>, limits: Limits) -> Result<Self, ChartError> {
        Self::files_at(files, limits, 0)
    }

    fn archive_at(bytes: &[u8], limits: Limits, depth: usize) -> Result<Self, ChartError> {
        if depth > limits.depth {
            return Err(ChartError::Budget("archives inside archives"));
        }
        Self::files_at(archive::files(bytes, limits)?, limits, depth)
    }

    fn files_at(files: Vec<ChartFile>, limits: Limits, depth: usize) -> Result<Self, ChartError> {
        if depth > 128 {
            return Err(ChartError::Budget("charts inside charts"));
        }
        let mut chart = Self { values: Data::Map(BTreeMap::new()), ..Self::default() };
        let mut found = false;
        for file in files.iter().filter(|file| file.name == "Chart.yaml") {
            found = true;
            let outcome = read(&file.data).and_then(|data| chart.metadata.fill(&data));
            load_error(outcome, "cannot load Chart.yaml")?;
            if chart.metadata.api_version.is_empty() {
                "v1".clone_into(&mut chart.metadata.api_version);
            }
        }
        let mut subcharts: BTreeMap<String, Vec<ChartFile>> = BTreeMap::new();
        for file in &files {
            found |= chart.place(file, &mut subcharts)?;
        }
        if !found {
            return Err(ChartError::Load("Chart.yaml file is missing".to_owned()));
        }
        chart.metadata.validate().map_err(ChartError::Load)?;
        for (name, files) in subcharts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let own = chart.metadata.name.clone();
            match Self::subchart(&name, files, limits, depth) {
                Ok(subchart) => chart.dependencies.push(subchart),
                Err(ChartError::Load(message)) => {
                    return Err(ChartError::Load(format!(
                        "error unpacking subchart {name} in {own}: {message}"
                    )));
                }
                Err(other) => return Err(other),
            }
        }
        chart.raw = files;
        Ok(chart)
    }

    /// Puts a file where it belongs; whether it brings metadata.
    fn place(
        &mut self,
        file: &ChartFile,
        subcharts: &mut BTreeMap<String, Vec<ChartFile>>,
    ) -> Result<bool, ChartError> {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => {
                self.lock = Some(load_error(read(&file.data), "cannot load Chart.lock")?)
            }
            "values.yaml" => {
                self.values = load_error(values::read(&file.data), "cannot load values.yaml")?;
            }
            "values.schema.json" => self.schema = Some(file.data.clone()),
            "requirements.yaml" => {
                let outcome = read(&file.data).and_then(|data| self.metadata.fill(&data));
                load_error(outcome, "cannot load requirements.yaml")?;
                if self.metadata.api_version == "v1" {
                    self.files.push(file.clone());
                }
                return Ok(true);
            }
            "requirements.lock" => {
                self.lock = Some(load_error(read(&file.data), "cannot load requirements.lock")?);
                if self.metadata.api_version == "v1" {
                    self.files.push(file.clone());
                }
                return Ok(true);
            }
            name if name.starts_with("templates/") => self.templates.push(file.clone()),
            name => match name.strip_prefix("charts/") {
                Some(inner) if !has_extension(name, "prov") => {
                    let first = inner.split('/').next().unwrap_or(inner).to_owned();
                    let inner = ChartFile { name: inner.to_owned(), data: file.data.clone() };
                    subcharts.entry(first).or_default().push(inner);
                }
                _ => self.files.push(file.clone()),
            },
        }
        Ok(false)
    }

    fn subchart(
        name: &str,
        files: Vec<ChartFile>,
        limits: Limits,
        depth: usize,
    ) -> Result<Self, ChartError> {
        if has_extension(name, "tgz") {
            let Some(file) = files.first().filter(|file| file.name == name) else {
                return Err(ChartError::Load(format!("expected {name}, got a folder")));
            };
            return Self::archive_at(&file.data, limits, depth + 1);
        }
        let inner = files.into_iter().filter_map(|file| {
            let (_, rest) = file.name.split_once('/')?;
            Some(ChartFile { name: rest.to_owned(), data: file.data })
        });
        Self::files_at(inner.collect(), limits, depth + 1)
    }

    /// The chart's name; an alias, once dependencies are processed.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The CRDs in `crds/` of this chart and those inside it: name as Helm prints it, and text.
    pub fn crds(&self) -> Vec<ChartFile> {
        let mut found = Vec::new();
        self.collect_crds(self.name(), &mut found);
        found
    }

    fn collect_crds(&self, path: &str, found: &mut Vec<ChartFile>) {
        for file in &self.files {
            let manifest =
                ["yaml", "yml", "json"].into_iter().any(|end| has_extension(&file.name, end));
            if file.name.starts_with("crds/") && manifest {
                found.push(ChartFile {
                    name: format!("{path}/{}", file.name),
                    data: file.data.clone(),
                });
            }
        }
        for inner in &self.dependencies {
            inner.collect_crds(&format!("{path}/charts/{}", inner.name()), found);
        }
    }
}

fn has_extension(name: &str, wanted: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case(wanted))
}
