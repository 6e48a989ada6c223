//! Helm charts rendered as Helm 4.2 renders them, without Helm.
//!
//! The crate is pure: files, time and randomness are handed in, and a [`Budget`] bounds what a hostile chart may spend.
//! [`render_chart`] renders a loaded [`Chart`].

mod chart;
mod crypto;
mod engine;
mod environment;
mod exec;
mod format;
mod function;
mod json;
mod pattern;
mod release;
mod template;
mod time;
mod value;
mod values;
mod version;
mod yaml;

pub use chart::{
    Chart, ChartError, ChartFile, Dependency, Directory, Entry, EntryKind, Limits, Maintainer,
    Metadata,
};
pub use engine::{
    Capabilities, ChartRenderError, ReleaseInfo, RenderOptions, Rendered, render_chart,
    render_files,
};
pub use environment::{Environment, Moment, Seeded};
pub use exec::{Budget, RenderError};
pub use release::{
    Hook, HookEvent, INSTALL_ORDER, Manifest, ManifestError, UNINSTALL_ORDER, sort_for_uninstall,
    sort_manifests, split_manifests,
};
pub use value::Data;
pub use values::{ValueSource, merge_maps, merge_sources, read_values};

/// How many template functions exist.
pub fn function_count() -> usize {
    function::count()
}
