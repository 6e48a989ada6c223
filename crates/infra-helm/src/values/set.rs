//! The grammar of `--set`, `--set-string`, `--set-json` and `--set-file`: `a.b=1,c[0].d=x,e={1,2}`.

use std::collections::BTreeMap;

use crate::{json::Stream, value::Data};

/// The largest index of a list.
pub(super) const INDEX_LIMIT: i64 = 65_536;
/// How many points a name may have.
pub(super) const NESTING_LIMIT: usize = 30;
/// How deep lists may lie in lists by indexes alone.
const LIST_LIMIT: usize = 512;

/// What the text behind `=` becomes.
pub(super) enum Reading<'a> {
    /// Booleans, whole numbers, `null`, else text.
    Typed,
    /// Text.
    Text,
    /// JSON values.
    Json,
    /// The content of the file named.
    File(&'a dyn Fn(&str) -> Result<Vec<u8>, String>),
}

/// Why parsing stopped.
pub(super) enum Stop {
    /// The text is used up.
    End,
    Fault(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Fault(message)
    }
}

pub(super) type Entries = BTreeMap<Vec<u8>, Data>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    reading: &'a Reading<'a>,
}

/// Sets what a text names in a map.
///
/// # Errors
/// Helm's text.
pub(super) fn set(text: &str, into: &mut Entries, reading: &Reading<'_>) -> Result<(), String> {
    let mut parser = Parser { text, at: 0, reading };
    loop {
        match parser.key(into, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Fault(message)) => return Err(message),
        }
    }
}

pub(super) fn quoted(text: &str) -> String {
    crate::format::quote(text.as_bytes(), '"', false)
}

/// An empty key sets nothing.
pub(super) fn put(map: &mut Entries, key: &str, value: Data) {
    if !key.is_empty() {
        map.insert(key.as_bytes().to_vec(), value);
    }
}

