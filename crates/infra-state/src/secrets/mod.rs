//! Secrets at rest: values are sealed one by one before they enter a journal entry or a snapshot.
//!
//! Sealing is two-layered, so that hundreds of small values open in no time. A random data key per deployment seals the values
//! (XChaCha20-Poly1305 with random nonces). The data key itself is sealed once, in the head, by age: for X25519 recipients (a key file
//! and others) or by a passphrase through scrypt, whose cost is thus paid once per run.

mod error;
mod key_file;
mod sealer;
mod settings;
mod wrap;

pub use error::SecretsError;
pub use sealer::{Sealer, is_sealed};
pub use secrecy::{ExposeSecret, SecretSlice, SecretString};
pub use settings::KeySettings;
pub use wrap::{DataKey, DataKeys};
