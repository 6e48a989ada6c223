//! [`Record`]: what the state knows of a resource. [`Marker`]: how the cloud knows that it is ours.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Address, Ownership, Value};

/// What the state knows of a resource that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its address.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// Instance of the provider that it belongs to.
    pub provider: String,
    /// Id in the cloud.
    pub id: String,
    /// The inputs that it was made or last changed with.
    pub inputs: Value,
    /// What others may refer to.
    pub outputs: Value,
    /// Whose it is.
    pub ownership: Ownership,
    /// What it depended on, for the order of deletion.
    pub depends_on: Vec<Address>,
    /// Whether deleting it needs the user's word.
    pub protected: bool,
    /// Addresses of its objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Address>,
}

/// The identity of a deployment, from which the owner markers of its resources are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Name of the deployment.
    pub name: String,
    /// Random id of the deployment, from the state's head.
    pub deployment: String,
}

impl Marker {
    /// What all markers of the deployment begin with: `infra:<name>:<id>`. Legal in tags, labels (with `:` replaced), descriptions.
    pub fn prefix(&self) -> String {
        format!("infra:{}:{}", self.name, self.deployment)
    }

    /// The marker of the resource at `address`: `infra:<name>:<id>:<hash of the address>`.
    pub fn of(&self, address: &Address) -> String {
        let digest = Sha256::digest(address.as_str().as_bytes());
        format!("{}:{}", self.prefix(), hex::encode(&digest[..6]))
    }
}
