//! `infra output`: endpoints and outputs, from the state. The only command that shows secrets, and only when asked to.

use infra_event::{Diagnostic, ExitCode};
use infra_plan::{Record, Value};
use serde_json::{Map, Value as Json, json};

use crate::arguments::{Global, OutputArguments};
use crate::output::{Outcome, answer};
use crate::run::Deployment;

/// Shows endpoints and outputs.
pub(crate) async fn run(global: &Global, arguments: &OutputArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    let knowledge = deployment.knowledge.lock().clone();
    let wanted = |record: &&Record| {
        arguments.address.as_ref().is_none_or(|address| record.address.is_within(address))
    };
    let records: Vec<_> = knowledge.records.values().filter(wanted).collect();
    if let (Some(address), true) = (&arguments.address, records.is_empty()) {
        let problem = Diagnostic::error("not-found", format!("there is nothing at `{address}`"))
            .run("infra status")
            .exit(ExitCode::Invalid);
        return Err(problem.into());
    }
    let endpoints: Vec<_> = records.iter().flat_map(|record| endpoints(record)).collect();
    let text = || {
        let mut lines: Vec<_> =
            endpoints.iter().map(|(record, endpoint)| line(record, endpoint)).collect();
        for record in &records {
            lines.extend(output_lines(record, arguments.secrets));
        }
        if lines.is_empty() {
            "There are no outputs yet: `infra up` makes them.".to_owned()
        } else {
            lines.join("\n")
        }
    };
    let document = || {
        let outputs: Map<String, Json> = records
            .iter()
            .filter(|record| !record.outputs.is_null())
            .map(|record| (record.address.to_string(), shown(&record.outputs, arguments.secrets)))
            .collect();
        let endpoints: Vec<_> = endpoints
            .iter()
            .map(|(record, endpoint)| {
                json!({
                    "address": record.address, "name": endpoint.text_at("name"),
                    "url": endpoint.text_at("url"), "note": endpoint.text_at("note"),
                })
            })
            .collect();
        json!({ "format_version": 1, "name": deployment.project.spec().name, "endpoints": endpoints, "outputs": outputs })
    };
    answer(global.output, text, document);
    deployment.close().await;
    Ok(ExitCode::Done)
}

fn endpoints(record: &Record) -> Vec<(&Record, &Value)> {
    match record.outputs.get("endpoints") {
        Some(Value::List(list)) => list.iter().map(|endpoint| (record, endpoint)).collect(),
        _ => Vec::new(),
    }
}

fn line(record: &Record, endpoint: &Value) -> String {
    let text = |key: &str| endpoint.text_at(key).unwrap_or_default();
    let note =
        if text("note").is_empty() { String::new() } else { format!("  ({})", text("note")) };
    format!("{}  {}  {}{note}", record.address, text("name"), text("url"))
}

/// Passwords always, as they are what people look for; other outputs are in the JSON document.
fn output_lines(record: &Record, secrets: bool) -> Vec<String> {
    let Value::Map(outputs) = &record.outputs else { return Vec::new() };
    outputs
        .iter()
        .filter(|(_, value)| matches!(value, Value::Secret(_)))
        .map(|(key, value)| {
            let shown = if secrets {
                value.text().unwrap_or("(sealed)")
            } else {
                "(secret: --secrets shows it)"
            };
            format!("{}  {key}  {shown}", record.address)
        })
        .collect()
}

fn shown(value: &Value, secrets: bool) -> Json {
    match value {
        Value::Secret(_) if !secrets => Json::String("(secret)".to_owned()),
        Value::Secret(secret) => {
            secret.expose().map_or(Json::Null, |text| Json::String(text.to_owned()))
        }
        Value::List(list) => Json::Array(list.iter().map(|value| shown(value, secrets)).collect()),
        Value::Map(map) => Json::Object(
            map.iter().map(|(key, value)| (key.clone(), shown(value, secrets))).collect(),
        ),
        other => other.to_json(),
    }
}
