//! Bearer tokens of the token service: what may be done, until when, sealed with the world's secret.
//!
//! They live for one exchange with the registry, so their life is wall time; the credentials that they are made from expire in world
//! time.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A scope: a repository with what may be done in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access {
    pub(crate) repository: String,
    pub(crate) actions: Vec<String>,
}

impl Access {
    /// Parses `repository:NAME:pull,push`.
    pub(crate) fn parse(scope: &str) -> Option<Self> {
        let (name, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
        let actions = actions.split(',').map(str::to_owned).collect();
        Some(Self { repository: name.to_owned(), actions })
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    access: Vec<Access>,
    /// Seconds of the Unix epoch.
    expires: u64,
}

/// Seals and opens tokens.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    secret: String,
}

impl Tokens {
    pub(crate) fn new(secret: String) -> Self {
        Self { secret }
    }

    fn now() -> u64 {
        let since = infra_clock::wall_now().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    }

    fn seal(&self, payload: &str) -> String {
        let mut hasher = Sha256::new();
        // The secret on both sides: its length is fixed, so nothing can be appended.
        hasher.update(&self.secret);
        hasher.update(payload);
        hasher.update(&self.secret);
        hex::encode(hasher.finalize())
    }

    pub(crate) fn issue(&self, access: Vec<Access>, life: Duration) -> String {
        let claims = Claims { access, expires: Self::now() + life.as_secs() };
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        let seal = self.seal(&payload);
        format!("{payload}.{seal}")
    }

    /// What a token allows; `None` if it is not ours or has expired.
    pub(crate) fn open(&self, token: &str) -> Option<Vec<Access>> {
        let (payload, seal) = token.split_once('.')?;
        if self.seal(payload) != seal {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (claims.expires > Self::now()).then_some(claims.access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_open_with_their_own_secret_until_they_expire() {
        let tokens = Tokens::new("one".into());
        let access = Access::parse("repository:reg/app:pull,push").unwrap();
        assert_eq!(access.actions, ["pull", "push"]);
        let token = tokens.issue(vec![access.clone()], Duration::from_secs(60));
        assert_eq!(tokens.open(&token), Some(vec![access]));
        assert_eq!(Tokens::new("two".into()).open(&token), None);
        assert_eq!(tokens.open(&tokens.issue(Vec::new(), Duration::ZERO)), None);
        assert_eq!(tokens.open(&format!("x{token}")), None);
        assert_eq!(Access::parse("registry:catalog:*"), None);
    }
}
