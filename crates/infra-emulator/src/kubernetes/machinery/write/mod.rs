//! The way of one write request, in the order of kube-apiserver.
//!
//! A request begins with [`create`], [`update`], [`patch()`] or [`apply`], which decode, default and track ownership; admission (the
//! caller's) changes the object; [`complete_create`] or [`complete_update`] prepare and validate it for the store.

mod complete;
mod decode;
mod parse;
mod request;
#[cfg(test)]
mod tests;
mod warnings;

pub use complete::{complete_create, complete_update};
pub use request::{
    FieldValidation, Options, PatchType, Pending, apply, create, decode, manager_required, patch,
    update,
};
