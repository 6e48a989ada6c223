//! [`Kind`]: what the planner must know of a kind of resource, as plain data.

use serde::Serialize;

/// What a difference in a field leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// The resource is changed in place.
    Update,
    /// The resource is deleted and made anew.
    Replace,
    /// Nothing: the field only counts when the resource is made.
    Nothing,
}

/// A field of a kind's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Key in the inputs.
    pub name: &'static str,
    /// What a difference leads to.
    pub on_change: OnChange,
    /// Whether its values are secret.
    pub secret: bool,
}

impl Field {
    /// A field that is changed in place.
    pub const fn update(name: &'static str) -> Self {
        Self { name, on_change: OnChange::Update, secret: false }
    }

    /// A field whose change replaces the resource.
    pub const fn replace(name: &'static str) -> Self {
        Self { name, on_change: OnChange::Replace, secret: false }
    }

    /// A field that only counts when the resource is made.
    pub const fn at_create(name: &'static str) -> Self {
        Self { name, on_change: OnChange::Nothing, secret: false }
    }

    /// The same field, with secret values.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// How a resource is found again after a run that died between the deed and its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityClass {
    /// The caller chooses the id; making it twice gives one.
    PutById,
    /// The API refuses a second one of the same name.
    UniqueName,
    /// The owner marker is set by the call that makes it.
    MarkedAtCreate,
    /// Nothing can be set: the listing before the deed tells which one is new.
    Unmarkable,
}

/// What the planner must know of a kind of resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// Name, such as `node_pool`: the first part of its addresses, or what stands in a cluster.
    pub name: &'static str,
    /// Its fields. A key of the inputs that is not listed counts as a field that is changed in place.
    pub fields: &'static [Field],
    /// How it is found again.
    pub identity: IdentityClass,
    /// Whether it is deleted or replaced only with the user's word for its address.
    pub protected: bool,
    /// Whether it becomes ready some time after it was made, so that a wait follows.
    pub waits: bool,
    /// The input that names the container within which only one operation of this kind may run at a time.
    pub exclusive_within: Option<&'static str>,
    /// The input that names the container with which it vanishes: no call of its own is made when that is deleted. It cannot move to
    /// another container: that replaces it.
    pub dies_with: Option<&'static str>,
    /// Seconds that making it takes, until it is ready, when no earlier run tells.
    pub expected_seconds: f64,
}

impl Kind {
    /// The field of this name; unlisted ones are changed in place.
    pub fn field(&self, name: &str) -> Field {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .copied()
            .unwrap_or(Field::update("(other)"))
    }
}
