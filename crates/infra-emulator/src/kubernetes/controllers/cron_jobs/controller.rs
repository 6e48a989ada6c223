//! One round of work on a cron job.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_clock::WorldTime;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::schedule::Schedule;
use crate::kubernetes::controllers::objects::{
    controlled, controlled_by, controller_reference, is_going, is_true, name, namespace, number,
    pair, text, uid,
};
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client, now, time_text};

const CRON_JOBS: &str = "batch/cronjobs";
const JOBS: &str = "batch/jobs";
const COMPONENT: &str = "cronjob-controller";
/// The most missed moments that are looked through.
const MOST_MISSED: usize = 100;

/// The cron job controller.
pub(in crate::kubernetes::controllers) struct CronJobs {
    client: Client,
    /// A date and the moment of world time that it stood for; dates go on with world time from there.
    anchor: (Timestamp, WorldTime),
}

impl CronJobs {
    /// With access to the API.
    pub(in crate::kubernetes::controllers) fn new(client: Client) -> Self {
        let anchor = (now(), client.api.clock.now());
        Self { client, anchor }
    }

    /// The date that the world has.
    fn today(&self) -> Timestamp {
        let passed = self.client.api.clock.now().since(self.anchor.1);
        self.anchor.0.checked_add(passed).unwrap_or(self.anchor.0)
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(cron) = self.client.get(CRON_JOBS, &key.namespace, &key.name) else {
            return Ok(None);
        };
        if is_going(&cron) {
            return Ok(None);
        }
        let jobs = controlled(&self.client, JOBS, &cron);
        self.clean_up(&cron, &jobs).await?;
        let active: Vec<Arc<Value>> = jobs.iter().filter(|job| !is_over(job)).cloned().collect();
        let again = if cron["spec"]["suspend"] == true {
            self.report(&cron, &active, None).await?;
            None
        } else {
            self.run(&cron, active).await?
        };
        Ok(again)
    }

    async fn run(&self, cron: &Value, mut active: Vec<Arc<Value>>) -> Outcome {
        let zone = text(cron, "/spec/timeZone");
        let zone = if zone.is_empty() { Ok(TimeZone::UTC) } else { TimeZone::get(zone) };
        let schedule = Schedule::parse(text(cron, "/spec/schedule"));
        let (Some(schedule), Ok(zone)) = (schedule, zone) else {
            let message = format!("unparseable schedule: {:?}", text(cron, "/spec/schedule"));
            let client = &self.client;
            client.event_from(COMPONENT, cron, "Warning", "UnparseableSchedule", &message).await;
            return Ok(None);
        };
        let today = self.today();
        let last = ["/status/lastScheduleTime", "/metadata/creationTimestamp"]
            .iter()
            .find_map(|path| text(cron, path).parse::<Timestamp>().ok())
            .unwrap_or(today);
        // Of several missed moments only the latest counts.
        let mut due = None;
        let mut next = schedule.after(last, &zone);
        for _ in 0..MOST_MISSED {
            match next {
                Some(moment) if moment <= today => {
                    due = Some(moment);
                    next = schedule.after(moment, &zone);
                }
                _ => break,
            }
        }
        if let Some(moment) = due {
            self.begin(cron, moment, &mut active).await?;
        }
        self.report(cron, &active, due).await?;
        let wait = next.map(|next| next.duration_since(today));
        Ok(wait.map(|wait| Duration::try_from(wait).unwrap_or(Duration::from_secs(1))))
    }

