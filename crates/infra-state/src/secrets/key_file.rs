//! The user's key file, in the format of `age-keygen`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use age::x25519::Identity;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::{KeySettings, SecretsError};
use crate::store::{StoreError, create_folder};

/// The identities in the key file; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<Vec<Identity>>, SecretsError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(SecretsError::KeyFile { path: path.to_owned() });
        }
        Err(error) => return Err(failed("read", path, error)),
    };
    match parse(&text) {
        Some(identities) => Ok(Some(identities)),
        None => Err(SecretsError::KeyFile { path: path.to_owned() }),
    }
}

/// One secret key per line, besides comments; `None` if a line is something else, or there is none.
fn parse(text: &str) -> Option<Vec<Identity>> {
    let lines = text.lines().map(str::trim);
    let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identities: Result<Vec<Identity>, _> = keys.map(Identity::from_str).collect();
    identities.ok().filter(|identities| !identities.is_empty())
}

/// The identities that `settings` name: the key given directly, else those in the key file; `None` if there are none.
pub(super) fn identities(settings: &KeySettings) -> Result<Option<Vec<Identity>>, SecretsError> {
    match &settings.key {
        Some(key) => parse(key.expose_secret()).map(Some).ok_or(SecretsError::Key),
        None => read(&settings.key_file),
    }
}

/// Makes a key file, 0600; if another process was quicker, its file stays. Returns whether it was this call that made it.
pub(super) fn create(path: &Path) -> Result<bool, SecretsError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    create_folder(folder).map_err(|error| SecretsError::File(Arc::new(error)))?;
    let identity = Identity::generate();
    let secret = identity.to_string();
    let text = Zeroizing::new(format!(
        "# created: {}\n# public key: {}\n{}\n",
        crate::head::now(),
        identity.to_public(),
        secret.expose_secret()
    ));
    // Created with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .map_err(|error| failed("write in", folder, error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| failed("write in", folder, error))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed("write", path, error.error)),
    }
}

fn failed(action: &'static str, path: &Path, error: io::Error) -> SecretsError {
    SecretsError::File(Arc::new(StoreError::io(action, path, error)))
}
