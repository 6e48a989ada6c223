//! JSON patch (RFC 6902).

use serde_json::Value;

use crate::kubernetes::machinery::status::Status;

/// Operations that one patch may have.
const MAX_OPERATIONS: usize = 10_000;

/// The document with the operations applied, all or none.
///
/// # Errors
/// 400 for a patch that is none, 413 for one too long, 422 for an operation that does not fit the document.
pub fn json_patch(document: &Value, patch: &Value) -> Result<Value, Status> {
    let Some(operations) = patch.as_array() else {
        return Err(Status::bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        ));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(Status::new(
            413,
            "RequestEntityTooLarge",
            format!(
                "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
                operations.len()
            ),
        ));
    }
    let mut out = document.clone();
    for operation in operations {
        run(&mut out, operation).map_err(|error| {
            Status::new(
                422,
                "Invalid",
                format!("the server rejected our request due to an error in our request: {error}"),
            )
        })?;
    }
    Ok(out)
}

fn run(document: &mut Value, operation: &Value) -> Result<(), String> {
    let of = |key: &str| operation.get(key).and_then(Value::as_str);
    let path = of("path").ok_or("operation missing path field: missing value")?;
    let value =
        || operation.get("value").cloned().ok_or_else(|| "operation missing value".to_owned());
    let source = || of("from").ok_or_else(|| "operation missing from field".to_owned());
    match of("op").unwrap_or_default() {
        "add" => add(document, path, value()?),
        "remove" => remove(document, path).map(|_| ()),
        "replace" => {
            let new = value()?;
            let place = document.pointer_mut(path).ok_or_else(|| {
                format!(
                    "replace operation does not apply: doc is missing key: {path}: missing value"
                )
            })?;
            *place = new;
            Ok(())
        }
        "move" => {
            let moved = remove(document, source()?)?;
            add(document, path, moved)
        }
        "copy" => {
            let from = source()?;
            let copied = document.pointer(from).cloned().ok_or_else(|| missing("copy", from))?;
            add(document, path, copied)
        }
        "test" => {
            let found = document.pointer(path).unwrap_or(&Value::Null);
            let wanted = operation.get("value").unwrap_or(&Value::Null);
            if found == wanted {
                Ok(())
            } else {
                Err(format!("testing value {path} failed: test failed"))
            }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn missing(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing path: {path:?}: missing value")
}

/// The parent's pointer and the last key, unescaped.
fn split(path: &str) -> Option<(&str, String)> {
    let (parent, key) = path.rsplit_once('/')?;
    Some((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let (parent, key) = split(path).ok_or_else(|| missing("add", path))?;
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(key, value);
            Ok(())
        }
        Some(Value::Array(list)) => {
            let index = if key == "-" {
                list.len()
            } else {
                key.parse().map_err(|_| missing("add", path))?
            };
            if index > list.len() {
                return Err(format!(
                    "add operation does not apply: Unable to access invalid index: {index}"
                ));
            }
            list.insert(index, value);
            Ok(())
        }
        _ => Err(missing("add", path)),
    }
}

fn remove(document: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, key) = split(path).ok_or_else(|| missing("remove", path))?;
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => map.shift_remove(&key).ok_or_else(|| {
            format!("remove operation does not apply: doc is missing key: {path}: missing value")
        }),
        Some(Value::Array(list)) => {
            let index: usize = key.parse().map_err(|_| missing("remove", path))?;
            if index >= list.len() {
                return Err(format!(
                    "remove operation does not apply: Unable to access invalid index: {index}"
                ));
            }
            Ok(list.remove(index))
        }
        _ => Err(missing("remove", path)),
    }
}
