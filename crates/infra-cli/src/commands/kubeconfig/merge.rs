//! The user's kubeconfig: entries are put in and taken out, and all else stays as it is.
//!
//! Like kubectl, one program at a time changes it (`FILE.lock` beside it), and the file is replaced as a whole. Entries of infra bear an
//! extension that names the deployment, so that entries of others are not taken for ours.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use infra_event::{Diagnostic, ExitCode};
use serde_json::{Value as Json, json};

use super::document::{Entries, to_yaml};
use crate::output::{Outcome, Told, refused};

/// Name of the extension that marks entries of infra.
const EXTENSION: &str = "infra-rs.github.io";
/// How long another program may hold the lock, on the wall.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);
/// Lists of a kubeconfig, and what their entries hold.
const LISTS: [(&str, &str); 3] =
    [("clusters", "cluster"), ("users", "user"), ("contexts", "context")];

/// The kubeconfig that kubectl would change: `$KUBECONFIG`'s first file, else `~/.kube/config`.
pub(super) fn usual_place() -> Outcome<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let first = std::env::split_paths(&listed).find(|path| !path.as_os_str().is_empty());
    first.or_else(|| Some(std::env::home_dir()?.join(".kube").join("config"))).ok_or_else(|| {
        Diagnostic::error("no-home", "there is no home folder to look for a kubeconfig in")
            .set("name the file with --path")
            .exit(ExitCode::Invalid)
            .into()
    })
}

/// What was done.
pub(super) enum Merged {
    Added,
    Replaced,
    Same,
}

/// Puts the entries in under `name`.
pub(super) fn merge(
    place: &Path,
    name: &str,
    owner: &str,
    entries: &Entries,
    force: bool,
    current: bool,
) -> Outcome<Merged> {
    change(
        place,
        true,
        |config| {
            let mut merged = Merged::Same;
            let bodies = [&entries.cluster, &entries.user, &entries.context];
            for ((list, key), body) in LISTS.iter().zip(bodies) {
                let mut body = body.clone();
                // Users have no extensions that kubectl keeps in all versions; cluster and context have.
                if *key != "user" {
                    let extension = json!({ "deployment": owner });
                    body["extensions"] = json!([{ "name": EXTENSION, "extension": extension }]);
                }
                let all = entries_of(config, list, place)?;
                let before =
                    all.iter_mut().find(|one| one.get("name").and_then(Json::as_str) == Some(name));
                match before {
                    Some(before) if before.get(*key) == Some(&body) => {}
                    Some(before) => {
                        before[*key] = body;
                        merged =
                            if matches!(merged, Merged::Added) { merged } else { Merged::Replaced };
                    }
                    None => {
                        all.push(json!({ "name": name, *key: body }));
                        merged = Merged::Added;
                    }
                }
            }
            let unset =
                config.get("current-context").and_then(Json::as_str).unwrap_or_default().is_empty();
            if current || unset {
                if config.get("current-context").and_then(Json::as_str) != Some(name) {
                    merged = if matches!(merged, Merged::Same) { Merged::Replaced } else { merged };
                }
                config["current-context"] = name.into();
            }
            Ok(merged)
        },
        |config| {
            if force || !is_foreign(config, name, owner) {
                return Ok(());
            }
            let summary = format!(
                "{} has a context or cluster `{name}` that is not of this deployment",
                place.display()
            );
            let problem = Diagnostic::error("not-ours", summary);
            Err(problem
                .set("give the deployment another name, or overwrite it with --force")
                .into())
        },
    )
}

/// Takes the entries under `name` out, if they are of this deployment; gives whether there were any.
pub(super) fn remove(place: &Path, name: &str, owner: &str) -> Outcome<bool> {
    if !place.exists() {
        return Ok(false);
    }
    // A copy would keep the credential.
    change(
        place,
        false,
        |config| {
            let mut removed = false;
            for (list, _) in LISTS {
                let all = entries_of(config, list, place)?;
                let before = all.len();
                all.retain(|one| one.get("name").and_then(Json::as_str) != Some(name));
                removed |= all.len() < before;
            }
            if config.get("current-context").and_then(Json::as_str) == Some(name) {
                config["current-context"] = "".into();
            }
            Ok(removed)
        },
        |config| {
            if !is_foreign(config, name, owner) {
                return Ok(());
            }
            let summary =
                format!("the entries `{name}` in {} are not of this deployment", place.display());
            Err(Diagnostic::error("not-ours", summary)
                .set(format!("kubectl config delete-context {name} takes them out"))
                .into())
        },
    )
}

