//! What the planner refuses, and what it only remarks on.

use infra_event::{Diagnostic, ExitCode};

use crate::{Address, Node, Observed, Record};

pub(super) fn protected_from_deletion(record: &Record) -> Diagnostic {
    Diagnostic::error("protected", "it is protected and would have to be deleted")
        .about(&record.address)
        .set(format!(
            "if that is meant: --allow-delete {}; else put it back into the file",
            record.address
        ))
}

pub(super) fn protected_from_replacement(node: &Node) -> Diagnostic {
    Diagnostic::error("protected", "it is protected and would have to be replaced")
        .about(&node.address)
        .set(format!("if that is meant: --allow-replace {}", node.address))
}

pub(super) fn not_replaceable(node: &Node) -> Diagnostic {
    Diagnostic::error("not-ours", "it is not of this deployment, and never replaced")
        .about(&node.address)
        .set("drop it from --replace")
        .exit(ExitCode::Invalid)
}

/// Something else has taken the place of what the state knows.
pub(super) fn stranger(record: &Record, seen: &Observed) -> Diagnostic {
    let id = &seen.id;
    Diagnostic::warning(
        "not-ours",
        format!("what is there now (id {id}) is not of this deployment and stays; what the state knows is gone"),
    )
    .about(&record.address)
}

/// It is not among the targets, and needs something that is.
pub(super) fn outside_of_targets(record: &Record, replaced: &Address) -> Diagnostic {
    Diagnostic::warning(
        "targets",
        format!("it needs {replaced}, which is replaced, and is not among the targets"),
    )
    .about(&record.address)
    .run("infra plan")
}

pub(super) fn gone(node: &Node) -> Diagnostic {
    Diagnostic::warning(
        "gone",
        "it was there after the last run and is gone; it will be made again",
    )
    .about(&node.address)
}

pub(super) fn failed(node: &Node, reason: &str) -> Diagnostic {
    Diagnostic::warning("failed", "it is there, and failed")
        .detail(reason)
        .about(&node.address)
        .set(format!("if it does not recover: --replace {} makes a new one", node.address))
}

pub(super) fn missing_reference(node: &Node) -> Diagnostic {
    Diagnostic::error("not-found", "it is said to exist, and it does not")
        .about(&node.address)
        .set("correct its name, or drop `existing` so that it is made")
        .exit(ExitCode::Invalid)
}

pub(super) fn foreign(node: &Node, seen: &Observed) -> Diagnostic {
    Diagnostic::error(
        "not-ours",
        format!("something of that name exists and is not of this deployment (id {})", seen.id),
    )
    .about(&node.address)
    .set("give it another name, or say `existing: true` to use it as it is")
}
