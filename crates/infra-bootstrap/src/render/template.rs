//! Renders `.tera` files. Nothing is escaped, and what is not defined is an error with its place.

use std::collections::BTreeSet;

use base64::Engine as _;
use serde_json::Value as Json;
use tera::{Context, ErrorKind, Kwargs, State, Tera, TeraResult, Value};

use super::{RenderError, Source};

/// Whether a file is rendered before it is read.
pub fn is_template(file: &str) -> bool {
    file.ends_with(".tera")
}

/// The templates of an item; they may include each other by their paths.
pub(super) struct Templates {
    tera: Tera,
}

impl Templates {
    pub(super) fn parse(sources: &[Source]) -> Result<Self, RenderError> {
        let mut tera = Tera::default();
        tera.autoescape_on(Vec::<&str>::new());
        tera.register_filter("b64encode", |text: &str, _: Kwargs, _: &State| {
            base64::engine::general_purpose::STANDARD.encode(text)
        });
        // JSON is YAML: a map or a list stands in a manifest as one word.
        tera.register_filter("json", |value: Value, _: Kwargs, _: &State| -> TeraResult<String> {
            serde_json::to_string(&value).map_err(tera::Error::message)
        });
        tera.register_filter("quote", |value: Value, _: Kwargs, _: &State| -> TeraResult<String> {
            serde_json::to_string(&value.to_string()).map_err(tera::Error::message)
        });
        let templates: Vec<_> = sources.iter().filter(|source| is_template(&source.file)).collect();
        let pairs = templates.iter().map(|source| (source.file.clone(), source.text.clone()));
        tera.add_raw_templates(pairs).map_err(|error| {
            let source = templates.first().map_or("", |source| source.file.as_str());
            wrong(&error, source, sources, &[])
        })?;
        Ok(Self { tera })
    }

    pub(super) fn render(
        &self,
        file: &str,
        scope: &Json,
        sources: &[Source],
    ) -> Result<String, RenderError> {
        let known: Vec<&str> =
            scope.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
        let context =
            Context::from_serialize(scope).map_err(|error| wrong(&error, file, sources, &known))?;
        self.tera.render(file, &context).map_err(|error| wrong(&error, file, sources, &known))
    }
}

/// The names that templates take from their scope, such as `values` and `images`.
///
/// # Errors
/// When a template is malformed.
pub fn roots(sources: &[Source]) -> Result<BTreeSet<String>, RenderError> {
    let templates = Templates::parse(sources)?;
    let mut roots = BTreeSet::new();
    for source in sources.iter().filter(|source| is_template(&source.file)) {
        let used = templates.tera.get_template_variables(&source.file);
        let used = used.map_err(|error| wrong(&error, &source.file, sources, &[]))?;
        roots.extend(used.into_iter().map(str::to_owned));
    }
    Ok(roots)
}

fn wrong(error: &tera::Error, file: &str, sources: &[Source], known: &[&str]) -> RenderError {
    let report = match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => Some(report),
        _ => None,
    };
    let mut message =
        report.map_or_else(|| error.to_string(), |report| report.message().to_owned());
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    let file =
        report.map(|report| report.filename()).filter(|name| !name.is_empty()).unwrap_or(file);
    let place = report.map(|report| (report.span().start_line, report.span().start_col + 1));
    let source = sources.iter().find(|source| source.file == file);
    let quoted = place
        .and_then(|(line, _)| source?.text.lines().nth(line.saturating_sub(1)))
        .map(str::to_owned);
    let next = if known.is_empty() {
        "correct the template".to_owned()
    } else {
        format!("correct the template; it may use {}", known.join(", "))
    };
    RenderError { file: file.to_owned(), place, quoted, message, next }
}
