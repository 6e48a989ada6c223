//! Private keys: made, read from PEM, written, used to sign.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer;
use p256::{ecdsa::signature::hazmat::PrehashSigner, elliptic_curve::Generate};
use rsa::{
    pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey},
    pkcs8::{DecodePrivateKey, EncodePublicKey},
};
use sha2::Digest;

use super::{der, source::Source};

/// Which key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// RSA with so many bits.
    Rsa(usize),
    /// ECDSA on P-256.
    Ecdsa,
    Ed25519,
}

/// A private key.
pub(crate) enum Key {
    Rsa(Box<rsa::PrivateKey>),
    Ecdsa(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// OID 1.2.840.113549.1.1.11
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// OID 1.2.840.10045.4.3.2
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// OID 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// OID 1.2.840.113549.1.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// OID 1.2.840.10045.2.1 and 1.2.840.10045.3.1.7
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// The prefix of a SHA-256 digest in an RSA signature.
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A PEM block.
pub(crate) fn pem(label: &str, body: &[u8]) -> String {
    let encoded = STANDARD.encode(body);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The label and body of the first PEM block.
pub(crate) fn pem_body(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(text);
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let clean: String = body
        .lines()
        .filter(|line| !line.contains(':'))
        .flat_map(|line| line.trim().chars())
        .collect();
    Some((label.to_owned(), STANDARD.decode(clean).ok()?))
}

impl Key {
    pub(crate) fn generate(kind: KeyKind, source: &mut Source) -> Result<Self, String> {
        Ok(match kind {
            KeyKind::Rsa(bits) => {
                let key = rsa::PrivateKey::new(source, bits)
                    .map_err(|fault| format!("error generating rsa key: {fault}"))?;
                Self::Rsa(Box::new(key))
            }
            KeyKind::Ecdsa => Self::Ecdsa(p256::ecdsa::SigningKey::generate_from_rng(source)),
            KeyKind::Ed25519 => {
                let mut secret = [0; 32];
                source.0.random(&mut secret);
                Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&secret))
            }
        })
    }

    /// Reads a PEM block: PKCS #1, SEC 1 or PKCS #8.
    pub(crate) fn read(text: &[u8]) -> Result<Self, String> {
        let (label, body) = pem_body(text).ok_or("no PEM data in input")?;
        let wrong = || format!("no private key data in PEM block of type {label}");
        match label.as_str() {
            "RSA PRIVATE KEY" => rsa::PrivateKey::from_pkcs1_der(&body)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|_| "x509: failed to parse private key".to_owned()),
            "EC PRIVATE KEY" => ec_scalar(&body)
                .and_then(|scalar| p256::ecdsa::SigningKey::from_slice(scalar).ok())
                .map(Self::Ecdsa)
                .ok_or_else(|| "x509: failed to parse EC private key".to_owned()),
            "PRIVATE KEY" => rsa::PrivateKey::from_pkcs8_der(&body)
                .map(|key| Self::Rsa(Box::new(key)))
                .ok()
                .or_else(|| {
                    ed25519_dalek::SigningKey::from_pkcs8_der(&body).map(Self::Ed25519).ok()
                })
                .or_else(|| p256::ecdsa::SigningKey::from_pkcs8_der(&body).map(Self::Ecdsa).ok())
                .ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    /// As Go writes it: PKCS #1, SEC 1 or PKCS #8.
    pub(crate) fn to_pem(&self) -> Result<String, String> {
        Ok(match self {
            Self::Rsa(key) => {
                let body = key.to_pkcs1_der().map_err(|fault| fault.to_string())?;
                pem("RSA PRIVATE KEY", body.as_bytes())
            }
            Self::Ecdsa(key) => {
                let body = der::sequence(&[
                    der::integer(&[1]),
                    der::octets(&key.to_bytes()),
                    der::tagged(0xa0, &der::object(P256)),
                    der::tagged(0xa1, &der::bits(&self.public_bits()?, 0)),
                ]);
                pem("EC PRIVATE KEY", &body)
            }
            Self::Ed25519(key) => {
                let body = der::sequence(&[
                    der::integer(&[0]),
                    der::sequence(&[der::object(ED25519)]),
                    der::octets(&der::octets(&key.to_bytes())),
                ]);
                pem("PRIVATE KEY", &body)
            }
        })
    }

    /// The public key's own bits.
    pub(super) fn public_bits(&self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Rsa(key) => key
                .to_public_key()
                .to_pkcs1_der()
                .map_err(|fault| fault.to_string())?
                .as_bytes()
                .to_vec(),
            Self::Ecdsa(key) => {
                let public =
                    key.verifying_key().to_public_key_der().map_err(|fault| fault.to_string())?;
                let (inside, _) = der::open(public.as_bytes(), 0x30).ok_or("no public key")?;
                let (_, rest) = der::whole(inside).ok_or("no public key")?;
                let (bits, _) = der::open(rest, 0x03).ok_or("no public key")?;
                bits.get(1..).unwrap_or_default().to_vec()
            }
            Self::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
        })
    }

    /// The public key with its algorithm, as certificates hold it.
    pub(super) fn public_info(&self) -> Result<Vec<u8>, String> {
        let algorithm = match self {
            Self::Rsa(_) => der::sequence(&[der::object(RSA), der::null()]),
            Self::Ecdsa(_) => der::sequence(&[der::object(EC), der::object(P256)]),
            Self::Ed25519(_) => der::sequence(&[der::object(ED25519)]),
        };
        Ok(der::sequence(&[algorithm, der::bits(&self.public_bits()?, 0)]))
    }

    /// The algorithm of this key's signatures.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => der::sequence(&[der::object(SHA256_WITH_RSA), der::null()]),
            Self::Ecdsa(_) => der::sequence(&[der::object(ECDSA_WITH_SHA256)]),
            Self::Ed25519(_) => der::sequence(&[der::object(ED25519)]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let digest = sha2::Sha256::digest(message);
        match self {
            Self::Rsa(key) => {
                let prefixed = [&DIGEST_INFO[..], &digest[..]].concat();
                key.sign(rsa::Pkcs1v15Sign::new_unprefixed(), &prefixed)
                    .map_err(|fault| fault.to_string())
            }
            Self::Ecdsa(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&digest).map_err(|fault| fault.to_string())?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
        }
    }
}

/// The scalar of a SEC 1 key.
fn ec_scalar(body: &[u8]) -> Option<&[u8]> {
    let (inside, _) = der::open(body, 0x30)?;
    let (_, rest) = der::whole(inside)?;
    Some(der::open(rest, 0x04)?.0)
}
