//! `infra logs`: what the pods of an item or an object print.

use std::collections::BTreeMap;

use infra_event::{Diagnostic, ExitCode};
use infra_kube::{LogLine, LogOptions, logs};
use infra_report::Appearance;
use serde_json::json;
use tokio::sync::mpsc;

use super::target::{Target, told};
use crate::arguments::{Format, Global, LogsArguments};
use crate::output::{Outcome, print};
use crate::run::Deployment;

/// Colours of prefixes, as ANSI codes, in turn.
const COLOURS: [u8; 6] = [36, 33, 32, 35, 34, 31];

/// Prints the logs, until they end or the user has seen enough.
pub(crate) async fn run(global: &Global, arguments: &LogsArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    deployment.settle().await?;
    let target = Target::find(&deployment, &arguments.target).await?;
    let selections = target.pods().await?;
    let options = LogOptions {
        follow: arguments.follow,
        tail: arguments.tail,
        since: arguments.since,
        previous: arguments.previous,
        timestamps: arguments.timestamps,
        container: arguments.container.clone(),
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let prefixed =
        !arguments.no_prefix && !matches!(target.objects.as_slice(), [one] if one.kind == "Pod");
    let printing = tokio::spawn(print_all(receiver, global.output, prefixed));
    let read = tokio::select! {
        read = logs(&target.cluster, &selections, &options, &sender) => Some(read),
        _ = tokio::signal::ctrl_c() => None,
    };
    drop(sender);
    let _ = printing.await;
    deployment.close().await;
    match read {
        None => Ok(ExitCode::Cancelled),
        Some(Ok(0)) => {
            let what = match &arguments.container {
                Some(container) => {
                    format!("no pod of {} has a container `{container}`", target.title)
                }
                None => format!("{} has no pods", target.title),
            };
            Err(Diagnostic::error("no-pods", what).run("infra status").into())
        }
        Some(Ok(_)) => Ok(ExitCode::Done),
        Some(Err(failure)) => Err(told(failure)),
    }
}

async fn print_all(mut lines: mpsc::UnboundedReceiver<LogLine>, format: Format, prefixed: bool) {
    let colour = Appearance::of_stdout().colour;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(line) = lines.recv().await {
        let source = format!("{}/{}", line.pod, line.container);
        match format {
            Format::Json => {
                let document = json!({
                    "namespace": line.namespace, "pod": line.pod, "container": line.container, "line": line.line,
                });
                print(&document.to_string());
            }
            Format::Text if !prefixed => print(&line.line),
            Format::Text => {
                let count = seen.len();
                let number = *seen.entry(source.clone()).or_insert(count);
                let shown = if colour {
                    format!("\u{1b}[{}m{source}\u{1b}[0m", COLOURS[number % COLOURS.len()])
                } else {
                    source
                };
                print(&format!("{shown} | {}", line.line));
            }
        }
    }
}
