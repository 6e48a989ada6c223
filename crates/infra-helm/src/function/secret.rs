//! Keys, certificates, password hashes, encryption.

use std::{net::IpAddr, rc::Rc};

use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Function, Outcome, bytes, cast, integer, lossy, typed};
use crate::{
    crypto::{Authority, Key, KeyKind, Source, Subject, derive_password, issue, pem, pem_body},
    exec::{Failure, Session},
    value::{
        Object,
        Parameter::{self, Int, List, Named, String},
        Value,
    },
};

const CERTIFICATE: Parameter = Named("sprig.certificate");

pub(super) const FUNCTIONS: &[Function] = &[
    typed("bcrypt", &[String], None, |session, v| hashed(session, bytes(&v[0])).map(Value::string)),
    typed("htpasswd", &[String, String], None, |session, v| {
        let user = lossy(&v[0]);
        if user.contains(':') {
            return Ok(Value::string(format!("invalid username: {user}")));
        }
        Ok(Value::string(format!("{user}:{}", hashed(session, bytes(&v[1]))?)))
    }),
    typed("derivePassword", &[Int, String, String, String, String], None, |session, v| {
        // Each costs 32 MiB and a tenth of a second.
        session.spend(1 << 20)?;
        let counter = u32::try_from(integer(&v[0])).map_err(|_| {
            Failure::Message("wrong type for value; expected uint32; got int".to_owned())
        })?;
        let [kind, password, user, site] = [1, 2, 3, 4].map(|index| lossy(&v[index]));
        Ok(Value::string(
            derive_password(counter, &kind, &password, &user, &site).unwrap_or_else(|text| text),
        ))
    }),
    typed("genPrivateKey", &[String], None, |session, v| {
        let kind = match &*lossy(&v[0]) {
            "" | "rsa" => KeyKind::Rsa(4096),
            "ecdsa" => KeyKind::Ecdsa,
            "ed25519" => KeyKind::Ed25519,
            "dsa" => return signature_key(session),
            other => return Ok(Value::string(format!("Unknown type {other}"))),
        };
        Ok(Value::string(made(session, kind)?.to_pem()?))
    }),
    typed("genCA", &[String, Int], None, |session, v| {
        let key = made(session, KeyKind::Rsa(2048))?;
        authority(session, &v[0], &v[1], &key)
    }),
    typed("genCAWithKey", &[String, Int, String], None, |session, v| {
        let key = given(&v[2])?;
        authority(session, &v[0], &v[1], &key)
    }),
    typed("genSelfSignedCert", &[String, List, List, Int], None, |session, v| {
        let key = made(session, KeyKind::Rsa(2048))?;
        certificate(session, v, &key, Authority::Own)
    }),
    typed("genSelfSignedCertWithKey", &[String, List, List, Int, String], None, |session, v| {
        let key = given(&v[4])?;
        certificate(session, v, &key, Authority::Own)
    }),
    typed("genSignedCert", &[String, List, List, Int, CERTIFICATE], None, |session, v| {
        let key = made(session, KeyKind::Rsa(2048))?;
        signed(session, v, &key)
    }),
    typed(
        "genSignedCertWithKey",
        &[String, List, List, Int, CERTIFICATE, String],
        None,
        |session, v| {
            let key = given(&v[5])?;
            signed(session, v, &key)
        },
    ),
    typed("buildCustomCert", &[String, String], None, |_, v| custom(v)),
    typed("encryptAES", &[String, String], None, encrypt),
    typed("decryptAES", &[String, String], None, decrypt),
];

fn hashed(session: &mut Session, password: &[u8]) -> Result<std::string::String, Failure> {
    session.spend(1 << 16)?;
    if password.len() > 72 {
        // Sprig answers with the error's text.
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
                .to_owned(),
        );
    }
    let mut salt = [0; 16];
    session.environment.random(&mut salt);
    let parts = bcrypt::hash_with_salt(password, 10, salt)
        .map_err(|fault| format!("failed to encrypt string with bcrypt: {fault}"))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

