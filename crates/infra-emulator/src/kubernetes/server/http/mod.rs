//! HTTP: connections, what a request asks for, and how answers are written.

mod answer;
mod listener;
mod negotiate;
mod request;

pub(super) use answer::{Answer, add_warning, json_response, text_response};
pub(super) use listener::{Handler, Listening, serve};
pub(super) use negotiate::{Representation, negotiate};
pub(super) use request::{Peer, RequestInfo, parameter};
