//! `infra exec`: a command in a container; its exit code is that of `infra`.

use std::io::{IsTerminal, Read as _};

use futures::SinkExt as _;
use infra_event::{Diagnostic, ExitCode};
use infra_kube::pods::{best, place_of, pods};
use infra_kube::{AttachedProcess, ExecOptions, TerminalSize, exit_code};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::target::{Target, told};
use super::terminal::{Raw, size};
use crate::arguments::{ExecArguments, Global};
use crate::output::{Outcome, say};
use crate::run::Deployment;

/// Runs the command in a pod that is ready, and gives its exit code.
pub(crate) async fn run(global: &Global, arguments: &ExecArguments) -> Outcome<u8> {
    let deployment = Deployment::open(global).await?;
    deployment.settle().await?;
    let target = Target::find(&deployment, &arguments.target).await?;
    let found = pods(&target.cluster, &target.pods().await?).await.map_err(told)?;
    let Some(pod) = best(&found) else {
        let summary = match found.first() {
            None => format!("{} has no pods", target.title),
            Some(pod) => {
                let phase = pod.pointer("/status/phase").and_then(|phase| phase.as_str());
                let phase = phase.unwrap_or("of unknown state").to_lowercase();
                format!("no pod of {} runs; {} is {phase}", target.title, place_of(pod).1)
            }
        };
        return Err(Diagnostic::error("no-pods", summary).run("infra status").into());
    };
    let (namespace, name) = place_of(pod);
    if !matches!(target.objects.as_slice(), [one] if one.kind == "Pod") {
        say(format_args!("In the pod {namespace}/{name}:"));
    }
    let tty = arguments.tty && std::io::stdin().is_terminal();
    if arguments.tty && !tty {
        say("The input is no terminal, so that the command gets none.");
    }
    let options =
        ExecOptions { container: arguments.container.clone(), stdin: arguments.stdin || tty, tty };
    let process = target.cluster.exec(namespace, name, &arguments.command, &options).await;
    let ended = attend(process.map_err(told)?, &options).await;
    deployment.close().await;
    ended
}

/// Hands input and output to and fro until the command has ended.
async fn attend(mut process: AttachedProcess, options: &ExecOptions) -> Outcome<u8> {
    let _raw = if options.tty { Some(Raw::enter()?) } else { None };
    let status = process.take_status();
    let output = tokio::spawn(copy(process.stdout(), std::io::stdout()));
    let problems = tokio::spawn(copy(process.stderr(), std::io::stderr()));
    let input = process.stdin().map(|stdin| tokio::spawn(type_in(stdin)));
    let resizing = process.terminal_size().filter(|_| options.tty);
    let resizing = resizing.map(|sizes| tokio::spawn(resize(sizes)));
    let ended = async {
        match status {
            Some(status) => status.await,
            None => None,
        }
    };
    let interrupted = async {
        if options.tty {
            // On a terminal the key goes to the command.
            std::future::pending::<()>().await;
        }
        let _ = tokio::signal::ctrl_c().await;
    };
    let status = tokio::select! {
        status = ended => status,
        () = interrupted => {
            process.abort();
            return Ok(ExitCode::Cancelled.code());
        }
    };
    let _ = output.await;
    let _ = problems.await;
    input.iter().chain(&resizing).for_each(tokio::task::JoinHandle::abort);
    exit_code(status).map_err(|message| {
        let problem =
            Diagnostic::error("exec", format!("the command was not run to its end: {message}"));
        problem.set("check the command and the container's name (--container)").into()
    })
}

async fn copy(from: Option<impl tokio::io::AsyncRead + Unpin>, mut to: impl std::io::Write) {
    if let Some(mut from) = from {
        let mut buffer = [0_u8; 8192];
        // What is printed without a line's end must be seen at once.
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            if to.write_all(&buffer[..count]).is_err() || to.flush().is_err() {
                break;
            }
        }
    }
}

async fn type_in(mut to: impl tokio::io::AsyncWrite + Unpin) {
    let (sender, mut typed) = tokio::sync::mpsc::channel::<Vec<u8>>(16);
    // Reading blocks, until something is typed; the thread ends with the process.
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 8192];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
            if sender.blocking_send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    while let Some(bytes) = typed.recv().await {
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    // The end of the input is something that the command waits for.
    let _ = to.shutdown().await;
}

async fn resize(mut sizes: impl futures::Sink<TerminalSize> + Unpin) {
    let Ok(mut changes) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::window_change())
    else {
        return;
    };
    loop {
        if let Some((width, height)) = size()
            && sizes.send(TerminalSize { width, height }).await.is_err()
        {
            return;
        }
        changes.recv().await;
    }
}
