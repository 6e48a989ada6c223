//! The table of messages, read once.

use std::collections::HashMap;
use std::sync::OnceLock;

/// How a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bytes,
    Boolean,
    Integer,
    Float,
    Message(&'static str),
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// JSON name; empty for one whose fields are its message's own.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
    pub(super) map: bool,
    /// Whether zero means something.
    pub(super) keeps_zero: bool,
}

pub(super) type Message = HashMap<u32, Field>;

static MESSAGES: OnceLock<HashMap<&'static str, Message>> = OnceLock::new();

/// The fields of a message by number.
pub(super) fn message(name: &str) -> Option<&'static Message> {
    MESSAGES.get_or_init(read).get(name)
}

fn read() -> HashMap<&'static str, Message> {
    let mut all: HashMap<&'static str, Message> = HashMap::new();
    let mut current = "";
    for line in include_str!("messages.txt").lines() {
        let Some(field) = line.strip_prefix(' ') else {
            current = line;
            all.entry(line).or_default();
            continue;
        };
        let mut words = field.split(' ');
        let (Some(number), Some(name), Some(kind)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        let bare = kind.trim_end_matches(['*', '%', '?']);
        let flags = &kind[bare.len()..];
        let field = Field {
            name: if name == "-" { "" } else { name },
            kind: match bare {
                "s" => Kind::Text,
                "y" => Kind::Bytes,
                "b" => Kind::Boolean,
                "i" => Kind::Integer,
                "d" => Kind::Float,
                message => Kind::Message(message),
            },
            repeated: flags.contains('*'),
            map: flags.contains('%'),
            keeps_zero: flags.contains('?'),
        };
        all.entry(current).or_default().insert(number, field);
    }
    all
}
