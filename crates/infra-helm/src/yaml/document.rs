//! Texts of several documents.

/// The documents of a values file: parts between lines that start with `---`, as Kubernetes' YAML reader splits them.
pub(crate) fn split_documents(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        // `---` counts with white space or nothing behind it.
        let separates = line
            .strip_prefix(b"---")
            .is_some_and(|rest| String::from_utf8_lossy(rest).trim_end().is_empty());
        if separates {
            if !part.is_empty() {
                parts.push(std::mem::take(&mut part));
            }
        } else {
            // The reader gives every line its end, also the last.
            part.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            part.push(b'\n');
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
