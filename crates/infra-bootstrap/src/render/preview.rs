//! [`preview`]: what can be said of an item's objects while some of its inputs are not known.
//!
//! The files are rendered twice, with different stand-ins for every unknown input; where the two differ, the result is unknown. A
//! third rendering with stand-ins for the secrets tells what is secret. [`prove`] shows at execution that the real inputs
//! changed nothing but that.

use infra_kube::{Json, ObjectRef, prepare};
use infra_plan::Value;

use super::{Placed, RenderError, Source, objects};

/// An object as far as it is known.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Path of the file that it stands in.
    pub file: String,
    /// Line at which its document begins.
    pub line: usize,
    /// All of it, with what is unknown and secret marked.
    pub marked: Value,
    /// All of it in clear; with stand-ins where something is unknown.
    pub clear: Json,
    /// Whether nothing in it is unknown.
    pub known: bool,
}

/// What stands for unknown inputs and for secrets. They differ in letters and length, so that no cut or comparison makes them equal, and
/// are legal names.
const STAND_INS: [&str; 3] = ["later-a", "notyet-bcd", "hidden-efghi"];

/// Renders as far as the scope is known. Objects of built-in kinds that name no namespace are in `namespace`.
///
/// # Errors
/// When a file is wrong, or when which objects there are hangs on something that is not known.
pub fn preview(
    sources: &[Source],
    scope: &Value,
    namespace: &str,
) -> Result<Vec<Preview>, RenderError> {
    let (mut unknowns, mut secrets) = (0, 0);
    let real = clear(scope, STAND_INS[0], None, &mut unknowns, &mut secrets);
    let rendered = |scope: &Json| -> Result<Vec<Placed>, RenderError> {
        let mut placed = objects(sources, scope)?;
        for one in &mut placed {
            one.object = prepare(one.object.take(), namespace, None);
        }
        Ok(placed)
    };
    let first = rendered(&real)?;
    let other = |unknown: &str, secret: Option<&str>| {
        let (mut one, mut two) = (0, 0);
        rendered(&clear(scope, unknown, secret, &mut one, &mut two))
    };
    let second = if unknowns > 0 { other(STAND_INS[1], None)? } else { first.clone() };
    let third = if secrets > 0 { other(STAND_INS[0], Some(STAND_INS[2]))? } else { first.clone() };
    same_shape(&first, &second)?;
    same_shape(&first, &third)?;
    let mut previews = Vec::with_capacity(first.len());
    for ((one, two), three) in first.into_iter().zip(&second).zip(&third) {
        let mut marked = mark(&one.object, &two.object, &three.object);
        if one.object.get("kind").and_then(Json::as_str) == Some("Secret") {
            hide_data(&mut marked);
        }
        let known = marked.is_known();
        previews.push(Preview { file: one.file, line: one.line, marked, clear: one.object, known });
    }
    Ok(previews)
}

/// Checks that the objects rendered with the real inputs are those of the preview, but for what was unknown in it.
///
/// # Errors
/// The first place where they differ, with both versions' places.
pub fn prove(previews: &[Preview], real: &[Preview]) -> Result<(), RenderError> {
    let differs = |file: &str, line: usize, message: String| RenderError {
        file: file.to_owned(),
        place: Some((line, 1)),
        quoted: None,
        message,
        next: "let the template not decide on what is only known later, or apply in two steps"
            .into(),
    };
    for (index, planned) in previews.iter().enumerate() {
        let Some(found) = real.get(index) else {
            let message = "the plan has an object here that the real inputs do not give".to_owned();
            return Err(differs(&planned.file, planned.line, message));
        };
        if let Some(path) = first_difference(&planned.marked, &found.clear, String::new()) {
            let name = ObjectRef::of(&found.clear).map(|object| object.to_string());
            let message = format!(
                "`{path}` of {} is not what was planned at {}:{}",
                name.unwrap_or_default(),
                planned.file,
                planned.line
            );
            return Err(differs(&found.file, found.line, message));
        }
    }
    match real.get(previews.len()) {
        Some(more) => {
            let message = "the real inputs give an object here that the plan does not have".into();
            Err(differs(&more.file, more.line, message))
        }
        None => Ok(()),
    }
}

