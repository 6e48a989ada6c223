//! `.Files`: the files of a chart that are neither templates nor charts.

use std::{collections::BTreeMap, rc::Rc};

use base64::{Engine, engine::general_purpose::STANDARD};
use regex::bytes::Regex;

use crate::{
    chart::ChartFile,
    value::{Map, MapKind, Object, Parameter, Signature, Value},
    yaml,
};

/// Names and bytes.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<String, Rc<[u8]>>);

impl Files {
    pub(super) fn new(files: &[ChartFile]) -> Self {
        Self(files.iter().map(|file| (file.name.clone(), Rc::from(file.data.as_slice()))).collect())
    }

    fn get(&self, name: &str) -> &[u8] {
        self.0.get(name).map_or(&[], |data| data)
    }

    fn glob(&self, pattern: &str) -> Self {
        let matcher = glob(pattern);
        let matches = |name: &str| matcher.as_ref().is_none_or(|own| own.is_match(name.as_bytes()));
        let found = self.0.iter().filter(|(name, _)| matches(name));
        Self(found.map(|(name, data)| (name.clone(), data.clone())).collect())
    }

    /// YAML of the last parts of the names and of what `shown` makes of the bytes.
    fn as_map(&self, shown: impl Fn(&[u8]) -> Value) -> Value {
        let map = Map::new(MapKind::Strings);
        for (name, data) in &self.0 {
            let base = name.rsplit('/').next().unwrap_or(name);
            map.set(base.as_bytes().into(), shown(data));
        }
        let text = yaml::write(&Value::Map(map)).unwrap_or_default();
        Value::string(text.strip_suffix(b"\n").unwrap_or(&text))
    }

    fn lines(&self, name: &str) -> Value {
        let data = self.get(name);
        if data.is_empty() {
            return Value::strings::<&[u8]>([]);
        }
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        Value::strings(data.split(|byte| *byte == b'\n'))
    }
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind_name(&self) -> &str {
        "map"
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        let name = String::from_utf8_lossy(name);
        Some(Value::Bytes(Rc::from(self.get(&name))))
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let entry =
            |(name, data): (&String, &Rc<[u8]>)| (Value::string(name), Value::Bytes(data.clone()));
        Some(self.0.iter().map(entry).collect())
    }

    fn method(&self, name: &[u8]) -> Option<Signature> {
        let fixed: &'static [Parameter] = match name {
            b"Get" | b"GetBytes" | b"Glob" | b"Lines" => &[Parameter::String],
            b"AsConfig" | b"AsSecrets" => &[],
            _ => return None,
        };
        Some(Signature { fixed, variadic: None, returns_interface: false })
    }

    fn call(&self, name: &[u8], arguments: &[Value]) -> Result<Value, String> {
        let text = match arguments.first() {
            Some(Value::String(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        };
        Ok(match name {
            b"Get" => Value::string(self.get(&text)),
            b"GetBytes" => Value::Bytes(Rc::from(self.get(&text))),
            b"Glob" => Value::Object(Rc::new(self.glob(&text))),
            // Helm looks at the byte before the end.
            b"Lines" if self.0.get(&text).is_some_and(|data| data.is_empty()) => {
                return Err("runtime error: index out of range [-1]".to_owned());
            }
            b"Lines" => self.lines(&text),
            b"AsConfig" => self.as_map(|data| Value::string(data)),
            _ => self.as_map(|data| Value::string(STANDARD.encode(data))),
        })
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }
}

/// A pattern of gobwas/glob with `/` as separator; nothing when it is malformed, and then all files match.
fn glob(pattern: &str) -> Option<Regex> {
    let mut out = String::from("(?s-u)^");
    let runes: Vec<char> = pattern.chars().collect();
    let (mut at, mut open) = (0, 0_usize);
    while at < runes.len() {
        match runes[at] {
            '*' if runes.get(at + 1) == Some(&'*') => {
                out.push_str(".*");
                at += 1;
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => {
                at += 1;
                out.push_str(&literal(*runes.get(at)?));
            }
            '[' => {
                let length = runes[at..].iter().position(|rune| *rune == ']')?;
                let inside: String = runes[at + 1..at + length].iter().collect();
                let (mark, inside) = match inside.strip_prefix('!') {
                    Some(rest) => ("^", rest.to_owned()),
                    None => ("", inside),
                };
                if inside.is_empty() {
                    return None;
                }
                out.push_str(&format!(
                    "[{mark}{}]",
                    inside.replace('\\', "\\\\").replace('[', "\\[")
                ));
                at += length;
            }
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            rune => out.push_str(&literal(rune)),
        }
        at += 1;
    }
    if open > 0 {
        return None;
    }
    out.push('$');
    Regex::new(&out).ok()
}

fn literal(rune: char) -> String {
    if rune.is_ascii() {
        return regex::escape(&rune.to_string());
    }
    rune.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}
