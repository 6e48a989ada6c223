//! [`DigitalOcean`]: the account with its file, its clock and its clusters.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::control_planes::ControlPlanes;
use super::rate_limit::RateLimit;
use super::state::State;
use crate::registry::{Store, Tokens};
use crate::runtime::{Dates, EmulatorError, Front, read_json, write_json};

/// Name of the account's file in the world directory.
pub(crate) const FILE: &str = "digitalocean.json";

/// An emulated account.
pub(crate) struct DigitalOcean {
    state: Mutex<State>,
    pub(super) context: Context,
    pub(super) limit: Mutex<RateLimit>,
    pub(super) planes: ControlPlanes,
    pub(super) tokens: Tokens,
    /// One request or one batch of events at a time, with everything that it does to the clusters.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// The schedule may have changed.
    pub(super) wake: Notify,
    /// Addresses of this emulator and of the registry.
    pub(super) address: OnceLock<String>,
    pub(super) registry_host: OnceLock<String>,
    path: PathBuf,
}

impl DigitalOcean {
    /// Opens the account of a world.
    pub(crate) fn open(front: &Front, images: &Arc<Store>) -> Result<Arc<Self>, EmulatorError> {
        let (world, faults) = (&front.world, &front.faults);
        let path = world.directory().join(FILE);
        let seed = world.seed();
        let known: Option<State> = read_json(world.directory(), &path)?;
        let state = known.unwrap_or_else(|| State::new(seed));
        let quotas = faults.quotas();
        let limit = RateLimit::new(quotas.requests_per_minute, quotas.requests_per_hour);
        let context = Context {
            world: Arc::clone(world),
            faults: Arc::clone(faults),
            dates: Dates::of(world.clock()),
            images: Arc::clone(images),
        };
        let cloud = Arc::new_cyclic(|cloud| Self {
            state: Mutex::new(state),
            context,
            limit: Mutex::new(limit),
            planes: ControlPlanes::new(front.clone(), cloud.clone()),
            tokens: Tokens::new(seed.hex("registry token service")),
            turn: tokio::sync::Mutex::new(()),
            wake: Notify::new(),
            address: OnceLock::new(),
            registry_host: OnceLock::new(),
            path,
        });
        cloud.save()?;
        Ok(cloud)
    }

    /// The account's state; a panic of another holder leaves it usable, as handlers check before they change.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.tokens.clone()
    }

    /// The token that opens the API.
    pub(crate) fn token(&self) -> String {
        self.state().token.clone()
    }

    /// Says where this emulator and the registry listen.
    pub(crate) fn listens_at(&self, address: &str, registry_host: &str) {
        let _ = self.address.set(address.to_owned());
        let _ = self.registry_host.set(registry_host.to_owned());
    }

    /// Writes the account down if it changed.
    pub(super) fn save(&self) -> Result<(), EmulatorError> {
        let mut state = self.state();
        if !state.changed || state.closed {
            return Ok(());
        }
        state.changed = false;
        write_json(&self.path, &*state)?;
        drop(state);
        self.context.world.save_age()
    }

    /// Like [`Self::save`], where nobody can be told.
    pub(super) fn save_or_warn(&self) {
        if let Err(error) = self.save() {
            tracing::warn!(%error, "the emulated account cannot be written down");
        }
    }

    /// Takes the clusters up again that ran when the world was left.
    pub(crate) async fn resume(&self) {
        let _turn = self.turn.lock().await;
        let up: Vec<String> = {
            let state = self.state();
            state
                .clusters
                .values()
                .filter(|cluster| cluster.api_up)
                .map(|own| own.id.clone())
                .collect()
        };
        for cluster in up {
            self.perform(super::events::Effect::StartCluster { cluster }).await;
        }
        self.save_or_warn();
    }

    /// Lets everything happen that is due. The caller has the turn.
    pub(super) async fn advance(&self) {
        loop {
            let effects = {
                let now = self.context.world.now_ms();
                self.state().advance(now, &self.context)
            };
            self.save_or_warn();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.perform(effect).await;
            }
        }
    }

    /// Lets things happen at their time until the world is left.
    pub(crate) async fn live(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let woken = self.wake.notified();
            let next = self.state().next_due();
            let due = async {
                match next {
                    Some(at) => self.context.world.sleep_until_ms(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken => {}
                () = due => {
                    let _busy = self.context.world.clock().busy();
                    let _turn = self.turn.lock().await;
                    self.advance().await;
                }
            }
        }
    }

    /// Stops the clusters; their data stays.
    pub(crate) async fn stop(&self) {
        let _turn = self.turn.lock().await;
        self.planes.stop().await;
        self.save_or_warn();
        self.state().closed = true;
    }

    /// Name, server and kubeconfig of each cluster that runs, by id.
    pub(crate) fn reachable(&self) -> BTreeMap<String, (String, String, PathBuf)> {
        let clusters: Vec<_> = self.state().clusters.values().cloned().collect();
        let reached = clusters.into_iter().filter_map(|cluster| {
            let (server, kubeconfig) = self.planes.kubeconfig(&cluster.id)?;
            Some((cluster.id, (cluster.name, server, kubeconfig)))
        });
        reached.collect()
    }
}
