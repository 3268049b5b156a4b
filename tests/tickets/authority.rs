//! An authority of certificates, made by openssl, and web servers that have one of it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::command::run;

/// An authority, in a folder of its own.
pub(crate) struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let authority = Self { folder: tempfile::tempdir().expect("a folder") };
        authority.openssl("authority", name, &["-addext", "keyUsage=keyCertSign"]);
        authority
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("authority.pem")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a server has that the authority vouches for by these names: `DNS:NAME` or `IP:ADDRESS`.
    pub(crate) fn server(&self, names: &str) -> Arc<ServerConfig> {
        let (pem, key) = (self.certificate(), self.path("authority.key"));
        let (pem, key) = (pem.to_str().expect("a path of text"), key.to_str().expect("a path of text"));
        let names = format!("subjectAltName={names}");
        let more = ["-CA", pem, "-CAkey", key, "-addext", &names, "-addext", "basicConstraints=critical,CA:false"];
        self.openssl("server", "server", &more);
        let certificate = CertificateDer::from_pem_file(self.path("server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(self.path("server.key")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Arc::new(config.expect("a key of the certificate"))
    }

    /// Files with a key and a certificate for a subject, signed by itself where `more` does not say otherwise.
    fn openssl(&self, name: &str, subject: &str, more: &[&str]) {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        command.args(["-subj", &format!("/CN={subject}"), "-keyout"]).arg(self.path(&format!("{name}.key")));
        run(command.arg("-out").arg(self.path(&format!("{name}.pem"))).args(more)).good();
    }
}
