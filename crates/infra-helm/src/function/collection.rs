//! Maps: making, asking, changing in place, merging.

use std::rc::Rc;

use super::{Function, Outcome, any, bytes, typed};
use crate::{
    exec::{Failure, Session},
    format::DEPTH_LIMIT,
    value::{
        Map, MapKind,
        Parameter::{Any, Map as MapParameter, String},
        Text, Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("dict", &[], Some(Any), dict),
    any("get", &[MapParameter, String], None, |_, v| {
        Ok(map(&v[0]).and_then(|map| map.get(bytes(&v[1]))).unwrap_or(Value::string("")))
    }),
    typed("set", &[MapParameter, String, Any], None, |_, v| {
        if let Some(map) = map(&v[0]) {
            map.set(bytes(&v[1]).into(), v[2].clone());
        }
        Ok(v[0].clone())
    }),
    typed("unset", &[MapParameter, String], None, |_, v| {
        if let Some(map) = map(&v[0]) {
            map.remove(bytes(&v[1]));
        }
        Ok(v[0].clone())
    }),
    typed("hasKey", &[MapParameter, String], None, |_, v| {
        Ok(Value::Bool(map(&v[0]).is_some_and(|map| map.contains(bytes(&v[1])))))
    }),
    typed("pluck", &[String], Some(MapParameter), |_, v| {
        Ok(Value::list(v[1..].iter().filter_map(|item| map(item)?.get(bytes(&v[0]))).collect()))
    }),
    typed("keys", &[], Some(MapParameter), |_, v| {
        Ok(Value::strings(v.iter().filter_map(map).flat_map(Map::keys)))
    }),
    typed("values", &[MapParameter], None, |_, v| {
        Ok(Value::list(entries(&v[0]).into_iter().map(|(_, item)| item).collect()))
    }),
    typed("pick", &[MapParameter], Some(String), |_, v| Ok(chosen(v, true))),
    typed("omit", &[MapParameter], Some(String), |_, v| Ok(chosen(v, false))),
    any("merge", &[MapParameter], Some(MapParameter), |session, v| merged(session, v, false)),
    any("mustMerge", &[MapParameter], Some(MapParameter), |session, v| merged(session, v, false)),
    any("mergeOverwrite", &[MapParameter], Some(MapParameter), |session, v| {
        merged(session, v, true)
    }),
    any("mustMergeOverwrite", &[MapParameter], Some(MapParameter), |session, v| {
        merged(session, v, true)
    }),
    any("deepCopy", &[Any], None, |session, v| deep_copy(session, &v[0], 0)),
    any("mustDeepCopy", &[Any], None, |session, v| deep_copy(session, &v[0], 0)),
    any("dig", &[], Some(Any), dig),
];

fn map(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn entries(value: &Value) -> Vec<(Text, Value)> {
    map(value).map(Map::snapshot).unwrap_or_default()
}

fn dict(_: &mut Session, values: &[Value]) -> Outcome {
    let map = Map::new(MapKind::Any);
    for pair in values.chunks(2) {
        let key: Text = super::cast::text(&pair[0]).into();
        map.set(key, pair.get(1).cloned().unwrap_or(Value::string("")));
    }
    Ok(Value::Map(map))
}

fn chosen(values: &[Value], keep: bool) -> Value {
    let named = |key: &Text| values[1..].iter().any(|name| bytes(name) == &**key);
    Value::map(entries(&values[0]).into_iter().filter(|(key, _)| named(key) == keep).collect())
}

fn merged(session: &mut Session, values: &[Value], overwrite: bool) -> Outcome {
    for source in &values[1..] {
        if let (Value::Map(into), Value::Map(from)) = (&values[0], source) {
            merge(session, into, from, overwrite, 0)?;
        }
    }
    Ok(values[0].clone())
}

/// One source into the destination after mergo: empty values are filled, or all are overwritten.
fn merge(
    session: &mut Session,
    into: &Rc<Map>,
    from: &Rc<Map>,
    overwrite: bool,
    depth: usize,
) -> Result<(), Failure> {
    if depth > DEPTH_LIMIT {
        return Err("the maps nest too deep to merge".into());
    }
    if into.is_same(from) {
        return Ok(());
    }
    for (key, source) in from.snapshot() {
        session.step()?;
        match (into.get(&key), &source) {
            (Some(Value::Map(inner)), Value::Map(other)) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    merge(session, &inner, other, overwrite, depth + 1)
                })?;
                // Nothing came in: the source's own map takes the place.
                if inner.is_empty() {
                    into.set(key, source.clone());
                }
            }
            (Some(own), source) => {
                if overwrite || !source.is_nil() && !own.truth() {
                    into.set(key, source.clone());
                }
            }
            (None, source) => {
                if overwrite || !source.is_nil() {
                    into.set(key, source.clone());
                }
            }
        }
    }
    Ok(())
}

fn deep_copy(session: &mut Session, value: &Value, depth: usize) -> Outcome {
    session.step()?;
    if depth > DEPTH_LIMIT {
        return Err("the value nests too deep to copy".into());
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        Ok(match value {
            Value::List(list) => {
                let items: Result<Vec<_>, _> =
                    list.items.iter().map(|item| deep_copy(session, item, depth + 1)).collect();
                Value::typed_list(list.kind, items?)
            }
            Value::Map(map) => {
                let copy = Map::new(map.kind);
                for (key, item) in map.snapshot() {
                    let item = deep_copy(session, &item, depth + 1)?;
                    copy.set(key, item);
                }
                Value::Map(copy)
            }
            Value::Nil if depth == 0 => {
                return Err("reflect: call of reflect.Value.Type on zero Value".into());
            }
            other => other.clone(),
        })
    })
}

fn dig(_: &mut Session, values: &[Value]) -> Outcome {
    let [keys @ .., fallback, source] = values else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut at = source.clone();
    for (index, key) in keys.iter().enumerate() {
        let Value::Map(map) = &at else {
            let found = at.type_name().to_owned();
            let found = if at.is_nil() { "nil".to_owned() } else { found };
            return Err(format!(
                "interface conversion: interface {{}} is {found}, not map[string]interface {{}}"
            )
            .into());
        };
        let Value::String(name) = key else {
            let found = key.type_name();
            return Err(
                format!("interface conversion: interface {{}} is {found}, not string").into()
            );
        };
        match map.get(name) {
            Some(value) if index + 1 == keys.len() => return Ok(value),
            Some(value) => at = value,
            None => return Ok(fallback.clone()),
        }
    }
    Ok(fallback.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_is_seen_through_every_alias() {
        let mut session = Session::for_tests();
        let into = Map::new(MapKind::Any);
        let from = Map::new(MapKind::Any);
        from.set(Rc::from(&b"a"[..]), Value::int(1));
        let values = [Value::Map(into.clone()), Value::Map(from)];
        merged(&mut session, &values, false).unwrap();
        assert_eq!(crate::format::display(&Value::Map(into)), b"map[a:1]");
    }
}
