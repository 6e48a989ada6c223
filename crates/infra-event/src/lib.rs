//! Events, diagnostics and exit codes: plain data.
