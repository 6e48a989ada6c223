//! Random texts, from the environment's source.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Function, Outcome, integer, lossy, typed};
use crate::{
    exec::{Failure, Session},
    value::{
        Parameter::{Int, String},
        Value,
    },
};

const DIGITS: &str = "0123456789";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(super) const FUNCTIONS: &[Function] = &[
    typed("randAlphaNum", &[Int], None, |session, v| {
        text(session, &v[0], &format!("{DIGITS}{LETTERS}"))
    }),
    typed("randAlpha", &[Int], None, |session, v| text(session, &v[0], LETTERS)),
    typed("randNumeric", &[Int], None, |session, v| text(session, &v[0], DIGITS)),
    typed("randAscii", &[Int], None, |session, v| {
        let printable: std::string::String = (' '..='~').collect();
        text(session, &v[0], &printable)
    }),
    typed("randBytes", &[Int], None, |session, v| {
        let Ok(count) = usize::try_from(integer(&v[0])) else {
            return Err("runtime error: makeslice: len out of range".into());
        };
        session.spend(count.saturating_mul(2))?;
        let mut buffer = vec![0; count];
        session.environment.random(&mut buffer);
        Ok(Value::string(STANDARD.encode(buffer)))
    }),
    typed("randInt", &[Int, Int], None, |session, v| {
        let (low, high) = (integer(&v[0]), integer(&v[1]));
        match high
            .checked_sub(low)
            .and_then(|span| u64::try_from(span).ok())
            .filter(|span| *span > 0)
        {
            Some(span) => {
                let offset = i64::try_from(below(session, span)).unwrap_or(0);
                Ok(Value::int(low + offset))
            }
            None => Err("invalid argument to Intn".into()),
        }
    }),
    typed("shuffle", &[String], None, |session, v| {
        let mut runes: Vec<char> = lossy(&v[0]).chars().collect();
        for at in (1..runes.len()).rev() {
            let span = u64::try_from(at + 1).unwrap_or(1);
            runes.swap(at, usize::try_from(below(session, span)).unwrap_or(0));
        }
        Ok(Value::string(runes.into_iter().collect::<std::string::String>()))
    }),
    typed("uuidv4", &[], None, |session, _| {
        let mut bytes = [0; 16];
        session.environment.random(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex::encode(bytes);
        let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
        Ok(Value::string(parts.join("-")))
    }),
];

/// A number below `span`, each as likely as the others.
fn below(session: &Session, span: u64) -> u64 {
    let fair = u64::MAX - u64::MAX % span;
    loop {
        let mut bytes = [0; 8];
        session.environment.random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < fair {
            return number % span;
        }
    }
}

fn text(session: &mut Session, count: &Value, alphabet: &str) -> Outcome {
    let count = usize::try_from(integer(count)).map_err(|_| {
        let shown = integer(count);
        Failure::Message(format!("randomstring: count must be positive, got {shown}"))
    });
    // Sprig swallows the error, and the text is empty.
    let Ok(count) = count else { return Ok(Value::string("")) };
    session.spend(count)?;
    let alphabet = alphabet.as_bytes();
    let limit = 256 - 256 % alphabet.len();
    let mut out = Vec::with_capacity(count);
    let mut buffer = [0; 64];
    while out.len() < count {
        session.step()?;
        session.environment.random(&mut buffer);
        let fair = buffer.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < limit);
        out.extend(fair.map(|byte| alphabet[byte % alphabet.len()]).take(count - out.len()));
    }
    Ok(Value::string(out))
}
