//! Slash-separated paths; those of the operating system are the same here.

use super::{Function, lossy, typed};
use crate::value::{Parameter::String, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("base", &[String], None, |_, v| Ok(Value::string(base(&lossy(&v[0]))))),
    typed("osBase", &[String], None, |_, v| Ok(Value::string(base(&lossy(&v[0]))))),
    typed("dir", &[String], None, |_, v| Ok(Value::string(folder(&lossy(&v[0]))))),
    typed("osDir", &[String], None, |_, v| Ok(Value::string(folder(&lossy(&v[0]))))),
    typed("clean", &[String], None, |_, v| Ok(Value::string(clean(&lossy(&v[0]))))),
    typed("osClean", &[String], None, |_, v| Ok(Value::string(clean(&lossy(&v[0]))))),
    typed("ext", &[String], None, |_, v| Ok(Value::string(extension(&lossy(&v[0]))))),
    typed("osExt", &[String], None, |_, v| Ok(Value::string(extension(&lossy(&v[0]))))),
    typed("isAbs", &[String], None, |_, v| Ok(Value::Bool(lossy(&v[0]).starts_with('/')))),
    typed("osIsAbs", &[String], None, |_, v| Ok(Value::Bool(lossy(&v[0]).starts_with('/')))),
];

fn base(path: &str) -> std::string::String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some(last) if !last.is_empty() => last.to_owned(),
        _ => "/".to_owned(),
    }
}

fn folder(path: &str) -> std::string::String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

fn extension(path: &str) -> &str {
    let last = path.rfind('/').map_or(path, |at| &path[at + 1..]);
    last.rfind('.').map_or("", |at| &last[at..])
}

fn clean(path: &str) -> std::string::String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if absolute => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
