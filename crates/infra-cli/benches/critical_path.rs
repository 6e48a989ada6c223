//! How much longer a rehearsed `up` takes, in world time, than its longest chain of operations.
//!
//! Runs the binary on the examples and prints, for each, the makespan, the longest path through the plan by the durations of its
//! operations (waits with their poll intervals included), and the ratio. `cargo bench -p infra-cli --bench critical_path`

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What the ratio may be.
const LIMIT: f64 = 1.05;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut worst = 0.0_f64;
    for entry in std::fs::read_dir(root.join("examples"))? {
        let file = entry?.path().join("infra.yaml");
        if file.exists() {
            worst = worst.max(measure(&file)?);
        }
    }
    println!("worst ratio {worst:.4}, may be {LIMIT}");
    if worst > LIMIT { Err("the makespan is too long".into()) } else { Ok(()) }
}

fn measure(file: &Path) -> Result<f64, Box<dyn Error>> {
    let folder = file.parent().ok_or("no folder")?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let scratch = tempfile::tempdir()?;
    copy(folder, scratch.path())?;
    let run = Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(["up", "--rehearse", "--output", "json", "-f"])
        .arg(scratch.path().join("infra.yaml"))
        .env("INFRA_CONFIG_HOME", scratch.path())
        .output()?;
    if !run.status.success() {
        return Err(format!("{name}: up failed: {}", String::from_utf8_lossy(&run.stderr)).into());
    }
    let events: Vec<Value> = String::from_utf8(run.stdout)?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let (makespan, path) = (makespan(&events), longest_path(&events));
    println!(
        "{name}: makespan {makespan:.1} s, longest path {path:.1} s, ratio {:.4}",
        makespan / path
    );
    Ok(makespan / path)
}

fn makespan(events: &[Value]) -> f64 {
    let last = events.iter().rev().find(|event| event["body"]["type"] == "run_finished");
    last.and_then(|event| event["body"]["seconds"].as_f64()).unwrap_or(f64::INFINITY)
}

/// The longest sum of durations along the plan's order.
fn longest_path(events: &[Value]) -> f64 {
    let seconds: HashMap<u64, f64> = events
        .iter()
        .filter(|event| event["body"]["type"] == "operation_finished")
        .filter_map(|event| {
            Some((event["body"]["operation"].as_u64()?, event["body"]["seconds"].as_f64()?))
        })
        .collect();
    let outline = events.iter().find(|event| event["body"]["type"] == "plan_outlined");
    let operations =
        outline.and_then(|event| event["body"]["outline"]["operations"].as_array().cloned());
    let mut ends: HashMap<u64, f64> = HashMap::new();
    for operation in operations.unwrap_or_default() {
        let Some(id) = operation["id"].as_u64() else { continue };
        let after = operation["after"].as_array().cloned().unwrap_or_default();
        let begin =
            after.iter().filter_map(|id| ends.get(&id.as_u64()?)).copied().fold(0.0, f64::max);
        ends.insert(id, begin + seconds.get(&id).copied().unwrap_or(0.0));
    }
    ends.values().copied().fold(0.0, f64::max)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let source: PathBuf = entry?.path();
        let Some(name) = source.file_name().filter(|name| *name != ".infra") else { continue };
        let target = to.join(name);
        if source.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy(&source, &target)?;
        } else {
            std::fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
