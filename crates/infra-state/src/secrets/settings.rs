//! Where keys come from.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::SecretsError;

/// Name of the key file in the config folder.
const KEY_FILE: &str = "key.txt";

/// Where keys come from: a key file, a passphrase, and for whom else the state is sealed.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// The key file.
    pub key_file: PathBuf,
    /// Whether a missing key file is made when a new state needs one: for local states. A shared state needs a key that others have
    /// too.
    pub create_key_file: bool,
    /// A secret key of age (`AGE-SECRET-KEY-1...`) that is used in place of the key file.
    pub key: Option<SecretString>,
    /// The passphrase; with one, no key file is needed nor made.
    pub passphrase: Option<SecretString>,
    /// Public keys of age (`age1...`) that a new state is sealed for besides.
    pub recipients: Vec<String>,
    /// Cost of the passphrase as the base-2 logarithm of scrypt's N; `None`: what takes this machine about a second.
    pub passphrase_cost: Option<u8>,
}

impl KeySettings {
    /// A key file and nothing else.
    pub fn file(key_file: impl Into<PathBuf>) -> Self {
        Self {
            key_file: key_file.into(),
            create_key_file: true,
            key: None,
            passphrase: None,
            recipients: Vec::new(),
            passphrase_cost: None,
        }
    }

    /// A secret key of age that the caller has, and no key file.
    pub fn key(key: SecretString) -> Self {
        Self { key: Some(key), create_key_file: false, ..Self::file(KEY_FILE) }
    }

    /// What the environment says: `INFRA_STATE_PASSPHRASE`, and `key.txt` in `$INFRA_CONFIG_HOME`, else `$XDG_CONFIG_HOME/infra`, else
    /// `~/.config/infra`. With `shared`, no key file is made.
    ///
    /// # Errors
    /// [`SecretsError::NoConfigFolder`] when there is neither a passphrase nor a place for a key file.
    pub fn from_environment(shared: bool) -> Result<Self, SecretsError> {
        Self::from_variables(shared, |name| std::env::var(name).ok())
    }

    fn from_variables(
        shared: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SecretsError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let passphrase = variable("INFRA_STATE_PASSPHRASE").map(SecretString::from);
        let folder = variable("INFRA_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("XDG_CONFIG_HOME").map(|home| Path::new(&home).join("infra")))
            .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config/infra")))
            .or_else(|| variable("APPDATA").map(|home| Path::new(&home).join("infra")));
        let key_file = match folder {
            Some(folder) => folder.join(KEY_FILE),
            // Not used, as the passphrase comes first.
            None if passphrase.is_some() => PathBuf::from(KEY_FILE),
            None => return Err(SecretsError::NoConfigFolder),
        };
        Ok(Self { create_key_file: !shared, passphrase, ..Self::file(key_file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(set: &[(&str, &str)]) -> Result<KeySettings, SecretsError> {
        KeySettings::from_variables(true, |name| {
            set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_nearest_folder_counts() {
        let all = [("INFRA_CONFIG_HOME", "/i"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")];
        let file = |set: &[(&str, &str)]| settings(set).unwrap().key_file;
        assert_eq!(file(&all), Path::new("/i/key.txt"));
        assert_eq!(file(&all[1..]), Path::new("/x/infra/key.txt"));
        assert_eq!(file(&all[2..]), Path::new("/h/.config/infra/key.txt"));
        assert!(matches!(settings(&[]), Err(SecretsError::NoConfigFolder)));
        assert!(matches!(settings(&[("HOME", "")]), Err(SecretsError::NoConfigFolder)));
    }

    #[test]
    fn a_passphrase_is_never_shown() {
        let settings = settings(&[("INFRA_STATE_PASSPHRASE", "canary")]).unwrap();
        assert!(settings.passphrase.is_some() && !settings.create_key_file);
        assert!(!format!("{settings:?}").contains("canary"));
    }
}
