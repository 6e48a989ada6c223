//! Rendering a chart: what templates see, Helm's parse order, execution.

mod capabilities;
mod chart;
mod files;
mod render;

pub use capabilities::Capabilities;
pub use chart::{
    ChartRenderError, ReleaseInfo, RenderOptions, Rendered, render_chart, render_files,
};
