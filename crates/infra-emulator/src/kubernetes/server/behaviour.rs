//! How long pods take and what they do: delays in world time, and scripts for chosen pods.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Delays of pods, in seconds of world time, and scripts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PodBehaviour {
    /// From the creation of a pod to the scheduler's decision.
    pub scheduling_seconds: f64,
    /// From the end of the image pull to the start of the container.
    pub start_seconds: f64,
    /// From the start of a container to its readiness.
    pub ready_seconds: f64,
    /// How long a container runs that is not restarted (of a Job, or a bare pod that says `Never` or `OnFailure`).
    pub run_seconds: f64,
    /// From the deletion of a running pod to its end, unless its grace period is shorter.
    pub stop_seconds: f64,
    /// Scripts; the first that fits a container is followed.
    pub scripts: Vec<PodScript>,
}

impl Default for PodBehaviour {
    fn default() -> Self {
        Self {
            scheduling_seconds: 0.2,
            start_seconds: 0.3,
            ready_seconds: 1.0,
            run_seconds: 2.0,
            stop_seconds: 0.5,
            scripts: Vec::new(),
        }
    }
}

/// What chosen containers do instead of the ordinary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PodScript {
    /// Namespace; empty for any.
    pub namespace: String,
    /// What the pod's name starts with; empty for any.
    pub pod: String,
    /// What the image's reference contains; empty for any.
    pub image: String,
    /// Container name; empty for any.
    pub container: String,
    /// The image cannot be pulled, with these words of the container runtime.
    pub pull_error: Option<String>,
    /// Seconds of world time that pulling takes.
    pub pull_seconds: Option<f64>,
    /// The container ends with this code (restarted as its pod says).
    pub exit_code: Option<i32>,
    /// How long it runs before it ends.
    pub run_seconds: Option<f64>,
    /// How often it fails before it behaves (with `exit_code`); nothing for always.
    pub failures: Option<u32>,
    /// Seconds of world time from its start to its readiness.
    pub ready_seconds: Option<f64>,
    /// It never becomes ready.
    pub never_ready: bool,
    /// What it writes.
    pub log: Option<String>,
    /// What it answers to commands; the first that fits.
    pub exec: Vec<ExecAnswer>,
}

/// What a container answers to a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExecAnswer {
    /// What the command with its arguments contains; empty for any.
    pub command: String,
    /// What it writes to its output.
    pub stdout: String,
    /// What it writes to its error output.
    pub stderr: String,
    /// Its exit code.
    pub exit_code: i32,
}

impl PodScript {
    fn fits(&self, namespace: &str, pod: &str, container: &str, image: &str) -> bool {
        (self.namespace.is_empty() || self.namespace == namespace)
            && pod.starts_with(&self.pod)
            && image.contains(&self.image)
            && (self.container.is_empty() || self.container == container)
    }
}

impl PodBehaviour {
    /// The script of a container, if one fits.
    pub fn script(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        image: &str,
    ) -> Option<&PodScript> {
        self.scripts.iter().find(|script| script.fits(namespace, pod, container, image))
    }
}

/// Seconds of a script as a duration; what is no time counts as none.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