/// A key costs what a large text costs, so that a chart cannot make them without end.
fn made(session: &mut Session, kind: KeyKind) -> Result<Key, Failure> {
    session.spend(1 << 20)?;
    Ok(Key::generate(kind, &mut Source(session.environment.clone()))?)
}

fn given(text: &Value) -> Result<Key, Failure> {
    Key::read(bytes(text)).map_err(|fault| format!("parsing private key: {fault}").into())
}

/// DSA's parameters are searched for anew, as in Go.
fn signature_key(session: &mut Session) -> Outcome {
    session.spend(1 << 24)?;
    let mut source = Source(session.environment.clone());
    let size = dsa::KeySize::DSA_2048_256;
    let components = dsa::Components::try_generate_from_rng_with_key_size(&mut source, size)
        .map_err(|_| Failure::Message("failed to generate private key".to_owned()))?;
    let key = dsa::SigningKey::try_generate_from_rng_with_components(&mut source, components)
        .map_err(|_| Failure::Message("failed to generate private key".to_owned()))?;
    let public = key.verifying_key();
    let own = public.components();
    let numbers = [
        Box::from([0_u8]),
        own.p().to_be_bytes(),
        own.q().to_be_bytes(),
        own.g().to_be_bytes(),
        public.y().to_be_bytes(),
        key.x().to_be_bytes(),
    ];
    Ok(Value::string(pem("DSA PRIVATE KEY", &crate::crypto::integers(&numbers))))
}

/// What the `gen` functions give: `.Cert` and `.Key`.
#[derive(Debug)]
struct Certificate {
    certificate: std::string::String,
    key: std::string::String,
}

impl Object for Certificate {
    fn type_name(&self) -> &str {
        "sprig.certificate"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::string(&self.certificate)), ("Key", Value::string(&self.key))]
    }
}

fn authority(session: &mut Session, name: &Value, days: &Value, key: &Key) -> Outcome {
    let name = lossy(name);
    let subject = Subject {
        name: &name,
        addresses: &[],
        names: &[],
        is_authority: true,
        ..subject(session, &name, days)
    };
    finished(&subject, key, Authority::Own)
}

fn subject<'a>(session: &Session, name: &'a str, days: &Value) -> Subject<'a> {
    let mut serial = [0; 16];
    session.environment.random(&mut serial);
    let from = session.environment.now().seconds;
    let until = from.saturating_add(integer(days).saturating_mul(86_400));
    Subject { name, addresses: &[], names: &[], is_authority: false, from, until, serial }
}

fn finished(subject: &Subject<'_>, key: &Key, authority: Authority<'_>) -> Outcome {
    let body = issue(subject, key, authority)
        .map_err(|fault| format!("error creating certificate: {fault}"))?;
    let certificate = pem("CERTIFICATE", &body);
    Ok(Value::Object(Rc::new(Certificate { certificate, key: key.to_pem()? })))
}

fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.items.clone(),
        _ => Vec::new(),
    }
}

fn certificate(
    session: &mut Session,
    values: &[Value],
    key: &Key,
    authority: Authority<'_>,
) -> Outcome {
    let name = lossy(&values[0]);
    let mut addresses = Vec::new();
    for item in items(&values[1]) {
        let Value::String(_) = item else {
            let shown = std::string::String::from_utf8_lossy(&cast::text(&item)).into_owned();
            return Err(format!("error parsing ip: {shown} is not a string").into());
        };
        let shown = lossy(&item).into_owned();
        let address: IpAddr = shown.parse().map_err(|_| format!("error parsing ip: {shown}"))?;
        addresses.push(address);
    }
    let mut names = Vec::new();
    for item in items(&values[2]) {
        let Value::String(_) = item else {
            let shown = std::string::String::from_utf8_lossy(&cast::text(&item)).into_owned();
            return Err(
                format!("error processing alternate dns name: {shown} is not a string").into()
            );
        };
        names.push(lossy(&item).into_owned());
    }
    let subject =
        Subject { addresses: &addresses, names: &names, ..subject(session, &name, &values[3]) };
    finished(&subject, key, authority)
}

