//! The grammar of `--set-literal`: one path, and all behind `=` as it is.

use super::set::{Entries, NESTING_LIMIT, Stop, index, mismatch, put, put_index, quoted, too_deep};
use crate::value::Data;

struct Parser<'a> {
    rest: &'a str,
}

/// Sets what a text names in a map.
///
/// # Errors
/// Helm's text.
pub(super) fn set_literal(text: &str, into: &mut Entries) -> Result<(), String> {
    let mut parser = Parser { rest: text };
    loop {
        match parser.key(into, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Fault(message)) => return Err(message),
        }
    }
}

impl<'a> Parser<'a> {
    fn until(&mut self, stop: &[char]) -> (&'a str, Option<char>) {
        match self.rest.find(stop) {
            Some(at) => {
                let text = &self.rest[..at];
                let last = self.rest[at..].chars().next();
                self.rest = &self.rest[at + last.map_or(0, char::len_utf8)..];
                (text, last)
            }
            None => (std::mem::take(&mut self.rest), None),
        }
    }

    fn key(&mut self, map: &mut Entries, depth: usize) -> Result<(), Stop> {
        let (key, last) = self.until(&['=', '[', '.']);
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::Fault(format!("key {} has no value", quoted(key)))),
            Some('=') => {
                put(map, key, Data::text(std::mem::take(&mut self.rest)));
                Ok(())
            }
            Some('.') => {
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
                    return Err(Stop::Fault(format!("key map {} has no value", quoted(key))));
                }
                if !inner.is_empty() {
                    put(map, key, Data::Map(inner));
                }
                outcome
            }
            _ => {
                let at = self.index()?;
                let mut list = match map.get(key.as_bytes()) {
                    None => Vec::new(),
                    Some(Data::List(list)) => list.clone(),
                    Some(other) => return Err(mismatch(other, "[]interface {}")),
                };
                let outcome = self.item(&mut list, at, depth, 0);
                put(map, key, Data::List(list));
                outcome
            }
        }
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            // The end of the text ends the parsing, here too.
            return Err(Stop::End);
        }
        index(text)
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
        if lists > 512 {
            return Err(Stop::Fault("lists nest too deep".to_owned()));
        }
        let (key, last) = self.until(&['[', '.', '=']);
        if !key.is_empty() {
            let shown = quoted(key);
            return Err(Stop::Fault(format!("unexpected data at end of array index: {shown}")));
        }
        let place = usize::try_from(at).unwrap_or(usize::MAX);
        match last {
            None => Err(Stop::End),
            Some('=') => put_index(list, at, Data::text(std::mem::take(&mut self.rest))),
            Some('.') => {
                let mut inner = match list.get(place) {
                    Some(Data::Map(inner)) => inner.clone(),
                    _ => Entries::new(),
                };
                self.key(&mut inner, depth)?;
                put_index(list, at, Data::Map(inner))
            }
            _ => {
                let next = self.index()?;
                let mut inner = match list.get(place) {
                    None | Some(Data::Null) => Vec::new(),
                    Some(Data::List(inner)) => inner.clone(),
                    Some(other) => return Err(mismatch(other, "[]interface {}")),
                };
                self.item(&mut inner, next, depth, lists + 1)?;
                put_index(list, at, Data::List(inner))
            }
        }
    }
}
