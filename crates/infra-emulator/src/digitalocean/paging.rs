//! Pages: `page` and `per_page`, `links.pages` with absolute addresses, `meta.total`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::reply::ApiError;

const DEFAULT: usize = 20;
const GREATEST: usize = 200;

/// The query of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.get(name)
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::bad_request(format!("invalid value for query parameter {name}"))
                })
            })
            .transpose()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true" | "True"))
    }
}

/// One page of `items` under the key `name`; `base` is the address of the list without a query.
pub(super) fn page(
    base: &str,
    query: &Query,
    name: &str,
    items: Vec<Value>,
) -> Result<Value, ApiError> {
    let asked = |name| {
        query.number(name).map(|number| number.map(|n| usize::try_from(n).unwrap_or(usize::MAX)))
    };
    let number = asked("page")?.unwrap_or(1).max(1);
    let size = asked("per_page")?.unwrap_or(DEFAULT);
    if size == 0 || size > GREATEST {
        return Err(ApiError::bad_request("per_page must be between 1 and 200"));
    }
    let total = items.len();
    let last = total.div_ceil(size).max(1);
    let first = number.saturating_sub(1).saturating_mul(size);
    let items: Vec<Value> = items.into_iter().skip(first).take(size).collect();
    let links = links(base, query, number, last);
    Ok(json!({ name: items, "links": links, "meta": { "total": total } }))
}

fn links(base: &str, query: &Query, number: usize, last: usize) -> Value {
    let address = |page: usize| {
        let mut parameters = query.clone();
        parameters.0.insert("page".into(), page.to_string());
        let mut encoded = url::form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(&parameters.0);
        Value::from(format!("{base}?{}", encoded.finish()))
    };
    let mut pages = Map::new();
    if number > 1 {
        pages.insert("first".into(), address(1));
        pages.insert("prev".into(), address((number - 1).min(last)));
    }
    if number < last {
        pages.insert("next".into(), address(number + 1));
        pages.insert("last".into(), address(last));
    }
    if pages.is_empty() { json!({}) } else { json!({ "pages": pages }) }
}
