//! Reads rendered files as objects, each with its place.

use std::collections::HashMap;

use infra_kube::{Json, ObjectRef};

use super::template::{Templates, is_template};
use super::{RenderError, Source};

/// An object and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Path of the file.
    pub file: String,
    /// Line at which its document begins, from 1; of the rendered text for a template.
    pub line: usize,
    /// The object.
    pub object: Json,
}

/// Renders and reads all files.
///
/// # Errors
/// The first that is wrong, with its place.
pub fn objects(sources: &[Source], scope: &Json) -> Result<Vec<Placed>, RenderError> {
    let templates = Templates::parse(sources)?;
    let mut found = Found::default();
    for source in sources {
        if is_template(&source.file) {
            let text = templates.render(&source.file, scope, sources)?;
            read(&source.file, &text, &mut found)?;
        } else {
            read(&source.file, &source.text, &mut found)?;
        }
    }
    Ok(found.objects)
}

/// What was read so far.
#[derive(Default)]
struct Found {
    objects: Vec<Placed>,
    /// Where each object stands, by what identifies it.
    places: HashMap<String, usize>,
}

fn read(file: &str, text: &str, found: &mut Found) -> Result<(), RenderError> {
    for (start, document) in documents(text) {
        let parsed = serde_saphyr::from_multiple::<Json>(&document);
        let parsed = parsed.map_err(|error| malformed(file, start, &document, &error))?;
        for object in parsed {
            let line = first_line(start, &document);
            place(file, line, object, found)?;
        }
    }
    Ok(())
}

/// The documents of a stream with the number of lines before each, so that places in it can be told.
fn documents(text: &str) -> Vec<(usize, String)> {
    let mut documents = vec![(0, String::new())];
    for (number, line) in text.lines().enumerate() {
        let separator = line == "---" || line.starts_with("--- ") || line.starts_with("---\t");
        if separator {
            documents.push((number, String::new()));
        }
        if let Some((_, document)) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    let holds_something = |document: &str| {
        document.lines().any(|line| {
            let line = line.trim_start_matches("---").trim();
            !line.is_empty() && !line.starts_with('#')
        })
    };
    documents.retain(|(_, document)| holds_something(document));
    documents
}

fn first_line(start: usize, document: &str) -> usize {
    let content = document.lines().position(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && !line.starts_with("---")
    });
    start + content.unwrap_or(0) + 1
}

fn malformed(file: &str, start: usize, document: &str, error: &serde_saphyr::Error) -> RenderError {
    let place = error.location().map(|location| {
        (
            usize::try_from(location.line()).unwrap_or(1),
            usize::try_from(location.column()).unwrap_or(1),
        )
    });
    let quoted =
        place.and_then(|(line, _)| document.lines().nth(line.saturating_sub(1))).map(str::to_owned);
    let mut message = error.without_snippet().to_string();
    // The place is told beside the message, counted from the beginning of the file.
    if let Some(end) = message.rfind(" at line ") {
        message.truncate(end);
    }
    let next = if is_template(file) {
        "correct the template: this line is of its result"
    } else {
        "correct the YAML"
    };
    RenderError {
        file: file.to_owned(),
        place: place.map(|(line, column)| (start + line, column)),
        quoted,
        message,
        next: next.to_owned(),
    }
}

fn place(file: &str, line: usize, object: Json, found: &mut Found) -> Result<(), RenderError> {
    let wrong = |message: String, next: &str| RenderError {
        file: file.to_owned(),
        place: Some((line, 1)),
        quoted: None,
        message,
        next: next.to_owned(),
    };
    let kind = object.get("kind").and_then(Json::as_str).unwrap_or_default();
    if let Some(Json::Array(items)) = object.get("items").filter(|_| kind.ends_with("List")) {
        for item in items.clone() {
            place(file, line, item, found)?;
        }
        return Ok(());
    }
    if !object.is_object() {
        return Err(wrong(
            "this document is no object of Kubernetes".into(),
            "give it apiVersion, kind and metadata",
        ));
    }
    if object.pointer("/metadata/generateName").is_some() {
        let message = "an object with `generateName` cannot be found again".to_owned();
        return Err(wrong(message, "give it a name of its own: metadata.name"));
    }
    let Some(reference) = ObjectRef::of(&object) else {
        let missing: Vec<&str> = ["apiVersion", "kind", "metadata.name"]
            .into_iter()
            .filter(|path| {
                let pointer = format!("/{}", path.replace('.', "/"));
                object.pointer(&pointer).and_then(Json::as_str).is_none()
            })
            .collect();
        let message = format!("this object lacks {} (a text)", missing.join(" and "));
        return Err(wrong(message, "add it"));
    };
    if let Some(first) = found.places.insert(reference.to_string(), found.objects.len())
        && let Some(first) = found.objects.get(first)
    {
        let message = format!("{reference} is there already, in {}:{}", first.file, first.line);
        return Err(wrong(message, "remove one of the two, or rename it"));
    }
    found.objects.push(Placed { file: file.to_owned(), line, object });
    Ok(())
}
