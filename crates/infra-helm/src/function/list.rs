//! Lists. Each `must` form is the one that tells its errors; the plain form panics in Go, with the same outcome.

use super::{Function, Outcome, any, cast, integer, typed};
use crate::{
    exec::{Failure, Session},
    value::{
        IntegerKind, ListKind,
        Parameter::{Any, Int},
        Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("list", &[], Some(Any), |_, v| Ok(Value::list(v.to_vec()))),
    typed("tuple", &[], Some(Any), |_, v| Ok(Value::list(v.to_vec()))),
    any("first", &[Any], None, |_, v| {
        Ok(items(&v[0], "first")?.first().cloned().unwrap_or(Value::Nil))
    }),
    any("mustFirst", &[Any], None, |_, v| {
        Ok(items(&v[0], "first")?.first().cloned().unwrap_or(Value::Nil))
    }),
    any("last", &[Any], None, |_, v| {
        Ok(items(&v[0], "last")?.last().cloned().unwrap_or(Value::Nil))
    }),
    any("mustLast", &[Any], None, |_, v| {
        Ok(items(&v[0], "last")?.last().cloned().unwrap_or(Value::Nil))
    }),
    typed("rest", &[Any], None, |_, v| Ok(rest(items(&v[0], "rest")?))),
    typed("mustRest", &[Any], None, |_, v| Ok(rest(items(&v[0], "rest")?))),
    typed("initial", &[Any], None, |_, v| Ok(initial(items(&v[0], "initial")?))),
    typed("mustInitial", &[Any], None, |_, v| Ok(initial(items(&v[0], "initial")?))),
    typed("append", &[Any, Any], None, append),
    typed("push", &[Any, Any], None, append),
    typed("mustAppend", &[Any, Any], None, append),
    typed("mustPush", &[Any, Any], None, append),
    typed("prepend", &[Any, Any], None, prepend),
    typed("mustPrepend", &[Any, Any], None, prepend),
    typed("concat", &[], Some(Any), concat),
    typed("reverse", &[Any], None, reverse),
    typed("mustReverse", &[Any], None, reverse),
    typed("uniq", &[Any], None, uniq),
    typed("mustUniq", &[Any], None, uniq),
    typed("compact", &[Any], None, compact),
    typed("mustCompact", &[Any], None, compact),
    typed("without", &[Any], Some(Any), without),
    typed("mustWithout", &[Any], Some(Any), without),
    typed("has", &[Any, Any], None, has),
    typed("mustHas", &[Any, Any], None, has),
    any("slice", &[Any], Some(Any), slice),
    any("mustSlice", &[Any], Some(Any), slice),
    typed("chunk", &[Int, Any], None, chunk),
    typed("mustChunk", &[Int, Any], None, chunk),
    typed("sortAlpha", &[Any], None, |_, v| {
        let Value::List(_) = &v[0] else {
            return Ok(Value::strings([cast::text(&v[0])]));
        };
        let mut texts = cast::texts(&v[0]);
        texts.sort();
        Ok(Value::strings(texts))
    }),
    typed("until", &[Int], None, |session, v| {
        let count = integer(&v[0]);
        until(session, 0, count, if count < 0 { -1 } else { 1 })
    }),
    typed("untilStep", &[Int, Int, Int], None, |session, v| {
        until(session, integer(&v[0]), integer(&v[1]), integer(&v[2]))
    }),
    typed("seq", &[], Some(Int), seq),
];

fn items(value: &Value, what: &str) -> Result<Vec<Value>, Failure> {
    match value {
        Value::List(list) => Ok(list.items.clone()),
        Value::Bytes(bytes) => Ok(bytes
            .iter()
            .map(|byte| Value::Integer(IntegerKind::Uint8, i64::from(*byte)))
            .collect()),
        Value::Object(object) if object.kind_name() == "slice" => {
            Ok(object.entries().unwrap_or_default().into_iter().map(|(_, item)| item).collect())
        }
        Value::Nil => {
            Err("runtime error: invalid memory address or nil pointer dereference".into())
        }
        other => Err(format!("Cannot find {what} on type {}", other.kind_name()).into()),
    }
}

fn of_list(value: &Value, message: &str) -> Result<Vec<Value>, Failure> {
    items(value, "").map_err(|_| match value {
        Value::Nil => "runtime error: invalid memory address or nil pointer dereference".into(),
        other => format!("{message} {}", other.kind_name()).into(),
    })
}

/// Go's nil slice.
fn nothing() -> Value {
    Value::typed_list(ListKind::NilAny, Vec::new())
}

fn rest(items: Vec<Value>) -> Value {
    if items.is_empty() {
        return nothing();
    }
    Value::list(items.into_iter().skip(1).collect())
}

fn initial(mut items: Vec<Value>) -> Value {
    if items.is_empty() {
        return nothing();
    }
    items.pop();
    Value::list(items)
}

fn append(session: &mut Session, values: &[Value]) -> Outcome {
    let mut items = of_list(&values[0], "Cannot push on type")?;
    session.spend(items.len())?;
    items.push(values[1].clone());
    Ok(Value::list(items))
}

fn prepend(session: &mut Session, values: &[Value]) -> Outcome {
    let mut items = of_list(&values[0], "Cannot prepend on type")?;
    session.spend(items.len())?;
    items.insert(0, values[1].clone());
    Ok(Value::list(items))
}

fn concat(session: &mut Session, values: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for value in values {
        let mut items =
            of_list(value, "Cannot concat type").map_err(|failure| match (failure, value) {
                (Failure::Message(text), Value::Nil) => Failure::Message(text),
                (Failure::Message(text), _) => Failure::Message(format!("{text} as list")),
                (failure, _) => failure,
            })?;
        session.spend(items.len())?;
        all.append(&mut items);
    }
    Ok(Value::list(all))
}

fn reverse(_: &mut Session, values: &[Value]) -> Outcome {
    let mut items = of_list(&values[0], "Cannot find reverse on type")?;
    items.reverse();
    Ok(Value::list(items))
}

fn contains(items: &[Value], wanted: &Value) -> bool {
    items.iter().any(|item| cast::deep_equal(item, wanted))
}

fn uniq(session: &mut Session, values: &[Value]) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    for item in of_list(&values[0], "Cannot find uniq on type")? {
        session.step()?;
        if !contains(&kept, &item) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn compact(_: &mut Session, values: &[Value]) -> Outcome {
    let mut items = of_list(&values[0], "Cannot compact on type")?;
    items.retain(Value::truth);
    Ok(Value::list(items))
}

fn without(_: &mut Session, values: &[Value]) -> Outcome {
    let mut items = of_list(&values[0], "Cannot find without on type")?;
    items.retain(|item| !contains(&values[1..], item));
    Ok(Value::list(items))
}

fn has(_: &mut Session, values: &[Value]) -> Outcome {
    if values[1].is_nil() {
        return Ok(Value::Bool(false));
    }
    let items = of_list(&values[1], "Cannot find has on type")?;
    Ok(Value::Bool(contains(&items, &values[0])))
}

fn slice(_: &mut Session, values: &[Value]) -> Outcome {
    let items = of_list(&values[0], "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, otherwise: usize| match values.get(index) {
        Some(value) => usize::try_from(cast::to_integer(value)).unwrap_or(usize::MAX),
        None => otherwise,
    };
    let (from, to) = (bound(1, 0), bound(2, items.len()));
    if from > to || to > items.len() {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    }
    let kind = match &values[0] {
        Value::List(list) => list.kind,
        _ => ListKind::Any,
    };
    Ok(Value::typed_list(kind, items[from..to].to_vec()))
}

fn chunk(_: &mut Session, values: &[Value]) -> Outcome {
    let items = of_list(&values[1], "Cannot chunk type")?;
    let size = integer(&values[0]);
    let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else {
        // Go computes how many chunks there are; only none can be made.
        let last = i64::try_from(items.len()).unwrap_or(i64::MAX) - 1;
        let none = size < 0 && last > 0 && last <= size.saturating_neg();
        let refused = "runtime error: makeslice: len out of range";
        return if none { Ok(Value::list(Vec::new())) } else { Err(refused.into()) };
    };
    Ok(Value::list(items.chunks(size).map(|part| Value::list(part.to_vec())).collect()))
}

fn until(session: &mut Session, start: i64, stop: i64, step: i64) -> Outcome {
    let mut numbers = Vec::new();
    let mut at = start;
    let forward = stop >= start;
    if forward && step > 0 || !forward && step < 0 {
        while if forward { at < stop } else { at > stop } {
            session.step()?;
            numbers.push(Value::int(at));
            let Some(next) = at.checked_add(step) else { break };
            at = next;
        }
    }
    Ok(Value::typed_list(ListKind::Ints, numbers))
}

fn seq(session: &mut Session, values: &[Value]) -> Outcome {
    let (start, step, end) = match values {
        [end] => (1, None, integer(end)),
        [start, end] => (integer(start), None, integer(end)),
        [start, step, end] => (integer(start), Some(integer(step)), integer(end)),
        _ => return Ok(Value::string("")),
    };
    let step = step.unwrap_or(if end < start { -1 } else { 1 });
    let wrong = end < start && step > 0;
    if wrong {
        return Ok(Value::string(""));
    }
    let stop = end.saturating_add(if end < start { -1 } else { 1 });
    let numbers = until(session, start, stop, step)?;
    Ok(Value::string(cast::texts(&numbers).join(&b' ')))
}
