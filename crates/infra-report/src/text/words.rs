//! Words for actions, counts and amounts of money.

use infra_event::{Action, Totals};

/// What an operation is doing: `creating`.
pub(crate) fn doing(action: Option<Action>) -> &'static str {
    match action {
        None => "working",
        Some(Action::Read) => "reading",
        Some(Action::Adopt) => "adopting",
        Some(Action::Create) => "creating",
        Some(Action::Update) => "updating",
        Some(Action::Replace) => "replacing",
        Some(Action::Wait) => "waiting",
        Some(Action::Delete) => "deleting",
        Some(Action::Forget) => "forgetting",
    }
}

/// What an operation did: `created`.
pub(crate) fn done(action: Option<Action>) -> &'static str {
    match action {
        None => "done",
        Some(Action::Read) => "read",
        Some(Action::Adopt) => "adopted",
        Some(Action::Create) => "created",
        Some(Action::Update) => "updated",
        Some(Action::Replace) => "replaced",
        Some(Action::Wait) => "ready",
        Some(Action::Delete) => "deleted",
        Some(Action::Forget) => "forgotten",
    }
}

/// `1 object`, `3 objects`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// An amount with its currency: `24.00 USD`.
pub(crate) fn money(amount: f64, currency: Option<&str>) -> String {
    match currency {
        Some(currency) => format!("{amount:.2} {currency}"),
        None => format!("{amount:.2}"),
    }
}

/// What a plan or a run did, by kind of change: `3 created, 1 deleted`. `past` chooses between done and to do.
pub(crate) fn totals(totals: &Totals, past: bool) -> String {
    let parts = [
        (totals.create, "created", "to create"),
        (totals.update, "updated", "to update"),
        (totals.replace, "replaced", "to replace"),
        (totals.delete, "deleted", "to delete"),
        (totals.adopt, "adopted", "to adopt"),
        (totals.forget, "forgotten", "to forget"),
        (totals.unchanged, "unchanged", "unchanged"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, done, to_do)| format!("{number} {}", if past { done } else { to_do }))
        .collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
