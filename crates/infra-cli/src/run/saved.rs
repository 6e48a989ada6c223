//! Saved plans: inputs and digests, and secrets only sealed.

use std::io::Write;
use std::path::Path;

use infra_engine::{seal, unseal};
use infra_event::{Diagnostic, ExitCode};
use infra_plan::{PLAN_FORMAT, Plan};

use super::Deployment;
use crate::output::{Outcome, Told, refused};

/// Writes a plan; only its owner can read it.
pub(crate) async fn save_plan(deployment: &Deployment, plan: &Plan, path: &Path) -> Outcome<()> {
    let sealer = deployment.state.sealer().await?;
    let sealed = map_values(plan.clone(), |value| {
        seal(&sealer, value).map_err(infra_state::StateError::from)
    })?;
    let text =
        serde_json::to_vec_pretty(&sealed).map_err(|error| malformed(path, &error.to_string()))?;
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(&text)?;
        file.persist(path).map_err(|error| error.error)
    });
    written
        .map(|_| ())
        .map_err(|error| refused(format_args!("cannot write {}", path.display()), &error))
}

/// Reads a plan and opens its secrets.
pub(crate) async fn read_plan(deployment: &Deployment, path: &Path) -> Outcome<Plan> {
    let text = std::fs::read(path)
        .map_err(|error| refused(format_args!("cannot read {}", path.display()), &error))?;
    let plan: Plan =
        serde_json::from_slice(&text).map_err(|error| malformed(path, &error.to_string()))?;
    if plan.format != PLAN_FORMAT {
        return Err(malformed(
            path,
            &format!("it has the form {}, this version reads {PLAN_FORMAT}", plan.format),
        ));
    }
    if plan.deployment != deployment.context.deployment {
        let problem = Diagnostic::error(
            "stale-plan",
            format!("{} is a plan for another deployment", path.display()),
        )
        .detail(format!(
            "it is for {}, the state is of {}",
            plan.deployment.prefix(),
            deployment.context.deployment.prefix()
        ))
        .run("infra plan --out FILE")
        .exit(ExitCode::Stale);
        return Err(problem.into());
    }
    let faults = infra_plan::check(&plan);
    if let Some(fault) = faults.first() {
        return Err(malformed(path, fault));
    }
    let sealer = deployment.state.sealer().await?;
    map_values(plan, |value| unseal(&sealer, value).map_err(infra_state::StateError::from))
}

fn map_values(
    mut plan: Plan,
    change: impl Fn(&infra_plan::Value) -> Result<infra_plan::Value, infra_state::StateError>,
) -> Outcome<Plan> {
    plan.try_map_values(&mut |value| change(value))?;
    Ok(plan)
}

fn malformed(path: &Path, why: &str) -> Told {
    Diagnostic::error("invalid-plan", format!("{} is not a plan: {why}", path.display()))
        .run("infra plan --out FILE")
        .exit(ExitCode::Invalid)
        .into()
}
