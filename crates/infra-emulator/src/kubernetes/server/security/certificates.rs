//! The cluster's own certificate authority, its serving certificate and client certificates.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::files;
use crate::kubernetes::server::EmulatorError;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The certificate authority of one cluster.
pub(crate) struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Reads the authority of a directory, or makes one there (`ca.crt`, `ca.key`, both readable by the owner alone).
    ///
    /// # Errors
    /// When the files cannot be read, written or understood.
    pub(crate) fn open(directory: &Path, cluster: &str) -> Result<Self, EmulatorError> {
        let (certificate_path, key_path) = (directory.join("ca.crt"), directory.join("ca.key"));
        let read = |path: &Path| {
            files::read_if_there(path).map_err(|source| EmulatorError::File {
                action: "read",
                path: path.to_owned(),
                source,
            })
        };
        if let (Some(certificate), Some(key)) = (read(&certificate_path)?, read(&key_path)?) {
            let damaged = |path: &Path, reason: String| EmulatorError::Damaged {
                path: path.to_owned(),
                reason,
            };
            let pem = String::from_utf8(certificate)
                .map_err(|error| damaged(&certificate_path, error.to_string()))?;
            let der = CertificateDer::from_pem_slice(pem.as_bytes())
                .map_err(|error| damaged(&certificate_path, error.to_string()))?;
            let key = KeyPair::from_pem(&String::from_utf8_lossy(&key))
                .map_err(|error| damaged(&key_path, error.to_string()))?;
            return Ok(Self { pem, der, issuer: Issuer::new(authority_params(cluster), key) });
        }
        let key = KeyPair::generate().map_err(certificate_error)?;
        let params = authority_params(cluster);
        let certificate = params.self_signed(&key).map_err(certificate_error)?;
        let pem = certificate.pem();
        for (path, content) in [(&key_path, key.serialize_pem()), (&certificate_path, pem.clone())]
        {
            files::write_private(path, content.as_bytes()).map_err(|source| {
                EmulatorError::File { action: "write", path: path.clone(), source }
            })?;
        }
        Ok(Self { pem, der: certificate.der().clone(), issuer: Issuer::new(params, key) })
    }

    /// The authority's certificate as PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A client certificate and its key as PEM, valid for `days`.
    ///
    /// # Errors
    /// When no key can be made.
    pub(crate) fn client_certificate(
        &self,
        user: &str,
        groups: &[&str],
        days: u32,
    ) -> Result<(String, String), EmulatorError> {
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, user);
        for group in groups {
            subject.push(DnType::OrganizationName, *group);
        }
        params.distinguished_name = subject;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        valid_for(&mut params, DAY * days);
        let key = KeyPair::generate().map_err(certificate_error)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(certificate_error)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// The configuration that the API is served with: HTTP/2 and HTTP/1.1, client certificates of this authority welcome.
    ///
    /// # Errors
    /// When no certificate can be made.
    pub(crate) fn server_config(
        &self,
        names: &[String],
    ) -> Result<Arc<ServerConfig>, EmulatorError> {
        let mut params = CertificateParams::new(names.to_vec()).map_err(certificate_error)?;
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, "kube-apiserver");
        params.distinguished_name = subject;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid_for(&mut params, DAY * 365);
        let key = KeyPair::generate().map_err(certificate_error)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(certificate_error)?;
        let chain = vec![certificate.der().clone(), self.der.clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).map_err(tls_error)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .allow_unauthenticated()
                .build()
                .map_err(|error| EmulatorError::Certificate(error.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(tls_error)?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(tls_error)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The name and the uses of an authority; with its key they are all that an issuer needs.
fn authority_params(cluster: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, format!("kubernetes-{cluster}"));
    params.distinguished_name = subject;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    valid_for(&mut params, DAY * 3650);
    params
}

fn valid_for(params: &mut CertificateParams, time: Duration) {
    let now = infra_clock::wall_now();
    // A minute back, so that clients whose clock is a little late accept it.
    params.not_before = (now - Duration::from_secs(60)).into();
    params.not_after = (now + time).into();
}

fn certificate_error(error: rcgen::Error) -> EmulatorError {
    EmulatorError::Certificate(error.to_string())
}

fn tls_error(error: rustls::Error) -> EmulatorError {
    EmulatorError::Certificate(error.to_string())
}
