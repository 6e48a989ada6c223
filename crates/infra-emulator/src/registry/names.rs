//! Names of repositories, tags and digests, and image references.

use std::sync::LazyLock;

use regex::Regex;

/// Compiled once; the pattern is a literal.
struct Form(LazyLock<Option<Regex>>);

impl Form {
    fn fits(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|expression| expression.is_match(text))
    }
}

static REPOSITORY: Form = Form(LazyLock::new(|| {
    Regex::new(r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$").ok()
}));
static TAG: Form = Form(LazyLock::new(|| Regex::new("^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$").ok()));
static DIGEST: Form = Form(LazyLock::new(|| Regex::new("^sha256:[a-f0-9]{64}$").ok()));

pub(crate) fn is_repository(name: &str) -> bool {
    name.len() <= 255 && REPOSITORY.fits(name)
}

pub(crate) fn is_tag(text: &str) -> bool {
    TAG.fits(text)
}

pub(crate) fn is_digest(text: &str) -> bool {
    DIGEST.fits(text)
}

/// `registry` and `repository` of `registry/some/repository`.
pub(crate) fn split_registry(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(_, repository)| !repository.is_empty())
}

/// An image reference with its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) host: String,
    /// Path below the host.
    pub(crate) name: String,
    /// Tag or digest; `latest` if the text has neither.
    pub(crate) version: String,
}

impl Reference {
    /// Parses a reference that names its host; `None` for one that does not (it then means Docker Hub).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, rest) = text.split_once('/')?;
        if !host.contains(['.', ':']) && host != "localhost" {
            return None;
        }
        let (name, version) = match rest.split_once('@') {
            // A tag before a digest says nothing more.
            Some((name, digest)) => (name.split(':').next().unwrap_or(name), digest),
            None => rest.rsplit_once(':').unwrap_or((rest, "latest")),
        };
        let (host, name, version) = (host.to_owned(), name.to_owned(), version.to_owned());
        Some(Self { host, name, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let parse =
            |text| Reference::parse(text).map(|found| (found.host, found.name, found.version));
        let parts = |host: &str, name: &str, version: &str| {
            Some((host.to_owned(), name.to_owned(), version.to_owned()))
        };
        assert_eq!(parse("nginx:1"), None);
        assert_eq!(parse("library/nginx"), None);
        assert_eq!(parse("127.0.0.1:5000/a/b"), parts("127.0.0.1:5000", "a/b", "latest"));
        let own = "registry.digitalocean.com/r/app:1.2";
        assert_eq!(parse(own), parts(super::super::HOST, "r/app", "1.2"));
        assert_eq!(parse("h.x/a/b:1@sha256:ab"), parts("h.x", "a/b", "sha256:ab"));
    }

    #[test]
    fn names_have_their_forms() {
        assert!(is_repository("a/b-c/d__e.f") && !is_repository("A/b") && !is_repository("a//b"));
        assert!(is_tag("1.2.3-x_y") && !is_tag("1+2") && !is_tag(".a"));
        assert!(is_digest(&format!("sha256:{}", "a".repeat(64))) && !is_digest("sha256:AB"));
    }
}
