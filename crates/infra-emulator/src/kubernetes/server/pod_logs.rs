//! What emulated containers write.

use serde_json::Value;

use super::api::Api;
use super::behaviour::ExecAnswer;

impl Api {
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
        if let ["echo", rest @ ..] = words.as_slice() {
            return format!("{}\n", rest.join(" "));
        }
        let what = if words.is_empty() { image } else { words.join(" ") };
        format!("emulated container {container} of {namespace}/{name}: {what}\n")
    }
}
