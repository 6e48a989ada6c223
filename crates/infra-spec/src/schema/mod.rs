//! The JSON schema of the file, for editors and for `infra schema`.
//!
//! The `*_form` modules describe the file as it is written, short forms included; their doc comments become the
//! descriptions. That they agree with the readers is tested from both sides.

mod assemble;
mod cluster_form;
mod resource_form;
mod root_form;
mod stack_form;

pub use assemble::json_schema;
