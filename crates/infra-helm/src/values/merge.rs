//! Values files and `--set` over each other, before any chart is looked at.

use crate::value::Data;

/// The second over the first, map by map; all else is replaced, also by `null`.
pub fn merge_maps(base: Data, over: Data) -> Data {
    match (base, over) {
        (Data::Map(mut base), Data::Map(over)) => {
            for (key, value) in over {
                let merged = match base.remove(&key) {
                    Some(old @ Data::Map(_)) if matches!(value, Data::Map(_)) => {
                        stacker::maybe_grow(64 * 1024, 1024 * 1024, || merge_maps(old, value))
                    }
                    _ => value,
                };
                base.insert(key, merged);
            }
            Data::Map(base)
        }
        (_, over) => over,
    }
}
