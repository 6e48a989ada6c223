//! Chart archives: gzip around tar, with Helm's checks on names and sizes.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::load::{ChartError, ChartFile};

/// How large a chart may be, unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all files of one archive or folder.
    pub chart: u64,
    /// Bytes of one file.
    pub file: u64,
    /// How deep archives may lie inside archives.
    pub depth: usize,
}

impl Default for Limits {
    /// Helm's: 100 MiB and 5 MiB; eight archives deep.
    fn default() -> Self {
        Self { chart: 100 * 1024 * 1024, file: 5 * 1024 * 1024, depth: 8 }
    }
}

fn refused<T>(message: impl Into<String>) -> Result<T, ChartError> {
    Err(ChartError::Load(message.into()))
}

/// The name inside the chart: without the first part, cleaned, and nowhere else.
fn inner_name(name: &str) -> Result<String, ChartError> {
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(delimiter).unwrap_or((name, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') {
        return refused("chart illegally contains absolute paths");
    }
    let clean = clean(&rest);
    if clean == "." {
        let shown = crate::format::quote(name.as_bytes(), '"', false);
        return refused(format!(
            "chart illegally contains content outside the base directory: {shown}"
        ));
    }
    if clean.starts_with("..") {
        return refused("chart illegally references parent directory");
    }
    let bytes = clean.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return refused("chart contains illegally named files");
    }
    if first == "Chart.yaml" {
        return refused("chart yaml not in base directory");
    }
    Ok(clean)
}

/// Go's `path.Clean` of a path that is not absolute.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// The files of an archive.
pub(super) fn files(bytes: &[u8], limits: Limits) -> Result<Vec<ChartFile>, ChartError> {
    let fault = |fault: std::io::Error| ChartError::Load(fault.to_string());
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return refused("gzip: invalid header");
    }
    // The stream's own headers and padding count too, so that endless padding ends.
    let bounded =
        MultiGzDecoder::new(bytes).take(limits.chart.saturating_mul(2).saturating_add(1 << 20));
    let mut archive = tar::Archive::new(bounded);
    let (mut files, mut remaining) = (Vec::new(), limits.chart);
    for entry in archive.entries().map_err(fault)? {
        let mut entry = entry.map_err(fault)?;
        let kind = entry.header().entry_type();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind.is_dir() || name.ends_with('/') && !kind.is_file() {
            continue;
        }
        if kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        let inner = inner_name(&name)?;
        let size = entry.size();
        if size > remaining {
            return refused(format!(
                "decompressed chart is larger than the maximum size {}",
                limits.chart
            ));
        }
        if size > limits.file {
            let (shown, limit) = (crate::format::quote(name.as_bytes(), '"', false), limits.file);
            return refused(format!(
                "decompressed chart file {shown} is larger than the maximum file size {limit}"
            ));
        }
        let mut data = Vec::new();
        entry.by_ref().take(remaining).read_to_end(&mut data).map_err(fault)?;
        remaining -= u64::try_from(data.len()).unwrap_or(u64::MAX).min(remaining);
        if remaining == 0 {
            return refused(format!(
                "decompressed chart is larger than the maximum size {}",
                limits.chart
            ));
        }
        files.push(ChartFile::new(&inner, data));
    }
    if files.is_empty() {
        return refused("no files in chart archive");
    }
    Ok(files)
}
