//! Kubernetes versions that DOKS offers, newest first, and which of them a cluster can be upgraded to.

use serde_json::{Value, json};

/// Slugs, newest first, as `/v2/kubernetes/options` lists them.
pub(in crate::digitalocean) const VERSIONS: [&str; 6] =
    ["1.36.1-do.0", "1.36.0-do.1", "1.35.5-do.0", "1.35.4-do.1", "1.34.8-do.0", "1.33.12-do.0"];

/// `(1, 36, 1, 0)` of `1.36.1-do.0`.
pub(in crate::digitalocean) fn numbers(slug: &str) -> Option<(u32, u32, u32, u32)> {
    let (upstream, build) = slug.split_once("-do.")?;
    let mut parts = upstream.split('.').map(str::parse);
    let (major, minor, patch) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    parts.next().is_none().then_some((major, minor, patch, build.parse().ok()?))
}

/// The slug that a create means: a slug, a minor such as `1.35`, or `latest`.
pub(in crate::digitalocean) fn resolve(asked: &str) -> Option<&'static str> {
    if asked == "latest" {
        return VERSIONS.first().copied();
    }
    let minor = format!("{asked}.");
    let is_minor = asked.split('.').count() == 2;
    VERSIONS.iter().copied().find(|slug| *slug == asked || (is_minor && slug.starts_with(&minor)))
}

/// Newer patches of the same minor, and all of the next minor, newest first.
pub(in crate::digitalocean) fn upgrades(from: &str) -> Vec<&'static str> {
    let Some(current) = numbers(from) else { return Vec::new() };
    let reachable = |slug: &&str| {
        numbers(slug).is_some_and(|version| {
            version > current && version.0 == current.0 && version.1 <= current.1 + 1
        })
    };
    VERSIONS.iter().copied().filter(reachable).collect()
}

/// The Kubernetes version of a slug, without `-do.N`.
pub(in crate::digitalocean) fn upstream(slug: &str) -> &str {
    slug.split_once("-do.").map_or(slug, |(upstream, _)| upstream)
}

pub(in crate::digitalocean) fn json_of(slug: &str) -> Value {
    json!({
        "slug": slug,
        "kubernetes_version": upstream(slug),
        "supported_features": ["cluster-autoscaler", "docr-integration", "token-authentication"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_versions_resolve_and_upgrades_go_one_minor() {
        assert_eq!(resolve("latest"), Some("1.36.1-do.0"));
        assert_eq!(resolve("1.35"), Some("1.35.5-do.0"));
        assert_eq!(resolve("1.35.4-do.1"), Some("1.35.4-do.1"));
        assert_eq!(resolve("1.3"), None);
        assert_eq!(upgrades("1.34.8-do.0"), ["1.35.5-do.0", "1.35.4-do.1"]);
        assert_eq!(upgrades("1.35.4-do.1"), ["1.36.1-do.0", "1.36.0-do.1", "1.35.5-do.0"]);
        assert!(upgrades("1.36.1-do.0").is_empty());
    }
}