fn signed(session: &mut Session, values: &[Value], key: &Key) -> Outcome {
    let (certificate_text, key_text) = parts(&values[4]);
    let (_, body) = pem_body(&certificate_text).ok_or("unable to decode certificate")?;
    let signer =
        Key::read(&key_text).map_err(|fault| format!("error parsing private key: {fault}"))?;
    certificate(session, values, key, Authority::Other(&body, &signer))
}

fn parts(value: &Value) -> (Vec<u8>, Vec<u8>) {
    let Value::Object(object) = value else { return (Vec::new(), Vec::new()) };
    let field =
        |name: &[u8]| object.field(name).map(|text| bytes(&text).to_vec()).unwrap_or_default();
    (field(b"Cert"), field(b"Key"))
}

fn custom(values: &[Value]) -> Outcome {
    let decoded = |value: &Value, what: &str| {
        STANDARD.decode(bytes(value)).map_err(|_| format!("unable to decode base64 {what}"))
    };
    let certificate = decoded(&values[0], "certificate")?;
    let key = decoded(&values[1], "key")?;
    if pem_body(&certificate).is_none() {
        return Err("unable to decode certificate".into());
    }
    Key::read(&key).map_err(|fault| format!("error parsing private key: {fault}"))?;
    let text = |bytes: Vec<u8>| std::string::String::from_utf8_lossy(&bytes).into_owned();
    Ok(Value::Object(Rc::new(Certificate { certificate: text(certificate), key: text(key) })))
}

/// The password's first 32 bytes, filled with zeros.
fn cipher(password: &Value) -> aes::Aes256 {
    let mut key = [0; 32];
    for (own, byte) in key.iter_mut().zip(bytes(password)) {
        *own = *byte;
    }
    aes::Aes256::new(&key.into())
}

fn encrypt(session: &mut Session, values: &[Value]) -> Outcome {
    let (cipher, text) = (cipher(&values[0]), bytes(&values[1]));
    session.spend(text.len().saturating_mul(2))?;
    let fill = 16 - text.len() % 16;
    let mut padded = text.to_vec();
    padded.resize(text.len() + fill, u8::try_from(fill).unwrap_or(16));
    let mut previous = [0; 16];
    session.environment.random(&mut previous);
    let mut out = previous.to_vec();
    for part in padded.chunks(16) {
        let mut block = Block::<aes::Aes256>::default();
        for (index, byte) in part.iter().enumerate() {
            block[index] = byte ^ previous[index];
        }
        cipher.encrypt_block(&mut block);
        previous = block.into();
        out.extend_from_slice(&previous);
    }
    Ok(Value::string(STANDARD.encode(out)))
}

fn decrypt(_: &mut Session, values: &[Value]) -> Outcome {
    let cipher = cipher(&values[0]);
    let data = STANDARD
        .decode(bytes(&values[1]))
        .map_err(|_| Failure::Message("illegal base64 data".to_owned()))?;
    if data.len() < 32 || !data.len().is_multiple_of(16) {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let mut out = Vec::new();
    for (index, part) in data.chunks(16).enumerate().skip(1) {
        let mut block = Block::<aes::Aes256>::default();
        block.copy_from_slice(part);
        cipher.decrypt_block(&mut block);
        let before = &data[(index - 1) * 16..index * 16];
        out.extend(block.iter().zip(before).map(|(byte, mask)| byte ^ mask));
    }
    let fill = usize::from(out.last().copied().unwrap_or(0));
    if fill > out.len() {
        return Err("runtime error: slice bounds out of range".into());
    }
    out.truncate(out.len() - fill);
    Ok(Value::string(out))
}
