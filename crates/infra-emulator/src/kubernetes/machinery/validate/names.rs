//! Formats of names, labels and keys, with the server's texts.

use std::sync::LazyLock;

use regex::Regex;

struct Format {
    expression: LazyLock<Option<Regex>>,
    limit: usize,
    text: &'static str,
}

impl Format {
    fn check(&self, value: &str) -> Vec<String> {
        let mut errors = Vec::new();
        if value.len() > self.limit {
            errors.push(format!("must be no more than {} bytes", self.limit));
        }
        if !self.expression.as_ref().is_some_and(|expression| expression.is_match(value)) {
            errors.push(self.text.to_owned());
        }
        errors
    }
}

static LABEL: Format = Format {
    expression: LazyLock::new(|| Regex::new("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$").ok()),
    limit: 63,
    text: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
};
static SUBDOMAIN: Format = Format {
    expression: LazyLock::new(|| {
        Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$").ok()
    }),
    limit: 253,
    text: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
};
static WILDCARD: Format = Format {
    expression: LazyLock::new(|| {
        Regex::new(r"^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$").ok()
    }),
    limit: 253,
    text: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
};
static QUALIFIED: Format = Format {
    expression: LazyLock::new(|| Regex::new("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$").ok()),
    limit: 63,
    text: "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
};
static LABEL_VALUE: Format = Format {
    expression: LazyLock::new(|| Regex::new("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$").ok()),
    limit: 63,
    text: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
};
static KEY: Format = Format {
    expression: LazyLock::new(|| Regex::new("^[-._a-zA-Z0-9]+$").ok()),
    limit: 253,
    text: "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
};

/// A label of a domain name: lower case, at most 63.
pub(super) fn label(value: &str) -> Vec<String> {
    LABEL.check(value)
}

/// A domain name.
pub(super) fn subdomain(value: &str) -> Vec<String> {
    SUBDOMAIN.check(value)
}

/// A domain name that begins with `*.`.
pub(super) fn wildcard(value: &str) -> Vec<String> {
    WILDCARD.check(value)
}

/// Value of a label.
pub(crate) fn label_value(value: &str) -> Vec<String> {
    LABEL_VALUE.check(value)
}

/// Key of a config map or secret.
pub(super) fn key(value: &str) -> Vec<String> {
    let mut errors = KEY.check(value);
    match value {
        "." => errors.push("must not be '.'".into()),
        ".." => errors.push("must not be '..'".into()),
        _ if value.starts_with("..") => errors.push("must not start with '..'".into()),
        _ => {}
    }
    errors
}

/// `[prefix/]name`, as keys of labels and annotations are.
pub(crate) fn qualified(value: &str) -> Vec<String> {
    let (prefix, name) = match value.split_once('/') {
        None => (None, value),
        Some((_, rest)) if rest.contains('/') => {
            return vec![format!(
                "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                QUALIFIED.text
            )];
        }
        Some((prefix, name)) => (Some(prefix), name),
    };
    let mut errors = Vec::new();
    match prefix {
        Some("") => errors.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            errors.extend(SUBDOMAIN.check(prefix).into_iter().map(|e| format!("prefix part {e}")));
        }
        None => {}
    }
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    }
    errors.extend(QUALIFIED.check(name).into_iter().map(|error| format!("name part {error}")));
    errors
}

/// A name that is one segment of a path, as those of roles are.
pub(super) fn path_segment(value: &str) -> Vec<String> {
    if matches!(value, "." | "..") {
        return vec![format!("may not be '{value}'")];
    }
    ["/", "%"]
        .iter()
        .filter(|part| value.contains(**part))
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

/// Name of a port: at most 15 of `a-z0-9-`, with a letter.
pub(super) fn port_name(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > 15 {
        errors.push("must be no more than 15 characters".to_owned());
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !value.chars().all(plain) || value.is_empty() {
        errors.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !value.chars().any(|c| c.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".to_owned());
    }
    if value.contains("--") {
        errors.push("must not contain consecutive hyphens".to_owned());
    }
    if value.starts_with('-') || value.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_owned());
    }
    errors
}
