//! The kubelets of all nodes: what becomes of a pod that has a node.

mod containers;
mod controller;
mod images;
mod life;
mod mounts;
mod status;

pub(super) use controller::Kubelet;
