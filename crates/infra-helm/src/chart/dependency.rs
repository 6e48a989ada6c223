//! Which of the charts inside a chart are used, under which name, and what their parent takes over from them.

use std::rc::Rc;

use super::{
    load::{Chart, ChartError},
    metadata::Dependency,
};
use crate::{
    format::display,
    value::{Data, Map, MapKind, Value},
    values,
    version::is_compatible,
};

impl Chart {
    /// Switches dependencies by condition and tags, gives them their aliases, and imports their values.
    ///
    /// `values` are those of the user, before any default. Done once, before [`crate::render_chart`].
    ///
    /// # Errors
    /// Values of a chart inside that are no map.
    pub fn process_dependencies(&mut self, values: &Data) -> Result<(), ChartError> {
        enable(self, values, "")?;
        import_all(self)
    }
}

/// The chart a dependency names, as a copy under its alias.
fn aliased(charts: &[Chart], dependency: &Dependency) -> Option<Chart> {
    let found = charts.iter().find(|chart| {
        chart.name() == dependency.name
            && is_compatible(&dependency.version, &chart.metadata.version)
    })?;
    let mut copy = found.clone();
    if !dependency.alias.is_empty() {
        copy.metadata.name.clone_from(&dependency.alias);
    }
    Some(copy)
}

fn enable(chart: &mut Chart, values: &Data, path: &str) -> Result<(), ChartError> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let mut wanted = std::mem::take(&mut chart.metadata.dependencies);
    let present = std::mem::take(&mut chart.dependencies);
    let unnamed = |own: &&Chart| {
        !wanted.iter().any(|dependency| {
            own.name() == dependency.name
                && is_compatible(&dependency.version, &own.metadata.version)
        })
    };
    let mut charts: Vec<Chart> = present.iter().filter(unnamed).cloned().collect();
    for dependency in &mut wanted {
        charts.extend(aliased(&present, dependency));
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    chart.dependencies = charts;
    let merged = values::coalesce_values(chart, values).map_err(ChartError::Values)?;
    by_tags(&mut wanted, &merged);
    by_conditions(&mut wanted, &merged, path);
    let disabled: Vec<String> =
        wanted.iter().filter(|own| !own.enabled).map(|own| own.name.clone()).collect();
    chart.dependencies.retain(|own| !disabled.iter().any(|name| name == own.name()));
    wanted.retain(|own| !disabled.contains(&own.name));
    let merged = Value::Map(merged).to_data();
    for inner in &mut chart.dependencies {
        let path = format!("{path}{}.", inner.name());
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || enable(inner, &merged, &path))?;
    }
    chart.metadata.dependencies = wanted;
    Ok(())
}

fn by_tags(wanted: &mut [Dependency], values: &Rc<Map>) {
    let Some(Value::Map(tags)) = values.get(b"tags") else { return };
    for dependency in wanted {
        let states: Vec<bool> = dependency
            .tags
            .iter()
            .filter_map(|tag| match tags.get(tag.as_bytes()) {
                Some(Value::Bool(state)) => Some(state),
                _ => None,
            })
            .collect();
        dependency.enabled = states.is_empty() || states.contains(&true);
    }
}

fn by_conditions(wanted: &mut [Dependency], values: &Rc<Map>, path: &str) {
    for dependency in wanted {
        for condition in dependency.condition.trim().split(',').filter(|text| !text.is_empty()) {
            if let Some(Value::Bool(state)) = path_value(values, &format!("{path}{condition}")) {
                dependency.enabled = state;
                break;
            }
        }
    }
}

/// The value at a path that is no map.
fn path_value(values: &Rc<Map>, path: &str) -> Option<Value> {
    let (folder, name) = match path.rsplit_once('.') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, path),
    };
    let map = match folder {
        Some(folder) => table(values, folder)?,
        None => values.clone(),
    };
    map.get(name.as_bytes()).filter(|value| !matches!(value, Value::Map(_)))
}

/// The map at a path of names joined by points.
fn table(values: &Rc<Map>, path: &str) -> Option<Rc<Map>> {
    let mut at = values.clone();
    for name in path.split('.') {
        at = match at.get(name.as_bytes()) {
            Some(Value::Map(map)) => map,
            _ => return None,
        };
    }
    Some(at)
}

fn import_all(chart: &mut Chart) -> Result<(), ChartError> {
    for inner in &mut chart.dependencies {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || import_all(inner))?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let all = values::merge_values(chart, &Data::Null).map_err(ChartError::Values)?;
    let imported = Map::new(MapKind::Any);
    for dependency in &mut chart.metadata.dependencies {
        let mut resolved = Vec::new();
        for wanted in &dependency.import_values {
            let (child, parent) = match wanted {
                Data::Map(_) => {
                    let part = |name: &str| {
                        let value = wanted.get(name).map_or(Value::Nil, Value::from);
                        String::from_utf8_lossy(&display(&value)).into_owned()
                    };
                    (part("child"), part("parent"))
                }
                Data::String(name) => {
                    (format!("exports.{}", String::from_utf8_lossy(name)), ".".to_owned())
                }
                _ => continue,
            };
            if let Some(found) = table(&all, &format!("{}.{child}", dependency.name)) {
                values::tables(&imported, &at_path(&parent, found), true);
            }
            resolved.push(Data::Map(
                [(b"child".to_vec(), Data::text(child)), (b"parent".to_vec(), Data::text(parent))]
                    .into(),
            ));
        }
        dependency.import_values = resolved;
    }
    // What is imported lies below the parent's own values.
    let own = Value::from(&Value::Map(all).to_data());
    if let Value::Map(own) = &own {
        values::tables(own, &imported, true);
    }
    chart.values = own.to_data();
    Ok(())
}

fn at_path(path: &str, map: Rc<Map>) -> Rc<Map> {
    if path == "." {
        return map;
    }
    path.split('.').rev().fold(map, |inner, name| {
        Map::of(MapKind::Any, [(name.as_bytes().into(), Value::Map(inner))].into())
    })
}
