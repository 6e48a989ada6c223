//! How many pods the old and the new revision have at each moment of a roll-out.

use std::sync::Arc;

use serde_json::Value;

use super::controller::Deployments;
use super::replica_sets::{Sets, desired_annotation, scale, wanted};
use crate::kubernetes::controllers::objects::{number, text};
use crate::kubernetes::machinery::status::Status;

/// What the strategy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Pods above the wanted number.
    pub(super) surge: i64,
    /// Pods below the wanted number.
    pub(super) unavailable: i64,
}

impl Bounds {
    /// Reads a deployment's strategy.
    pub(super) fn of(deployment: &Value) -> Self {
        if text(deployment, "/spec/strategy/type") == "Recreate" {
            return Self { surge: 0, unavailable: 0 };
        }
        let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
        let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
        let surge = part(&rolling["maxSurge"], replicas, true);
        let mut unavailable = part(&rolling["maxUnavailable"], replicas, false);
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        Self { surge, unavailable: unavailable.min(replicas.max(0)) }
    }
}

/// A number, or a percentage of `whole` rounded up or down.
pub(in crate::kubernetes::controllers) fn part(value: &Value, whole: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')).unwrap_or("25");
    let percent: i64 = percent.parse().unwrap_or(25);
    let product = whole.saturating_mul(percent);
    if up { product.div_euclid(100) + i64::from(product % 100 != 0) } else { product / 100 }
}

fn total(sets: &Sets) -> i64 {
    sets.all().map(|set| wanted(set)).sum()
}

fn available(set: &Value) -> i64 {
    number(set, "/status/availableReplicas").unwrap_or(0)
}

/// How big a new set begins.
pub(super) fn first_size(deployment: &Value, sets: &Sets) -> i64 {
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        return replicas;
    }
    let most = replicas + Bounds::of(deployment).surge;
    (most - total(sets)).clamp(0, replicas)
}

/// Whether the wanted number has changed since the sets were last scaled.
pub(super) fn is_scaling(deployment: &Value, sets: &Sets) -> bool {
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    sets.all()
        .filter(|set| wanted(set) > 0)
        .any(|set| desired_annotation(set).is_some_and(|desired| desired != replicas))
}

/// One step of a rolling update.
pub(super) async fn roll(
    controller: &Deployments,
    deployment: &Arc<Value>,
    mut sets: Sets,
) -> Result<Sets, Status> {
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    let bounds = Bounds::of(deployment);
    if let Some(new) = sets.new.clone() {
        let size = wanted(&new);
        let most = replicas + bounds.surge;
        let room = (most - total(&sets)).max(0);
        let target = if size > replicas { replicas } else { (size + room).min(replicas) };
        if target != size {
            sets.new = Some(scale(controller, deployment, &new, target).await?);
        }
    }
    scale_down_old(controller, deployment, sets, replicas - bounds.unavailable).await
}

async fn scale_down_old(
    controller: &Deployments,
    deployment: &Arc<Value>,
    mut sets: Sets,
    least_available: i64,
) -> Result<Sets, Status> {
    let Some(new) = sets.new.clone() else { return Ok(sets) };
    if sets.old.iter().all(|set| wanted(set) == 0) {
        return Ok(sets);
    }
    let new_unavailable = (wanted(&new) - available(&new)).max(0);
    let mut surplus = total(&sets) - least_available - new_unavailable;
    sets.old.sort_by_key(|set| text(set, "/metadata/creationTimestamp").to_owned());
    // Pods of old sets that are not available cost nothing, so they go first.
    for unhealthy in [true, false] {
        if !unhealthy {
            let now_available: i64 = sets.all().map(|set| available(set).min(wanted(set))).sum();
            surplus = surplus.min(now_available - least_available);
        }
        for index in 0..sets.old.len() {
            let set = sets.old[index].clone();
            let size = wanted(&set);
            let healthy = available(&set).min(size);
            let removable = if unhealthy { size - healthy } else { size };
            let removed = removable.min(surplus);
            if removed <= 0 {
                continue;
            }
            sets.old[index] = scale(controller, deployment, &set, size - removed).await?;
            surplus -= removed;
        }
    }
    Ok(sets)
}

/// Brings the new set to the wanted size at once.
pub(super) async fn scale_new_to_full(
    controller: &Deployments,
    deployment: &Arc<Value>,
    mut sets: Sets,
) -> Result<Sets, Status> {
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    if let Some(new) = sets.new.clone().filter(|new| wanted(new) != replicas) {
        sets.new = Some(scale(controller, deployment, &new, replicas).await?);
    }
    Ok(sets)
}

/// Spreads a change of the wanted number over the sets in proportion to their size.
pub(super) async fn scale_evenly(
    controller: &Deployments,
    deployment: &Arc<Value>,
    mut sets: Sets,
) -> Result<Sets, Status> {
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    let active: Vec<usize> =
        (0..sets.old.len()).filter(|index| wanted(&sets.old[*index]) > 0).collect();
    let new_active = sets.new.as_ref().is_some_and(|new| wanted(new) > 0);
    if active.is_empty() {
        return scale_new_to_full(controller, deployment, sets).await;
    }
    if active.len() == 1 && !new_active {
        let set = sets.old[active[0]].clone();
        let finished = available(&set) == wanted(&set);
        if finished && sets.new.is_none() {
            sets.old[active[0]] = scale(controller, deployment, &set, replicas).await?;
            return Ok(sets);
        }
    }
    let surge = if replicas > 0 { Bounds::of(deployment).surge } else { 0 };
    let present = total(&sets).max(1);
    let allowed = replicas + surge;
    let change = allowed - total(&sets);
    let mut left = change;
    for index in active {
        let set = sets.old[index].clone();
        let size = wanted(&set);
        let share = (size * change / present).clamp(-size, left.max(0).max(-size));
        left -= share;
        sets.old[index] = scale(controller, deployment, &set, size + share).await?;
    }
    if let Some(new) = sets.new.clone() {
        let size = (wanted(&new) + left).clamp(0, replicas.max(0));
        sets.new = Some(scale(controller, deployment, &new, size).await?);
    }
    Ok(sets)
}
