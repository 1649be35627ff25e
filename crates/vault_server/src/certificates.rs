//! Certificates for one run.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// Writes a server's certificate and key, and gives the file of the authority's certificate.
pub(crate) fn write(directory: &Path) -> PathBuf {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = CertificateParams::new(names).expect("names");
    let key = KeyPair::generate().expect("a key");
    let server = server.signed_by(&key, &authority).expect("signs");
    let file = |name: &str, text: String| {
        let path = directory.join(name);
        fs::write(&path, text).expect("written");
        path
    };
    file("server-key.pem", key.serialize_pem());
    file("server.pem", server.pem());
    file("ca.pem", authority.pem())
}
