//! [`Envelope`] and [`Body`]: the vocabulary of a run.

use serde::{Deserialize, Serialize};

use crate::{Diagnostic, Outline, Totals};

/// Version of the form of events. Readers accept newer events by [`Body::Unknown`].
pub const SCHEMA_VERSION: u32 = 1;

/// One event with its place in the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Version of the form.
    pub schema: u32,
    /// Id of the run.
    pub run: String,
    /// Number of the event in its run, from 1, without gaps.
    pub sequence: u64,
    /// Wall time, RFC 3339 in UTC with milliseconds.
    pub time: String,
    /// World seconds since the run began.
    pub elapsed: f64,
    /// Address of the resource that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What happened.
    pub body: Body,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationOutcome {
    /// It did what it should.
    Succeeded,
    /// It failed; a diagnostic says why.
    Failed,
    /// It was not started, because something that it needs failed.
    Skipped,
    /// It was not started or not finished, because the run was cancelled.
    Cancelled,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything was done.
    Succeeded,
    /// Something failed; what was done is kept.
    Failed,
    /// It was cancelled; what was done is kept.
    Cancelled,
}

/// A way to reach what was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address of the stack item or resource.
    pub address: String,
    /// Name, such as `notebook`.
    pub name: String,
    /// URL or `host:port`.
    pub url: String,
    /// What one should know about it, such as `user: jovyan, password: infra output --secrets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Something that is still there after a destroy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leftover {
    /// Instance of the provider that listed it.
    pub provider: String,
    /// Kind in the cloud's words, such as `load_balancer`.
    pub kind: String,
    /// Id in the cloud.
    pub id: String,
    /// Name in the cloud.
    pub name: String,
    /// What it costs a month, in US dollars, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<f64>,
    /// How it was recognised, such as `tag k8s:<cluster id>`.
    pub because: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// The first event of a run.
    RunStarted {
        /// `up`, `apply`, `down`.
        command: String,
        /// Name of the deployment.
        name: String,
        /// Whether the clouds are emulated.
        rehearsed: bool,
        /// Version of the program.
        version: String,
    },
    /// The plan that is about to be executed.
    PlanOutlined {
        /// The plan.
        outline: Outline,
    },
    /// The state is held by another run, and this one waits for it.
    LockWaited {
        /// Who holds it, in one line.
        holder: String,
    },
    /// An operation began.
    OperationStarted {
        /// Number of the operation.
        operation: u32,
    },
    /// A request of an operation failed in a way that is worth another try.
    OperationRetried {
        /// Number of the operation.
        operation: u32,
        /// Number of the try that comes next, from 2.
        attempt: u32,
        /// Why.
        reason: String,
        /// World seconds until then.
        delay: f64,
    },
    /// An operation has something to tell.
    OperationProgressed {
        /// Number of the operation.
        operation: u32,
        /// What it is doing.
        message: String,
    },
    /// An operation waits for the world.
    WaitProgressed {
        /// Number of the operation.
        operation: u32,
        /// What it waits for, and how far that is.
        reason: String,
        /// Why it does not come, if something is in the way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked: Option<String>,
    },
    /// An operation ended.
    OperationFinished {
        /// Number of the operation.
        operation: u32,
        /// How.
        outcome: OperationOutcome,
        /// World seconds that it took.
        seconds: f64,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diagnostic: Option<Diagnostic>,
    },
    /// A line that a program on the other side printed, such as a smoke test.
    LogLine {
        /// Number of the operation.
        operation: u32,
        /// Where it comes from, such as `pod/smoke-abc`.
        source: String,
        /// The line.
        line: String,
    },
    /// Something that the user should know.
    DiagnosticRaised {
        /// What.
        diagnostic: Diagnostic,
    },
    /// A way to reach what was installed.
    EndpointPublished {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// What an independent listing found after a destroy; empty is the proof that nothing is left.
    LeftoversListed {
        /// What is still there.
        leftovers: Vec<Leftover>,
        /// What was asked, such as `clusters`, `load balancers`.
        asked: Vec<String>,
    },
    /// The last event of a run.
    RunFinished {
        /// How it ended.
        outcome: RunOutcome,
        /// Exit code of the command.
        exit_code: u8,
        /// What was done.
        totals: Totals,
        /// World seconds that the run took.
        seconds: f64,
    },
    /// An event of a newer writer.
    #[serde(other)]
    Unknown,
}
