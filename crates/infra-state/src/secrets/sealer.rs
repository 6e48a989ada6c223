//! Sealing and opening values with the data key.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::RngCore;
use secrecy::{SecretSlice, SecretString};
use zeroize::Zeroizing;

use super::wrap::{self, Openers, RawKey};
use super::{DataKeys, KeySettings, SecretsError};

/// Every sealed value begins with it: `sealed:1:<key id>:<nonce and ciphertext in base64>`.
const PREFIX: &str = "sealed:1:";
const NONCE: usize = 24;

/// Whether `text` looks like a sealed value.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Seals and opens the values of one deployment. Its debug form shows no key.
#[derive(Clone)]
pub struct Sealer {
    current: String,
    keys: BTreeMap<String, RawKey>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("current", &self.current).finish_non_exhaustive()
    }
}

impl Sealer {
    /// A sealer for a new deployment: its data keys for the head, and the key file if one had to be made (say so once).
    ///
    /// May take a second of computing when there is a passphrase: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`SecretsError::NoKey`] when there is no key and none may be made.
    pub fn create(
        settings: &KeySettings,
    ) -> Result<(Self, DataKeys, Option<PathBuf>), SecretsError> {
        let (id, key) = new_key();
        let sealer = Self { current: id.clone(), keys: BTreeMap::from([(id, key)]) };
        let (keys, created) = sealer.rewrap(settings)?;
        Ok((sealer, keys, created))
    }

    /// The sealer of an existing deployment. May take a second, as [`Sealer::create`].
    ///
    /// # Errors
    /// [`SecretsError::NoKey`] or [`SecretsError::WrongKey`].
    pub fn open(keys: &DataKeys, settings: &KeySettings) -> Result<Self, SecretsError> {
        let openers = Openers::read(settings)?;
        let mut opened = BTreeMap::new();
        for key in &keys.keys {
            opened.insert(key.id.clone(), openers.unwrap(key, settings)?);
        }
        if !opened.contains_key(&keys.current) {
            return Err(SecretsError::Value {
                reason: "the head names a key that it does not hold",
            });
        }
        Ok(Self { current: keys.current.clone(), keys: opened })
    }

    /// Adds a new data key, which seals from now on; what earlier keys sealed can still be opened.
    pub fn rotate(&mut self) {
        let (id, key) = new_key();
        self.current.clone_from(&id);
        self.keys.insert(id, key);
    }

    /// The data keys for the head, sealed anew for whom `settings` name; also the key file if one had to be made.
    ///
    /// # Errors
    /// As [`Sealer::create`].
    pub fn rewrap(
        &self,
        settings: &KeySettings,
    ) -> Result<(DataKeys, Option<PathBuf>), SecretsError> {
        let audience = wrap::audience(settings)?;
        let mut keys = Vec::new();
        for (id, key) in &self.keys {
            keys.push(wrap::wrap(id, key, &audience, settings)?);
        }
        Ok((DataKeys { current: self.current.clone(), keys }, audience.created))
    }

