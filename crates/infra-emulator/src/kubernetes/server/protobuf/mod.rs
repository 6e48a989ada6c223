//! Request bodies in protobuf, which typed Go clients send: read into JSON by a table of messages.
//!
//! `messages.txt` holds the field numbers of the API's `generated.proto` files and the JSON names of its types: a message's name, then a
//! line per field with number, JSON name (`-` for one that is inlined) and type (`s` text, `y` bytes, `b` boolean, `i` integer,
//! `d` float, else a message); `*` repeated, `%` a map from text, `?` kept though zero. Answers are always JSON.

mod decode;
mod table;
mod wire;

pub(super) use decode::to_json;

/// The media type.
pub(super) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";
