//! The few forms of DER that certificates need.

/// A tagged value.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or(0));
    } else {
        let bytes: Vec<u8> =
            length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0));
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

pub(super) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x31, &parts.concat())
}

/// A number that is not negative, from its bytes, largest first.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut content = Vec::new();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend(digits);
    tagged(0x02, &content)
}

/// An object identifier from its encoded bytes.
pub(super) fn object(bytes: &[u8]) -> Vec<u8> {
    tagged(0x06, bytes)
}

pub(super) fn boolean(value: bool) -> Vec<u8> {
    tagged(0x01, &[if value { 0xff } else { 0 }])
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(0x04, bytes)
}

/// Bits, the last `unused` of which do not count.
pub(super) fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    tagged(0x03, &[&[unused], bytes].concat())
}

pub(super) fn null() -> Vec<u8> {
    tagged(0x05, &[])
}

/// What is inside a tagged value, and what follows it.
pub(super) fn open(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = bytes else { return None };
    if *found != tag {
        return None;
    }
    let (length, rest) = if *length < 0x80 {
        (usize::from(*length), rest)
    } else {
        let count = usize::from(length & 0x7f);
        if count > 4 {
            return None;
        }
        let digits = rest.get(..count)?;
        let length = digits.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        (length, &rest[count..])
    };
    Some((rest.get(..length)?, &rest[length..]))
}

/// A whole tagged value of any kind, and what follows it.
pub(super) fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = open(bytes, *bytes.first()?)?;
    Some((&bytes[..bytes.len() - rest.len()], rest))
}
