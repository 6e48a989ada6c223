//! Checks a whole plan before the first write: quotas, and changes that the API would refuse half-way.

use infra_event::{Action, Diagnostic, ExitCode, NextStep};
use infra_plan::{Operation, Plan, Value};
use infra_provider::Survey;

/// All that stands in the way.
pub(crate) fn check(plan: &Plan, survey: &Survey) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let quota = |name: &str| survey.quotas.get(name).copied().filter(|(_, limit)| *limit > 0);
    if let Some((used, limit)) = quota("droplets") {
        let (more, less) = droplets(plan);
        if used + more > limit + less && more > less {
            problems.push(over("Droplets", used, more, less, limit));
        }
    }
    if let Some((used, limit)) = quota("reserved_ips") {
        let more = count(plan, "address", Action::Create);
        let less = count(plan, "address", Action::Delete);
        if used + more > limit + less && more > less {
            problems.push(over("reserved IPs", used, more, less, limit));
        }
    }
    problems.extend(plan.operations.iter().filter_map(turned_off));
    problems
}

/// How many Droplets the plan adds and removes; the API counts an autoscaled pool with its largest number of nodes.
fn droplets(plan: &Plan) -> (u64, u64) {
    let (mut more, mut less) = (0, 0);
    for operation in plan.operations.iter().filter(|operation| operation.kind == "node_pool") {
        match operation.action {
            Action::Create => more += nodes(&operation.inputs),
            Action::Delete | Action::Forget => less += nodes(&operation.inputs),
            Action::Update => {
                let before = |path: &str| {
                    let change = operation.changes.iter().find(|change| change.path == path)?;
                    number(&change.before)
                };
                let after = nodes(&operation.inputs);
                let before = before("autoscale.max").or_else(|| before("count")).unwrap_or(after);
                more += after.saturating_sub(before);
                less += before.saturating_sub(after);
            }
            _ => {}
        }
    }
    (more, less)
}

fn nodes(inputs: &Value) -> u64 {
    let most = inputs.get("autoscale").and_then(|autoscale| autoscale.get("max")).and_then(number);
    most.or_else(|| inputs.get("count").and_then(number)).unwrap_or(0)
}

fn number(value: &Value) -> Option<u64> {
    if let Value::Number(number) = value { number.as_u64() } else { None }
}

fn count(plan: &Plan, kind: &str, action: Action) -> u64 {
    plan.operations
        .iter()
        .filter(|operation| operation.kind == kind && operation.action == action)
        .count() as u64
}

fn over(what: &str, used: u64, more: u64, less: u64, limit: u64) -> Diagnostic {
    let needed = used + more - less;
    let summary = format!("{needed} {what} would be needed, the account may have {limit}");
    Diagnostic::error("quota", summary)
        .detail(format!("in use: {used}; the plan adds {more} and removes {less}"))
        .next(NextStep::Ask {
            what: format!("a limit of at least {needed} {what} (DigitalOcean: Settings > Account)"),
        })
        .set("or make the pools smaller")
        .exit(ExitCode::Quota)
}

/// High availability of a control plane can be turned on and never off.
fn turned_off(operation: &Operation) -> Option<Diagnostic> {
    let change = operation.changes.iter().find(|change| change.path == "high_availability")?;
    let off = operation.action == Action::Update && change.before == Value::Bool(true);
    off.then(|| {
        Diagnostic::error("unsupported", "high availability of a control plane cannot be turned off")
            .about(&operation.address)
            .set("keep `high_availability: true`, or replace the cluster (`--replace` and `--allow-replace`)")
            .exit(ExitCode::Invalid)
    })
}
