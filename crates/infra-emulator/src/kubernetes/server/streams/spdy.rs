//! SPDY/3.1 as kubectl speaks it: the server's side of one connection, frames in and frames out.
//!
//! Follows the SPDY protocol draft 3.1, as far as the remote command and port forward protocols of Kubernetes use it: streams that the
//! client opens, data, their ends, pings. There is no flow control in those clients, and none here.

use std::collections::BTreeMap;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::dictionary::{adler32, dictionary};

/// The most that one connection's headers may unpack to.
const MOST_HEADERS: usize = 1 << 20;
/// The longest frame that is read.
const LONGEST_FRAME: usize = 1 << 20;
/// How much goes into one data frame.
const PIECE: usize = 16 << 10;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
/// Flag of the last frame of a stream.
const FIN: u8 = 1;

/// What the client says.
#[derive(Debug)]
pub(super) enum Frame {
    /// It opens a stream.
    Open { id: u32, headers: BTreeMap<String, String> },
    /// Data of a stream; `last` if it sends no more.
    Data { id: u32, bytes: Vec<u8>, last: bool },
    /// It gives a stream up.
    Reset { id: u32 },
    /// It ends the connection.
    Goodbye,
}

/// Reads frames.
pub(super) struct Reader<S> {
    from: ReadHalf<S>,
    headers: Inflater,
}

/// Writes frames.
pub(super) struct Writer<S> {
    to: WriteHalf<S>,
    /// Whether headers have been sent, so that the compressed stream has begun.
    begun: bool,
}

