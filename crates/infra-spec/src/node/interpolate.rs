//! `${env:NAME}` and `${file:path}` in string values, `$${` for a literal `${`. Keys are never interpolated.
//!
//! What was interpolated is secret from then on. A file's last line break is dropped, because editors add it.

use super::tree::{Map, Node, NodeValue};
use crate::error::{Code, Problems, SpecError};
use crate::inputs::{Environment, FileReader};
use crate::secret::{Provenance, is_secret_key};
use crate::source::Location;
use crate::suggest::closest;

/// The largest interpolated file, in bytes.
const LARGEST_VALUE: usize = 1 << 20;

/// How to treat what is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is an error.
    Refuse,
    /// It is stood in for at secrets and in free-form blocks, with a note; an error elsewhere.
    StandIn,
    /// It is stood in for without a word: nothing will read the value.
    Ignore,
}

/// Keys whose content is free-form: another crate, a chart or a store reads it.
const FREE_FORM: [&str; 5] = ["providers", "on", "values", "set", "options"];

pub(crate) struct Interpolation<'a> {
    pub(crate) environment: &'a dyn Environment,
    pub(crate) files: &'a dyn FileReader,
    pub(crate) missing: Missing,
    pub(crate) problems: &'a mut Problems,
}

impl Interpolation<'_> {
    /// Interpolates a tree. `free_form` says whether missing values may be stood in for all over it.
    pub(crate) fn walk(&mut self, node: &mut Node, free_form: bool) {
        match &mut node.value {
            NodeValue::Map(map) => self.walk_map(map, free_form),
            NodeValue::List(list) => {
                for item in list {
                    self.walk(item, free_form);
                }
            }
            NodeValue::String(_) => self.text(node, free_form),
            _ => {}
        }
    }

    fn walk_map(&mut self, map: &mut Map, free_form: bool) {
        for entry in &mut map.entries {
            let secret = is_secret_key(&entry.key);
            let free_form = free_form || secret || FREE_FORM.contains(&entry.key.as_str());
            self.walk(&mut entry.node, free_form);
            let scalar = !matches!(
                entry.node.value,
                NodeValue::Map(_) | NodeValue::List(_) | NodeValue::Null
            );
            if secret && scalar && entry.node.provenance.is_none() {
                entry.node.provenance = Some(Provenance::Literal);
            }
        }
    }

    fn text(&mut self, node: &mut Node, stand_in: bool) {
        let NodeValue::String(text) = &node.value else { return };
        if !text.contains("${") {
            return;
        }
        let mut value = String::new();
        let mut sources = Vec::new();
        let mut stood_in = false;
        let mut rest = text.as_str();
        while let Some(start) = rest.find("${") {
            let (before, after) = rest.split_at(start);
            if let Some(before) = before.strip_suffix('$') {
                value.push_str(before);
                value.push_str("${");
                rest = &after[2..];
                continue;
            }
            value.push_str(before);
            let Some(end) = after.find('}') else {
                let error = node.location.error(Code::Interpolation, "`${` without its `}`");
                self.problems.push(error);
                return;
            };
            let expression = &after[2..end];
            rest = &after[end + 1..];
            match self.resolve(expression, &node.location, stand_in) {
                Ok(Resolved::Real(part)) => value.push_str(&part),
                Ok(Resolved::StandIn(part)) => {
                    stood_in = true;
                    value.push_str(&part);
                }
                // The rest is looked at all the same, so that all findings come at once.
                Err(error) => self.problems.push(*error),
            }
            if self.problems.is_full() {
                return;
            }
            sources.push(expression.to_owned());
        }
        value.push_str(rest);
        node.value = NodeValue::String(value);
        if !sources.is_empty() {
            node.provenance = Some(if stood_in {
                Provenance::StandIn(sources)
            } else {
                Provenance::Interpolated(sources)
            });
        }
    }

    fn resolve(
        &mut self,
        expression: &str,
        at: &Location,
        stand_in: bool,
    ) -> Result<Resolved, Box<SpecError>> {
        match expression.split_once(':') {
            Some(("env", name)) if !name.is_empty() => match self.environment.variable(name) {
                Some(value) => Ok(Resolved::Real(value)),
                None => {
                    let summary = format!("the environment variable `{name}` is not set");
                    let next = format!("set `{name}` and run the command again");
                    let error = at.error(Code::MissingEnvironment, summary).with_next_step(next);
                    self.stand_in(expression, name, at, stand_in, error)
                }
            },
            Some(("file", path)) if !path.is_empty() => match self.read(path, at) {
                Ok(value) => Ok(Resolved::Real(value)),
                Err(reason) => {
                    let summary = format!("the file `{path}` cannot be read: {reason}");
                    let error = at.error(Code::UnreadableFile, summary);
                    self.stand_in(expression, path, at, stand_in, error)
                }
            },
            Some((kind, name)) if kind != "env" && kind != "file" => {
                let summary = format!(
                    "`${{{expression}}}` is unknown: only `env` and `file` are interpolated"
                );
                let suggestion =
                    closest(kind, ["env", "file"]).map(|word| format!("${{{word}:{name}}}"));
                Err(Box::new(
                    at.error(Code::Interpolation, summary).with_suggestion(suggestion.as_deref()),
                ))
            }
            Some((kind, _)) => {
                let summary = format!("`${{{kind}:}}` names nothing");
                Err(Box::new(at.error(Code::Interpolation, summary)))
            }
            None => {
                let summary = format!("`${{{expression}}}` is no interpolation");
                let help =
                    format!("`${{env:{expression}}}`, or `$${{{expression}}}` for the text itself");
                Err(Box::new(at.error(Code::Interpolation, summary).with_help(help)))
            }
        }
    }

    fn stand_in(
        &mut self,
        expression: &str,
        name: &str,
        at: &Location,
        allowed: bool,
        error: SpecError,
    ) -> Result<Resolved, Box<SpecError>> {
        match self.missing {
            Missing::Refuse => return Err(Box::new(error)),
            Missing::StandIn if !allowed => return Err(Box::new(error)),
            Missing::StandIn => {
                let summary = format!(
                    "`${{{expression}}}` is missing and stood in for, as this is a rehearsal"
                );
                self.problems.push(at.note(Code::StandIn, summary));
            }
            Missing::Ignore => {}
        }
        Ok(Resolved::StandIn(format!("rehearsed-{name}")))
    }

    fn read(&self, path: &str, at: &Location) -> Result<String, String> {
        let content =
            self.files.read(&at.base_dir().join(path)).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                kind => kind.to_string(),
            })?;
        if content.len() > LARGEST_VALUE {
            return Err(format!("it has more than {LARGEST_VALUE} bytes"));
        }
        let mut text = String::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }
}

enum Resolved {
    Real(String),
    StandIn(String),
}