    /// Seals a value as text that can stand in JSON. Sealing the same value twice gives different texts.
    ///
    /// # Errors
    /// [`SecretsError::Seal`] for a value of more than 256 GiB.
    pub fn seal(&self, value: &[u8]) -> Result<String, SecretsError> {
        let refused = || SecretsError::Seal { reason: "the cipher refused the value".into() };
        let cipher = self.cipher(&self.current).ok_or_else(refused)?;
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = cipher.encrypt(XNonce::from_slice(&nonce), value).map_err(|_| refused())?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!("{PREFIX}{}:{}", self.current, STANDARD_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Sealer::seal`] gave.
    ///
    /// # Errors
    /// [`SecretsError::Value`] when it is damaged, or from another deployment.
    pub fn open_value(&self, sealed: &str) -> Result<SecretSlice<u8>, SecretsError> {
        Ok(SecretSlice::from(std::mem::take(&mut *self.decrypt(sealed)?)))
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    /// As [`Sealer::open_value`]; also when it is no UTF-8.
    pub fn open_text(&self, sealed: &str) -> Result<SecretString, SecretsError> {
        let value = self.decrypt(sealed)?;
        let text = std::str::from_utf8(&value)
            .map_err(|_| SecretsError::Value { reason: "it is no text" })?;
        Ok(SecretString::from(text))
    }

    fn decrypt(&self, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let damaged = |reason| SecretsError::Value { reason };
        let rest = sealed.strip_prefix(PREFIX).ok_or(damaged("it is not sealed"))?;
        let (id, encoded) = rest.split_once(':').ok_or(damaged("it is cut off"))?;
        let cipher = self.cipher(id).ok_or(damaged("it was sealed by another deployment"))?;
        let bytes = STANDARD_NO_PAD.decode(encoded).map_err(|_| damaged("it is no base64"))?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or(damaged("it is cut off"))?;
        let value = cipher.decrypt(XNonce::from_slice(nonce), sealed);
        Ok(Zeroizing::new(value.map_err(|_| damaged("it was changed"))?))
    }

    /// Making a cipher costs nothing; it wipes its copy of the key when it goes.
    fn cipher(&self, id: &str) -> Option<XChaCha20Poly1305> {
        let key = self.keys.get(id)?;
        Some(XChaCha20Poly1305::new(Key::from_slice(key.as_slice())))
    }
}

fn new_key() -> (String, RawKey) {
    let mut id = [0; 4];
    let mut key = RawKey::default();
    let mut random = rand::rng();
    random.fill_bytes(&mut id);
    random.fill_bytes(key.as_mut_slice());
    (hex::encode(id), key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::ErrorKind;

    fn file(folder: &tempfile::TempDir, name: &str) -> KeySettings {
        KeySettings::file(folder.path().join(name).join("key.txt"))
    }

    #[test]
    fn values_come_back_and_are_not_readable() {
        let folder = tempfile::tempdir().unwrap();
        let (sealer, keys, created) = Sealer::create(&file(&folder, "a")).unwrap();
        assert_eq!(created, Some(folder.path().join("a/key.txt")));
        let sealed = sealer.seal(b"canary").unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("canary"));
        assert_ne!(sealed, sealer.seal(b"canary").unwrap());
        let again = Sealer::open(&keys, &file(&folder, "a")).unwrap();
        assert_eq!(again.open_text(&sealed).unwrap().expose_secret(), "canary");
        assert_eq!(again.open_value(&sealed).unwrap().expose_secret(), b"canary");
        // The second state finds the key file and has nothing to say.
        assert_eq!(Sealer::create(&file(&folder, "a")).unwrap().2, None);
    }

    #[test]
    fn hundreds_of_values_cost_one_age_file() {
        let folder = tempfile::tempdir().unwrap();
        let (sealer, keys, _) = Sealer::create(&file(&folder, "a")).unwrap();
        assert_eq!(keys.keys.len(), 1);
        for number in 0..500_u32 {
            let sealed = sealer.seal(&number.to_be_bytes()).unwrap();
            let opened = sealer.open_value(&sealed).unwrap();
            assert_eq!(opened.expose_secret(), number.to_be_bytes());
        }
    }

    #[test]
    fn a_missing_and_a_wrong_key_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (_, keys, _) = Sealer::create(&file(&folder, "a")).unwrap();
        let missing = Sealer::open(&keys, &file(&folder, "b")).unwrap_err();
        assert!(matches!(missing, SecretsError::NoKey { .. }), "{missing}");
        let shared = KeySettings { create_key_file: false, ..file(&folder, "b") };
        assert!(matches!(Sealer::create(&shared), Err(SecretsError::NoKey { .. })));
        Sealer::create(&file(&folder, "b")).unwrap();
        let wrong = Sealer::open(&keys, &file(&folder, "b")).unwrap_err();
        assert!(matches!(wrong, SecretsError::WrongKey { .. }), "{wrong}");
        assert_eq!((wrong.kind(), wrong.kind().exit_code()), (ErrorKind::Key, 3));
        assert!(wrong.next_step().contains(&keys.keys[0].recipients[0]));
    }

    #[test]
    fn a_passphrase_needs_no_key_file() {
        let folder = tempfile::tempdir().unwrap();
        let by = |passphrase: &str| KeySettings {
            passphrase: Some(passphrase.into()),
            passphrase_cost: Some(4),
            ..file(&folder, "none")
        };
        let (sealer, keys, created) = Sealer::create(&by("right")).unwrap();
        assert!(created.is_none() && !folder.path().join("none").exists());
        let sealed = sealer.seal(b"x").unwrap();
        let opened = Sealer::open(&keys, &by("right")).unwrap().open_value(&sealed).unwrap();
        assert_eq!(opened.expose_secret(), b"x");
        let wrong = Sealer::open(&keys, &by("wrong")).unwrap_err();
        assert!(wrong.next_step().contains("INFRA_STATE_PASSPHRASE"), "{}", wrong.next_step());
    }

    #[test]
    fn recipients_open_what_was_sealed_for_them_and_keys_rotate() {
        let folder = tempfile::tempdir().unwrap();
        let (_, theirs, _) = Sealer::create(&file(&folder, "b")).unwrap();
        let recipients = theirs.keys[0].recipients.clone();
        let settings = KeySettings { recipients, ..file(&folder, "a") };
        let (mut sealer, keys, _) = Sealer::create(&settings).unwrap();
        let sealed = sealer.seal(b"x").unwrap();
        assert!(Sealer::open(&keys, &file(&folder, "b")).unwrap().open_value(&sealed).is_ok());
        sealer.rotate();
        let (rotated, _) = sealer.rewrap(&file(&folder, "a")).unwrap();
        let newer = sealer.seal(b"y").unwrap();
        assert!(Sealer::open(&rotated, &file(&folder, "b")).is_err());
        let mine = Sealer::open(&rotated, &file(&folder, "a")).unwrap();
        assert!(mine.open_value(&sealed).is_ok() && mine.open_value(&newer).is_ok());
        let bad = KeySettings { recipients: vec!["age1x".into()], ..file(&folder, "a") };
        assert!(matches!(Sealer::create(&bad), Err(SecretsError::Recipient { .. })));
    }

    #[test]
    fn a_damaged_key_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let settings = KeySettings::file(folder.path().join("key.txt"));
        for content in ["", "# nothing", "AGE-SECRET-KEY-1X"] {
            std::fs::write(&settings.key_file, content).unwrap();
            let error = Sealer::create(&settings).unwrap_err();
            assert!(matches!(error, SecretsError::KeyFile { .. }), "{error}");
        }
    }

    proptest! {
        #[test]
        fn changed_values_are_refused(place: prop::sample::Index, value: Vec<u8>) {
            let (id, key) = new_key();
            let sealer = Sealer { current: id.clone(), keys: BTreeMap::from([(id, key)]) };
            let sealed = sealer.seal(&value).unwrap();
            let mut changed = sealed.clone().into_bytes();
            let place = place.index(changed.len());
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            prop_assert!(sealer.open_value(std::str::from_utf8(&changed).unwrap()).is_err());
            let opened = sealer.open_value(&sealed).unwrap();
            prop_assert_eq!(opened.expose_secret(), value.as_slice());
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let (id, key) = new_key();
            let sealer = Sealer { current: id.clone(), keys: BTreeMap::from([(id, key)]) };
            prop_assert!(sealer.open_value(&text).is_err());
            let forged = format!("{PREFIX}{}:{text}", sealer.current);
            prop_assert!(sealer.open_value(&forged).is_err());
        }
    }
}
