//! Who is who: certificates, bearer tokens, service account tokens, and the files that hold their secrets.

mod certificates;
pub(crate) mod files;
mod identity;
mod service_account_tokens;
mod tokens;

pub(crate) use certificates::Authority;
pub use identity::Identity;
pub(crate) use service_account_tokens::{ServiceAccountTokens, TokenSubject};
pub(crate) use tokens::Tokens;
