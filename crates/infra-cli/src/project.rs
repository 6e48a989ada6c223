//! [`Project`]: the user's file, loaded, and the folders that belong to it.

use std::path::{Path, PathBuf};

use infra_event::{Diagnostic, ExitCode};
use infra_spec::{Environment, FileReader, LoadOptions, Loaded, Sources, Spec};

use crate::arguments::Global;
use crate::output::{Outcome, Told};

/// The folder beside the file in which states and rehearsals live.
const FOLDER: &str = ".infra";

/// The variables of this process.
struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// The files of this machine.
pub(crate) struct DiskReader;

impl FileReader for DiskReader {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

/// The user's file, loaded.
pub(crate) struct Project {
    pub(crate) loaded: Loaded,
    /// The folder of the first file.
    pub(crate) directory: PathBuf,
    pub(crate) rehearse: bool,
}

impl Project {
    /// Loads the files of the command line.
    pub(crate) fn load(global: &Global) -> Outcome<Self> {
        let mut sources = Sources::new();
        for path in &global.files {
            let content = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
            sources.push(path.display().to_string(), content);
        }
        let options = LoadOptions {
            provider: global.provider.clone(),
            environment: &ProcessEnvironment,
            files: &DiskReader,
            rehearse: global.rehearse,
            provider_types: crate::fleet::TYPES,
        };
        let loaded = infra_spec::load(&sources, &options)
            .map_err(|errors| Told(errors.iter().map(Diagnostic::from).collect()))?;
        let first = global.files.first().and_then(|path| path.parent());
        let directory =
            first.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Ok(Self { loaded, directory, rehearse: global.rehearse })
    }

    /// The file.
    pub(crate) fn spec(&self) -> &Spec {
        &self.loaded.spec
    }

    /// Where a rehearsal keeps everything.
    pub(crate) fn rehearsal(&self) -> PathBuf {
        self.directory.join(FOLDER).join("rehearsal").join(&self.spec().name)
    }

    /// The world of the rehearsal.
    pub(crate) fn world(&self) -> PathBuf {
        self.rehearsal().join("world")
    }

    /// Where a local state is kept.
    pub(crate) fn state(&self) -> PathBuf {
        if self.rehearse {
            return self.rehearsal().join("state");
        }
        match &self.spec().state.backend {
            infra_spec::model::StateBackend::Local { path: Some(path) } => path.resolve(),
            _ => self.directory.join(FOLDER).join("state").join(&self.spec().name),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Told {
    let problem = Diagnostic::error("no-file", format!("cannot read {}: {error}", path.display()));
    let problem = if error.kind() == std::io::ErrorKind::NotFound {
        problem.run("infra init").set("or name the file with -f FILE")
    } else {
        problem.set("check the path and its permissions")
    };
    problem.exit(ExitCode::Invalid).into()
}
