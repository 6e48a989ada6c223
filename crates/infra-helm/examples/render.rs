//! Renders one case per input line for the differential harness.
//!
//! A line is `{"templates": {path: text}, "context": {...}}`; the answer is `{"ok": {path: text}}` or `{"error": text}`.

use std::io::{BufRead, Write};

use infra_helm::{Budget, Data, TemplateFile, render};
use serde_json::{Value, json};

fn data(value: &Value) -> Data {
    match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(*value),
        Value::Number(number) => Data::Float(number.as_f64().unwrap_or(0.0)),
        Value::String(text) => Data::text(text),
        Value::Array(items) => Data::List(items.iter().map(data).collect()),
        Value::Object(map) => Data::Map(
            map.iter().map(|(key, item)| (key.clone().into_bytes(), data(item))).collect(),
        ),
    }
}

fn answer(case: &Value) -> Value {
    let context = data(&case["context"]);
    let mut files = Vec::new();
    for (path, text) in case["templates"].as_object().into_iter().flatten() {
        let source = text.as_str().unwrap_or("").as_bytes().to_vec();
        files.push(TemplateFile { path: path.clone(), source, context: context.clone() });
    }
    match render(&files, Budget::default()) {
        Ok(texts) => {
            let texts: serde_json::Map<String, Value> = texts
                .into_iter()
                .map(|(path, text)| (path, json!(String::from_utf8_lossy(&text))))
                .collect();
            json!({ "ok": texts })
        }
        Err(fault) => json!({ "error": fault.to_string() }),
    }
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&case))?;
    }
    Ok(())
}
