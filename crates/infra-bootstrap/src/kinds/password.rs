//! `password`: a password that is drawn once and kept, encrypted, in the state. What a cluster holds is a projection of it.

use futures::future::BoxFuture;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Value};
use infra_provider::{Context, Created, Goal, ProviderError, Resource, Subject};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "password",
    // Another length or alphabet counts for the next password: who wants that replaces it.
    fields: &[Field::at_create("length"), Field::at_create("alphabet")],
    identity: IdentityClass::PutById,
    protected: true,
    waits: false,
    exclusive_within: None,
    dies_with: None,
    expected_seconds: 0.0,
};

/// Generated passwords.
pub struct Password;

/// The characters of an alphabet. `symbols` are those that neither a shell nor a URL trips over.
fn characters(alphabet: &str) -> &'static [u8] {
    match alphabet {
        "hexadecimal" => b"0123456789abcdef",
        "symbols" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~",
        _ => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    }
}

fn draw(length: usize, alphabet: &str) -> String {
    let (characters, mut random) = (characters(alphabet), rand::rng());
    (0..length).map(|_| char::from(characters[random.random_range(0..characters.len())])).collect()
}

impl Resource for Password {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        _context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        // Only the state knows it; what it knows stands in the record.
        Box::pin(async move { Ok(subject.id.clone().map(Observed::ready)) })
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        Box::pin(async move {
            let number = |key: &str| match subject.inputs.get(key) {
                Some(Value::Number(number)) => number.as_u64(),
                _ => None,
            };
            let length = usize::try_from(number("length").unwrap_or(24)).unwrap_or(24);
            let password = draw(length, subject.inputs.text_at("alphabet").unwrap_or_default());
            let marker = context.deployment.of(&subject.address);
            let id = hex::encode(&Sha256::digest(marker.as_bytes())[..8]);
            Ok(Created { id, outputs: Value::map([("password", Value::secret(password))]) })
        })
    }

    fn update<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async { Ok(Value::Null) })
    }

    fn delete<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }

    fn wait<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
        _goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async { Ok(Value::Null) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_keep_to_their_alphabet() {
        let password = draw(64, "hexadecimal");
        assert_eq!(password.len(), 64);
        assert!(password.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
        assert_ne!(draw(24, "symbols"), draw(24, "symbols"));
        assert!(draw(200, "alphanumeric").bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
