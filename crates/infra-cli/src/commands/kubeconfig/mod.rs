//! `infra kubeconfig`: access to a cluster of the deployment, for other programs.

mod document;
mod merge;
mod write;

pub(crate) use write::{chosen, run};
