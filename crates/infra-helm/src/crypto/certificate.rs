//! X.509 certificates as sprig has Go make them.

use std::net::IpAddr;

use sha2::Digest;

use super::{
    der::{bits, boolean, integer, object, octets, open, sequence, set, tagged, whole},
    key::Key,
};

/// Whom a certificate is for.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    pub(crate) addresses: &'a [IpAddr],
    pub(crate) names: &'a [String],
    pub(crate) is_authority: bool,
    /// First and last second, since 1970.
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) serial: [u8; 16],
}

/// Who signs.
pub(crate) enum Authority<'a> {
    /// The certificate signs itself.
    Own,
    /// Another: its certificate in DER, and its key.
    Other(&'a [u8], &'a Key),
}

fn name(common: &str) -> Vec<u8> {
    let printable = common
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte));
    let text = tagged(if printable { 0x13 } else { 0x0c }, common.as_bytes());
    // An empty name has no attributes.
    if common.is_empty() {
        return sequence(&[]);
    }
    sequence(&[set(&[sequence(&[object(&[0x55, 0x04, 0x03]), text])])])
}

fn time(seconds: i64) -> Vec<u8> {
    let at = crate::time::Time::from_unix(seconds, 0);
    let year: i64 = at.format("2006").parse().unwrap_or(0);
    if (1950..2050).contains(&year) {
        tagged(0x17, at.format("060102150405Z").as_bytes())
    } else {
        tagged(0x18, at.format("20060102150405Z").as_bytes())
    }
}

fn extension(id: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![object(&[0x55, 0x1d, id])];
    if critical {
        parts.push(boolean(true));
    }
    parts.push(octets(value));
    sequence(&parts)
}

/// The first 160 bits of the key's SHA-256 (RFC 7093).
fn key_identifier(key: &Key) -> Result<Vec<u8>, String> {
    Ok(sha2::Sha256::digest(key.public_bits()?)[..20].to_vec())
}

fn extensions(
    subject: &Subject<'_>,
    key: &Key,
    authority_id: Option<&[u8]>,
) -> Result<Vec<u8>, String> {
    // Digital signature and key encipherment; authorities sign certificates besides.
    let usage = if subject.is_authority { bits(&[0xa4], 2) } else { bits(&[0xa0], 5) };
    let purpose = |last: u8| object(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last]);
    let constraints = if subject.is_authority { sequence(&[boolean(true)]) } else { sequence(&[]) };
    let mut all = vec![
        extension(15, true, &usage),
        extension(37, false, &sequence(&[purpose(1), purpose(2)])),
        extension(19, true, &constraints),
    ];
    if subject.is_authority {
        all.push(extension(14, false, &octets(&key_identifier(key)?)));
    }
    if let Some(id) = authority_id {
        all.push(extension(35, false, &sequence(&[tagged(0x80, id)])));
    }
    let mut alternatives: Vec<Vec<u8>> =
        subject.names.iter().map(|name| tagged(0x82, name.as_bytes())).collect();
    alternatives.extend(subject.addresses.iter().map(|address| match address {
        IpAddr::V4(address) => tagged(0x87, &address.octets()),
        IpAddr::V6(address) => tagged(0x87, &address.octets()),
    }));
    if !alternatives.is_empty() {
        all.push(extension(17, subject.name.is_empty(), &sequence(&alternatives)));
    }
    Ok(tagged(0xa3, &sequence(&all)))
}

/// The subject's name of a certificate, and its key identifier.
fn issuer(certificate: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let (outer, _) = open(certificate, 0x30)?;
    let (mut rest, _) = open(outer, 0x30)?;
    if rest.first() == Some(&0xa0) {
        rest = whole(rest)?.1;
    }
    // Serial, algorithm, issuer, validity.
    for _ in 0..4 {
        rest = whole(rest)?.1;
    }
    let (subject, mut rest) = whole(rest)?;
    let mut identifier = None;
    while !rest.is_empty() {
        if let Some((extensions, _)) = open(rest, 0xa3) {
            identifier = subject_identifier(extensions);
        }
        rest = whole(rest)?.1;
    }
    Some((subject.to_vec(), identifier))
}

fn subject_identifier(extensions: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, _) = open(extensions, 0x30)?;
    while !rest.is_empty() {
        let (own, after) = open(rest, 0x30)?;
        let (id, value) = whole(own)?;
        if id == object(&[0x55, 0x1d, 14]) {
            let (inside, _) = open(value, 0x04)?;
            return Some(open(inside, 0x04)?.0.to_vec());
        }
        rest = after;
    }
    None
}

/// A certificate in DER.
pub(crate) fn issue(
    subject: &Subject<'_>,
    key: &Key,
    authority: Authority<'_>,
) -> Result<Vec<u8>, String> {
    let own_name = name(subject.name);
    let (issuer_name, authority_id, signer) = match authority {
        Authority::Own => (own_name.clone(), None, key),
        Authority::Other(certificate, signer) => {
            let (name, id) = issuer(certificate).ok_or("unable to parse certificate")?;
            (name, id, signer)
        }
    };
    let algorithm = signer.signature_algorithm();
    let body = sequence(&[
        tagged(0xa0, &integer(&[2])),
        integer(&subject.serial),
        algorithm.clone(),
        issuer_name,
        sequence(&[time(subject.from), time(subject.until)]),
        own_name,
        key.public_info()?,
        extensions(subject, key, authority_id.as_deref())?,
    ]);
    let signature = signer.sign(&body)?;
    Ok(sequence(&[body, algorithm, bits(&signature, 0)]))
}
