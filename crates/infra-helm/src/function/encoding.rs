//! Base64, base32, digests.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::Digest;

use super::{Function, bytes, typed};
use crate::value::{Parameter::String, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("b64enc", &[String], None, |_, v| Ok(Value::string(STANDARD.encode(bytes(&v[0]))))),
    typed("b64dec", &[String], None, |_, v| Ok(Value::string(base64_decoded(bytes(&v[0]))))),
    typed("sha256sum", &[String], None, |_, v| {
        Ok(Value::string(hex::encode(sha2::Sha256::digest(bytes(&v[0])))))
    }),
    typed("sha512sum", &[String], None, |_, v| {
        Ok(Value::string(hex::encode(sha2::Sha512::digest(bytes(&v[0])))))
    }),
    typed("sha1sum", &[String], None, |_, v| {
        Ok(Value::string(hex::encode(sha1::Sha1::digest(bytes(&v[0])))))
    }),
    typed("b32enc", &[String], None, |_, v| Ok(Value::string(base32(bytes(&v[0]))))),
    typed("b32dec", &[String], None, |_, v| {
        Ok(Value::string(base32_decoded(bytes(&v[0])).unwrap_or_else(|at| {
            format!("illegal base32 data at input byte {at}").into_bytes()
        })))
    }),
    typed("adler32sum", &[String], None, |_, v| {
        Ok(Value::string(adler32(bytes(&v[0])).to_string()))
    }),
];

/// The decoded bytes, or Go's error text as sprig returns it.
fn base64_decoded(text: &[u8]) -> Vec<u8> {
    let clean: Vec<u8> =
        text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    match STANDARD.decode(&clean) {
        Ok(decoded) => decoded,
        Err(fault) => {
            let at = match fault {
                base64::DecodeError::InvalidByte(at, _)
                | base64::DecodeError::InvalidLastSymbol(at, _) => at,
                _ => clean.len() / 4 * 4,
            };
            let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n');
            let places = text.iter().enumerate().filter(|(_, byte)| !breaks(byte));
            let at = places.map(|(place, _)| place).nth(at).unwrap_or(text.len());
            format!("illegal base64 data at input byte {at}").into_bytes()
        }
    }
}

fn adler32(text: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in text {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in text.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + part.len()].copy_from_slice(part);
        let bits = u64::from_be_bytes(group);
        let used = (part.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * index) & 31).unwrap_or(0);
            out.push(if index < used { BASE32[digit] } else { b'=' });
        }
    }
    out
}

/// The decoded bytes, or where the first wrong character is.
fn base32_decoded(text: &[u8]) -> Result<Vec<u8>, usize> {
    let clean: Vec<(usize, u8)> = text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let mut out = Vec::new();
    let groups = clean.chunks(8).count();
    for (number, group) in clean.chunks(8).enumerate() {
        let digits: Vec<u8> = group.iter().map(|(_, byte)| *byte).take_while(|byte| *byte != b'=').collect();
        let start = group[0].0;
        let padded = group.len() == 8 && group[digits.len()..].iter().all(|(_, byte)| *byte == b'=');
        let mut bits = 0_u64;
        for (index, digit) in digits.iter().enumerate() {
            let Some(value) = BASE32.iter().position(|own| own == digit) else { return Err(start + index) };
            bits |= u64::try_from(value).unwrap_or(0) << (35 - 5 * index);
        }
        let whole = digits.len() == 8 || number + 1 == groups && matches!(digits.len(), 2 | 4 | 5 | 7);
        if !padded || !whole {
            return Err(start + digits.len());
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + digits.len() * 5 / 8]);
    }
    Ok(out)
}