/// The scope as templates get it. Counts the stand-ins that were put in.
fn clear(
    value: &Value,
    unknown: &str,
    secret: Option<&str>,
    unknowns: &mut usize,
    secrets: &mut usize,
) -> Json {
    match value {
        Value::Unknown | Value::Reference(_) | Value::Joined(_) => {
            *unknowns += 1;
            Json::String(format!("{unknown}{unknowns}"))
        }
        Value::Secret(text) => {
            *secrets += 1;
            match (secret, text.expose()) {
                (None, Some(text)) => Json::String(text.to_owned()),
                (stand_in, _) => {
                    Json::String(format!("{}{secrets}", stand_in.unwrap_or("sealed-jk")))
                }
            }
        }
        Value::List(list) => Json::Array(
            list.iter().map(|item| clear(item, unknown, secret, unknowns, secrets)).collect(),
        ),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(key, item)| (key.clone(), clear(item, unknown, secret, unknowns, secrets)))
                .collect(),
        ),
        plain => plain.to_json(),
    }
}

fn same_shape(one: &[Placed], two: &[Placed]) -> Result<(), RenderError> {
    let kind = |placed: &Placed| {
        let text = |key: &str| placed.object.get(key).and_then(Json::as_str).map(str::to_owned);
        (text("apiVersion"), text("kind"))
    };
    let same = one.iter().zip(two).position(|(one, two)| kind(one) != kind(two));
    let differing = match same {
        Some(index) => one.get(index),
        None if one.len() != two.len() => one.last(),
        None => return Ok(()),
    };
    Err(RenderError {
        file: differing.map_or(String::new(), |placed| placed.file.clone()),
        place: differing.map(|placed| (placed.line, 1)),
        quoted: None,
        message: "which objects this template gives hangs on a value that is not known yet".into(),
        next: "let it decide on `values`, not on outputs or secrets".into(),
    })
}

/// The first rendering, with marks where the others differ.
fn mark(first: &Json, second: &Json, third: &Json) -> Value {
    match (first, second, third) {
        (Json::Object(one), Json::Object(two), Json::Object(three)) => {
            let keys: Vec<&String> =
                one.keys().chain(two.keys().filter(|key| !one.contains_key(*key))).collect();
            Value::map(keys.into_iter().map(|key| {
                let get = |map: &serde_json::Map<String, Json>| {
                    map.get(key).cloned().unwrap_or(Json::Null)
                };
                (key.clone(), mark(&get(one), &get(two), &get(three)))
            }))
        }
        (Json::Array(one), Json::Array(two), Json::Array(three))
            if one.len() == two.len() && one.len() == three.len() =>
        {
            Value::List(
                one.iter()
                    .zip(two)
                    .zip(three)
                    .map(|((one, two), three)| mark(one, two, three))
                    .collect(),
            )
        }
        _ if first != second => Value::Unknown,
        _ if first != third => match first {
            Json::String(text) => Value::secret(text.clone()),
            other => Value::secret(other.to_string()),
        },
        _ => Value::from_plain_json(first.clone()),
    }
}

/// Everything in a Secret is secret.
fn hide_data(secret: &mut Value) {
    let Value::Map(map) = secret else { return };
    let Some(Value::Map(data)) = map.get_mut("data") else { return };
    for value in data.values_mut() {
        if let Value::Text(text) = value {
            *value = Value::secret(std::mem::take(text));
        }
    }
}

