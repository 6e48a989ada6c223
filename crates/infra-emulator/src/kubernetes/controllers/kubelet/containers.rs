//! Moving one container on as far as world time allows.

use infra_clock::WorldTime;
use serde_json::Value;

use super::controller::Kubelet;
use super::images::{Pull, back_off, pull};
use super::life::{Container, Stage, terminated, wall};
use super::mounts::missing_environment;
use crate::kubernetes::controllers::objects::{name, namespace, text};
use crate::kubernetes::server::{PodScript, seconds};

/// How a pod's containers behave when they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    /// Always started again.
    Always,
    /// Only if they fail.
    OnFailure,
    /// Never.
    Never,
}

impl Restart {
    /// The policy of a pod.
    pub(super) fn of(pod: &Value) -> Self {
        match text(pod, "/spec/restartPolicy") {
            "Never" => Self::Never,
            "OnFailure" => Self::OnFailure,
            _ => Self::Always,
        }
    }
}

/// A container with all that decides what it does.
pub(super) struct Context<'a> {
    pub(super) pod: &'a Value,
    pub(super) spec: &'a Value,
    pub(super) restart: Restart,
    /// Whether it is an ordinary init container, which runs to its end.
    pub(super) init: bool,
}

impl Context<'_> {
    fn image(&self) -> &str {
        text(self.spec, "/image")
    }

    fn name(&self) -> &str {
        text(self.spec, "/name")
    }
}

impl Kubelet {
    fn script(&self, context: &Context<'_>) -> Option<&PodScript> {
        let (pod, behaviour) = (context.pod, &self.client.api.behaviour);
        behaviour.script(namespace(pod), name(pod), context.name(), context.image())
    }

    /// Moves a container on; several stages may pass at one moment.
    pub(super) async fn advance(
        &self,
        context: &Context<'_>,
        container: &mut Container,
        now: WorldTime,
    ) {
        loop {
            let before = container.stage.clone();
            self.step(context, container, now).await;
            if container.stage == before {
                return;
            }
        }
    }

    async fn step(&self, context: &Context<'_>, container: &mut Container, now: WorldTime) {
        match container.stage.clone() {
            Stage::Created => self.begin_pull(context, container, now).await,
            Stage::PullFailed { retry, .. } if retry <= now => {
                self.begin_pull(context, container, now).await;
            }
            Stage::PullFailed { retry, backing_off: false, message } => {
                let image = context.image();
                let text = format!("Back-off pulling image {image:?}");
                self.tell(context, "Normal", "BackOff", &text).await;
                self.tell(context, "Warning", "Failed", "Error: ImagePullBackOff").await;
                container.stage = Stage::PullFailed { retry, backing_off: true, message };
            }
            Stage::Pulling { until } if until <= now => {
                let text = format!("Successfully pulled image {:?}", context.image());
                self.tell(context, "Normal", "Pulled", &text).await;
                let start = seconds(self.client.api.behaviour.start_seconds);
                container.stage = Stage::Starting { until: now + start };
            }
            Stage::Starting { until } if until <= now => self.start(context, container, now).await,
            Stage::Running { started, ends: Some((at, code)), .. } if at <= now => {
                self.end(context, container, now, &started, code).await;
            }
            Stage::CrashLoop { until, .. } if until <= now => {
                let start = seconds(self.client.api.behaviour.start_seconds);
                container.restarts += 1;
                let text =
                    format!("Container image {:?} already present on machine", context.image());
                self.tell(context, "Normal", "Pulled", &text).await;
                container.stage = Stage::Starting { until: now + start };
            }
            _ => {}
        }
    }

