//! One object of the journal: a header line and one line per entry, all JSON.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::format::{self, FormatError};

/// The keys of the journal begin with this.
pub const JOURNAL_PREFIX: &str = "journal/";
const JOURNAL_FORMAT: u64 = 1;

/// The key of the object with number `sequence`, such as `journal/0000000001`.
pub(crate) fn key_of(sequence: u64) -> String {
    format!("{JOURNAL_PREFIX}{sequence:010}")
}

/// The number of a key; `None` for keys that are no journal object.
pub(crate) fn sequence_of(key: &str) -> Option<u64> {
    let sequence = key.strip_prefix(JOURNAL_PREFIX)?.parse().ok()?;
    (key_of(sequence) == key).then_some(sequence)
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u64,
    sequence: u64,
    fencing: u64,
    lease: String,
    entries: usize,
    sha256: String,
}

/// An object of the journal, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalObject<E> {
    /// Its number; the first object of a state has 1.
    pub sequence: u64,
    /// The fencing number of its writer.
    pub fencing: u64,
    /// The lease of its writer.
    pub lease: String,
    /// Its entries in order; none if it only claims the place for a new holder.
    pub entries: Vec<E>,
}

/// The bytes of an object, its entries being lines of JSON already.
pub(crate) fn encode_object<'a>(
    sequence: u64,
    fencing: u64,
    lease: &str,
    lines: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, FormatError> {
    let mut body = Vec::new();
    let mut entries = 0;
    for line in lines {
        body.extend_from_slice(line);
        body.push(b'\n');
        entries += 1;
    }
    let sha256 = hex::encode(Sha256::digest(&body));
    let lease = lease.to_owned();
    let header = Header { format: JOURNAL_FORMAT, sequence, fencing, lease, entries, sha256 };
    let mut object = format::encode(&key_of(sequence), &header)?;
    object.append(&mut body);
    Ok(object)
}

/// Reads the object that `key` holds. Never panics, whatever the bytes.
///
/// # Errors
/// [`FormatError`], naming the key, when it is damaged or newer than this version.
pub fn decode_object<E: DeserializeOwned>(
    key: &str,
    content: &[u8],
) -> Result<JournalObject<E>, FormatError> {
    let corrupt = |reason: &str| FormatError::corrupt(key, reason);
    let end = content.iter().position(|byte| *byte == b'\n');
    let (line, body) = content.split_at(end.ok_or_else(|| corrupt("it has no header"))?);
    let body = body.get(1..).unwrap_or_default();
    let header: Header = format::decode(key, line, JOURNAL_FORMAT)?;
    if sequence_of(key) != Some(header.sequence) {
        return Err(corrupt("it belongs to another place of the journal"));
    }
    if hex::encode(Sha256::digest(body)) != header.sha256 {
        return Err(corrupt("its checksum does not fit"));
    }
    let mut entries = Vec::new();
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        entries.push(serde_json::from_slice(line).map_err(|error| {
            let place = entries.len() + 1;
            corrupt(&format!("entry {place} cannot be read ({:?} error)", error.classify()))
        })?);
    }
    if entries.len() != header.entries {
        return Err(corrupt("it has another number of entries than its header says"));
    }
    let Header { sequence, fencing, lease, .. } = header;
    Ok(JournalObject { sequence, fencing, lease, entries })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn object(lines: &[&str]) -> Vec<u8> {
        encode_object(7, 3, "lease", lines.iter().map(|line| line.as_bytes())).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let read = decode_object::<Value>(&key_of(7), &object(&[r#"{"a":1}"#, "2"])).unwrap();
        assert_eq!(read.entries, [json!({"a": 1}), json!(2)]);
        assert_eq!((read.sequence, read.fencing, read.lease.as_str()), (7, 3, "lease"));
        assert!(decode_object::<Value>(&key_of(7), &object(&[])).unwrap().entries.is_empty());
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_of_the_body_is_noticed() {
        let whole = object(&[r#"{"a":1}"#, r#"{"b":2}"#]);
        let body = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for length in 0..whole.len() {
            let error = decode_object::<Value>(&key_of(7), &whole[..length]).unwrap_err();
            assert!(error.to_string().contains("journal/0000000007"), "{error}");
        }
        for place in body..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            assert!(decode_object::<Value>(&key_of(7), &damaged).is_err());
        }
        assert!(decode_object::<Value>(&key_of(8), &whole).is_err());
    }

    #[test]
    fn a_newer_format_is_called_newer() {
        let newer = b"{\"format\":9,\"something\":\"else\"}\n";
        let error = decode_object::<Value>(&key_of(1), newer).unwrap_err();
        assert!(matches!(error, FormatError::Newer { found: 9, known: 1, .. }), "{error}");
    }

    #[test]
    fn only_own_keys_have_numbers() {
        assert_eq!(sequence_of("journal/0000000012"), Some(12));
        for key in ["journal/12", "journal/", "journal/000000001x", "journal/+000000001", "head"] {
            assert_eq!(sequence_of(key), None, "{key}");
        }
        assert_eq!(sequence_of(&key_of(u64::MAX)), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(content: Vec<u8>, key in ".{0,30}") {
            let _ = decode_object::<Value>(&key, &content);
        }

        #[test]
        fn arbitrary_bodies_never_panic(body: Vec<u8>, entries: usize, forged: bool) {
            let sha256 = if forged { hex::encode(Sha256::digest(&body)) } else { String::new() };
            let header = json!({"format": 1, "sequence": 7, "fencing": 1, "lease": "", "entries": entries,
                "sha256": sha256});
            let content = [header.to_string().into_bytes(), vec![b'\n'], body].concat();
            let _ = decode_object::<Value>(&key_of(7), &content);
        }
    }
}