fn first_difference(planned: &Value, real: &Json, path: String) -> Option<String> {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (planned, real) {
        (Value::Unknown, _) => None,
        (Value::Map(planned), Json::Object(real)) => {
            let null = (Value::Null, Json::Null);
            let keys = planned.keys().chain(real.keys().filter(|key| !planned.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let planned = planned.get(key).unwrap_or(&null.0);
                first_difference(planned, real.get(key).unwrap_or(&null.1), below(key))
            })
        }
        (Value::List(planned), Json::Array(real)) if planned.len() == real.len() => {
            planned.iter().zip(real).enumerate().find_map(|(index, (planned, real))| {
                first_difference(planned, real, format!("{path}[{index}]"))
            })
        }
        (planned, real) => (planned.to_clear_json().as_ref() != Some(real)).then_some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str, text: &str) -> Vec<Source> {
        vec![Source { file: file.into(), text: text.into() }]
    }

    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n";

    #[test]
    fn marks_unknown_and_secret() {
        let text = format!(
            "{MAP}data:\n  plain: {{{{ values.n }}}}\n  image: {{{{ image }}}}:x\n  word: {{{{ word | b64encode }}}}\n"
        );
        let scope = Value::map([
            ("values", Value::map([("n", Value::from(3_u32))])),
            ("image", Value::Unknown),
            ("word", Value::secret("hunter2")),
        ]);
        let found = preview(&source("c.yaml.tera", &text), &scope, "ns").unwrap();
        let data = found[0].marked.get("data").unwrap();
        assert_eq!(data.get("plain"), Some(&Value::from(3_u32)));
        assert_eq!(data.get("image"), Some(&Value::Unknown));
        assert_eq!(data.get("word"), Some(&Value::secret("aHVudGVyMg==")));
        assert!(!found[0].known && found[0].line == 1);

        let real = Value::map([
            ("values", Value::map([("n", Value::from(3_u32))])),
            ("image", "r/app".into()),
            ("word", Value::secret("hunter2")),
        ]);
        let real = preview(&source("c.yaml.tera", &text), &real, "ns").unwrap();
        assert!(real[0].known);
        assert_eq!(real[0].clear["data"]["image"], "r/app:x");
        prove(&found, &real).unwrap();
    }

    #[test]
    fn what_hangs_on_unknown_values_is_refused() {
        let text = format!(
            "{MAP}---\n{{% if image == \"r/app\" %}}\n{}{{% endif %}}\n",
            MAP.replace("name: c", "name: d")
        );
        let sources = source("c.yaml.tera", &text);
        let planned = preview(&sources, &Value::map([("image", Value::Unknown)]), "ns").unwrap();
        assert_eq!(planned.len(), 1);
        let real = preview(&sources, &Value::map([("image", "r/app".into())]), "ns").unwrap();
        let error = prove(&planned, &real).unwrap_err();
        assert!(error.message.contains("the plan does not have"), "{error}");
        let by_length = format!("{{% if image | length > 8 %}}{MAP}{{% endif %}}\n");
        let error = preview(
            &source("c.yaml.tera", &by_length),
            &Value::map([("image", Value::Unknown)]),
            "ns",
        );
        assert!(error.unwrap_err().message.contains("not known yet"));
    }

    #[test]
    fn errors_have_places() {
        let error = |file: &str, text: &str| {
            preview(&source(file, text), &Value::map([("name", "x".into())]), "ns").unwrap_err()
        };
        let undefined = error("a.yaml.tera", "a: 1\nb: {{ nope }}\n");
        assert_eq!(undefined.place.map(|place| place.0), Some(2), "{undefined}");
        assert!(undefined.next.contains("name"));
        let open = error("a.yaml.tera", "a: {{ name\n");
        assert!(open.place.is_some(), "{open}");
        let yaml = error("a.yaml", &format!("{MAP}---\na: [1\n"));
        assert!(yaml.place.is_some_and(|place| place.0 >= 4), "{yaml}");
        let nameless = error("a.yaml", "# c\n---\nkind: Pod\napiVersion: v1\n");
        assert_eq!(nameless.place, Some((3, 1)));
        assert!(nameless.message.contains("metadata.name"));
        let twice = error("a.yaml", &format!("{MAP}---\n{MAP}"));
        assert!(twice.message.contains("a.yaml:1"), "{twice}");
    }
}
