//! Keys, certificates and password hashes of templates, with randomness handed in.

mod certificate;
mod der;
mod derive;
mod key;
mod source;

pub(crate) use certificate::{Authority, Subject, issue};
pub(crate) use derive::derive_password;
pub(crate) use key::{Key, KeyKind, pem, pem_body};
pub(crate) use source::Source;

/// A sequence of whole numbers, each by its bytes, largest first.
pub(crate) fn integers(numbers: &[Box<[u8]>]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = numbers.iter().map(|number| der::integer(number)).collect();
    der::sequence(&parts)
}
