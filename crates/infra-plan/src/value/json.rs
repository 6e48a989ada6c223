//! The JSON form of values.
//!
//! Plain data is itself. What JSON lacks is a map with one key: `{"$unknown": true}`, `{"$reference": "ADDRESS#PATH"}`,
//! `{"$joined": [..]}`, `{"$secret": "SEALED"}` or, when it is in clear in memory, `{"$secret": null}`: a secret in clear is
//! never written. A map of the user that has such a key is wrapped in `{"$map": ..}`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::{Reference, Secret, Value};

const MARKS: [&str; 5] = ["$unknown", "$reference", "$joined", "$secret", "$map"];

impl Value {
    /// The JSON form; secrets in clear are left out.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => Json::Number(number.clone()),
            Self::Text(text) => Json::String(text.clone()),
            Self::List(list) => Json::Array(list.iter().map(Value::to_json).collect()),
            Self::Map(map) => {
                let plain: Map<String, Json> =
                    map.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
                if plain.len() == 1 && plain.keys().all(|key| MARKS.contains(&key.as_str())) {
                    json!({ "$map": plain })
                } else {
                    Json::Object(plain)
                }
            }
            Self::Joined(parts) => {
                json!({ "$joined": parts.iter().map(Value::to_json).collect::<Vec<_>>() })
            }
            Self::Reference(reference) => json!({ "$reference": reference.to_string() }),
            Self::Unknown => json!({ "$unknown": true }),
            Self::Secret(secret) => json!({ "$secret": secret.sealed_text() }),
        }
    }

    /// Plain data from JSON; no mark is read.
    pub fn from_plain_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => Self::Text(text),
            Json::Array(list) => Self::List(list.into_iter().map(Self::from_plain_json).collect()),
            Json::Object(map) => Self::Map(
                map.into_iter().map(|(key, value)| (key, Self::from_plain_json(value))).collect(),
            ),
        }
    }

    /// The data in clear, secrets included, for sending it to where it belongs; `None` while something is unknown or sealed.
    pub fn to_clear_json(&self) -> Option<Json> {
        Some(match self {
            Self::Secret(secret) => Json::String(secret.expose()?.to_owned()),
            Self::Unknown | Self::Reference(_) | Self::Joined(_) => return None,
            Self::List(list) => {
                Json::Array(list.iter().map(Value::to_clear_json).collect::<Option<Vec<_>>>()?)
            }
            Self::Map(map) => Json::Object(
                map.iter()
                    .map(|(key, value)| Some((key.clone(), value.to_clear_json()?)))
                    .collect::<Option<Map<_, _>>>()?,
            ),
            other => other.to_json(),
        })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// A text that says which mark is malformed.
    pub fn from_json(json: Json) -> Result<Self, String> {
        Ok(match json {
            Json::Array(list) => {
                Self::List(list.into_iter().map(Self::from_json).collect::<Result<_, _>>()?)
            }
            Json::Object(map) if map.len() == 1 => {
                let (key, value) = map.into_iter().next().unwrap_or_default();
                Self::from_mark(key, value)?
            }
            Json::Object(map) => from_map(map)?,
            other => Self::from_plain_json(other),
        })
    }

    fn from_mark(key: String, value: Json) -> Result<Self, String> {
        match (key.as_str(), value) {
            ("$unknown", _) => Ok(Self::Unknown),
            ("$secret", Json::String(sealed)) => Ok(Self::Secret(Secret::sealed(sealed))),
            ("$secret", _) => Ok(Self::Secret(Secret::hidden())),
            ("$map", Json::Object(map)) => from_map(map),
            ("$joined", Json::Array(parts)) => {
                Ok(Self::Joined(parts.into_iter().map(Self::from_json).collect::<Result<_, _>>()?))
            }
            ("$reference", Json::String(text)) => {
                let (address, path) =
                    text.split_once('#').ok_or_else(|| format!("`{text}` is not ADDRESS#PATH"))?;
                let address = address.parse().map_err(|error| format!("{error}"))?;
                let path =
                    path.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect();
                Ok(Self::Reference(Reference { address, path }))
            }
            ("$map" | "$joined" | "$reference", _) => {
                Err(format!("`{key}` has a value of a wrong type"))
            }
            (_, value) => Ok(Self::map([(key, Self::from_json(value)?)])),
        }
    }
}

fn from_map(map: Map<String, Json>) -> Result<Value, String> {
    map.into_iter()
        .map(|(key, value)| Ok((key, Value::from_json(value)?)))
        .collect::<Result<_, String>>()
        .map(Value::Map)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
