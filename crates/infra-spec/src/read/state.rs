//! Reads `state`.

use indexmap::IndexMap;

use super::fields::{Fields, text_of};
use super::values::text_map;
use crate::error::{Code, Problems};
use crate::model::{State, StateBackend};
use crate::node::Node;
use crate::suggest::closest;

/// Schemes of object stores.
const SCHEMES: [&str; 6] = ["s3", "azblob", "az", "azure", "abfs", "gs"];

/// Reads `state`; without one it is local.
pub(crate) fn read_state(root: &mut Fields<'_>, problems: &mut Problems) -> State {
    let local = State {
        backend: StateBackend::Local { path: None },
        options: IndexMap::new(),
        key_file: None,
        encryption_key: None,
    };
    let Some(node) = root.node("state") else { return local };
    let Some(mut fields) = Fields::open(node, "`state`", problems) else { return local };
    let path = fields.path("path", problems);
    let backend = match fields.node("backend") {
        None => StateBackend::Local { path },
        Some(node) => {
            let is_local = node.as_str() == Some("local");
            if path.is_some() && !is_local {
                let at = fields.key_location("path");
                problems.push(at.error(Code::Conflict, "`path` is for `backend: local` only"));
            }
            if is_local {
                StateBackend::Local { path }
            } else {
                object_store(node, problems).unwrap_or(local.backend)
            }
        }
    };
    let state = State {
        backend,
        options: text_map(&mut fields, "options", problems),
        key_file: fields.path("key_file", problems),
        encryption_key: fields.secret("encryption_key", problems),
    };
    if state.key_file.is_some() && state.encryption_key.is_some() {
        let at = fields.key_location("encryption_key");
        problems
            .push(at.error(Code::Conflict, "`key_file` and `encryption_key` exclude each other"));
    }
    fields.finish(problems);
    state
}

fn object_store(node: &Node, problems: &mut Problems) -> Option<StateBackend> {
    let text = text_of(node, "`backend`", problems)?;
    let known = SCHEMES.map(|scheme| format!("{scheme}://")).join(", ");
    let Some((scheme, rest)) = text.split_once("://") else {
        let summary = format!(
            "`backend` must be `local` or the URL of an object store, not {}",
            node.shown()
        );
        let error =
            node.location.error(Code::InvalidValue, summary).with_note(format!("known: {known}"));
        problems.push(error.with_suggestion(closest(text, ["local"])));
        return None;
    };
    if !SCHEMES.contains(&scheme) {
        let summary = format!("no object store has the scheme of {}", node.shown());
        let error =
            node.location.error(Code::InvalidValue, summary).with_note(format!("known: {known}"));
        problems.push(error.with_suggestion(closest(scheme, SCHEMES)));
        return None;
    }
    if rest.is_empty() || rest.starts_with('/') {
        problems.push(
            node.location.error(Code::InvalidValue, "the URL of the object store names no bucket"),
        );
        return None;
    }
    if rest.contains('@') || text.contains(char::is_whitespace) {
        let summary = "the URL of the object store may hold neither credentials nor white space";
        problems.push(
            node.location
                .error(Code::InvalidValue, summary)
                .with_next_step("put credentials under `options`"),
        );
        return None;
    }
    Some(StateBackend::ObjectStore { url: text.to_owned() })
}
