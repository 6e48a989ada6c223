//! Sessions with pods over websockets: commands run in containers, and ports of pods.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{Api, AttachParams, AttachedProcess, Portforwarder};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Cluster, Failure};

/// How a command is run in a container.
#[derive(Clone, Debug, Default)]
pub struct ExecOptions {
    /// The container; the pod's default if absent.
    pub container: Option<String>,
    /// Whether it gets an input.
    pub stdin: bool,
    /// Whether it runs on a terminal.
    pub tty: bool,
}

/// A connection to a port of a pod. It ends when this is dropped.
pub struct PodPort<S> {
    /// What goes in and comes out.
    pub stream: S,
    forwarder: Portforwarder,
}

impl<S> PodPort<S> {
    /// Ends the connection.
    pub fn end(self) {
        self.forwarder.abort();
    }
}

impl Cluster {
    async fn pods_of(&self, namespace: &str) -> Result<Api<Pod>, Failure> {
        Ok(Api::namespaced(self.connection().await?.client.clone(), namespace))
    }

    /// Runs a command in a container of a pod.
    ///
    /// # Errors
    /// When the API refuses, or the pod does not run.
    pub async fn exec(
        &self,
        namespace: &str,
        pod: &str,
        command: &[String],
        options: &ExecOptions,
    ) -> Result<AttachedProcess, Failure> {
        let parameters = AttachParams {
            container: options.container.clone(),
            stdin: options.stdin,
            stdout: true,
            // On a terminal there is one stream for both.
            stderr: !options.tty,
            tty: options.tty,
            ..AttachParams::default()
        };
        let operation = format!("run a command in Pod/{namespace}/{pod}");
        let pods = self.pods_of(namespace).await?;
        let process = pods.exec(pod, command, &parameters).await;
        process.map_err(|error| failure(&operation, &error))
    }

    /// Connects to a port of a pod.
    ///
    /// # Errors
    /// When the API refuses, or the pod does not run.
    pub async fn connect_to_port(
        &self,
        namespace: &str,
        pod: &str,
        port: u16,
    ) -> Result<PodPort<impl AsyncRead + AsyncWrite + Unpin + Send + use<>>, Failure> {
        let operation = format!("connect to port {port} of Pod/{namespace}/{pod}");
        let pods = self.pods_of(namespace).await?;
        let mut forwarder =
            pods.portforward(pod, &[port]).await.map_err(|error| failure(&operation, &error))?;
        let stream = forwarder.take_stream(port);
        let stream =
            stream.ok_or_else(|| Failure::unreachable(&operation, "no stream was opened"))?;
        Ok(PodPort { stream, forwarder })
    }
}

/// The exit code that the API told at the end of a command (`NonZeroExitCode` of the remote command protocol).
///
/// # Errors
/// What it told instead: the command could not be started, or the connection broke.
pub fn exit_code(status: Option<Status>) -> Result<u8, String> {
    let Some(status) = status else {
        return Err("the connection ended before the command did".to_owned());
    };
    if status.status.as_deref() == Some("Success") {
        return Ok(0);
    }
    let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
    let code = causes.into_iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
    let code = code.and_then(|cause| cause.message?.parse::<i64>().ok());
    match code {
        Some(code) => Ok(u8::try_from(code & 0xff).unwrap_or(1)),
        None => Err(status.message.unwrap_or_else(|| "it failed without a reason".to_owned())),
    }
}

fn failure(operation: &str, error: &kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => {
            let body = serde_json::to_vec(status).unwrap_or_default();
            Failure::answer(operation, status.code, None, &body)
        }
        error => {
            let mut innermost: &dyn std::error::Error = error;
            while let Some(source) = innermost.source() {
                innermost = source;
            }
            Failure::unreachable(operation, innermost.to_string())
        }
    }
}
