//! Rules for names: DNS labels, Kubernetes labels and taints, image names and tags.

use crate::error::{Code, Problems};
use crate::model::{Effect, Taint};
use crate::node::Node;
use crate::suggest::closest;

use super::fields::text_of;

/// The longest DNS label (RFC 1123), and so the longest name of most things in Kubernetes.
const LONGEST_LABEL: usize = 63;
/// The longest name of something at a cloud: leaves room for what is put before and behind it.
pub(crate) const LONGEST_NAME: usize = 40;

/// A name: lower-case letters, digits and hyphens, beginning with a letter, at most [`LONGEST_NAME`] characters.
pub(crate) fn name_of(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    let text = text_of(node, what, problems)?;
    match check_name(text) {
        Ok(()) => Some(text.to_owned()),
        Err(reason) => {
            let summary = format!("{what} {} {reason}", node.shown());
            let mut error = node.location.error(Code::InvalidName, summary);
            if let Some(better) = legal_name(text).filter(|_| !node.is_secret()) {
                error = error.with_help(format!("`{better}` would do"));
            }
            problems.push(error);
            None
        }
    }
}

/// The rules for names.
pub(crate) fn check_name(text: &str) -> Result<(), String> {
    if text.chars().count() > LONGEST_NAME {
        return Err(format!("has {} characters; at most {LONGEST_NAME}", text.chars().count()));
    }
    if !text.starts_with(|character: char| character.is_ascii_lowercase()) {
        return Err("must begin with a lower-case letter".to_owned());
    }
    check_label(text)
}

/// A DNS label (RFC 1123), as namespaces and services have it.
pub(crate) fn check_label(text: &str) -> Result<(), String> {
    let legal = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
    };
    if text.is_empty() || text.len() > LONGEST_LABEL {
        return Err(format!("must have 1 to {LONGEST_LABEL} characters"));
    }
    if !text.chars().all(legal) {
        return Err("may hold lower-case letters, digits and hyphens only".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("may not begin or end with a hyphen".to_owned());
    }
    Ok(())
}

/// A text that must be a DNS label.
pub(crate) fn label_of(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    checked(node, what, problems, check_label)
}

/// A DNS subdomain (RFC 1123): names of secrets and storage classes.
pub(crate) fn subdomain_of(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    checked(node, what, problems, |text| {
        if text.len() > 253 {
            return Err("has more than 253 characters".to_owned());
        }
        text.split('.').try_for_each(check_label)
    })
}

/// A text that a rule accepts.
pub(crate) fn checked(
    node: &Node,
    what: &str,
    problems: &mut Problems,
    rule: impl Fn(&str) -> Result<(), String>,
) -> Option<String> {
    let text = text_of(node, what, problems)?;
    match rule(text) {
        Ok(()) => Some(text.to_owned()),
        Err(reason) => {
            let summary = format!("{what} {} {reason}", node.shown());
            problems.push(node.location.error(Code::InvalidName, summary));
            None
        }
    }
}

/// The nearest legal name, to be suggested.
fn legal_name(text: &str) -> Option<String> {
    let lower: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    let trimmed = lower.trim_start_matches(|character: char| !character.is_ascii_lowercase());
    let cut: String = trimmed.chars().take(LONGEST_NAME).collect();
    let name = cut.trim_end_matches('-').to_owned();
    check_name(&name).ok().map(|()| name)
}

fn qualified_part(text: &str) -> bool {
    let ends = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= LONGEST_LABEL
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// The key of a Kubernetes label or taint: `name` or `prefix/name`.
pub(crate) fn check_label_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefix_legal = prefix.is_none_or(|prefix| {
        prefix.len() <= 253 && prefix.split('.').all(|part| check_label(part).is_ok())
    });
    if prefix_legal && qualified_part(name) {
        Ok(())
    } else {
        Err("is no label key, such as `team` or `example.org/team`".to_owned())
    }
}

/// The value of a Kubernetes label or taint.
pub(crate) fn check_label_value(value: &str) -> Result<(), String> {
    if value.is_empty() || qualified_part(value) {
        Ok(())
    } else {
        Err("is no label value: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
            .to_owned())
    }
}

/// A taint `key=value:Effect` or `key:Effect`.
pub(crate) fn taint_of(node: &Node, problems: &mut Problems) -> Option<Taint> {
    let text = text_of(node, "a taint", problems)?;
    let form = "write `key=value:Effect` or `key:Effect`";
    let mut fail = |summary: String, help: &str| {
        problems.push(node.location.error(Code::InvalidValue, summary).with_help(help));
        None
    };
    let Some((pair, effect)) = text.rsplit_once(':') else {
        return fail(format!("the taint {} has no effect", node.shown()), form);
    };
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    if let Err(reason) = check_label_key(key) {
        return fail(format!("the taint {}: its key {reason}", node.shown()), form);
    }
    if let Err(reason) = check_label_value(value) {
        return fail(format!("the taint {}: its value {reason}", node.shown()), form);
    }
    match Effect::ALL.iter().find(|(name, _)| *name == effect) {
        Some((_, effect)) => {
            Some(Taint { key: key.to_owned(), value: value.to_owned(), effect: *effect })
        }
        None => {
            let names = Effect::ALL.map(|(name, _)| name);
            let help = closest(effect, names)
                .map_or_else(|| form.to_owned(), |name| format!("did you mean `{name}`?"));
            let summary =
                format!("the effect of the taint {} is none of {}", node.shown(), names.join(", "));
            fail(summary, &help)
        }
    }
}

/// A repository name of the OCI distribution specification.
pub(crate) fn check_image_name(name: &str) -> Result<(), String> {
    let part = |part: &str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(part.chars().next())
            && edge(part.chars().last())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
    };
    if name.len() <= 255 && name.split('/').all(part) {
        Ok(())
    } else {
        Err("is no image name: lower-case letters, digits, `.`, `_`, `-`, in parts between `/`"
            .to_owned())
    }
}

/// A tag of the OCI distribution specification.
pub(crate) fn check_tag(tag: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if tag.len() <= 128 && !tag.starts_with(['.', '-']) && !tag.is_empty() && tag.chars().all(legal)
    {
        Ok(())
    } else {
        Err("is no image tag: at most 128 letters, digits, `.`, `_` and `-`".to_owned())
    }
}