    async fn begin(
        &self,
        cron: &Value,
        moment: Timestamp,
        active: &mut Vec<Arc<Value>>,
    ) -> Result<(), Status> {
        match text(cron, "/spec/concurrencyPolicy") {
            "Forbid" if !active.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                let client = &self.client;
                client.event_from(COMPONENT, cron, "Normal", "JobAlreadyActive", message).await;
                return Ok(());
            }
            "Replace" => {
                for job in active.drain(..) {
                    self.delete(&job).await?;
                }
            }
            _ => {}
        }
        let template = &cron["spec"]["jobTemplate"];
        let own = format!("{}-{}", name(cron), moment.as_second() / 60);
        let mut annotations = template["metadata"]["annotations"].clone();
        if !annotations.is_object() {
            annotations = json!({});
        }
        annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] = json!(time_text(moment));
        let mut metadata = json!({
            "name": own,
            "namespace": namespace(cron),
            "annotations": annotations,
            "ownerReferences": [controller_reference(cron)],
        });
        if let Some(labels) = template["metadata"].get("labels") {
            metadata["labels"] = labels.clone();
        }
        let job = json!({"metadata": metadata, "spec": template["spec"]});
        match self.client.create(JOBS, job).await {
            Ok(job) => {
                let message = format!("Created job {own}");
                let client = &self.client;
                client.event_from(COMPONENT, cron, "Normal", "SuccessfulCreate", &message).await;
                active.push(job);
                Ok(())
            }
            Err(status) if status.reason == "AlreadyExists" => Ok(()),
            Err(status) => Err(status),
        }
    }

    async fn delete(&self, job: &Value) -> Result<(), Status> {
        let options = DeleteOptions {
            propagation_policy: Some("Background".into()),
            ..DeleteOptions::default()
        };
        self.client.delete(JOBS, pair(job), &options).await
    }

    /// Removes finished Jobs beyond the limits of the history.
    async fn clean_up(&self, cron: &Value, jobs: &[Arc<Value>]) -> Result<(), Status> {
        let limits = [
            ("Complete", "/spec/successfulJobsHistoryLimit", 3),
            ("Failed", "/spec/failedJobsHistoryLimit", 1),
        ];
        for (condition, path, default) in limits {
            let limit = number(cron, path).unwrap_or(default);
            let limit = usize::try_from(limit).unwrap_or(0);
            let mut over: Vec<_> = jobs.iter().filter(|job| is_true(job, condition)).collect();
            over.sort_by_key(|job| text(job, "/status/startTime").to_owned());
            for job in &over[..over.len().saturating_sub(limit)] {
                self.delete(job).await?;
            }
        }
        Ok(())
    }

    async fn report(
        &self,
        cron: &Value,
        active: &[Arc<Value>],
        scheduled: Option<Timestamp>,
    ) -> Result<(), Status> {
        let references: Vec<Value> = active
            .iter()
            .map(|job| {
                json!({
                    "kind": "Job", "apiVersion": "batch/v1", "namespace": namespace(job),
                    "name": name(job), "uid": uid(job),
                })
            })
            .collect();
        let jobs = controlled(&self.client, JOBS, cron);
        let succeeded = jobs
            .iter()
            .map(|job| text(job, "/status/completionTime").to_owned())
            .max()
            .unwrap_or_default();
        self.client
            .modify(CRON_JOBS, "status", pair(cron), |cron| {
                if !cron["status"].is_object() {
                    cron["status"] = json!({});
                }
                let status = &mut cron["status"];
                if references.is_empty() {
                    if let Some(map) = status.as_object_mut() {
                        map.shift_remove("active");
                    }
                } else {
                    status["active"] = json!(references);
                }
                if let Some(moment) = scheduled {
                    status["lastScheduleTime"] = json!(time_text(moment));
                }
                if !succeeded.is_empty() {
                    status["lastSuccessfulTime"] = json!(succeeded);
                }
            })
            .await
            .map(|_| ())
    }
}

fn is_over(job: &Value) -> bool {
    is_true(job, "Complete") || is_true(job, "Failed")
}

impl Controller for CronJobs {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            CRON_JOBS => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            JOBS => controlled_by(&change.object, "CronJob")
                .map(|cron| vec![WorkKey::new(&change.key.namespace, cron)])
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
