//! What can go wrong when a world is opened or served.

use std::path::PathBuf;

/// A world could not be opened, served or read.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// A file or folder of the world cannot be read or written.
    #[error("cannot {doing} {path}; check that the folder exists and that you may write to it")]
    File {
        /// What was tried, as a verb.
        doing: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file of the world does not hold what it should.
    #[error(
        "{path} is not a file of an emulated world or is damaged; delete the folder {world} to start a new world"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The folder of the world.
        world: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: serde_json::Error,
    },
    /// The world was written by another version of the emulator.
    #[error(
        "the world in {path} has format {found}, this program reads format {known}; use the program that made it, or delete the folder"
    )]
    Format {
        /// The folder of the world.
        path: PathBuf,
        /// The format in its `world.json`.
        found: u32,
        /// The format that is understood.
        known: u32,
    },
    /// There is no world in that folder.
    #[error("{path} holds no emulated world; start one there with `infra emulator --world DIR`")]
    NoWorld {
        /// The folder.
        path: PathBuf,
    },
    /// Another process serves this world.
    #[error(
        "the world in {path} is being served by another process; stop that one first, or use another folder"
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The fault script is not valid.
    #[error(
        "the fault script {origin} is not valid: {reason}; see the emulator's README for its form"
    )]
    FaultScript {
        /// File name, or `(given)`.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No listener could be opened.
    #[error(
        "cannot listen on 127.0.0.1:{port} for {service}; choose another port, or 0 for a free one"
    )]
    Listen {
        /// Name of the emulated service.
        service: &'static str,
        /// The port that was asked for.
        port: u16,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// An emulated Kubernetes cluster could not be started.
    #[error("cannot start the emulated Kubernetes cluster {name}: {reason}")]
    Cluster {
        /// Name of the cluster.
        name: String,
        /// What went wrong.
        reason: String,
    },
}
