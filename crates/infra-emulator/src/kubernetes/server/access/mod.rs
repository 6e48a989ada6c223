//! Who may do what: authentication, role-based access control, impersonation, access reviews.

mod authenticate;
mod default_roles;
mod escalation;
mod reviews;
mod roles;

pub(super) use authenticate::{authenticate, impersonated};
pub(super) use default_roles::default_roles;
pub(super) use reviews::{TokenGrant, review};
pub(crate) use roles::{Attributes, RoleCache};
