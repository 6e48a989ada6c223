//! Errors as they grow on the way out: one layer per template they pass through.

/// An error's whole text and that of every layer inside it.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) text: String,
    layers: Vec<String>,
    /// Whether every layer is the template engine's own. Helm shows other chains in one line.
    structured: bool,
}

const WARN_START: &str = "HELM_ERR_START";
const WARN_END: &str = "HELM_ERR_END";

/// Marks the message of `fail` and `required`, which alone is shown in the end.
pub(crate) fn warning(message: &str) -> String {
    format!("{WARN_START}{message}{WARN_END}")
}

impl Chain {
    /// An error that starts here.
    pub(crate) fn new(text: String) -> Self {
        Self { layers: vec![text.clone()], text, structured: true }
    }

    /// An error around another.
    pub(crate) fn around(text: String, inner: Self) -> Self {
        let mut layers = vec![text.clone()];
        layers.extend(inner.layers);
        Self { text, layers, structured: inner.structured }
    }

    /// An error around a function's plain one.
    pub(crate) fn around_plain(text: String, inner: &str) -> Self {
        let mut chain = Self::new(text);
        chain.structured = inner.starts_with("template: ");
        chain.layers.push(inner.to_owned());
        chain
    }

    /// The text Helm shows for a file that could not be rendered.
    pub(crate) fn report(&self) -> String {
        let mut tokens = self.text.splitn(3, ": ");
        let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next())
        else {
            return self.text.clone();
        };
        if let Some(start) = rest.find(WARN_START)
            && let Some(end) = rest.rfind(WARN_END)
            && end >= start + WARN_START.len()
        {
            let message = &rest[start + WARN_START.len()..end];
            return format!("execution error at ({location}): {message}");
        }
        if !self.structured {
            return self.text.clone();
        }
        let mut shown: Vec<String> = Vec::new();
        for layer in &self.layers {
            let Some(layer) = parse(layer) else { return self.text.clone() };
            if shown.last() != Some(&layer) {
                shown.push(layer);
            }
        }
        shown.concat().trim().to_owned()
    }
}

/// One layer in lines: place, what was executed, message.
fn parse(text: &str) -> Option<String> {
    let rest = text.strip_prefix("template: ")?;
    let cut = |message: &str| message.split(" template:").next().unwrap_or(message).to_owned();
    if rest.starts_with("no template ") {
        return Some(format!("{text}\n"));
    }
    if let Some((place, after)) = rest.split_once(": executing ") {
        let name = after.strip_prefix('"')?;
        let (name, after) = name.split_once('"')?;
        let (expression, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        let mut shown = format!("{place}\n  executing \"{name}\" at <{expression}>:\n    ");
        let message = cut(message);
        if !message.is_empty() {
            shown.push_str(&message);
            shown.push('\n');
        }
        return Some(shown);
    }
    let (place, message) = rest.rsplit_once(": ")?;
    Some(format!("{place}\n  {}\n", cut(message)))
}
