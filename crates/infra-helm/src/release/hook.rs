//! Hooks: objects that run at a point in a release's life, by their annotations.

use std::collections::BTreeMap;

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "Helm's events")]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    /// The word of the annotation.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        // The old word for tests still counts.
        if word == "test-success" {
            return Some(Self::Test);
        }
        [
            Self::PreInstall,
            Self::PostInstall,
            Self::PreDelete,
            Self::PostDelete,
            Self::PreUpgrade,
            Self::PostUpgrade,
            Self::PreRollback,
            Self::PostRollback,
            Self::Test,
        ]
        .into_iter()
        .find(|event| event.name() == word)
    }
}

/// An object that is a hook.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// The object's name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The template it came from.
    pub path: String,
    /// Its text.
    pub text: Vec<u8>,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// Lower runs earlier.
    pub weight: i64,
    /// Such as `before-hook-creation`; empty means that one.
    pub delete_policies: Vec<String>,
    /// Such as `hook-failed`.
    pub output_log_policies: Vec<String>,
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(|word| word.trim().to_lowercase()).collect()
}

/// What an object's annotations make of it.
pub(super) enum Role {
    Object,
    Hook(Hook),
    /// A hook for an event that Helm does not know: dropped.
    Unknown,
}

/// Reads the annotations of an object.
pub(super) fn role(
    annotations: &BTreeMap<String, String>,
    name: &str,
    kind: &str,
    path: &str,
    text: &[u8],
) -> Role {
    let Some(wanted) = annotations.get("helm.sh/hook") else { return Role::Object };
    let mut events = Vec::new();
    for word in words(wanted) {
        match HookEvent::parse(&word) {
            Some(event) => events.push(event),
            None => return Role::Unknown,
        }
    }
    let list = |name: &str| annotations.get(name).map(|text| words(text)).unwrap_or_default();
    Role::Hook(Hook {
        name: name.to_owned(),
        kind: kind.to_owned(),
        path: path.to_owned(),
        text: text.to_vec(),
        events,
        weight: annotations
            .get("helm.sh/hook-weight")
            .and_then(|weight| weight.parse().ok())
            .unwrap_or(0),
        delete_policies: list("helm.sh/hook-delete-policy"),
        output_log_policies: list("helm.sh/hook-output-log-policy"),
    })
}
