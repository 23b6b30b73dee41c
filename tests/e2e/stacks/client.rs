//! A TLS client of rustls, whose reader of certificates is webpki: what they make of a daemon's handshake.
use std::convert::TryFrom;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::{ServerCertVerified, ServerCertVerifier};
use rustls::{Certificate, ClientConfig, ClientConnection, Error, ProtocolVersion, ServerName};

/// Takes every certificate that webpki can read.
struct Readable;

impl ServerCertVerifier for Readable {
    fn verify_server_cert(&self, certificate: &Certificate, _: &[Certificate], _: &ServerName,
                          _: &mut dyn Iterator<Item = &[u8]>, _: &[u8], _: SystemTime) -> Result<ServerCertVerified, Error> {
        webpki::EndEntityCert::try_from(certificate.0.as_ref())
            .map(|_| ServerCertVerified::assertion())
            .map_err(|e| Error::General(format!("{:?}", e)))
    }
}

fn main() {
    let address = std::env::args().nth(1).expect("an address");
    let mut config = ClientConfig::builder().with_safe_defaults().with_custom_certificate_verifier(Arc::new(Readable))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut client = ClientConnection::new(Arc::new(config), ServerName::try_from("holdfast.invalid").unwrap()).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    while client.is_handshaking() {
        client.complete_io(&mut socket).unwrap();
    }
    if client.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
        println!("TLS 1.3");
    }
    println!("{}", String::from_utf8_lossy(client.alpn_protocol().unwrap()));
    let certificate = &client.peer_certificates().unwrap()[0].0;
    let at = certificate.windows(12).position(|w| w == b"holdfast:v1:").expect("the account");
    std::io::stdout().write_all(&certificate[at..at + 205]).unwrap();
}
