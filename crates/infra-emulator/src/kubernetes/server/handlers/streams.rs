//! `exec`, `attach` and `portforward`, over websockets (`v5.channel.k8s.io` and `v4.channel.k8s.io`, and SPDY within one) and SPDY/3.1.
//!
//! An emulated container has no processes: commands are answered by a script or by the few words of a shell, an attached standard input
//! comes back, and a forwarded port echoes.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::IntoResponse;
use http::request::Parts;
use http::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::dispatch::Call;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::Answer;
use crate::kubernetes::server::pod_logs::environment;
use crate::kubernetes::server::registry::Target;
use crate::kubernetes::server::streams::{
    Exec, Outcome, exec_over_spdy, forward_over_spdy, over_websocket, run,
};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
/// Of version 5: the byte after it names a channel that is closed.
const CLOSE: u8 = 255;
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/// Of port forwarding: SPDY within a websocket, and the older form with a channel for each port.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
const FORWARD_PROTOCOLS: [&str; 3] = [TUNNEL, "v5.channel.k8s.io", "v4.channel.k8s.io"];
const STREAM_PROTOCOL: &str = "x-stream-protocol-version";

/// Answers a request for a stream.
pub(super) async fn answer(call: &Call, target: &Target, parts: Parts) -> Answer {
    let whole = target.sub("");
    let pod = call.api.store.get(&whole.key(&target.name)).ok_or_else(|| whole.not_found())?;
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
        let text = format!("pod {} does not have a host assigned", target.name);
        return Err(Status::bad_request(text));
    }
    if target.subresource == "portforward" {
        running(&pod, "forward port to")?;
        return forward(call, parts).await;
    }
    running(&pod, "exec into")?;
    let exec = exec(call, target, &pod)?;
    if is_spdy(&parts.headers) {
        return upgraded(parts, &PROTOCOLS, move |stream| exec_over_spdy(stream, exec));
    }
    let mut parts = parts;
    let upgrade = websocket(&mut parts, PROTOCOLS.to_vec()).await?;
    Ok(upgrade.on_upgrade(move |socket| run_command(socket, exec)).into_response())
}

fn running(pod: &Value, doing: &str) -> Result<(), Status> {
    if pod["status"]["phase"] == "Running" {
        return Ok(());
    }
    let phase = pod["status"]["phase"].as_str().unwrap_or("Unknown");
    if doing.starts_with("forward") {
        let text =
            format!("unable to forward port because pod is not running. Current status={phase}");
        return Err(Status::bad_request(text));
    }
    Err(Status::bad_request(format!(
        "cannot {doing} a container in a completed or pending pod; current phase is {phase}"
    )))
}

/// What runs, by the parameters of the request.
fn exec(call: &Call, target: &Target, pod: &Value) -> Result<Exec, Status> {
    let on = |key: &str| call.flag(key);
    let container = super::logs::container_of(call, target, pod)?;
    let words: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key == "command")
        .map(|(_, value)| value.clone())
        .collect();
    let outcome = if target.subresource == "attach" {
        Outcome { stdout: call.api.log_of(pod, &container), echoes: true, ..Outcome::default() }
    } else if words.is_empty() {
        return Err(Status::bad_request("you must specify at least 1 command for the container"));
    } else if let Some(answer) = call.api.answer_of(pod, &container, &words.join(" ")) {
        Outcome {
            stdout: answer.stdout,
            stderr: answer.stderr,
            code: answer.exit_code,
            ..Outcome::default()
        }
    } else {
        run(&words, &environment(pod, &container))
    };
    Ok(Exec {
        outcome,
        stdin: on("stdin"),
        stdout: on("stdout"),
        stderr: on("stderr"),
        tty: on("tty"),
    })
}

async fn forward(call: &Call, mut parts: Parts) -> Answer {
    if is_spdy(&parts.headers) {
        return upgraded(parts, &["portforward.k8s.io"], forward_over_spdy);
    }
    let upgrade = websocket(&mut parts, FORWARD_PROTOCOLS.to_vec()).await?;
    let tunnelled =
        |socket: &WebSocket| socket.protocol().and_then(|name| name.to_str().ok()) == Some(TUNNEL);
    let ports = ports(call)?;
    Ok(upgrade
        .on_upgrade(move |socket| async move {
            if tunnelled(&socket) {
                forward_over_spdy(over_websocket(socket)).await;
            } else {
                forward_channels(socket, ports).await;
            }
        })
        .into_response())
}

