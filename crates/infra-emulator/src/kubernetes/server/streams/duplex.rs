//! A stream of bytes within a websocket: each binary message is a part of it.

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const BUFFER: usize = 64 << 10;

/// The stream of bytes that a websocket carries. It ends with the websocket, and the other way round.
pub(crate) fn over_websocket(socket: WebSocket) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(BUFFER);
    let (mut from, mut to) = tokio::io::split(theirs);
    let (mut sending, mut receiving) = socket.split();
    tokio::spawn(async move {
        while let Some(Ok(message)) = receiving.next().await {
            match message {
                Message::Binary(bytes) if to.write_all(&bytes).await.is_err() => break,
                Message::Close(_) => break,
                _ => {}
            }
        }
        let _ = to.shutdown().await;
    });
    tokio::spawn(async move {
        let mut buffer = vec![0_u8; BUFFER];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let message = Message::Binary(Bytes::copy_from_slice(&buffer[..count]));
            if sending.send(message).await.is_err() {
                return;
            }
        }
        let _ = sending.send(Message::Close(None)).await;
    });
    ours
}
