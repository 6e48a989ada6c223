//! `infra kubeconfig`: what is written where.

use std::path::PathBuf;

use infra_event::{Diagnostic, ExitCode};
use infra_plan::Address;
use infra_provider::ClusterAccess;
use infra_spec::model::SpecPath;
use serde_json::Value as Json;

use super::document::{asking, credential, entries, holding, kubeconfig, to_yaml};
use super::merge::{Merged, merge, remove, usual_place, write_private};
use crate::arguments::{Format, Global, KubeconfigArguments};
use crate::output::{Outcome, print, print_json, refused, say};
use crate::run::Deployment;

/// Writes, merges or removes a kubeconfig, or prints a credential.
pub(crate) async fn run(global: &Global, arguments: &KubeconfigArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    if arguments.remove {
        // Also when the cluster is gone: then above all.
        let done = take_out(&deployment, arguments);
        deployment.close().await;
        return done;
    }
    deployment.settle().await?;
    let cluster = chosen(&deployment, arguments.cluster.as_deref())?;
    let access = deployment.context.access.access(&cluster).await.map_err(|error| {
        let problem =
            Diagnostic::error("no-access", format!("{error}")).about(&cluster).caused_by(&error);
        problem.run("infra status")
    })?;
    let done = hand_out(&deployment, arguments, &cluster, &access);
    deployment.close().await;
    done
}

fn short(cluster: &Address) -> &str {
    cluster.as_str().trim_start_matches("cluster.")
}

/// `context` of the cluster's `kubeconfig:` in the file, else `DEPLOYMENT-CLUSTER`.
fn entry_name(deployment: &Deployment, cluster: &str) -> String {
    let spec = deployment.project.spec();
    let described = spec.clusters.get(cluster).and_then(|cluster| cluster.kubeconfig.as_ref());
    described
        .and_then(|entry| entry.context.clone())
        .unwrap_or_else(|| format!("{}-{cluster}", spec.name))
}

/// The kubeconfig that is changed: that of the command line, else the file's, else the user's.
fn place_of(
    deployment: &Deployment,
    arguments: &KubeconfigArguments,
    cluster: &str,
) -> Outcome<PathBuf> {
    let described = deployment.project.spec().clusters.get(cluster);
    let described = described.and_then(|cluster| cluster.kubeconfig.as_ref()?.path.as_ref());
    let named = arguments.path.clone().or_else(|| described.map(SpecPath::resolve));
    named.map_or_else(usual_place, Ok)
}

fn hand_out(
    deployment: &Deployment,
    arguments: &KubeconfigArguments,
    cluster: &Address,
    access: &ClusterAccess,
) -> Outcome {
    let output = deployment.global.output;
    if arguments.exec_credential {
        print(&credential(access).to_string());
        return Ok(ExitCode::Done);
    }
    let name = entry_name(deployment, short(cluster));
    let user: Json = if arguments.exec {
        let program = std::env::current_exe()
            .map_err(|error| refused("cannot tell where this program is", &error))?;
        asking(&deployment.global, short(cluster), &program)
    } else {
        holding(access)
    };
    let entries = entries(&name, access, user);
    if arguments.merge {
        let place = place_of(deployment, arguments, short(cluster))?;
        let owner = &deployment.context.deployment.deployment;
        let merged = merge(&place, &name, owner, &entries, arguments.force, arguments.set_current)?;
        let done = match merged {
            Merged::Added => "has been added to",
            Merged::Replaced => "has been brought up to date in",
            Merged::Same => "is as it should be in",
        };
        say(format_args!(
            "The context {name} {done} {}. Use it with: kubectl --context {name} get nodes",
            place.display()
        ));
        return Ok(ExitCode::Done);
    }
    let document = kubeconfig(&name, &entries);
    match (&arguments.path, output) {
        (Some(path), _) => {
            write_private(path, &to_yaml(&document))?;
            say(format_args!(
                "Wrote {}. Use it with: kubectl --kubeconfig {} get nodes",
                path.display(),
                path.display()
            ));
        }
        (None, Format::Json) => print_json(&document),
        (None, Format::Text) => print(&to_yaml(&document)),
    }
    Ok(ExitCode::Done)
}

fn take_out(deployment: &Deployment, arguments: &KubeconfigArguments) -> Outcome {
    let owner = &deployment.context.deployment.deployment;
    let clusters: Vec<String> = match &arguments.cluster {
        Some(cluster) => vec![cluster.clone()],
        None => deployment.project.spec().clusters.keys().cloned().collect(),
    };
    for cluster in clusters {
        let name = entry_name(deployment, &cluster);
        let place = place_of(deployment, arguments, &cluster)?;
        let done =
            if remove(&place, &name, owner)? { "has been taken out of" } else { "is not in" };
        say(format_args!("The context {name} {done} {}.", place.display()));
    }
    Ok(ExitCode::Done)
}

/// The cluster that is meant: the only one, or the one of this name.
pub(crate) fn chosen(deployment: &Deployment, name: Option<&str>) -> Outcome<Address> {
    let knowledge = deployment.knowledge.lock();
    let clusters: Vec<_> = knowledge
        .records
        .values()
        .filter(|record| record.kind == "cluster")
        .map(|record| &record.address)
        .collect();
    let problem = |summary: String, help: String| {
        Err(Diagnostic::error("no-cluster", summary).set(help).exit(ExitCode::Invalid).into())
    };
    let names = || {
        clusters
            .iter()
            .map(|address| address.as_str().trim_start_matches("cluster."))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (name, clusters.as_slice()) {
        (_, []) => {
            problem("there is no cluster yet".to_owned(), "make it with `infra up`".to_owned())
        }
        (None, [only]) => Ok((*only).clone()),
        (None, _) => problem(
            "there are several clusters".to_owned(),
            format!("choose one with --cluster: {}", names()),
        ),
        (Some(name), _) => {
            match clusters.iter().find(|address| **address == &Address::of("cluster", name)) {
                Some(found) => Ok((*found).clone()),
                None => problem(
                    format!("there is no cluster `{name}`"),
                    format!("choose one of {}", names()),
                ),
            }
        }
    }
}
