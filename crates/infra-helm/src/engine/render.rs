//! Parse order, execution, and the clean-up of missing values.

use std::collections::BTreeMap;

use crate::{
    exec::{Budget, Failure, RenderError, Session},
    function::without_no_value,
    value::{Data, Map, MapKind, Value},
};

/// A template with its path from the chart's name on, such as `web/templates/service.yaml`.
#[derive(Clone, Debug)]
pub struct TemplateFile {
    /// The path, `/` between its parts.
    pub path: String,
    /// The text.
    pub source: Vec<u8>,
    /// Its dot: `Values`, `Chart`, `Release` and the rest.
    pub context: Data,
}

/// Renders every file whose name does not start with `_`; the outcome is by path.
///
/// Deeper paths are parsed first and each level in reverse order, so that a parent's definitions win (Helm's
/// `sortTemplates`).
///
/// # Errors
/// The first template, in path order, that Helm would refuse; or a budget that is used up.
pub fn render(
    files: &[TemplateFile],
    budget: Budget,
) -> Result<BTreeMap<String, Vec<u8>>, RenderError> {
    let mut session = Session::new(budget);
    let mut order: Vec<&TemplateFile> = files.iter().collect();
    order.sort_by(|left, right| {
        let depth = |path: &str| path.matches('/').count();
        depth(&right.path).cmp(&depth(&left.path)).then_with(|| right.path.cmp(&left.path))
    });
    for file in &order {
        session
            .add(file.path.as_bytes(), &file.source)
            .map_err(|message| RenderError::Parse { file: file.path.clone(), message })?;
    }
    let mut outcome = BTreeMap::new();
    let mut contexts: Vec<(&Data, Value)> = Vec::new();
    for file in &order {
        let base = file.path.rsplit('/').next().unwrap_or(&file.path);
        if base.starts_with('_') {
            continue;
        }
        let dot = match contexts.iter().find(|(data, _)| *data == &file.context) {
            Some((_, value)) => value.clone(),
            None => {
                let value = context(&file.context);
                contexts.push((&file.context, value.clone()));
                value
            }
        };
        session.current = file.path.as_bytes().into();
        let dot = with_template(&dot, &file.path);
        let text = session.execute(file.path.as_bytes(), dot).map_err(|failure| match failure {
            Failure::Message(message) | Failure::Chain(message) => RenderError::Execute(message),
            Failure::Budget(what) => RenderError::Budget(what),
        })?;
        outcome.insert(file.path.clone(), without_no_value(&text));
    }
    Ok(outcome)
}

/// The top-level map, with `.Values` of its named type.
fn context(data: &Data) -> Value {
    let map = Map::new(MapKind::Values);
    if let Data::Map(entries) = data {
        for (key, item) in entries {
            let value = if key == b"Values" { Value::values_from(item) } else { Value::from(item) };
            map.set(key.as_slice().into(), value);
        }
    }
    Value::Map(map)
}

/// The same map, by reference inside, with `.Template` of this file.
fn with_template(dot: &Value, path: &str) -> Value {
    let base = path.find("/templates/").map_or("", |at| &path[..at + "/templates".len()]);
    let template = Map::new(MapKind::Any);
    template.set(b"Name"[..].into(), Value::string(path));
    template.set(b"BasePath"[..].into(), Value::string(base));
    if let Value::Map(map) = dot {
        map.set(b"Template"[..].into(), Value::Map(template));
    }
    dot.clone()
}
