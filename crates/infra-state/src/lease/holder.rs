//! Who holds a lease: in words for people, and in numbers for a waiter on the same machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::process;

/// A person's or a job's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Account name.
    pub user: String,
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// When the process began, in the kernel's own unit; a process id that was given away again has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_start: Option<u64>,
    /// The boot and the process namespace in which the process id means something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_space: Option<String>,
    /// The command, without secrets.
    pub command: String,
    /// Page of the CI job, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci_job: Option<String>,
}

impl Holder {
    /// This process, running `command` (as the user would type it, without secrets).
    pub fn current(command: impl Into<String>) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable);
        let host = hostname::get().ok().and_then(|name| name.into_string().ok());
        let pid = std::process::id();
        Self {
            user: user.unwrap_or_else(|| "unknown".into()),
            host: host.unwrap_or_else(|| "unknown".into()),
            pid,
            process_start: process::start_of(pid),
            process_space: process::space(),
            command: command.into(),
            ci_job: ci_job(variable),
        }
    }

    /// Whether the process is known to be gone. `false` also when this cannot be told from here.
    pub fn is_known_dead(&self) -> bool {
        let here = process::space();
        if here.is_none() || here != self.process_space {
            return false;
        }
        let Some(recorded) = self.process_start else { return false };
        process::start_of(self.pid) != Some(recorded)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, host, pid, command, .. } = self;
        write!(f, "{user} on {host} (process {pid}, `{command}`)")?;
        if let Some(job) = &self.ci_job {
            write!(f, ", CI job {job}")?;
        }
        Ok(())
    }
}

/// The page of the CI job, by the variables that the services document.
fn ci_job(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    // GitLab, Jenkins, CircleCI, Buildkite, Travis, Drone, Woodpecker, Semaphore.
    const WHOLE: [&str; 8] = [
        "CI_JOB_URL",
        "BUILD_URL",
        "CIRCLE_BUILD_URL",
        "BUILDKITE_BUILD_URL",
        "TRAVIS_JOB_WEB_URL",
        "DRONE_BUILD_LINK",
        "CI_PIPELINE_URL",
        "SEMAPHORE_WORKFLOW_URL",
    ];
    let github = || {
        let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", variable("GITHUB_RUN_ID")?))
    };
    let azure = || {
        let server = variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")?;
        let server = server.trim_end_matches('/').to_owned();
        let (project, build) = (variable("SYSTEM_TEAMPROJECT")?, variable("BUILD_BUILDID")?);
        Some(format!("{server}/{project}/_build/results?buildId={build}"))
    };
    github().or_else(azure).or_else(|| WHOLE.into_iter().find_map(&variable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_jobs_are_found() {
        let of = |set: &[(&str, &str)]| {
            ci_job(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(of(&[]), None);
        let github = [
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "lab/hub"),
            ("GITHUB_RUN_ID", "42"),
        ];
        assert_eq!(of(&github).as_deref(), Some("https://github.com/lab/hub/actions/runs/42"));
        assert_eq!(of(&github[..2]), None);
        assert_eq!(of(&[("CI_JOB_URL", "https://x/1")]).as_deref(), Some("https://x/1"));
        let azure = [
            ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.azure.com/lab/"),
            ("SYSTEM_TEAMPROJECT", "hub"),
            ("BUILD_BUILDID", "7"),
        ];
        let page = "https://dev.azure.com/lab/hub/_build/results?buildId=7";
        assert_eq!(of(&azure).as_deref(), Some(page));
    }

    #[test]
    fn this_process_lives_and_others_are_judged_only_where_that_is_known() {
        let mine = Holder::current("infra up");
        assert!(!mine.is_known_dead());
        // A process id that was given away again.
        let mut gone = mine.clone();
        gone.process_start = mine.process_start.map(|start| start + 1);
        assert_eq!(gone.is_known_dead(), mine.process_start.is_some());
        let elsewhere = Holder { process_space: Some("another machine".into()), ..gone };
        assert!(!elsewhere.is_known_dead());
    }
}
