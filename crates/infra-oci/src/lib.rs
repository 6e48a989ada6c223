//! Image push, registry logins and pull secrets.
//!
//! An image is a folder with an OCI image layout. [`expand`] reads it at plan time, so that a changed layout shows as a change; the
//! [`ImageResource`] pushes it with the OCI distribution protocol. [`docker_config`] is the document of pull secrets.

mod expand;
mod image;
mod layout;
mod login;
mod registry;

pub use expand::expand;
pub use image::ImageResource;
pub use layout::{Blob, Document, Layout, LayoutError, Problem};
pub use login::docker_config;
