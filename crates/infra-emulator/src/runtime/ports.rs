//! Listeners on loopback whose ports stay the same over the life of a world, if they are free.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;

use super::error::EmulatorError;
use super::world::{read_json, write_json};

const FILE: &str = "ports.json";

/// Opens a listener for a service: on the port that is asked for, else on the one that it had before, else on any.
pub(crate) async fn open(
    world: &Path,
    service: &'static str,
    asked: Option<u16>,
) -> Result<(TcpListener, SocketAddr), EmulatorError> {
    let path = world.join(FILE);
    let mut known: BTreeMap<String, u16> = read_json(world, &path)?.unwrap_or_default();
    let wanted = asked.or_else(|| known.get(service).copied()).unwrap_or(0);
    let failed = |source| EmulatorError::Listen { service, port: wanted, source };
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await {
        Err(_) if asked.is_none() && wanted != 0 => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?
        }
        other => other.map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    known.insert(service.to_owned(), address.port());
    write_json(&path, &known)?;
    Ok((listener, address))
}
