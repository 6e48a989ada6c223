//! The log on disk: one JSON line per change, handed to the operating system at once, compacted when it is opened.
//!
//! A process that is killed loses nothing that was answered; a torn last line is one that was never answered and is left out.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kubernetes::server::EmulatorError;
use crate::kubernetes::server::security::files;

const NAME: &str = "objects.jsonl";

/// One change as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<O = Option<Arc<Value>>> {
    #[serde(rename = "v")]
    pub(super) revision: u64,
    #[serde(rename = "r")]
    pub(super) resource: String,
    #[serde(rename = "s")]
    pub(super) namespace: String,
    #[serde(rename = "n")]
    pub(super) name: String,
    #[serde(rename = "o")]
    pub(super) object: O,
}

/// The open log.
#[derive(Debug)]
pub(crate) struct SystemLog {
    path: PathBuf,
    file: Option<File>,
}

impl SystemLog {
    /// Reads the log of a directory line by line; nothing is read if there is none. Gives the last revision too.
    pub(super) fn open(
        directory: &Path,
        mut take: impl FnMut(Line<Option<Value>>),
    ) -> Result<(Self, u64), EmulatorError> {
        let path = directory.join(NAME);
        let mut revision = 0;
        match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(file_error("read", &path, source)),
            Ok(file) => {
                let mut lines = BufReader::new(file).split(b'\n').peekable();
                while let Some(text) = lines.next() {
                    let text = text.map_err(|source| file_error("read", &path, source))?;
                    match serde_json::from_slice::<Line<Option<Value>>>(&text) {
                        Ok(line) => {
                            revision = revision.max(line.revision);
                            if !line.resource.is_empty() {
                                take(line);
                            }
                        }
                        Err(_) if lines.peek().is_none() => break,
                        Err(error) => {
                            let reason = error.to_string();
                            return Err(EmulatorError::Damaged { path, reason });
                        }
                    }
                }
            }
        }
        Ok((Self { path, file: None }, revision))
    }

    /// Writes the log anew with the present objects and opens it for appending.
    pub(super) fn compact<'a>(
        mut self,
        revision: u64,
        objects: impl Iterator<Item = (&'a Arc<str>, &'a String, &'a String, &'a Arc<Value>)>,
    ) -> Result<Self, EmulatorError> {
        let fresh = self.path.with_extension("new");
        let written = (|| {
            let mut out = BufWriter::new(files::create_private(&fresh)?);
            // A line without a resource only carries the revision, so that revisions never run backwards.
            write_line(&mut out, revision, "", "", "", None)?;
            for (resource, namespace, name, object) in objects {
                write_line(&mut out, revision, resource, namespace, name, Some(object.clone()))?;
            }
            out.flush()?;
            fs::rename(&fresh, &self.path)?;
            OpenOptions::new().append(true).open(&self.path)
        })();
        let file = written.map_err(|source| file_error("write", &self.path, source))?;
        self.file = Some(file);
        Ok(self)
    }

    /// Appends one line with one write.
    pub(super) fn append(&mut self, mut line: Vec<u8>) -> std::io::Result<()> {
        line.push(b'\n');
        match &mut self.file {
            Some(file) => file.write_all(&line),
            None => Ok(()),
        }
    }
}

fn write_line(
    out: &mut impl Write,
    revision: u64,
    resource: &str,
    namespace: &str,
    name: &str,
    object: Option<Arc<Value>>,
) -> std::io::Result<()> {
    let line = Line {
        revision,
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        object,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

fn file_error(action: &'static str, path: &Path, source: std::io::Error) -> EmulatorError {
    EmulatorError::File { action, path: path.to_owned(), source }
}
