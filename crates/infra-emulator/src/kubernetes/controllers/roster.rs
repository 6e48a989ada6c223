//! Which controllers a cluster has.

use std::sync::Arc;

use super::runner::{Controller, World};
use super::{
    cron_jobs, daemon_sets, deployments, disruption_budgets, endpoints, garbage, jobs, kubelet,
    load_balancers, namespaces, nodes, quotas, replica_sets, scheduler, service_accounts,
    stateful_sets, volumes,
};
use crate::kubernetes::server::{Api, Client};

/// All controllers of a cluster.
pub(super) fn all(api: &Arc<Api>, world: &World) -> Vec<Box<dyn Controller>> {
    let client = |component: &'static str| Client::new(api.clone(), component);
    let manager = || client("kube-controller-manager");
    let cloud = || client("cloud-controller-manager");
    vec![
        Box::new(namespaces::Namespaces::new(manager())),
        Box::new(service_accounts::ServiceAccounts::new(manager(), world.authority_pem.clone())),
        Box::new(garbage::GarbageCollector::new(manager())),
        Box::new(deployments::Deployments::new(manager())),
        Box::new(replica_sets::ReplicaSets::new(manager())),
        Box::new(replica_sets::ReplicaSets::of_replication_controllers(manager())),
        Box::new(stateful_sets::StatefulSets::new(manager())),
        Box::new(daemon_sets::DaemonSets::new(manager())),
        Box::new(disruption_budgets::DisruptionBudgets::new(manager())),
        Box::new(quotas::Quotas::new(manager())),
        Box::new(cron_jobs::CronJobs::new(manager())),
        Box::new(jobs::Jobs::new(manager())),
        Box::new(endpoints::Endpoints::new(manager())),
        Box::new(load_balancers::LoadBalancers::new(cloud(), world.clone())),
        Box::new(volumes::Claims::new(manager(), world.clone())),
        Box::new(volumes::Volumes::new(manager(), world.clone())),
        Box::new(nodes::Nodes::new(manager())),
        Box::new(scheduler::Scheduler::new(client("kube-scheduler"))),
        Box::new(kubelet::Kubelet::new(client("kubelet"), world.clone())),
    ]
}