/// Go's text for a value that is not what a path needs.
pub(super) fn mismatch(found: &Data, wanted: &str) -> Stop {
    let found = match found {
        Data::Null => "nil",
        Data::Bool(_) => "bool",
        Data::Integer(_) => "int64",
        Data::Float(_) => "float64",
        Data::String(_) => "string",
        Data::List(_) => "[]interface {}",
        Data::Map(_) => "map[string]interface {}",
    };
    Stop::Fault(format!(
        "unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

pub(super) fn put_index(list: &mut Vec<Data>, index: i64, value: Data) -> Result<(), Stop> {
    if index > INDEX_LIMIT {
        return Err(Stop::Fault(format!(
            "index of {index} is greater than maximum supported index of {INDEX_LIMIT}"
        )));
    }
    let Ok(index) = usize::try_from(index) else {
        return Err(Stop::Fault(format!("negative {index} index not allowed")));
    };
    if list.len() <= index {
        list.resize(index + 1, Data::Null);
    }
    list[index] = value;
    Ok(())
}

/// `strconv.Atoi`.
pub(super) fn index(text: &str) -> Result<i64, Stop> {
    text.parse().map_err(|_| {
        let shown = quoted(text);
        Stop::Fault(format!("error parsing index: strconv.Atoi: parsing {shown}: invalid syntax"))
    })
}

pub(super) fn too_deep() -> Stop {
    Stop::Fault(format!(
        "value name nested level is greater than maximum supported nested level of {NESTING_LIMIT}"
    ))
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let rune = self.text[self.at..].chars().next()?;
        self.at += rune.len_utf8();
        Some(rune)
    }

    /// Text up to one of the characters; a backslash takes the next character as it is. Nothing at the end.
    fn until(&mut self, stop: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(rune) = self.next() {
            if stop.contains(&rune) {
                return (text, Some(rune));
            }
            if rune == '\\' {
                match self.next() {
                    Some(next) => text.push(next),
                    None => return (text, None),
                }
            } else {
                text.push(rune);
            }
        }
        (text, None)
    }

    fn key(&mut self, map: &mut Entries, depth: usize) -> Result<(), Stop> {
        let (key, last) = self.until(&['=', '[', ',', '.']);
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::Fault(format!("key {} has no value", quoted(&key)))),
            Some('[') => {
                let index = self.index()?;
                let mut list = match map.get(key.as_bytes()) {
                    None => Vec::new(),
                    Some(Data::List(list)) => list.clone(),
                    Some(other) => return Err(mismatch(other, "[]interface {}")),
                };
                let outcome = self.item(&mut list, index, depth, 0);
                put(map, &key, Data::List(list));
                outcome
            }
            Some('=') => self.assign(|value| put(map, &key, value), true),
            Some(',') => {
                put(map, &key, Data::text(""));
                Err(Stop::Fault(format!("key {} has no value (cannot end with ,)", quoted(&key))))
            }
            _ => {
                if depth + 1 > NESTING_LIMIT {
                    return Err(too_deep());
                }
                let mut inner = match map.get(key.as_bytes()) {
                    None => Entries::new(),
                    Some(Data::Map(inner)) => inner.clone(),
                    Some(other) => return Err(mismatch(other, "map[string]interface {}")),
                };
                let outcome = self.key(&mut inner, depth + 1);
                if outcome.is_ok() && inner.is_empty() {
                    return Err(Stop::Fault(format!("key map {} has no value", quoted(&key))));
                }
                if !inner.is_empty() {
                    put(map, &key, Data::Map(inner));
                }
                outcome
            }
        }
    }

    /// What stands behind `=`. The end of the text ends a key's value and not a list item's.
    fn assign(&mut self, mut put: impl FnMut(Data), key: bool) -> Result<(), Stop> {
        if matches!(self.reading, Reading::Json) {
            if self.nothing_follows() {
                put(Data::Null);
                return Ok(());
            }
            let mut stream = Stream::new(&self.text.as_bytes()[self.at..]);
            put(stream.next()?);
            self.at += stream.at;
            self.nothing_follows();
            return Ok(());
        }
        match self.text[self.at..].chars().next() {
            None => {
                put(Data::text(""));
                if key { Err(Stop::End) } else { Ok(()) }
            }
            Some('{') => {
                self.at += 1;
                put(Data::List(self.list()?));
                Ok(())
            }
            Some(_) => {
                let (text, _) = self.until(&[',']);
                match self.value(&text) {
                    Ok(value) => {
                        put(value);
                        Ok(())
                    }
                    Err(message) => Err(Stop::Fault(message)),
                }
            }
        }
    }

    /// Whether a comma or the end comes next; both are passed.
    fn nothing_follows(&mut self) -> bool {
        while let Some(rune) = self.text[self.at..].chars().next() {
            if rune == ',' {
                self.at += 1;
                return true;
            }
            if !rune.is_whitespace() {
                return false;
            }
            self.at += rune.len_utf8();
        }
        true
    }

    fn list(&mut self) -> Result<Vec<Data>, Stop> {
        let mut list = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return Err(Stop::Fault("list must terminate with '}'".to_owned())),
                Some(',') => list.push(self.value(&text)?),
                _ => {
                    if self.text[self.at..].starts_with(',') {
                        self.at += 1;
                    }
                    list.push(self.value(&text)?);
                    return Ok(list);
                }
            }
        }
    }

    fn value(&self, text: &str) -> Result<Data, String> {
        match self.reading {
            Reading::Typed => Ok(typed(text)),
            Reading::Text | Reading::Json => Ok(Data::text(text)),
            Reading::File(read) => read(text).map(Data::String),
        }
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            // The end of the text ends the parsing, here too.
            return Err(Stop::End);
        }
        index(&text)
    }

    fn item(
        &mut self,
        list: &mut Vec<Data>,
        at: i64,
        depth: usize,
        lists: usize,
    ) -> Result<(), Stop> {
        if at < 0 {
            return Err(Stop::Fault(format!("negative {at} index not allowed")));
        }
        if lists > LIST_LIMIT {
            return Err(Stop::Fault("lists nest too deep".to_owned()));
        }
        let (key, last) = self.until(&['[', '.', '=']);
        if !key.is_empty() {
            let shown = quoted(&key);
            return Err(Stop::Fault(format!("unexpected data at end of array index: {shown}")));
        }
        let place = usize::try_from(at).unwrap_or(usize::MAX);
        match last {
            None => Err(Stop::End),
            Some('=') => {
                let mut found = None;
                self.assign(|value| found = Some(value), false)?;
                put_index(list, at, found.unwrap_or_default())
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get(place) {
                    None | Some(Data::Null) => Vec::new(),
                    Some(Data::List(inner)) => inner.clone(),
                    Some(other) => return Err(mismatch(other, "[]interface {}")),
                };
                self.item(&mut inner, next, depth, lists + 1)?;
                put_index(list, at, Data::List(inner))
            }
            _ => {
                let mut inner = match list.get(place) {
                    Some(Data::Map(inner)) => inner.clone(),
                    _ => Entries::new(),
                };
                if place < list.len() && !matches!(list[place], Data::Map(_)) {
                    list[place] = Data::Map(Entries::new());
                }
                self.key(&mut inner, depth)?;
                put_index(list, at, Data::Map(inner))
            }
        }
    }
}

fn typed(text: &str) -> Data {
    if text.eq_ignore_ascii_case("true") {
        return Data::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Data::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Data::Null;
    }
    if text == "0" {
        return Data::Integer(0);
    }
    match text.parse::<i64>() {
        Ok(value) if !text.starts_with('0') => Data::Integer(value),
        _ => Data::text(text),
    }
}
