//! The DigitalOcean provider.
