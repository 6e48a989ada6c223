//! Renders charts for the differential harness: one JSON request per line, one JSON answer per line.
//!
//! `{"files": {path: text}}` or `{"archive": base64}` or `{"directory": path}`, each with `values`, `name`, `namespace`,
//! `manifest`; or `{"set": [[kind, text], ...]}`. Answers are `{"ok": ...}` or `{"error": text}`.

use std::{
    io::{BufRead, Write},
    path::PathBuf,
    rc::Rc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use infra_helm::{
    Budget, Capabilities, Chart, ChartFile, Data, Directory, Entry, EntryKind, Environment, Limits,
    Moment, ReleaseInfo, RenderOptions, ValueSource, merge_sources, render_chart,
};
use serde_json::{Map, Value, json};

struct System;

impl Environment for System {
    fn now(&self) -> Moment {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment {
            seconds: i64::try_from(since.as_secs()).unwrap_or(0),
            nanoseconds: since.subsec_nanos(),
        }
    }

    fn random(&self, buffer: &mut [u8]) {
        if let Ok(mut source) = std::fs::File::open("/dev/urandom") {
            let _ = std::io::Read::read_exact(&mut source, buffer);
        }
    }
}

/// A folder on disk, links followed.
struct Folder(PathBuf);

impl Directory for Folder {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let path = self.0.join(folder);
        let wrong = |fault: std::io::Error| format!("{}: {fault}", path.display());
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let is_link = entry.file_type().map_err(wrong)?.is_symlink();
            let found = std::fs::metadata(entry.path()).map_err(|fault| {
                format!("error evaluating symlink {}: {fault}", entry.path().display())
            })?;
            let kind = if found.is_dir() {
                EntryKind::Folder
            } else if found.is_file() {
                EntryKind::File(found.len())
            } else {
                EntryKind::Irregular
            };
            entries.push(Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind,
                is_link,
            });
        }
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|fault| format!("error reading {path}: {fault}"))
    }
}

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

fn shown(data: &Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => json!(value),
        Data::Integer(value) => json!(value),
        Data::Float(value) => json!(value),
        Data::String(text) => json!(String::from_utf8_lossy(text)),
        Data::List(items) => items.iter().map(shown).collect(),
        Data::Map(map) => Value::Object(
            map.iter()
                .map(|(key, item)| (String::from_utf8_lossy(key).into_owned(), shown(item)))
                .collect(),
        ),
    }
}

fn load(request: &Value) -> Result<Chart, String> {
    let limits = Limits::default();
    let chart = if let Some(archive) = request["archive"].as_str() {
        Chart::from_archive(&STANDARD.decode(archive).unwrap_or_default(), limits)
    } else if let Some(path) = request["directory"].as_str() {
        Chart::from_directory(&Folder(path.into()), limits)
    } else {
        let files = request["files"].as_object().into_iter().flatten();
        let file = |(name, text): (&String, &Value)| {
            ChartFile::new(name, text.as_str().unwrap_or("").as_bytes().to_vec())
        };
        Chart::from_files(files.map(file).collect(), limits)
    };
    chart.map_err(|fault| fault.to_string())
}

fn rendered(request: &Value) -> Result<Value, String> {
    let mut chart = load(request)?;
    let values = data(&request["values"]);
    chart.process_dependencies(&values).map_err(|fault| fault.to_string())?;
    let text = |key: &str, otherwise: &str| request[key].as_str().unwrap_or(otherwise).to_owned();
    let options = RenderOptions {
        release: ReleaseInfo {
            name: text("name", "release-name"),
            namespace: text("namespace", "default"),
            ..ReleaseInfo::default()
        },
        capabilities: Capabilities::default(),
        budget: Budget::default(),
        environment: Rc::new(System),
        skip_schema: request["skip_schema"].as_bool().unwrap_or(false),
        sub_notes: false,
    };
    let lossy = |text: &[u8]| json!(String::from_utf8_lossy(text));
    if request["manifest"].as_bool() == Some(true) {
        let rendered =
            render_chart(&chart, &values, &options).map_err(|fault| fault.to_string())?;
        return Ok(json!({
            "manifest": lossy(&rendered.manifest(false)),
            "notes": rendered.notes,
            "hooks": rendered.hooks.iter().map(|hook| json!({
                "name": hook.name, "kind": hook.kind, "path": hook.path, "weight": hook.weight,
                "events": hook.events.iter().map(|event| event.name()).collect::<Vec<_>>(),
                "delete_policies": hook.delete_policies,
            })).collect::<Vec<_>>(),
        }));
    }
    let files =
        infra_helm::render_files(&chart, &values, &options).map_err(|fault| fault.to_string())?;
    Ok(Value::Object(
        files.iter().map(|(path, text)| (path.clone(), lossy(text))).collect::<Map<_, _>>(),
    ))
}

fn set(sources: &Value) -> Result<Value, String> {
    let mut all = Vec::new();
    for source in sources.as_array().into_iter().flatten() {
        let text = source[1].as_str().unwrap_or("").to_owned();
        all.push(match source[0].as_str().unwrap_or("") {
            "json" => ValueSource::Json(text),
            "string" => ValueSource::SetString(text),
            "file" => ValueSource::SetFile(text),
            "literal" => ValueSource::SetLiteral(text),
            "values" => ValueSource::File("values".to_owned(), text.into_bytes()),
            _ => ValueSource::Set(text),
        });
    }
    let read = |path: &str| std::fs::read(path).map_err(|fault| fault.to_string());
    merge_sources(&all, &read).map(|values| shown(&values)).map_err(|fault| fault.to_string())
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let outcome =
            if request["set"].is_array() { set(&request["set"]) } else { rendered(&request) };
        let answer = match outcome {
            Ok(value) => json!({ "ok": value }),
            Err(message) => json!({ "error": message }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
