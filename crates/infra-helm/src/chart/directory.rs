//! Charts in folders, read through a trait so that this crate touches no disk.

use super::{
    archive::Limits,
    ignore::Rules,
    load::{ChartError, ChartFile},
};

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file and its bytes; a link to one is one.
    File(u64),
    /// A folder; a link to one is one.
    Folder,
    /// A device, a socket, a pipe: Helm refuses it.
    Irregular,
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last part of the path.
    pub name: String,
    /// What it is, links followed.
    pub kind: EntryKind,
    /// Whether the name is a link. Ignore rules for folders do not see through links.
    pub is_link: bool,
}

/// A folder that holds a chart. Paths are relative to it, `/` between parts; the root is the empty text.
pub trait Directory {
    /// The entries of a folder, in any order.
    ///
    /// # Errors
    /// What the file system says, with the path.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// What the file system says, with the path.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// How deep folders are followed; a link may lead in a circle.
const DEPTH_LIMIT: usize = 64;

struct Walk<'a> {
    directory: &'a dyn Directory,
    rules: Rules,
    limits: Limits,
    files: Vec<ChartFile>,
    total: u64,
}

/// All files of a folder that its rules do not leave out, in Go's order.
pub(super) fn files(
    directory: &dyn Directory,
    limits: Limits,
) -> Result<Vec<ChartFile>, ChartError> {
    let top = directory.list("").map_err(ChartError::Load)?;
    let own_rules = top.iter().any(|entry| entry.name == ".helmignore");
    let text = if own_rules {
        Some(directory.read(".helmignore").map_err(ChartError::Load)?)
    } else {
        None
    };
    let rules = Rules::parse(text.as_deref()).map_err(ChartError::Load)?;
    let mut walk = Walk { directory, rules, limits, files: Vec::new(), total: 0 };
    walk.folder("", top, 0)?;
    Ok(walk.files)
}

impl Walk<'_> {
    fn folder(
        &mut self,
        path: &str,
        mut entries: Vec<Entry>,
        depth: usize,
    ) -> Result<(), ChartError> {
        if depth > DEPTH_LIMIT {
            return Err(ChartError::Load(format!("{path}: folders nest too deep")));
        }
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        for entry in entries {
            let own =
                if path.is_empty() { entry.name.clone() } else { format!("{path}/{}", entry.name) };
            match entry.kind {
                EntryKind::Folder => {
                    if !self.rules.ignores(&own, true) {
                        let inner = self.directory.list(&own).map_err(ChartError::Load)?;
                        self.folder(&own, inner, depth + 1)?;
                    }
                }
                kind => {
                    if !self.rules.ignores(&own, false) {
                        self.file(&own, kind)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, kind: EntryKind) -> Result<(), ChartError> {
        let EntryKind::File(size) = kind else {
            return Err(ChartError::Load(format!(
                "cannot load irregular file {path} as it has file mode type bits set"
            )));
        };
        self.total = self.total.saturating_add(size);
        if size > self.limits.file {
            let (name, limit) = (path.rsplit('/').next().unwrap_or(path), self.limits.file);
            return Err(ChartError::Load(format!(
                "chart file \"{name}\" is larger than the maximum file size {limit}"
            )));
        }
        if self.total > self.limits.chart {
            return Err(ChartError::Budget("bytes in the chart's folder"));
        }
        let data = self.directory.read(path).map_err(ChartError::Load)?;
        self.files.push(ChartFile::new(path, data));
        Ok(())
    }
}