    async fn begin_pull(&self, context: &Context<'_>, container: &mut Container, now: WorldTime) {
        let image = context.image();
        if text(context.spec, "/imagePullPolicy") != "Never" {
            let text = format!("Pulling image {image:?}");
            self.tell(context, "Normal", "Pulling", &text).await;
        }
        let script = self.script(context);
        let surroundings = &*self.world.surroundings;
        container.stage = match pull(&self.client, surroundings, context.pod, image, script).await {
            Pull::Takes(time) => Stage::Pulling { until: now + time },
            Pull::Fails(words) => {
                let message = format!("Failed to pull image {image:?}: {words}");
                self.tell(context, "Warning", "Failed", &message).await;
                self.tell(context, "Warning", "Failed", "Error: ErrImagePull").await;
                let retry = now + back_off(container.pull_failures);
                container.pull_failures += 1;
                // The first report says what failed; the back-off follows a second later.
                let known = container.pull_failures > 1;
                if !known {
                    container.stage = Stage::PullFailed {
                        retry: now + back_off(0),
                        backing_off: true,
                        message: words,
                    };
                    return;
                }
                Stage::PullFailed { retry, backing_off: false, message: words }
            }
        };
    }

    async fn start(&self, context: &Context<'_>, container: &mut Container, now: WorldTime) {
        if let Some(missing) = missing_environment(&self.client, context.pod, context.spec) {
            self.tell(context, "Warning", "Failed", &format!("Error: {missing}")).await;
            container.stage = Stage::PullFailed {
                retry: now + seconds(2.0),
                backing_off: true,
                message: format!("CreateContainerConfigError: {missing}"),
            };
            return;
        }
        let own = context.name();
        self.tell(context, "Normal", "Created", &format!("Created container: {own}")).await;
        self.tell(context, "Normal", "Started", &format!("Started container {own}")).await;
        container.stage = self.running(context, container.restarts, now, wall());
    }

    /// What a container does from its start on.
    pub(super) fn running(
        &self,
        context: &Context<'_>,
        restarts: u32,
        now: WorldTime,
        started: String,
    ) -> Stage {
        let behaviour = &self.client.api.behaviour;
        let script = self.script(context);
        let fails = script.is_some_and(|script| {
            script.exit_code.is_some() && script.failures.is_none_or(|times| restarts < times)
        });
        let run = script.and_then(|script| script.run_seconds).unwrap_or(behaviour.run_seconds);
        let run = if context.init { run.min(behaviour.start_seconds) } else { run };
        let told = self.client.api.foretold(context.pod, context.name());
        let ends = if fails {
            script.and_then(|script| script.exit_code).map(|code| (now + seconds(run), code))
        } else if let (None, Some(told)) = (script, told) {
            told.seconds.map(|lasting| (now + seconds(run.max(lasting)), told.code))
        } else if context.init || context.restart != Restart::Always {
            Some((now + seconds(run), 0))
        } else {
            None
        };
        let never = script.is_some_and(|script| script.never_ready);
        let ready =
            script.and_then(|script| script.ready_seconds).unwrap_or(behaviour.ready_seconds);
        let ready_at = (!never && !context.init).then(|| now + seconds(ready));
        Stage::Running { started, ready_at, ends }
    }

    async fn end(
        &self,
        context: &Context<'_>,
        container: &mut Container,
        now: WorldTime,
        started: &str,
        code: i32,
    ) {
        let finished = wall();
        let again = match context.restart {
            Restart::Always => !context.init || code != 0,
            Restart::OnFailure => code != 0,
            Restart::Never => false,
        };
        container.last = Some(terminated(code, started, &finished, &container.id));
        if !again {
            container.stage = Stage::Ended { started: started.to_owned(), finished, code };
            return;
        }
        let own = context.name();
        let message = format!(
            "Back-off restarting failed container {own} in pod {}_{}({})",
            name(context.pod),
            namespace(context.pod),
            text(context.pod, "/metadata/uid")
        );
        self.tell(context, "Warning", "BackOff", &message).await;
        let until = now + back_off(container.restarts);
        container.stage = Stage::CrashLoop { until, code, started: started.to_owned(), finished };
    }

    async fn tell(&self, context: &Context<'_>, kind: &str, reason: &str, message: &str) {
        self.client.event_from("kubelet", context.pod, kind, reason, message).await;
    }
}
