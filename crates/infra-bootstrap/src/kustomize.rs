//! The system's `kustomize`, or kubectl's.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long rendering may take on the wall.
const LIMIT: Duration = Duration::from_secs(60);
/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Why a kustomization was not rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KustomizeError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub next: String,
}

/// Programs that render kustomizations, in the order in which they are tried.
const PROGRAMS: [(&str, &[&str]); 2] = [("kustomize", &["build"]), ("kubectl", &["kustomize"])];

/// Renders the kustomization in a folder. Nothing is fetched: Git and HTTP are shut off.
///
/// # Errors
/// When there is no program, and what the program says.
pub fn kustomize(folder: &Path) -> Result<String, KustomizeError> {
    for (program, arguments) in PROGRAMS {
        match run(program, arguments, folder) {
            Err(Failed::Missing) => {}
            Err(Failed::Said(message)) => {
                let next = "correct the kustomization; the same is said by".to_owned();
                let command = [&[program], arguments].concat().join(" ");
                return Err(KustomizeError {
                    message,
                    next: format!("{next} `{command} {}`", folder.display()),
                });
            }
            Ok(text) => return Ok(text),
        }
    }
    Err(KustomizeError {
        message: "there is neither `kustomize` nor `kubectl` on the PATH".to_owned(),
        next: "install one of them, or render the kustomization elsewhere and give the result as `manifests`".to_owned(),
    })
}

enum Failed {
    Missing,
    Said(String),
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<String, Failed> {
    let said = |message: String| Failed::Said(message);
    let spawned = Command::new(program)
        .args(arguments)
        .arg(folder)
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Failed::Missing),
        Err(error) => return Err(said(format!("`{program}` cannot be started: {error}"))),
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Both are read at once, so that neither fills up and stops the program.
    let (out, problems) = std::thread::scope(|scope| {
        let out = scope.spawn(|| read(stdout));
        let problems = scope.spawn(|| read(stderr));
        let ended = wait(&mut child);
        let read =
            |text: std::thread::ScopedJoinHandle<'_, String>| text.join().unwrap_or_default();
        (ended.map(|success| (success, read(out))), read(problems))
    });
    match out {
        Ok((true, text)) => Ok(text),
        Ok((false, _)) => {
            let problems: String = problems.trim().chars().take(2000).collect();
            Err(said(problems.strip_prefix("Error: ").unwrap_or(&problems).to_owned()))
        }
        Err(message) => Err(said(format!("`{program}` {message}"))),
    }
}

fn read(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        let _ = stream.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether it ended well.
fn wait(child: &mut std::process::Child) -> Result<bool, String> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if began.elapsed() < LIMIT => std::thread::sleep(LOOK),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not end within {} s", LIMIT.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}
