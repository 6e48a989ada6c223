//! Listeners on loopback whose ports stay the same over the life of a world, if they are free.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;

use super::error::EmulatorError;
use super::world::{read_json, write_json};

const FILE: &str = "ports.json";

/// The port that a service had before.
pub(crate) fn known(world: &Path, service: &str) -> Result<Option<u16>, EmulatorError> {
    let known: Option<BTreeMap<String, u16>> = read_json(world, &world.join(FILE))?;
    Ok(known.and_then(|known| known.get(service).copied()))
}

/// Remembers the port of a service.
pub(crate) fn remember(world: &Path, service: &str, port: u16) -> Result<(), EmulatorError> {
    let path = world.join(FILE);
    let mut known: BTreeMap<String, u16> = read_json(world, &path)?.unwrap_or_default();
    known.insert(service.to_owned(), port);
    write_json(&path, &known)
}

/// Opens a listener for a service: on the port that is asked for, else on the one that it had before, else on any.
pub(crate) async fn open(
    world: &Path,
    service: &'static str,
    asked: Option<u16>,
) -> Result<(TcpListener, SocketAddr), EmulatorError> {
    let before = known(world, service)?;
    let wanted = asked.or(before).unwrap_or(0);
    let failed = |source| EmulatorError::Listen { service, port: wanted, source };
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await {
        Err(_) if asked.is_none() && wanted != 0 => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?
        }
        other => other.map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    remember(world, service, address.port())?;
    Ok((listener, address))
}
