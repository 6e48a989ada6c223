//! [`Suite`]: what a provider's test tells the kit.

use std::sync::Arc;

use infra_emulator::runtime::Endpoints;
use infra_event::Diagnostic;
use infra_provider::Provider;
use infra_spec::model::ProviderBlock;
use serde_json::Value as Json;

/// Makes a provider from its block of a file, connected to the emulated cloud.
pub type Connect = fn(&ProviderBlock, &Endpoints) -> Result<Arc<dyn Provider>, Vec<Diagnostic>>;

/// What a provider's test tells the kit.
#[derive(Clone, Copy)]
pub struct Suite {
    /// Name of the instance in the files.
    pub instance: &'static str,
    /// Name of the cloud in the emulator's request journal.
    pub service: &'static str,
    /// One resource of each kind. Files of cases stand besides it.
    pub file: &'static str,
    /// Several resources of every kind that is listed, for paged listings.
    pub crowded: &'static str,
    /// A case for every kind.
    pub cases: &'static [Case],
    /// Connects with the file's block to the emulated cloud.
    pub connect: Connect,
    /// The URL of the cloud's API among the endpoints, to put a proxy in its place.
    pub url: fn(&mut Endpoints) -> Option<&mut String>,
    /// Texts that must never be shown: tokens of the emulated cloud.
    pub secrets: fn(&Endpoints) -> Vec<String>,
    /// The account in what `infra_emulator::show` tells.
    pub account: fn(&Json) -> &Json,
    /// Lists of the account that say nothing about what exists, such as histories.
    pub not_counted: &'static [&'static str],
    /// Query parameter with the size of a page.
    pub page_size: &'static str,
    /// Keys of answers whose objects hold the user's own words, to which no cloud adds any, such as `labels`.
    pub own_words: &'static [&'static str],
    /// Makes every state in an answer one that nobody knows.
    pub unknown_state: fn(&mut Json),
    /// Whether the cloud's errors carry request ids.
    pub request_ids: bool,
}

/// A resource of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its kind.
    pub kind: &'static str,
    /// Its address in the suite's file.
    pub address: &'static str,
    /// A file in which the resource is another one that it can be changed to in place; `None` if its kind has no such field.
    pub changed: Option<&'static str>,
    /// Whether the cloud tells a state of it that says when it is ready.
    pub has_states: bool,
}