async fn websocket(
    parts: &mut Parts,
    protocols: Vec<&'static str>,
) -> Result<WebSocketUpgrade, Status> {
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &())
        .await
        .map_err(|_| Status::bad_request("Upgrade request required"))?;
    Ok(upgrade.protocols(protocols))
}

fn is_spdy(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(http::header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("SPDY/3.1"))
}

/// Switches the connection to SPDY, in the first of `known` protocols that the client offers.
fn upgraded<F, W>(mut parts: Parts, known: &[&'static str], serve: F) -> Answer
where
    F: FnOnce(TokioIo<hyper::upgrade::Upgraded>) -> W + Send + 'static,
    W: Future<Output = ()> + Send,
{
    let offered: Vec<String> = parts
        .headers
        .get_all(STREAM_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_owned())
        .collect();
    let chosen = known.iter().find(|name| offered.iter().any(|other| other == *name));
    let chosen = chosen.ok_or_else(|| {
        Status::new(403, "Forbidden", format!("unable to negotiate protocol: client supports {offered:?}, server accepts {known:?}"))
    })?;
    let upgrade = parts
        .extensions
        .remove::<hyper::upgrade::OnUpgrade>()
        .ok_or_else(|| Status::bad_request("Upgrade request required"))?;
    tokio::spawn(async move {
        if let Ok(connection) = upgrade.await {
            serve(TokioIo::new(connection)).await;
        }
    });
    Response::builder()
        .status(101)
        .header(http::header::CONNECTION, "Upgrade")
        .header(http::header::UPGRADE, "SPDY/3.1")
        .header(STREAM_PROTOCOL, *chosen)
        .body(Body::empty())
        .map_err(|error| Status::internal(error.to_string()))
}

fn ports(call: &Call) -> Result<Vec<u16>, Status> {
    call.query
        .iter()
        .filter(|(key, _)| key == "ports" || key == "port")
        .flat_map(|(_, value)| value.split(','))
        .map(|text| {
            text.parse()
                .map_err(|_| Status::bad_request(format!("unable to parse {text:?} as a port")))
        })
        .collect()
}

async fn send(socket: &mut WebSocket, channel: u8, content: &[u8]) -> bool {
    let mut message = vec![channel];
    message.extend_from_slice(content);
    socket.send(Message::Binary(message.into())).await.is_ok()
}

async fn run_command(mut socket: WebSocket, exec: Exec) {
    let stderr = if exec.tty { STDOUT } else { STDERR };
    let said = [
        (STDOUT, &exec.outcome.stdout, exec.stdout),
        (stderr, &exec.outcome.stderr, exec.stderr || exec.tty),
    ];
    for (channel, text, wanted) in said {
        if wanted && !text.is_empty() && !send(&mut socket, channel, text.as_bytes()).await {
            return;
        }
    }
    if exec.stdin && exec.outcome.echoes && !echo(&mut socket, &exec).await {
        return;
    }
    send(&mut socket, ERROR, exec.status().as_bytes()).await;
    let end = CloseFrame { code: close_code::NORMAL, reason: "".into() };
    let _ = socket.send(Message::Close(Some(end))).await;
}

/// Gives back what is typed, until it ends; false if the client has gone away.
async fn echo(socket: &mut WebSocket, exec: &Exec) -> bool {
    while let Some(Ok(message)) = socket.recv().await {
        let content = match message {
            Message::Binary(content) => content,
            // Some clients send what is typed as text.
            Message::Text(text) => text.into(),
            Message::Close(_) => return false,
            _ => continue,
        };
        match content.split_first() {
            Some((&STDIN, typed)) => {
                if exec.ends_with(typed) {
                    return true;
                }
                if !send(socket, STDOUT, typed).await {
                    return false;
                }
            }
            Some((&CLOSE, [STDIN])) => return true,
            _ => {}
        }
    }
    false
}

/// Each port has a channel for data and one for errors, and each begins with the port's number.
async fn forward_channels(mut socket: WebSocket, ports: Vec<u16>) {
    for (index, port) in ports.iter().enumerate() {
        for channel in [2 * index, 2 * index + 1] {
            let Ok(channel) = u8::try_from(channel) else { return };
            if !send(&mut socket, channel, &port.to_le_bytes()).await {
                return;
            }
        }
    }
    while let Some(Ok(message)) = socket.recv().await {
        let content = match message {
            Message::Binary(content) => content,
            Message::Text(text) => text.into(),
            Message::Close(_) => return,
            _ => continue,
        };
        if let Some((channel, data)) = content.split_first()
            && channel % 2 == 0
            && !send(&mut socket, *channel, data).await
        {
            return;
        }
    }
}
