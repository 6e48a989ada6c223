//! From an HTTP request to its answer.

mod bind;
mod discovery;
mod dispatch;
mod encode;
mod evict;
mod listing;
mod logs;
mod objects;
mod openapi;
mod query;
mod scale;
mod streams;
mod watching;

pub(super) use dispatch::handle;
