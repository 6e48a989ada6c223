//! What can go wrong while a cluster is started or kept; answers to clients are `Status` objects, not these errors.

use std::path::PathBuf;

/// Why an emulated cluster cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// A file of the cluster's directory cannot be read or written.
    #[error("cannot {action} {path}; check that the directory exists and is writable")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A file of the cluster's directory does not hold what it should.
    #[error("{path} is damaged ({reason}); remove the cluster's directory to begin anew")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No certificate or TLS configuration could be made.
    #[error("cannot make the cluster's certificates: {0}; remove its directory to begin anew")]
    Certificate(String),
    /// The port cannot be listened on.
    #[error("cannot listen on 127.0.0.1:{port}; choose another port or stop who uses it")]
    Listen {
        /// The port asked for; 0 means any.
        port: u16,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// An object that every cluster has could not be written.
    #[error("cannot prepare the cluster: {0}")]
    Prepare(String),
    /// There is no such node.
    #[error("there is no node {0}; list the nodes to see their names")]
    NoSuchNode(String),
}
