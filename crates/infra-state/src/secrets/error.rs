//! What can go wrong with keys and sealed values. No variant holds anything secret.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ErrorKind;
use crate::store::StoreError;

/// A value was not sealed or opened.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// There is no key at all.
    #[error("there is no key for the secrets of this state")]
    NoKey {
        /// Where a key file would be.
        key_file: PathBuf,
    },
    /// There is a key, and it is another one.
    #[error("the key does not open the secrets of this state")]
    WrongKey {
        /// The key file that was tried, if it exists.
        key_file: Option<PathBuf>,
        /// Whether a passphrase was tried.
        passphrase: bool,
        /// The public keys that the state is sealed for.
        recipients: Vec<String>,
        /// Whether a passphrase would open it.
        takes_passphrase: bool,
    },
    /// The key file cannot be read as one.
    #[error("{path} is not an age key file")]
    KeyFile {
        /// The key file.
        path: PathBuf,
    },
    /// The secret key that was given directly is none.
    #[error("the given key is not a secret key of age")]
    Key,
    /// A recipient is not a public key of age.
    #[error("{recipient:?} is not a public key of age (age1...)")]
    Recipient {
        /// The text that was given.
        recipient: String,
    },
    /// Neither of the variables that tell the user's config folder is set.
    #[error("there is no config folder for the key file")]
    NoConfigFolder,
    /// The key file cannot be read or written.
    #[error("cannot use the key file")]
    File(#[source] Arc<StoreError>),
    /// A sealed value is damaged, or was sealed by another deployment.
    #[error("a sealed value cannot be opened: {reason}")]
    Value {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The cryptography refused.
    #[error("cannot seal: {reason}")]
    Seal {
        /// What it said.
        reason: String,
    },
}

impl SecretsError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoKey { .. }
            | Self::WrongKey { .. }
            | Self::KeyFile { .. }
            | Self::Key
            | Self::Recipient { .. }
            | Self::NoConfigFolder => ErrorKind::Key,
            Self::File(error) => error.kind(),
            Self::Value { .. } => ErrorKind::Corrupt,
            Self::Seal { .. } => ErrorKind::Io,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::NoKey { key_file } => format!(
                "Set INFRA_STATE_PASSPHRASE, or copy the key file of whoever made the state to {}.",
                key_file.display()
            ),
            Self::WrongKey { recipients, takes_passphrase, .. } => {
                let mut ways = Vec::new();
                if !recipients.is_empty() {
                    ways.push(format!(
                        "use the key file of one of {} (INFRA_CONFIG_HOME names its folder)",
                        recipients.join(", ")
                    ));
                }
                if *takes_passphrase {
                    ways.push("set INFRA_STATE_PASSPHRASE to the state's passphrase".into());
                }
                format!("To open it, {}.", ways.join(", or "))
            }
            Self::KeyFile { path } => format!(
                "Restore {} from a backup; it holds one line AGE-SECRET-KEY-1... per key.",
                path.display()
            ),
            Self::Key => "Give a secret key of age (AGE-SECRET-KEY-1...).".into(),
            Self::Recipient { .. } => {
                "Give the line `public key` of the other person's key file.".into()
            }
            Self::NoConfigFolder => "Set HOME, XDG_CONFIG_HOME or INFRA_CONFIG_HOME, or give a \
                                     passphrase by INFRA_STATE_PASSPHRASE."
                .into(),
            Self::File(error) => error.next_step(),
            Self::Value { .. } => "Restore the state from a backup.".into(),
            Self::Seal { .. } => "This is a defect of infra; please report it.".into(),
        }
    }
}
