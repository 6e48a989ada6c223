//! A command, or forwarded ports, over SPDY.

use std::collections::BTreeMap;

use tokio::io::{AsyncRead, AsyncWrite};

use super::shell::Outcome;
use super::spdy::{Frame, Writer, connection};

/// A command that runs, or a container that is attached to.
#[derive(Clone, Debug)]
pub(crate) struct Exec {
    pub(crate) outcome: Outcome,
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    pub(crate) tty: bool,
}

impl Exec {
    /// What the API tells at the end (`NonZeroExitCode` of the remote command protocol).
    pub(crate) fn status(&self) -> String {
        let code = self.outcome.code;
        if code == 0 {
            return serde_json::json!({ "metadata": {}, "status": "Success" }).to_string();
        }
        serde_json::json!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
        })
        .to_string()
    }

    /// Whether an input ends a shell: control-D, or the word.
    pub(crate) fn ends_with(&self, typed: &[u8]) -> bool {
        let word = typed.strip_suffix(b"\n").or_else(|| typed.strip_suffix(b"\r")).unwrap_or(typed);
        typed == b"\x04" || (self.outcome.is_shell && word == b"exit")
    }
}

/// Runs a command over the streams that the client opens: `error` first, then those that it has asked for.
pub(crate) async fn exec_over_spdy<S>(stream: S, exec: Exec)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = connection(stream);
    let wanted = 1
        + usize::from(exec.stdin)
        + usize::from(exec.stdout)
        + usize::from(exec.stderr && !exec.tty)
        + usize::from(exec.tty);
    let mut streams: BTreeMap<String, u32> = BTreeMap::new();
    while streams.len() < wanted {
        match reader.next(&mut writer).await {
            Some(Frame::Open { id, headers }) => {
                let kind = headers.get("streamtype").cloned().unwrap_or_default();
                streams.insert(kind, id);
                if writer.accept(id).await.is_none() {
                    return;
                }
            }
            Some(Frame::Data { .. }) => {}
            _ => return,
        }
    }
    let id = |kind: &str| streams.get(kind).copied();
    let outcome = &exec.outcome;
    if let Some(stdout) = id("stdout") {
        let _ = writer.send(stdout, outcome.stdout.as_bytes(), false).await;
    }
    if let Some(stderr) = id("stderr").or_else(|| id("stdout")) {
        let _ = writer.send(stderr, outcome.stderr.as_bytes(), false).await;
    }
    if exec.stdin && outcome.echoes {
        while let Some(frame) = reader.next(&mut writer).await {
            let Frame::Data { id: from, bytes, last } = frame else { continue };
            if Some(from) != id("stdin") {
                continue;
            }
            if exec.ends_with(&bytes) {
                break;
            }
            if let Some(stdout) = id("stdout") {
                let _ = writer.send(stdout, &bytes, false).await;
            }
            if last {
                break;
            }
        }
    }
    finish(&mut writer, &streams, &exec).await;
    // The client takes what is on its way, and ends the connection.
    while reader.next(&mut writer).await.is_some() {}
}

async fn finish<S: AsyncRead + AsyncWrite>(
    writer: &mut Writer<S>,
    streams: &BTreeMap<String, u32>,
    exec: &Exec,
) {
    if let Some(error) = streams.get("error") {
        let _ = writer.send(*error, exec.status().as_bytes(), true).await;
    }
    for kind in ["stdout", "stderr"] {
        if let Some(id) = streams.get(kind) {
            let _ = writer.send(*id, &[], true).await;
        }
    }
}

/// Gives back what comes to any port. A connection is a pair of streams, of which `error` stays empty.
pub(crate) async fn forward_over_spdy<S>(stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = connection(stream);
    let mut data = Vec::new();
    while let Some(frame) = reader.next(&mut writer).await {
        let sent = match frame {
            Frame::Open { id, headers } => {
                if headers.get("streamtype").map(String::as_str) == Some("data") {
                    data.push(id);
                    writer.accept(id).await
                } else if writer.accept(id).await.is_some() {
                    writer.send(id, &[], true).await
                } else {
                    None
                }
            }
            Frame::Data { id, bytes, last } if data.contains(&id) => {
                writer.send(id, &bytes, last).await
            }
            Frame::Reset { id } => {
                data.retain(|known| *known != id);
                Some(())
            }
            Frame::Data { .. } => Some(()),
            Frame::Goodbye => None,
        };
        if sent.is_none() {
            return;
        }
    }
}