/// Both sides of a connection.
pub(super) fn connection<S: AsyncRead + AsyncWrite>(stream: S) -> (Reader<S>, Writer<S>) {
    let (from, to) = tokio::io::split(stream);
    (Reader { from, headers: Inflater::new() }, Writer { to, begun: false })
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<S> {
    /// The next frame that matters; pings are answered by `writer`. `None` at the end of the connection, or of its sense.
    pub(super) async fn next(&mut self, writer: &mut Writer<S>) -> Option<Frame> {
        loop {
            let mut head = [0_u8; 8];
            self.from.read_exact(&mut head).await.ok()?;
            let first = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            let length = u32::from_be_bytes([0, head[5], head[6], head[7]]);
            let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_FRAME)?;
            let mut body = vec![0_u8; length];
            self.from.read_exact(&mut body).await.ok()?;
            let last = head[4] & FIN != 0;
            if first & 0x8000_0000 == 0 {
                return Some(Frame::Data { id: first, bytes: body, last });
            }
            let word = |at: usize| {
                let bytes = body.get(at..at + 4)?;
                Some(u32::from_be_bytes(bytes.try_into().ok()?) & 0x7fff_ffff)
            };
            match u16::try_from(first & 0xffff).ok()? {
                SYN_STREAM => {
                    let headers = self.headers.unpack(body.get(10..)?)?;
                    return Some(Frame::Open { id: word(0)?, headers });
                }
                RST_STREAM => return Some(Frame::Reset { id: word(0)? }),
                PING => writer.control(PING, 0, body.get(..4)?).await?,
                GOAWAY => return Some(Frame::Goodbye),
                // Settings, headers of open streams and windows change nothing here.
                _ => {}
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite> Writer<S> {
    async fn control(&mut self, kind: u16, flags: u8, body: &[u8]) -> Option<()> {
        let mut frame = vec![0x80, 3];
        frame.extend_from_slice(&kind.to_be_bytes());
        let length = u32::try_from(body.len()).ok()?.to_be_bytes();
        frame.extend_from_slice(&[flags, length[1], length[2], length[3]]);
        frame.extend_from_slice(body);
        self.to.write_all(&frame).await.ok()?;
        self.to.flush().await.ok()
    }

    /// Accepts a stream, without headers of our own.
    pub(super) async fn accept(&mut self, id: u32) -> Option<()> {
        let mut body = id.to_be_bytes().to_vec();
        if !self.begun {
            // The head of a zlib stream (RFC 1950) that begins with the dictionary.
            body.extend_from_slice(&[0x78, 0xbb]);
            body.extend_from_slice(&adler32(&dictionary()).to_be_bytes());
            self.begun = true;
        }
        // A stored block (RFC 1951, 3.2.4) with the number of headers: none. The empty block after it lets readers that hold back what
        // they have unpacked give it out.
        body.extend_from_slice(&[0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0]);
        body.extend_from_slice(&[0, 0, 0, 0xff, 0xff]);
        self.control(SYN_REPLY, 0, &body).await
    }

    /// Sends data on a stream, and with `last` ends our side of it.
    pub(super) async fn send(&mut self, id: u32, bytes: &[u8], last: bool) -> Option<()> {
        let mut pieces = bytes.chunks(PIECE).peekable();
        if pieces.peek().is_none() && last {
            return self.data(id, &[], FIN).await;
        }
        while let Some(piece) = pieces.next() {
            let flags = if last && pieces.peek().is_none() { FIN } else { 0 };
            self.data(id, piece, flags).await?;
        }
        Some(())
    }

    async fn data(&mut self, id: u32, bytes: &[u8], flags: u8) -> Option<()> {
        let length = u32::try_from(bytes.len()).ok()?.to_be_bytes();
        let mut frame = id.to_be_bytes().to_vec();
        frame.extend_from_slice(&[flags, length[1], length[2], length[3]]);
        frame.extend_from_slice(bytes);
        self.to.write_all(&frame).await.ok()?;
        self.to.flush().await.ok()
    }
}

/// One compressed stream for the headers of a whole connection.
struct Inflater {
    state: Box<DecompressorOxide>,
    /// The dictionary, and all that was unpacked: later parts refer back to it.
    window: Vec<u8>,
    filled: usize,
    begun: bool,
}

impl Inflater {
    fn new() -> Self {
        let mut window = dictionary();
        let filled = window.len();
        window.resize(filled + MOST_HEADERS, 0);
        Self { state: Box::default(), window, filled, begun: false }
    }

    fn unpack(&mut self, packed: &[u8]) -> Option<BTreeMap<String, String>> {
        let mut packed = packed;
        if !self.begun {
            // The head of the zlib stream, and the name of the dictionary.
            packed = packed.get(6..)?;
            self.begun = true;
        }
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) =
            decompress(&mut self.state, packed, &mut self.window, self.filled, flags);
        if read < packed.len() || !matches!(status, TINFLStatus::NeedsMoreInput | TINFLStatus::Done)
        {
            return None;
        }
        let block = self.window.get(self.filled..self.filled + written)?;
        let headers = pairs(block)?;
        self.filled += written;
        Some(headers)
    }
}

/// A block of names and values (2.6.10).
fn pairs(mut block: &[u8]) -> Option<BTreeMap<String, String>> {
    fn number(block: &mut &[u8]) -> Option<usize> {
        let (bytes, rest) = block.split_at_checked(4)?;
        *block = rest;
        usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
    }
    fn text(block: &mut &[u8]) -> Option<String> {
        let length = number(block)?;
        let (bytes, rest) = block.split_at_checked(length)?;
        *block = rest;
        String::from_utf8(bytes.to_vec()).ok()
    }
    let count = number(&mut block)?;
    let mut headers = BTreeMap::new();
    for _ in 0..count {
        let name = text(&mut block)?;
        headers.insert(name.to_lowercase(), text(&mut block)?);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by zlib with the protocol's dictionary, as clients do.
    const PACKED: [&str; 2] = [
        "78f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45e01c6061606100a4398b20d198094ade8c0600000000ffff",
        "c2aa19540e2512d60b000000ffff",
    ];

    #[test]
    fn headers_of_one_connection_are_unpacked_one_after_the_other() {
        let mut inflater = Inflater::new();
        for (packed, kind) in PACKED.iter().zip(["error", "data"]) {
            let headers = inflater.unpack(&hex::decode(packed).unwrap()).unwrap();
            assert_eq!(headers["streamtype"], kind);
            assert_eq!((headers["port"].as_str(), headers["requestid"].as_str()), ("8080", "0"));
        }
        assert!(Inflater::new().unpack(b"no zlib stream at all").is_none());
    }
}
