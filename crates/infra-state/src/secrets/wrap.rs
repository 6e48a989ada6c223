//! The data keys in the head: random keys, each sealed by age.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::str::FromStr;

use age::{Decryptor, Encryptor, Identity, Recipient};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeySettings, SecretsError, key_file};

/// A key of XChaCha20-Poly1305.
pub(super) type RawKey = Zeroizing<[u8; 32]>;
/// The most that opening a passphrase may cost, as log2 of scrypt's N: 4 GiB of memory. A damaged head cannot ask for more.
const HIGHEST_COST: u8 = 22;

/// The data keys of a deployment, the newest of which seals; older ones still open what they sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataKeys {
    /// Id of the key that seals.
    pub current: String,
    /// All keys.
    pub keys: Vec<DataKey>,
}

/// One data key, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataKey {
    /// Random name of the key, which every value carries that it sealed.
    pub id: String,
    /// The public keys that `for_recipients` is sealed for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// An age file, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_recipients: Option<String>,
    /// An age file that a passphrase opens, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_passphrase: Option<String>,
}

/// For whom a key is to be sealed.
pub(super) struct Audience {
    recipients: BTreeSet<String>,
    /// The key file that had to be made.
    pub(super) created: Option<std::path::PathBuf>,
}

/// For whom `settings` want a new key sealed; makes the key file if they say so and nothing else opens it.
pub(super) fn audience(settings: &KeySettings) -> Result<Audience, SecretsError> {
    let mut recipients: BTreeSet<String> = settings.recipients.iter().cloned().collect();
    let mut created = None;
    if settings.passphrase.is_none() {
        let path = &settings.key_file;
        let mut own = key_file::identities(settings)?;
        if own.is_none() && settings.create_key_file {
            created = key_file::create(path)?.then(|| path.clone());
            own = key_file::identities(settings)?;
        }
        let own = own.ok_or_else(|| SecretsError::NoKey { key_file: path.clone() })?;
        recipients.extend(own.iter().map(|identity| identity.to_public().to_string()));
    }
    Ok(Audience { recipients, created })
}

/// Seals `key` for the audience and by the passphrase of `settings`.
pub(super) fn wrap(
    id: &str,
    key: &RawKey,
    audience: &Audience,
    settings: &KeySettings,
) -> Result<DataKey, SecretsError> {
    let mut parsed = Vec::new();
    for recipient in &audience.recipients {
        parsed.push(
            age::x25519::Recipient::from_str(recipient)
                .map_err(|_| SecretsError::Recipient { recipient: recipient.clone() })?,
        );
    }
    let for_recipients = if parsed.is_empty() {
        None
    } else {
        Some(encrypt(parsed.iter().map(|recipient| recipient as &dyn Recipient), key)?)
    };
    let for_passphrase = match &settings.passphrase {
        None => None,
        Some(passphrase) => {
            let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
            if let Some(cost) = settings.passphrase_cost {
                recipient.set_work_factor(cost.clamp(1, HIGHEST_COST));
            }
            Some(encrypt(std::iter::once(&recipient as &dyn Recipient), key)?)
        }
    };
    let recipients = audience.recipients.iter().cloned().collect();
    Ok(DataKey { id: id.to_owned(), recipients, for_recipients, for_passphrase })
}

fn encrypt<'a>(
    recipients: impl Iterator<Item = &'a dyn Recipient>,
    key: &RawKey,
) -> Result<String, SecretsError> {
    let failed = |error: &dyn std::fmt::Display| SecretsError::Seal { reason: error.to_string() };
    let encryptor = Encryptor::with_recipients(recipients).map_err(|error| failed(&error))?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|error| failed(&error))?;
    writer.write_all(key.as_slice()).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    Ok(STANDARD.encode(sealed))
}

/// The keys that open a state, read once for all its data keys.
pub(super) struct Openers {
    identities: Option<Vec<age::x25519::Identity>>,
    passphrase: Option<age::scrypt::Identity>,
}

impl Openers {
    pub(super) fn read(settings: &KeySettings) -> Result<Self, SecretsError> {
        let identities = key_file::identities(settings)?;
        let passphrase = settings.passphrase.clone().map(|passphrase| {
            let mut identity = age::scrypt::Identity::new(passphrase);
            identity.set_max_work_factor(HIGHEST_COST);
            identity
        });
        if identities.is_none() && passphrase.is_none() {
            return Err(SecretsError::NoKey { key_file: settings.key_file.clone() });
        }
        Ok(Self { identities, passphrase })
    }

    /// Opens a data key, by the key file before the passphrase, as that costs nothing.
    pub(super) fn unwrap(
        &self,
        key: &DataKey,
        settings: &KeySettings,
    ) -> Result<RawKey, SecretsError> {
        let by_file = || {
            let identities = self.identities.as_ref()?;
            let sealed = key.for_recipients.as_ref()?;
            decrypt(identities.iter().map(|identity| identity as &dyn Identity), sealed)
        };
        let by_passphrase = || {
            let sealed = key.for_passphrase.as_ref()?;
            let identity = self.passphrase.as_ref()?;
            decrypt(std::iter::once(identity as &dyn Identity), sealed)
        };
        by_file().or_else(by_passphrase).ok_or_else(|| SecretsError::WrongKey {
            key_file: self.identities.as_ref().map(|_| settings.key_file.clone()),
            passphrase: self.passphrase.is_some(),
            recipients: key.recipients.clone(),
            takes_passphrase: key.for_passphrase.is_some(),
        })
    }
}

fn decrypt<'a>(identities: impl Iterator<Item = &'a dyn Identity>, sealed: &str) -> Option<RawKey> {
    let sealed = STANDARD.decode(sealed).ok()?;
    let decryptor = Decryptor::new_buffered(sealed.as_slice()).ok()?;
    let mut reader = decryptor.decrypt(identities).ok()?;
    let mut key = RawKey::default();
    reader.read_exact(key.as_mut_slice()).ok()?;
    Some(key)
}
