//! The keys of one map: each is asked for by name and type, and what nobody asked for is unknown.

use std::time::Duration;

use crate::error::{Code, Problems, SpecError};
use crate::model::{Existing, SpecPath};
use crate::node::{Map, Node, NodeValue};
use crate::quantity::parse_duration;
use crate::secret::Secret;
use crate::source::Location;
use crate::suggest::closest;

/// The longest that anything is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// A wrong type: what was expected and what is there.
pub(crate) fn wrong_type(node: &Node, what: &str, expected: &str) -> SpecError {
    let summary = format!("{what} must be {expected}, not {}", node.describe());
    let error = node.location.error(Code::WrongType, summary);
    if node.is_secret() {
        return error;
    }
    match &node.value {
        NodeValue::Float(_, text) if expected.contains("string") => {
            error.with_help(format!("write `\"{text}\"`")).with_next_step("put it in quotes")
        }
        NodeValue::Integer(number) if expected.contains("string") => {
            error.with_help(format!("write `\"{number}\"`")).with_next_step("put it in quotes")
        }
        NodeValue::Boolean(value) if expected.contains("string") => {
            error.with_help(format!("write `\"{value}\"`")).with_next_step("put it in quotes")
        }
        _ => error,
    }
}

/// The keys of one map of the file.
pub(crate) struct Fields<'n> {
    map: &'n Map,
    /// What the map is, for messages: `a cluster`.
    what: String,
    location: &'n Location,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Begins to read a map; anything else is a wrong type.
    pub(crate) fn open(node: &'n Node, what: &str, problems: &mut Problems) -> Option<Self> {
        let Some(map) = node.as_map() else {
            problems.push(wrong_type(node, what, "a map"));
            return None;
        };
        Some(Self { map, what: what.to_owned(), location: &node.location, asked: Vec::new() })
    }

    /// Where the map begins.
    pub(crate) fn location(&self) -> &'n Location {
        self.location
    }

    /// The value of a key; `null` counts as absent.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.map.get(key).filter(|node| !node.is_null())
    }

    /// Where a key stands, else where the map begins.
    pub(crate) fn key_location(&self, key: &str) -> &'n Location {
        self.map.entry(key).map_or(self.location, |entry| &entry.key_location)
    }

    /// The value of a key that must be there.
    pub(crate) fn required(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<&'n Node> {
        let node = self.node(key);
        if node.is_none() {
            let error = match self.map.entry(key) {
                Some(entry) => {
                    let summary = format!("`{key}` of {} has no value", self.what);
                    entry.key_location.error(Code::MissingKey, summary)
                }
                None => {
                    let summary = format!("{} needs the key `{key}`", self.what);
                    self.location.error(Code::MissingKey, summary)
                }
            };
            problems.push(error.with_next_step(format!("add `{key}: ...`")));
        }
        node
    }

    /// Unknown keys are reported, with the closest of those that were asked for.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for entry in self.map.iter() {
            let key = entry.key.as_str();
            if self.asked.contains(&key) || problems.is_full() {
                continue;
            }
            let summary = format!("unknown key `{}` in {}", crate::node::cut(key), self.what);
            let mut error = entry.key_location.error(Code::UnknownKey, summary);
            if key == "<<" {
                error = error.with_help("merge keys are not part of YAML 1.2").with_next_step(
                    "repeat the values, or lay a second file over this one with `-f`",
                );
            } else if let Some(suggestion) = closest(key, self.asked.iter().copied()) {
                error = error.with_suggestion(Some(suggestion));
            } else {
                error = error.with_note(format!("known here: {}", self.asked.join(", ")));
            }
            problems.push(error);
        }
    }

    fn typed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        problems: &mut Problems,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.node(key)?;
        let value = read(node);
        if value.is_none() {
            problems.push(wrong_type(node, &format!("`{key}`"), expected));
        }
        value
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        let node = self.node(key)?;
        text_of(node, &format!("`{key}`"), problems).map(str::to_owned)
    }

    /// A text that must be there.
    pub(crate) fn required_text(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<String> {
        let node = self.required(key, problems)?;
        text_of(node, &format!("`{key}`"), problems).map(str::to_owned)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let node = self.node(key)?;
        match &node.value {
            NodeValue::Boolean(value) => Some(*value),
            _ => {
                let mut error = wrong_type(node, &format!("`{key}`"), "`true` or `false`");
                match node.as_str() {
                    Some("yes" | "on" | "Yes" | "On" | "YES" | "ON") => {
                        error = error.with_help("write `true`")
                    }
                    Some("no" | "off" | "No" | "Off" | "NO" | "OFF") => {
                        error = error.with_help("write `false`")
                    }
                    _ => {}
                }
                problems.push(error);
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(crate) fn whole(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
        problems: &mut Problems,
    ) -> Option<u32> {
        let location = &self.node(key)?.location;
        let number = self.typed(key, "a whole number", problems, |node| match &node.value {
            NodeValue::Integer(number) => Some(*number),
            _ => None,
        })?;
        match u32::try_from(number).ok().filter(|number| bounds.contains(number)) {
            Some(number) => Some(number),
            None => {
                let summary = format!(
                    "`{key}` must be a number from {} to {}, not {number}",
                    bounds.start(),
                    bounds.end()
                );
                problems.push(location.error(Code::InvalidValue, summary));
                None
            }
        }
    }

    /// The items of a list; absent is empty.
    pub(crate) fn list(&mut self, key: &'static str, problems: &mut Problems) -> &'n [Node] {
        self.typed(key, "a list", problems, Node::as_list).unwrap_or_default()
    }

    /// A list of texts; absent is empty.
    pub(crate) fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Vec<String> {
        let what = format!("each of `{key}`");
        self.list(key, problems)
            .iter()
            .filter_map(|node| text_of(node, &what, problems).map(str::to_owned))
            .collect()
    }

    /// A map; absent is `None`.
    pub(crate) fn map(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'n Map> {
        self.typed(key, "a map", problems, Node::as_map)
    }

    /// A duration above zero.
    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<Duration> {
        let node = self.node(key)?;
        if let NodeValue::Integer(number) = node.value {
            let summary = format!("`{key}` has no unit");
            let help = format!("write `{number}s`, `{number}m` or `{number}h`");
            problems.push(node.location.error(Code::InvalidValue, summary).with_help(help));
            return None;
        }
        let text = text_of(node, &format!("`{key}`"), problems)?;
        let error = match parse_duration(text) {
            Ok(duration) if !duration.is_zero() && duration <= LONGEST_WAIT => {
                return Some(duration);
            }
            Ok(_) => format!("`{key}` must be more than nothing and at most 24h"),
            Err(_) if node.is_secret() => format!("`{key}`: {} is no duration", node.shown()),
            Err(message) => format!("`{key}`: {message}"),
        };
        problems.push(node.location.error(Code::InvalidValue, error));
        None
    }

    /// A path.
    pub(crate) fn path(&mut self, key: &'static str, problems: &mut Problems) -> Option<SpecPath> {
        let node = self.node(key)?;
        path_of(node, &format!("`{key}`"), problems)
    }

    /// One path or a list of them.
    pub(crate) fn paths(&mut self, key: &'static str, problems: &mut Problems) -> Vec<SpecPath> {
        let Some(node) = self.node(key) else { return Vec::new() };
        match node.as_list() {
            Some(list) => {
                let what = format!("each of `{key}`");
                list.iter().filter_map(|node| path_of(node, &what, problems)).collect()
            }
            None => path_of(node, &format!("`{key}`"), problems).into_iter().collect(),
        }
    }

    /// A secret text.
    pub(crate) fn secret(&mut self, key: &'static str, problems: &mut Problems) -> Option<Secret> {
        let node = self.node(key)?;
        let secret = node.to_secret();
        if secret.is_none() {
            problems.push(wrong_type(node, &format!("`{key}`"), "a string"));
        } else if matches!(node.provenance(), Some(crate::secret::Provenance::Literal)) {
            let summary = format!("`{key}` stands in the file in clear text");
            problems.push(node.location.warning(Code::LiteralSecret, summary));
        }
        secret
    }

    /// `existing: true` or `existing: NAME`; `false` is absent.
    pub(crate) fn existing(&mut self, problems: &mut Problems) -> Option<Existing> {
        let node = self.node("existing")?;
        match &node.value {
            NodeValue::Boolean(true) => Some(Existing::SameName(true)),
            NodeValue::Boolean(false) => None,
            NodeValue::String(name) if !name.is_empty() => Some(Existing::Named(name.clone())),
            _ => {
                let expected = "`true`, or its name or id in quotes";
                problems.push(wrong_type(node, "`existing`", expected));
                None
            }
        }
    }
}

/// A text that is not empty.
pub(crate) fn text_of<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> Option<&'n str> {
    match node.as_str() {
        Some("") => {
            problems.push(node.location.error(Code::InvalidValue, format!("{what} is empty")));
            None
        }
        Some(text) => Some(text),
        None => {
            problems.push(wrong_type(node, what, "a string"));
            None
        }
    }
}

pub(crate) fn path_of(node: &Node, what: &str, problems: &mut Problems) -> Option<SpecPath> {
    let written = text_of(node, what, problems)?.to_owned();
    if written.contains('\0') {
        let summary = format!("{what} holds a character that no path can have");
        problems.push(node.location.error(Code::InvalidValue, summary));
        return None;
    }
    Some(SpecPath { written, location: node.location.clone() })
}
