//! Tokens of service accounts: signed JSON web tokens with the claims that a real API server puts in.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::files;
use crate::kubernetes::server::EmulatorError;

/// Who issues tokens, and their only audience unless a request names others.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc";

/// The service account that a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenSubject {
    /// Namespace of the service account.
    pub(crate) namespace: String,
    /// Name of the service account.
    pub(crate) name: String,
    /// Its uid; a token of an account that was made anew is worth nothing.
    pub(crate) uid: String,
}

/// Signs and checks the tokens of one cluster.
pub(crate) struct ServiceAccountTokens {
    key: Vec<u8>,
}

impl ServiceAccountTokens {
    /// Reads the signing key of a directory, or makes one there.
    ///
    /// # Errors
    /// When the key's file cannot be read or written.
    pub(crate) fn open(directory: &Path) -> Result<Self, EmulatorError> {
        let path = directory.join("service-account.key");
        let file_error =
            |action, source| EmulatorError::File { action, path: path.clone(), source };
        if let Some(key) = files::read_if_there(&path).map_err(|error| file_error("read", error))?
            && key.len() >= 32
        {
            return Ok(Self { key });
        }
        let key: [u8; 32] = rand::random();
        files::write_private(&path, &key).map_err(|error| file_error("write", error))?;
        Ok(Self { key: key.to_vec() })
    }

    /// A token for a service account; without a lifetime it never expires (a token of a Secret).
    pub(crate) fn issue(
        &self,
        subject: &TokenSubject,
        audiences: &[String],
        lifetime: Option<Duration>,
    ) -> String {
        let now = now_in_seconds();
        let mut claims = json!({
            "iss": ISSUER,
            "sub": format!("system:serviceaccount:{}:{}", subject.namespace, subject.name),
            "aud": audiences,
            "iat": now,
            "nbf": now,
            "jti": uuid::Uuid::new_v4().to_string(),
            "kubernetes.io": {
                "namespace": subject.namespace,
                "serviceaccount": {"name": subject.name, "uid": subject.uid},
            },
        });
        if let Some(lifetime) = lifetime {
            claims["exp"] = json!(now + lifetime.as_secs());
        }
        let header = encode(&json!({"alg": "HS256", "typ": "JWT"}));
        let signed = format!("{header}.{}", encode(&claims));
        let signature = self.mac(signed.as_bytes()).map(|mac| mac.finalize().into_bytes());
        let signature = signature.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default();
        format!("{signed}.{signature}")
    }

    /// The subject of a token that this cluster signed and that has not expired.
    pub(crate) fn subject(&self, token: &str) -> Option<TokenSubject> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(signed.as_bytes())?.verify_slice(&signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        if claims.get("exp").and_then(Value::as_u64).is_some_and(|end| now_in_seconds() >= end) {
            return None;
        }
        let of = claims.get("kubernetes.io")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(TokenSubject {
            namespace: text(of.get("namespace")?)?,
            name: text(of.get("serviceaccount")?.get("name")?)?,
            uid: text(of.get("serviceaccount")?.get("uid")?)?,
        })
    }

    /// Nothing only if the key had an impossible length, which [`ServiceAccountTokens::open`] rules out.
    fn mac(&self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(message);
        Some(mac)
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn now_in_seconds() -> u64 {
    infra_clock::wall_now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
