//! The fault script (`--faults FILE`): what shall go wrong in a world, as data.
//!
//! Rules catch single requests by service, method, path and body; the other lists are faults of the domain: quotas, creates that are
//! slow or fail, images that cannot be pulled.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::error::EmulatorError;
use crate::kubernetes::PodBehaviour;

/// A fault script.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultScript {
    /// Faults of single requests; the first rule that applies wins.
    pub rules: Vec<FaultRule>,
    /// Limits of the account.
    pub quotas: Quotas,
    /// Things whose creation is slow or fails.
    pub creates: Vec<CreateFault>,
    /// Images that cannot be pulled.
    pub images: Vec<ImageFault>,
    /// What goes wrong inside clusters.
    pub kubernetes: KubernetesFaults,
}

/// What goes wrong inside clusters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KubernetesFaults {
    /// Ends every watch after this time of the wall.
    #[serde(deserialize_with = "optional_duration")]
    pub cut_watches: Option<Duration>,
    /// New CustomResourceDefinitions are never established.
    pub stall_definitions: bool,
    /// How long pods take, and scripts for chosen ones.
    pub pods: PodBehaviour,
}

/// A fault of single requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which requests.
    #[serde(default, rename = "match")]
    pub matches: FaultMatch,
    /// How many matching requests pass before the first fault.
    #[serde(default)]
    pub after: u64,
    /// How many requests the fault befalls; without limit if absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens.
    pub then: FaultAction,
}

/// Which requests a rule is about; what is absent matches all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultMatch {
    /// `digitalocean`, `registry` or `kubernetes`.
    pub service: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// Regular expression for the path, with the query if there is one.
    pub path: Option<String>,
    /// Text that the request's body contains (bodies over 1 MiB are not looked at).
    pub body: Option<String>,
}

/// What happens to a request. At least one must be given; a delay goes with any other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultAction {
    /// Waits for this much world time before anything else.
    #[serde(deserialize_with = "optional_duration")]
    pub delay: Option<Duration>,
    /// Answers with this status instead of handling the request.
    pub status: Option<u16>,
    /// The body that goes with `status`; the service's usual error body if absent.
    pub body: Option<serde_json::Value>,
    /// Headers that go with `status`.
    pub headers: BTreeMap<String, String>,
    /// Closes the connection instead of handling the request.
    pub reset: bool,
    /// Handles the request and closes the connection instead of answering.
    pub lose_reply: bool,
    /// Handles the request and keeps the answer until it is released under this name.
    pub hold: Option<String>,
}

/// Limits of the account; what is absent has the emulator's default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Droplets, where a node pool that scales counts with its greatest size.
    pub droplet_limit: Option<u64>,
    /// Reserved IPs.
    pub reserved_ip_limit: Option<u64>,
    /// Volumes.
    pub volume_limit: Option<u64>,
    /// Load balancers.
    pub load_balancer_limit: Option<u64>,
    /// Registries, whatever the subscription allows.
    pub registry_limit: Option<u64>,
    /// Requests per minute.
    pub requests_per_minute: Option<u64>,
    /// Requests per hour.
    pub requests_per_hour: Option<u64>,
}

/// A create that is slow or fails.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFault {
    /// `cluster`, `node`, `load_balancer`, `volume`, `registry` or `reserved_ip`.
    pub kind: String,
    /// Regular expression for the name; all if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// How many creates are befallen; without limit if absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// World time that it takes in addition.
    #[serde(default, deserialize_with = "optional_duration")]
    pub slow: Option<Duration>,
    /// It is accepted, and ends in an error with this message.
    #[serde(default)]
    pub fail: Option<String>,
}

/// Images that cannot be pulled.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageFault {
    /// Regular expression for the reference as the pod has it.
    pub image: String,
    /// How many pulls are befallen; without limit if absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// What the pull meets.
    pub answer: ImageFaultAnswer,
}

/// What a pull meets.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFaultAnswer {
    /// There is no such image.
    NotFound,
    /// The credentials do not open it.
    Unauthorized,
    /// The registry cannot be reached; with the words of the container runtime.
    Unreachable(String),
    /// It can be pulled, and takes this much world time.
    #[serde(deserialize_with = "duration")]
    Slow(Duration),
}

