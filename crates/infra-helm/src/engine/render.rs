//! Parse order, execution, and the clean-up of missing values.

use std::{collections::BTreeMap, rc::Rc};

use crate::{
    environment::Environment,
    exec::{Budget, Failure, RenderError, Session},
    function::without_no_value,
    value::{Map, MapKind, Value},
};

/// A template with its path from the chart's name on, such as `web/templates/service.yaml`.
pub(super) struct TemplateFile<'a> {
    pub(super) path: String,
    /// The folder of the chart's templates.
    pub(super) base: String,
    pub(super) source: &'a [u8],
    /// Its dot: `Values`, `Chart`, `Release` and the rest.
    pub(super) dot: Rc<Map>,
}

/// Renders every file whose name does not start with `_`; the outcome is by path.
///
/// Deeper paths are parsed first and each level in reverse order, so that a parent's definitions win.
pub(super) fn render(
    files: &[TemplateFile<'_>],
    budget: Budget,
    environment: Rc<dyn Environment>,
) -> Result<BTreeMap<String, Vec<u8>>, RenderError> {
    let mut session = Session::new(budget, environment);
    let mut order: Vec<&TemplateFile<'_>> = files.iter().collect();
    order.sort_by(|left, right| {
        let depth = |path: &str| path.matches('/').count();
        depth(&right.path).cmp(&depth(&left.path)).then_with(|| right.path.cmp(&left.path))
    });
    for file in &order {
        session
            .add(file.path.as_bytes(), file.source)
            .map_err(|message| parse_error(&file.path, &message))?;
    }
    let mut outcome = BTreeMap::new();
    for file in &order {
        let base = file.path.rsplit('/').next().unwrap_or(&file.path);
        if base.starts_with('_') {
            continue;
        }
        let template = Map::new(MapKind::Values);
        template.set(b"Name"[..].into(), Value::string(&file.path));
        template.set(b"BasePath"[..].into(), Value::string(&file.base));
        file.dot.set(b"Template"[..].into(), Value::Map(template));
        let dot = Value::Map(file.dot.clone());
        let text = session.execute(file.path.as_bytes(), dot).map_err(|failure| match failure {
            Failure::Message(message) => RenderError::Execute(message),
            Failure::Chain(chain) => RenderError::Execute(chain.report()),
            Failure::Budget(what) => RenderError::Budget(what),
        })?;
        outcome.insert(file.path.clone(), without_no_value(&text));
    }
    Ok(outcome)
}

/// Helm keeps the place and the last part of the parser's message.
fn parse_error(path: &str, message: &str) -> RenderError {
    let parts: Vec<&str> = message.split(": ").collect();
    match parts.as_slice() {
        [_, location, .., last] => {
            RenderError::Parse { location: (*location).to_owned(), message: (*last).to_owned() }
        }
        _ => RenderError::Parse { location: path.to_owned(), message: message.to_owned() },
    }
}
