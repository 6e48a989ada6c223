//! The wire format: tags, variable-length integers and lengths.

/// The value of one field as it is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A variable-length integer.
    Integer(u64),
    /// Eight bytes.
    Fixed(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
}

/// Reads the fields of a message in order; nothing if the bytes are no message.
pub(super) fn fields(mut bytes: &[u8]) -> Option<Vec<(u32, Value<'_>)>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = integer(&mut bytes)?;
        let number = u32::try_from(tag >> 3).ok()?;
        let value = match tag & 7 {
            0 => Value::Integer(integer(&mut bytes)?),
            1 => {
                let (fixed, rest) = bytes.split_first_chunk::<8>()?;
                bytes = rest;
                Value::Fixed(u64::from_le_bytes(*fixed))
            }
            2 => {
                let length = usize::try_from(integer(&mut bytes)?).ok()?;
                let (content, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Value::Bytes(content)
            }
            _ => return None,
        };
        all.push((number, value));
    }
    Some(all)
}

fn integer(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_garbage_is_refused() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i'];
        let expected = vec![(1, Value::Integer(150)), (2, Value::Bytes(b"hi"))];
        assert_eq!(fields(&bytes), Some(expected));
        for bad in [&[0x12, 0x05, b'x'][..], &[0x80], &[0x0b]] {
            assert_eq!(fields(bad), None);
        }
    }
}