impl FaultScript {
    /// Reads a script from a YAML file.
    ///
    /// # Errors
    /// [`EmulatorError::File`] or [`EmulatorError::FaultScript`].
    pub fn read(path: &Path) -> Result<Self, EmulatorError> {
        let text = std::fs::read_to_string(path).map_err(|source| EmulatorError::File {
            doing: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a script from YAML text; `origin` is its name in errors.
    ///
    /// # Errors
    /// [`EmulatorError::FaultScript`].
    pub fn parse(text: &str, origin: &str) -> Result<Self, EmulatorError> {
        let invalid = |reason: String| EmulatorError::FaultScript { origin: origin.into(), reason };
        let script: Self =
            serde_saphyr::from_str(text).map_err(|error| invalid(error.to_string()))?;
        script.check().map_err(invalid)?;
        Ok(script)
    }

    fn check(&self) -> Result<(), String> {
        for (index, rule) in self.rules.iter().enumerate() {
            let place = format!("rule {}", index + 1);
            check_regex(&place, rule.matches.path.as_deref())?;
            let then = &rule.then;
            let ways = [then.status.is_some(), then.reset, then.lose_reply, then.hold.is_some()];
            match (ways.iter().filter(|given| **given).count(), then.delay) {
                (0, None) => return Err(format!("{place}: `then` says nothing")),
                (2.., _) => return Err(format!("{place}: `then` says two things at once")),
                _ => {}
            }
            if then.status.is_some_and(|status| !(200..600).contains(&status)) {
                return Err(format!("{place}: `status` is not between 200 and 599"));
            }
        }
        for (index, fault) in self.creates.iter().enumerate() {
            let place = format!("create {}", index + 1);
            check_regex(&place, fault.name.as_deref())?;
            const KINDS: [&str; 6] =
                ["cluster", "node", "load_balancer", "volume", "registry", "reserved_ip"];
            if !KINDS.contains(&fault.kind.as_str()) {
                return Err(format!(
                    "{place}: kind `{}` is none of {}",
                    fault.kind,
                    KINDS.join(", ")
                ));
            }
            if fault.slow.is_none() && fault.fail.is_none() {
                return Err(format!("{place}: give `slow` or `fail`"));
            }
        }
        for (index, fault) in self.images.iter().enumerate() {
            check_regex(&format!("image {}", index + 1), Some(&fault.image))?;
        }
        Ok(())
    }
}

fn check_regex(place: &str, expression: Option<&str>) -> Result<(), String> {
    match expression.map(regex::Regex::new) {
        Some(Err(error)) => Err(format!("{place}: {error}")),
        _ => Ok(()),
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let signed: jiff::SignedDuration = text.parse().map_err(serde::de::Error::custom)?;
    Duration::try_from(signed).map_err(serde::de::Error::custom)
}

fn optional_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_with_all_its_parts() {
        let text = "
rules:
  - match: { service: digitalocean, method: POST, path: ^/v2/kubernetes/clusters$, body: hub }
    after: 1
    times: 2
    then: { status: 503, headers: { retry-after: '3' } }
  - then: { delay: 1m 30s }
quotas: { droplet_limit: 3 }
creates: [{ kind: cluster, name: ^hub, slow: 10m }]
images: [{ image: nginx, answer: { unreachable: no route to host } }, { image: x, answer: not_found }]
";
        let script = FaultScript::parse(text, "x").unwrap();
        assert_eq!(script.rules[0].times, Some(2));
        assert_eq!(script.rules[1].then.delay, Some(Duration::from_secs(90)));
        assert_eq!(script.creates[0].slow, Some(Duration::from_secs(600)));
        assert_eq!(script.quotas.droplet_limit, Some(3));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (text, words) in [
            ("rules: [{ then: {} }]", "rule 1: `then` says nothing"),
            ("rules: [{ then: { reset: true, lose_reply: true } }]", "two things"),
            ("rules: [{ match: { path: '(' }, then: { reset: true } }]", "rule 1"),
            ("rules: [{ then: { status: 99 } }]", "between 200"),
            ("creates: [{ kind: planet, fail: x }]", "kind `planet`"),
            ("creates: [{ kind: node }]", "`slow` or `fail`"),
            ("ruls: []", "ruls"),
        ] {
            let error = FaultScript::parse(text, "f.yaml").unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("f.yaml"), "{error}");
        }
    }
}
