//! What a path and method ask for, by the rules of the API server's request info.

use http::Method;

use crate::kubernetes::server::security::Identity;

/// Who is at the other end of a connection, as far as TLS knows.
#[derive(Clone, Debug, Default)]
pub(in crate::kubernetes::server) struct Peer {
    /// The identity of the client certificate, if one was shown.
    pub(in crate::kubernetes::server) certificate: Option<Identity>,
}

/// A request in the words of authorization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kubernetes::server) struct RequestInfo {
    /// Whether it asks for a resource; otherwise only `path` and `verb` mean something.
    pub(in crate::kubernetes::server) is_resource: bool,
    /// The path as sent.
    pub(in crate::kubernetes::server) path: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the method for other paths.
    pub(in crate::kubernetes::server) verb: String,
    /// API group, empty for core.
    pub(in crate::kubernetes::server) group: String,
    /// Version.
    pub(in crate::kubernetes::server) version: String,
    /// Namespace, or empty.
    pub(in crate::kubernetes::server) namespace: String,
    /// Plural name of the resource.
    pub(in crate::kubernetes::server) resource: String,
    /// Subresource, or empty.
    pub(in crate::kubernetes::server) subresource: String,
    /// Name, or empty.
    pub(in crate::kubernetes::server) name: String,
}

impl RequestInfo {
    /// Reads method, path and query.
    pub(in crate::kubernetes::server) fn parse(
        method: &Method,
        path: &str,
        query: &[(String, String)],
    ) -> Self {
        let mut info = Self {
            path: path.to_owned(),
            verb: method.as_str().to_ascii_lowercase(),
            ..Self::default()
        };
        let decoded: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decoded(part).unwrap_or_else(|| part.to_owned()))
            .collect();
        let mut parts: &[String] = &decoded;
        match parts {
            [root, version, rest @ ..] if root == "api" => {
                info.version.clone_from(version);
                parts = rest;
            }
            [root, group, version, rest @ ..] if root == "apis" => {
                info.group.clone_from(group);
                info.version.clone_from(version);
                parts = rest;
            }
            _ => return info,
        }
        if parts.is_empty() {
            return info;
        }
        let mut old_watch = false;
        if parts[0] == "watch" {
            old_watch = true;
            parts = &parts[1..];
        }
        // `namespaces/NAME` is a namespace; `namespaces/NAME/RESOURCE` is something in it.
        if let [word, namespace, rest @ ..] = parts
            && word == "namespaces"
        {
            info.namespace.clone_from(namespace);
            let of_namespace =
                rest.first().is_none_or(|next| matches!(next.as_str(), "status" | "finalize"));
            if !of_namespace {
                parts = rest;
            }
        }
        let mut rest = parts.iter();
        let Some(resource) = rest.next() else { return info };
        info.is_resource = true;
        info.resource.clone_from(resource);
        info.name = rest.next().cloned().unwrap_or_default();
        info.subresource = rest.next().cloned().unwrap_or_default();
        info.verb = verb(method, &info, query, old_watch).to_owned();
        info
    }

    /// The rest of the path behind `.../proxy`.
    pub(in crate::kubernetes::server) fn is_long_running(&self) -> bool {
        self.verb == "watch"
            || matches!(self.subresource.as_str(), "exec" | "attach" | "portforward" | "log")
    }
}

fn verb(
    method: &Method,
    info: &RequestInfo,
    query: &[(String, String)],
    old_watch: bool,
) -> &'static str {
    let watching = || {
        old_watch
            || parameter(query, "watch").is_some_and(|on| matches!(on, "" | "1" | "true" | "True"))
    };
    match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if info.name.is_empty() => "deletecollection",
        Method::DELETE => "delete",
        _ if watching() && info.subresource.is_empty() => "watch",
        _ if info.name.is_empty() => "list",
        _ => "get",
    }
}

/// The first value of a query parameter.
pub(in crate::kubernetes::server) fn parameter<'a>(
    query: &'a [(String, String)],
    name: &str,
) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: Method, path: &str) -> (String, String, String, String, String) {
        let info = RequestInfo::parse(&method, path, &[]);
        (info.verb, info.namespace, info.resource, info.name, info.subresource)
    }

    #[test]
    fn paths_say_what_they_ask_for() {
        let words = |words: [&str; 5]| words.map(str::to_owned).into();
        let got: (String, String, String, String, String) =
            parse(Method::GET, "/api/v1/namespaces/a");
        assert_eq!(got, words(["get", "a", "namespaces", "a", ""]));
        let got = parse(Method::PUT, "/api/v1/namespaces/a/finalize");
        assert_eq!(got, words(["update", "a", "namespaces", "a", "finalize"]));
        let got = parse(Method::GET, "/api/v1/namespaces/a/pods");
        assert_eq!(got, words(["list", "a", "pods", "", ""]));
        let got = parse(Method::DELETE, "/apis/apps/v1/namespaces/a/deployments");
        assert_eq!(got, words(["deletecollection", "a", "deployments", "", ""]));
        let got = parse(Method::GET, "/api/v1/nodes/n%2f1/status");
        assert_eq!(got, words(["get", "", "nodes", "n/1", "status"]));
    }
}