/// Whether there is a cluster or context of this name without our mark.
fn is_foreign(config: &Json, name: &str, owner: &str) -> bool {
    let ours = |body: Option<&Json>| {
        let all = body.and_then(|body| body.get("extensions")).and_then(Json::as_array);
        all.into_iter().flatten().any(|one| {
            one.get("name").and_then(Json::as_str) == Some(EXTENSION)
                && one.pointer("/extension/deployment").and_then(Json::as_str) == Some(owner)
        })
    };
    LISTS.iter().filter(|(_, key)| *key != "user").any(|(list, key)| {
        let all = config.get(*list).and_then(Json::as_array);
        let named = |one: &&Json| one.get("name").and_then(Json::as_str) == Some(name);
        all.into_iter().flatten().filter(named).any(|one| !ours(one.get(*key)))
    })
}

fn entries_of<'config>(
    config: &'config mut Json,
    list: &str,
    place: &Path,
) -> Outcome<&'config mut Vec<Json>> {
    if config.get(list).is_none_or(Json::is_null) {
        config[list] = json!([]);
    }
    config.get_mut(list).and_then(Json::as_array_mut).ok_or_else(|| malformed(place))
}

fn malformed(place: &Path) -> Told {
    // Errors of the parser quote the file, which holds credentials.
    Diagnostic::error("kubeconfig", format!("{} is no kubeconfig", place.display()))
        .set("correct it, or name another file with --path; `kubectl config view` reads the same")
        .exit(ExitCode::Invalid)
        .into()
}

/// Reads, checks, changes and replaces the file under its lock. A file that would stay the same is not written.
/// With `keep`, a copy of the file as it was stays beside it.
fn change<T>(
    place: &Path,
    keep: bool,
    change: impl FnOnce(&mut Json) -> Outcome<T>,
    check: impl FnOnce(&Json) -> Outcome<()>,
) -> Outcome<T> {
    // What a link leads to is changed, not the link replaced.
    let place = &std::fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
    let folder = place.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .map_err(|error| refused(format_args!("cannot make {}", folder.display()), &error))?;
    let _lock = Lock::take(place)?;
    let text = match std::fs::read_to_string(place) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(refused(format_args!("cannot read {}", place.display()), &error)),
    };
    let mut config = if text.trim().is_empty() {
        json!({ "apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": [], "current-context": "" })
    } else {
        serde_saphyr::from_str::<Json>(&text).map_err(|_| malformed(place))?
    };
    if !config.is_object() {
        return Err(malformed(place));
    }
    check(&config)?;
    let before = config.clone();
    let done = change(&mut config)?;
    if config != before {
        if keep && !text.is_empty() {
            let mut kept = place.clone().into_os_string();
            kept.push(".backup");
            write_private(Path::new(&kept), &text)?;
        }
        write_private(place, &to_yaml(&config))?;
    }
    Ok(done)
}

/// Replaces a file in one step; only its owner can read it.
pub(super) fn write_private(path: &Path, text: &str) -> Outcome<()> {
    let failed =
        |error: &std::io::Error| refused(format_args!("cannot write {}", path.display()), error);
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are made for their owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    file.persist(path).map(|_| ()).map_err(|error| failed(&error.error))
}

/// `FILE.lock`, as kubectl takes it.
struct Lock(PathBuf);

impl Lock {
    fn take(place: &Path) -> Outcome<Self> {
        let mut path = place.to_owned().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let began = Instant::now();
        loop {
            let made: std::io::Result<File> =
                OpenOptions::new().write(true).create_new(true).open(&path);
            match made {
                Ok(_) => return Ok(Self(path)),
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(refused(format_args!("cannot make {}", path.display()), &error));
                }
                Err(_) if began.elapsed() < PATIENCE => std::thread::sleep(LOOK),
                Err(_) => {
                    let summary = format!("another program holds {}", path.display());
                    return Err(Diagnostic::error("locked", summary)
                        .set("wait until it has ended; if none runs, delete that file")
                        .exit(ExitCode::Locked)
                        .into());
                }
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Whoever finds it left is told what to do.
        let _ = std::fs::remove_file(&self.0);
    }
}
