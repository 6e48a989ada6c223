//! `exec`, `attach` and `portforward` over websockets (`v5.channel.k8s.io` and `v4.channel.k8s.io`).
//!
//! An emulated container has no processes: a command's words are answered (`echo` and `cat` do what they always do), an attached
//! standard input comes back, and a forwarded port echoes.

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::IntoResponse;
use http::request::Parts;
use serde_json::{Value, json};

use super::dispatch::Call;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::Answer;
use crate::kubernetes::server::registry::Target;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const ERROR: u8 = 3;
/// Of version 5: the byte after it names a channel that is closed.
const CLOSE: u8 = 255;
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// Answers a request for a stream.
pub(super) async fn answer(call: &Call, target: &Target, mut parts: Parts) -> Answer {
    let whole = target.sub("");
    let pod = call.api.store.get(&whole.key(&target.name)).ok_or_else(|| whole.not_found())?;
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
        let text = format!("pod {} does not have a host assigned", target.name);
        return Err(Status::bad_request(text));
    }
    if pod["status"]["phase"] != "Running" {
        let phase = pod["status"]["phase"].as_str().unwrap_or("Unknown");
        let text = format!(
            "cannot exec into a container in a completed or pending pod; current phase is {phase}"
        );
        return Err(Status::bad_request(text));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| Status::bad_request("Upgrade request required"))?
        .protocols(PROTOCOLS);
    if target.subresource == "portforward" {
        let ports = ports(call)?;
        return Ok(upgrade.on_upgrade(|socket| forward(socket, ports)).into_response());
    }
    let words: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key == "command")
        .map(|(_, value)| value.clone())
        .collect();
    let on = |key: &str| call.parameter(key).is_some_and(|on| matches!(on, "true" | "1"));
    let stdin = on("stdin");
    let log = call.parameter("container").unwrap_or_default();
    let log =
        if target.subresource == "attach" { call.api.log_of(&pod, log) } else { String::new() };
    Ok(upgrade.on_upgrade(move |socket| run(socket, words, stdin, log)).into_response())
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

/// What a command writes to its standard output.
fn output(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [echo, rest @ ..] if echo == "echo" => format!("{}\n", rest.join(" ")),
        [cat] if cat == "cat" => String::new(),
        _ => format!("emulated: {}\n", words.join(" ")),
    }
}

async fn run(mut socket: WebSocket, words: Vec<String>, stdin: bool, log: String) {
    let text = format!("{log}{}", output(&words));
    if !text.is_empty() && !send(&mut socket, STDOUT, text.as_bytes()).await {
        return;
    }
    if stdin {
        echo(&mut socket).await;
    }
    let success: Value = json!({"metadata": {}, "status": "Success"});
    send(&mut socket, ERROR, success.to_string().as_bytes()).await;
    let end = CloseFrame { code: close_code::NORMAL, reason: "".into() };
    let _ = socket.send(Message::Close(Some(end))).await;
}

/// Gives back what is typed, until it ends.
async fn echo(socket: &mut WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Binary(content) = message else {
            if matches!(message, Message::Close(_)) { break } else { continue }
        };
        match content.split_first() {
            Some((&STDIN, typed)) => {
                // Control-D and the command `exit` end a shell.
                if typed == b"\x04" || typed == b"exit\n" || typed == b"exit\r" {
                    break;
                }
                if !send(socket, STDOUT, typed).await {
                    return;
                }
            }
            Some((&CLOSE, [STDIN])) => break,
            _ => {}
        }
    }
}

/// Each port has a channel for data and one for errors, and each begins with the port's number.
async fn forward(mut socket: WebSocket, ports: Vec<u16>) {
    for (index, port) in ports.iter().enumerate() {
        for channel in [2 * index, 2 * index + 1] {
            let Ok(channel) = u8::try_from(channel) else { return };
            if !send(&mut socket, channel, &port.to_le_bytes()).await {
                return;
            }
        }
    }
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Binary(content) = message else {
            if matches!(message, Message::Close(_)) { return } else { continue }
        };
        if let Some((channel, data)) = content.split_first()
            && channel % 2 == 0
            && !send(&mut socket, *channel, data).await
        {
            return;
        }
    }
}
