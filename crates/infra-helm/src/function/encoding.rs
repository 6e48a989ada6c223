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
