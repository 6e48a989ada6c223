//! What requests do to objects, the same for HTTP and for the controllers: admission, versions, finalizers, allocation.

mod admission;
mod caller;
mod convert;
mod create;
mod definitions;
mod delete;
mod limits;
mod placement;
mod pods;
mod quota;
mod read;
mod services;
mod update;
mod webhooks;

pub(crate) use caller::{Caller, Target, Written};
pub(crate) use convert::presented;
pub(crate) use create::suffix;
pub(crate) use quota::{namespace_usage, pod_resources};
pub(crate) use read::list_at;
pub(crate) use services::ServiceAddresses;
pub(crate) use update::PatchKind;
