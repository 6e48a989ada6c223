//! The fault script at work: which fault befalls which request, with the counts that rules keep.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;
use tokio::sync::Notify;

use crate::kubernetes::{ApiFaults, PodBehaviour};

use super::fault_script::{
    CreateFault, FaultAction, FaultRule, FaultScript, ImageFault, ImageFaultAnswer,
    KubernetesFaults, Quotas,
};

/// How often a held answer looks, in wall time, whether another process released it.
const RELEASE_POLL: Duration = Duration::from_millis(20);

/// The faults of a world that is served.
#[derive(Debug)]
pub(crate) struct Faults {
    rules: Vec<Counted<FaultRule>>,
    creates: Vec<Counted<CreateFault>>,
    images: Vec<Counted<ImageFault>>,
    quotas: Quotas,
    kubernetes: KubernetesFaults,
    released: Mutex<BTreeSet<String>>,
    release: Notify,
    world: PathBuf,
}

#[derive(Debug)]
struct Counted<T> {
    fault: T,
    expression: Option<Regex>,
    seen: Mutex<u64>,
}

impl<T> Counted<T> {
    fn new(fault: T, expression: Option<&str>) -> Self {
        // Checked when the script was read.
        let expression = expression.and_then(|text| Regex::new(text).ok());
        Self { fault, expression, seen: Mutex::new(0) }
    }

    fn matches(&self, text: &str) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.is_match(text))
    }

    /// Counts one that matches; true if the fault befalls it.
    fn strikes(&self, after: u64, times: Option<u64>) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen += 1;
        *seen > after && times.is_none_or(|times| *seen <= after.saturating_add(times))
    }
}

/// A request as rules see it.
pub(crate) struct Asked<'a> {
    pub(crate) service: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path_and_query: &'a str,
    pub(crate) body: Option<&'a [u8]>,
}

/// What the script says about a create.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreateOutcome {
    pub(crate) slow: Duration,
    pub(crate) fail: Option<String>,
}

impl Faults {
    pub(crate) fn new(script: FaultScript, world: PathBuf) -> Self {
        let rules = script.rules.into_iter().map(|rule| {
            let path = rule.matches.path.clone();
            Counted::new(rule, path.as_deref())
        });
        let creates = script.creates.into_iter().map(|fault| {
            let name = fault.name.clone();
            Counted::new(fault, name.as_deref())
        });
        let images = script.images.into_iter().map(|fault| {
            let image = fault.image.clone();
            Counted::new(fault, Some(&image))
        });
        Self {
            rules: rules.collect(),
            creates: creates.collect(),
            images: images.collect(),
            quotas: script.quotas,
            kubernetes: script.kubernetes,
            released: Mutex::default(),
            release: Notify::new(),
            world,
        }
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Whether any rule of this service looks into bodies.
    pub(crate) fn reads_bodies(&self, service: &str) -> bool {
        self.rules.iter().any(|rule| {
            rule.fault.matches.body.is_some()
                && rule.fault.matches.service.as_deref().is_none_or(|wanted| wanted == service)
        })
    }

    /// What befalls a request.
    pub(crate) fn strike(&self, asked: &Asked<'_>) -> Option<FaultAction> {
        self.rules.iter().find_map(|rule| {
            let wanted = &rule.fault.matches;
            let fits = wanted.service.as_deref().is_none_or(|name| name == asked.service)
                && wanted
                    .method
                    .as_deref()
                    .is_none_or(|method| method.eq_ignore_ascii_case(asked.method))
                && rule.matches(asked.path_and_query)
                && wanted.body.as_deref().is_none_or(|text| holds(asked.body, text));
            (fits && rule.strikes(rule.fault.after, rule.fault.times))
                .then(|| rule.fault.then.clone())
        })
    }

    /// What goes wrong inside Kubernetes API servers.
    pub(crate) fn of_kubernetes(&self) -> ApiFaults {
        let faults = ApiFaults::default();
        faults.cut_watches(self.kubernetes.cut_watches);
        faults.stall_definitions(self.kubernetes.stall_definitions);
        faults
    }

    /// What pods do.
    pub(crate) fn pods(&self) -> PodBehaviour {
        self.kubernetes.pods.clone()
    }

    /// What befalls the creation of something.
    pub(crate) fn create(&self, kind: &str, name: &str) -> CreateOutcome {
        let struck = self.creates.iter().find(|fault| {
            fault.fault.kind == kind && fault.matches(name) && fault.strikes(0, fault.fault.times)
        });
        struck.map_or_else(CreateOutcome::default, |fault| CreateOutcome {
            slow: fault.fault.slow.unwrap_or_default(),
            fail: fault.fault.fail.clone(),
        })
    }

    /// What befalls the pull of an image.
    pub(crate) fn image(&self, reference: &str) -> Option<ImageFaultAnswer> {
        let struck = self
            .images
            .iter()
            .find(|fault| fault.matches(reference) && fault.strikes(0, fault.fault.times));
        struck.map(|fault| fault.fault.answer.clone())
    }

    /// Lets go every answer that is held under this name, now and later.
    pub(crate) fn let_go(&self, name: &str) {
        self.released.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        self.release.notify_waiters();
    }

    /// Waits until the name is released: here, or by a file `released/NAME` in the world directory.
    pub(crate) async fn held(&self, name: &str) {
        loop {
            let released = self.release.notified();
            if self.released.lock().unwrap_or_else(PoisonError::into_inner).contains(name) {
                return;
            }
            let file = self.world.join("released").join(name);
            if tokio::fs::try_exists(&file).await.unwrap_or(false) {
                return;
            }
            tokio::select! {
                () = released => {}
                () = tokio::time::sleep(RELEASE_POLL) => {}
            }
        }
    }
}

fn holds(body: Option<&[u8]>, text: &str) -> bool {
    body.is_some_and(|body| {
        text.is_empty() || body.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
