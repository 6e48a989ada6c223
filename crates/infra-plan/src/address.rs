//! [`Address`]: the name of a resource within a deployment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a resource within its deployment, such as `cluster.main`, `node_pool.main/gpu`, `main/arl` or
/// `main/arl/Deployment.apps/arl/notebook`.
///
/// It is made of printable ASCII without spaces, quotes, `#`, `$` and control characters (other characters of names are encoded as in
/// URLs); it holds no secret and never changes for a resource.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// Addresses longer than this are refused. The longest names of Kubernetes objects make addresses of about 700 characters.
const LONGEST: usize = 1024;

/// A text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address: use KIND.NAME (`cluster.main`) or CLUSTER/ITEM (`main/arl`)")]
pub struct AddressError(String);

impl Address {
    /// The address of a resource outside of clusters: `KIND.NAME`.
    pub fn of(kind: &str, name: impl fmt::Display) -> Self {
        Self(legal(&format!("{kind}.{name}")))
    }

    /// The address of something in a cluster: `CLUSTER/ITEM`.
    pub fn inside(cluster: &str, item: impl fmt::Display) -> Self {
        Self(legal(&format!("{cluster}/{item}")))
    }

    /// The address of a part: `ADDRESS/PART`.
    pub fn part(&self, part: impl fmt::Display) -> Self {
        Self(legal(&format!("{}/{part}", self.0)))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The cluster that it is in, if it is in one: `main` of `main/arl`.
    pub fn cluster(&self) -> Option<&str> {
        self.0.split_once('/').map(|(first, _)| first).filter(|first| !first.contains('.'))
    }

    /// The stack item that it is or belongs to, if it is in a cluster: `arl` of `main/arl/Service/arl/hub`.
    pub fn item(&self) -> Option<&str> {
        self.cluster()?;
        self.0.split('/').nth(1)
    }

    /// Whether this address is `other` or a part of it.
    pub fn is_within(&self, other: &Address) -> bool {
        self.0 == other.0 || self.0.strip_prefix(&other.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// `#` stands between an address and a path, the others would need quoting in shells and files.
fn is_legal(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '`' | '\\' | '$' | '#')
}

/// The text with everything that is not legal in addresses as `%` and its bytes in hex, as in URLs.
///
/// Names of some Kubernetes objects (of RBAC) may hold nearly every character.
fn legal(text: &str) -> String {
    let mut legal = String::with_capacity(text.len());
    for c in text.chars() {
        if is_legal(c) {
            legal.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                legal.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    legal
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shaped = text.contains('.') || text.contains('/');
        if text.len() <= LONGEST && shaped && text.chars().all(is_legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AddressError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
