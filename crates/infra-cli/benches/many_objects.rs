//! Hundreds of objects: `infra up` beside `kubectl apply --server-side`, on the same emulated cluster in the same run.
//!
//! 500 objects of three kinds, the first time and unchanged, each by both programs in turn; the ratios are what counts. Then 2,000
//! objects by `infra`, for its peak memory. Ends with code 1 if a bound is not kept: twice as fast the first time, ten times
//! unchanged, 100 MB. Without kubectl only the memory is measured.
//!
//! `cargo bench -p infra-cli --bench many_objects`

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const INFRA: &str = env!("CARGO_BIN_EXE_infra");
const ROUNDS: usize = 5;
const OBJECTS: usize = 500;
const MANY: usize = 2000;
const FIRST_RATIO: f64 = 2.0;
const UNCHANGED_RATIO: f64 = 10.0;
const MEMORY_MEGABYTES: f64 = 100.0;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// An emulated cluster in a process of its own.
struct Cluster {
    child: Child,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Cluster {
    /// Starts it in `folder`; its kubeconfig is `folder/kubeconfig`.
    fn start(folder: &Path) -> Outcome<Self> {
        let mut child = Command::new(INFRA)
            .args(["emulator", "--world", "world", "--only", "kubernetes", "--nodes", "1"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let cluster = Self { child };
        let endpoints: serde_json::Value = serde_json::from_str(&line)?;
        let path = endpoints["kubernetes"][0]["kubeconfig"].as_str().ok_or("no kubeconfig")?;
        std::fs::copy(folder.join(path), folder.join("kubeconfig"))?;
        Ok(cluster)
    }
}

/// `count` objects of three kinds, as one file.
fn manifests(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let object = match number % 3 {
            0 => format!(
                "kind: ConfigMap\nmetadata: {{ name: object-{number} }}\ndata: {{ number: \"{number}\", colour: blue }}"
            ),
            1 => format!(
                "kind: Secret\nmetadata: {{ name: object-{number} }}\ntype: Opaque\ndata: {{ number: bnVtYmVy }}"
            ),
            _ => format!(
                "kind: Service\nmetadata: {{ name: object-{number}, labels: {{ app: a }} }}\nspec: {{ selector: {{ app: a }}, ports: [{{ name: http, port: 80 }}] }}"
            ),
        };
        let _ = write!(text, "apiVersion: v1\n{object}\n---\n");
    }
    text
}

fn prepare(folder: &Path, count: usize) -> Outcome<()> {
    let file = "apiVersion: infra/v1\nname: bench\nproviders: { existing: { kubeconfig: kubeconfig } }\n\
        cluster: { existing: true }\nstack: [{ name: shop, manifests: objects.yaml }]\n";
    std::fs::write(folder.join("infra.yaml"), file)?;
    std::fs::write(folder.join("objects.yaml"), manifests(count))?;
    Ok(())
}

/// Runs a program in the folder; gives how long it took and its peak resident memory in megabytes.
fn timed(folder: &Path, program: &str, arguments: &[&str]) -> Outcome<(Duration, f64)> {
    let log = std::fs::File::create(folder.join("log"))?;
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .env("INFRA_CONFIG_HOME", folder.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut memory = 0.0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        memory = peak(&status_file).unwrap_or(memory);
        std::thread::sleep(Duration::from_millis(1));
    };
    let took = began.elapsed();
    if !status.success() {
        let said = std::fs::read_to_string(folder.join("log"))?;
        return Err(format!("{program} {arguments:?}: {status}: {said}").into());
    }
    Ok((took, memory))
}

/// The peak resident memory of a process that runs, in megabytes.
fn peak(status_file: &str) -> Option<f64> {
    let status = std::fs::read_to_string(status_file).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64)
}

/// Seconds of the first and of an unchanged run, of kubectl and of infra.
#[derive(Default)]
struct Times {
    kubectl: [Vec<Duration>; 2],
    infra: [Vec<Duration>; 2],
}

/// One round on a new cluster: each program makes the objects, and then finds them unchanged.
fn round(times: &mut Times) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    prepare(folder.path(), OBJECTS)?;
    let _cluster = Cluster::start(folder.path())?;
    timed(folder.path(), "kubectl", &["create", "namespace", "kubectl"])?;
    let apply = ["apply", "--server-side", "--namespace", "kubectl", "-f", "objects.yaml"];
    for times in &mut times.kubectl {
        times.push(timed(folder.path(), "kubectl", &apply)?.0);
    }
    for times in &mut times.infra {
        times.push(timed(folder.path(), INFRA, &["up", "--yes"])?.0);
    }
    Ok(())
}

fn main() -> Outcome<ExitCode> {
    let mut kept = true;
    let mut bound = |name: &str, holds: bool, text: String| {
        println!("{name}: {text}{}", if holds { "" } else { "  NOT KEPT" });
        kept &= holds;
    };
    if Command::new("kubectl").arg("version").arg("--client").output().is_ok() {
        let mut times = Times::default();
        for _ in 0..ROUNDS {
            round(&mut times)?;
        }
        let bounds = [("first run", FIRST_RATIO), ("unchanged run", UNCHANGED_RATIO)];
        for ((kubectl, infra), (name, least)) in
            times.kubectl.into_iter().zip(times.infra).zip(bounds)
        {
            let (kubectl, infra) = (median(kubectl), median(infra));
            let ratio = kubectl / infra;
            let text = format!(
                "kubectl {kubectl:.3} s, infra {infra:.3} s, ratio {ratio:.1} (at least {least})"
            );
            bound(name, ratio >= least, text);
        }
    } else {
        println!("there is no kubectl to compare with");
    }
    let folder = tempfile::tempdir()?;
    prepare(folder.path(), MANY)?;
    let _cluster = Cluster::start(folder.path())?;
    let (took, memory) = timed(folder.path(), INFRA, &["up", "--yes"])?;
    let text = format!(
        "{memory:.0} MB at most, {:.2} s (may be {MEMORY_MEGABYTES} MB)",
        took.as_secs_f64()
    );
    bound("2,000 objects", memory <= MEMORY_MEGABYTES, text);
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
