//! The rules of the Kubernetes API as pure functions on wire objects (`serde_json::Value`): no input or output, no clock.
//!
//! [`scheme`] says what is served, [`schema`] how objects are shaped, [`mod@write`] leads one write request through decoding,
//! defaulting, patching, ownership ([`managed_fields`]), strategies ([`prepare`]) and [`validate`]; [`status`] builds the answers.
//! Target: kube-apiserver 1.36.

pub mod crd;
pub mod defaults;
pub mod managed_fields;
pub mod patch;
pub mod prepare;
pub mod schema;
pub mod scheme;
pub mod selector;
pub mod status;
pub mod table;
pub mod validate;
pub mod write;
