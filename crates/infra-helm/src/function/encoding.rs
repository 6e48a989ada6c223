//! Base64, base32, digests.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::Digest;

use super::{Function, bytes, typed};
use crate::value::{Parameter::String, Value};

pub(super) const FUNCTIONS: &[Function] =
    &[
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
    base64_or_place(text)
        .unwrap_or_else(|at| format!("illegal base64 data at input byte {at}").into_bytes())
}

fn base64_digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Go is lenient about the last digit's spare bits, and strict about padding.
fn base64_or_place(text: &[u8]) -> Result<Vec<u8>, usize> {
    let (mut out, mut at) = (Vec::with_capacity(text.len() / 4 * 3), 0);
    let skip = |mut at: usize| {
        while matches!(text.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        at
    };
    loop {
        let (mut bits, mut count) = (0_u32, 0);
        while count < 4 {
            let Some(byte) = text.get(at) else {
                return if count == 0 { Ok(out) } else { Err(at - count) };
            };
            at += 1;
            if matches!(byte, b'\r' | b'\n') {
                continue;
            }
            if let Some(digit) = base64_digit(*byte) {
                bits = bits << 6 | digit;
                count += 1;
                continue;
            }
            if *byte != b'=' || count < 2 {
                return Err(at - 1);
            }
            at = skip(at);
            if count == 2 {
                match text.get(at) {
                    None => return Err(text.len()),
                    Some(b'=') => at = skip(at + 1),
                    Some(_) => return Err(at),
                }
            }
            if at < text.len() {
                return Err(at);
            }
            bits <<= 6 * (4 - count);
            out.extend_from_slice(&bits.to_be_bytes()[1..count]);
            return Ok(out);
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..4]);
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
    let clean: Vec<u8> =
        text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < clean.len() {
        let (mut bits, mut count) = (0_u64, 0);
        let mut ended = false;
        while count < 8 {
            let Some(byte) = clean.get(at) else { return Err(at - count) };
            at += 1;
            let left = clean.len() - at;
            if *byte == b'=' && count >= 2 && left < 8 {
                if left + count < 7 {
                    return Err(clean.len());
                }
                let padding = &clean[at..(at + 7 - count).min(clean.len())];
                if let Some(wrong) = padding.iter().position(|byte| *byte != b'=') {
                    return Err((at + wrong).saturating_sub(1));
                }
                if matches!(count, 1 | 3 | 6) {
                    return Err(at - 1);
                }
                ended = true;
                break;
            }
            let Some(digit) = BASE32.iter().position(|own| own == byte) else { return Err(at - 1) };
            bits |= u64::try_from(digit).unwrap_or(0) << (35 - 5 * count);
            count += 1;
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + count * 5 / 8]);
        if ended {
            break;
        }
    }
    Ok(out)
}
