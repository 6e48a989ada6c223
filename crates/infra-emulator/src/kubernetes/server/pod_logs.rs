//! What emulated containers write.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::Api;
use super::behaviour::ExecAnswer;
use super::streams::{Environment, Foretold, foretell};

impl Api {
    /// What the command of a container does, where that can be told.
    pub(crate) fn foretold(&self, pod: &Value, container: &str) -> Option<Foretold> {
        let all =
            ["containers", "initContainers"].iter().filter_map(|key| pod["spec"][key].as_array());
        let spec = all.flatten().find(|one| one["name"] == *container)?;
        // Without a command it is the image that decides.
        let command = spec["command"].as_array()?;
        let arguments = spec["args"].as_array().into_iter().flatten();
        let words = command.iter().chain(arguments).filter_map(Value::as_str).map(str::to_owned);
        foretell(&words.collect::<Vec<_>>(), &environment(pod, container))
    }

    /// What a script lets a container answer to a command.
    pub(crate) fn answer_of(
        &self,
        pod: &Value,
        container: &str,
        command: &str,
    ) -> Option<ExecAnswer> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &pod["metadata"];
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
        let image = containers.into_iter().find(|one| one["name"] == *container)?["image"].clone();
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        let script = self.behaviour.script(&namespace, &name, container, &text(&image))?;
        script.exec.iter().find(|answer| command.contains(&answer.command)).cloned()
    }

    /// The log of a container: its script's words, or a line that says what would have run.
    pub(crate) fn log_of(&self, pod: &Value, container: &str) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &pod["metadata"];
        let spec = ["containers", "initContainers"]
            .iter()
            .filter_map(|key| pod["spec"][key].as_array())
            .flatten()
            .find(|one| one["name"] == *container)
            .unwrap_or(&Value::Null);
        let image = text(&spec["image"]);
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        let script = self.behaviour.script(&namespace, &name, container, &image);
        if let Some(log) = script.and_then(|script| script.log.as_ref()) {
            return log.clone();
        }
        let words: Vec<&str> = ["command", "args"]
            .iter()
            .filter_map(|key| spec[key].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if let Some(told) = self.foretold(pod, container) {
            return told.printed;
        }
        let what = if words.is_empty() { image } else { words.join(" ") };
        format!("emulated container {container} of {namespace}/{name}: {what}\n")
    }
}

/// What commands in a container find around them.
pub(super) fn environment(pod: &Value, container: &str) -> Environment {
    let host = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let mut variables = BTreeMap::from([
        ("HOSTNAME".to_owned(), host.clone()),
        ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
    ]);
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let own = containers.filter(|one| one["name"] == *container);
    for variable in own.filter_map(|one| one["env"].as_array()).flatten() {
        if let (Some(name), Some(value)) = (variable["name"].as_str(), variable["value"].as_str()) {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Environment { variables, host }
}
