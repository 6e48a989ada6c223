//! Values over a chart's defaults and those of the charts inside it, with Helm's rules for `null` and `global`.
//!
//! It works on the shared maps that templates see, since a nested global table is one map for parent and child.

use std::{collections::BTreeSet, rc::Rc};

use crate::{
    chart::Chart,
    value::{Data, Map, MapKind, Text, Value},
};

const GLOBAL: &[u8] = b"global";

fn table(value: &Value) -> Option<&Rc<Map>> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn copied(values: &Data) -> Rc<Map> {
    match Value::from(values) {
        Value::Map(map) => map,
        _ => Map::new(MapKind::Any),
    }
}

/// The values a chart is rendered with: `null` takes keys away.
///
/// # Errors
/// A chart inside has values that are no map.
pub(crate) fn coalesce_values(chart: &Chart, values: &Data) -> Result<Rc<Map>, String> {
    let values = copied(values);
    coalesce(chart, &values, false)?;
    Ok(values)
}

/// The same, keeping `null`: what import-values looks into.
///
/// # Errors
/// As [`coalesce_values`].
pub(crate) fn merge_values(chart: &Chart, values: &Data) -> Result<Rc<Map>, String> {
    let values = copied(values);
    coalesce(chart, &values, true)?;
    Ok(values)
}

fn coalesce(chart: &Chart, into: &Rc<Map>, merge: bool) -> Result<(), String> {
    defaults(chart, into, merge);
    for inner in &chart.dependencies {
        let name = inner.name().as_bytes();
        let own = match into.get(name) {
            None => {
                let own = Map::new(MapKind::Any);
                into.set(name.into(), Value::Map(own.clone()));
                own
            }
            Some(Value::Map(own)) => own,
            Some(other) => {
                // Go prints the value with the verb for booleans.
                let shown =
                    String::from_utf8_lossy(&crate::format::sprintf(b"%t", &[other])).into_owned();
                return Err(format!("type mismatch on {}: {shown}", inner.name()));
            }
        };
        globals(&own, into);
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || coalesce(inner, &own, merge))?;
    }
    Ok(())
}

/// The parent's `global` into the child's; the parent's entries win.
fn globals(into: &Rc<Map>, from: &Rc<Map>) {
    let global = |map: &Map| match map.get(GLOBAL) {
        None => Some(Map::new(MapKind::Any)),
        Some(Value::Map(global)) => Some(global),
        Some(_) => None,
    };
    let (Some(own), Some(parent)) = (global(into), global(from)) else { return };
    for (key, value) in parent.snapshot() {
        let present = own.get(&key);
        match (&value, &present) {
            (Value::Map(map), None) => own.set(key, Value::Map(shallow(map))),
            (Value::Map(map), Some(Value::Map(mine))) => {
                let merged = shallow(map);
                tables(&merged, mine, true);
                own.set(key, Value::Map(merged));
            }
            (Value::Map(_), Some(_)) | (_, Some(Value::Map(_))) => {}
            _ => own.set(key, value),
        }
    }
    into.set(GLOBAL.into(), Value::Map(own));
}

fn shallow(map: &Map) -> Rc<Map> {
    Map::of(map.kind, map.snapshot().into_iter().collect())
}

/// A chart's own defaults under the values.
fn defaults(chart: &Chart, into: &Rc<Map>, merge: bool) {
    for (key, value) in copied(&chart.values).snapshot() {
        match into.get(&key) {
            Some(Value::Nil) if !merge => into.remove(&key),
            Some(Value::Map(own)) => {
                if let Value::Map(default) = &value {
                    let inner =
                        chart.dependencies.iter().any(|inner| inner.name().as_bytes() == &*key);
                    if !(merge || inner) {
                        without_nil(default);
                    }
                    tables(&own, default, merge || inner);
                }
            }
            Some(_) => {}
            None if merge => into.set(key, value),
            None if value.is_nil() => {}
            None => {
                if let Value::Map(map) = &value {
                    without_nil(map);
                }
                into.set(key, value);
            }
        }
    }
}

/// Takes all `null` out of a tree of maps.
fn without_nil(map: &Rc<Map>) {
    for (key, value) in map.snapshot() {
        match value {
            Value::Nil => map.remove(&key),
            Value::Map(inner) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || without_nil(&inner));
            }
            _ => {}
        }
    }
}

/// The second table under the first. Without `merge`, a `null` over a default takes both away.
pub(crate) fn tables(into: &Rc<Map>, from: &Rc<Map>, merge: bool) {
    if into.is_same(from) {
        return;
    }
    let present: BTreeSet<Text> = from
        .snapshot()
        .into_iter()
        .filter(|(_, value)| !value.is_nil())
        .map(|(key, _)| key)
        .collect();
    for (key, value) in into.snapshot() {
        if value.is_nil() {
            from.set(key, Value::Nil);
        }
    }
    for (key, value) in from.snapshot() {
        match into.get(&key) {
            Some(Value::Nil) if !merge && present.contains(&key) => into.remove(&key),
            None => into.set(key, value),
            Some(own) => {
                if let (Some(own), Some(default)) = (table(&own), table(&value)) {
                    stacker::maybe_grow(64 * 1024, 1024 * 1024, || tables(own, default, merge));
                }
            }
        }
    }
}
