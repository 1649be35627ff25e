//! The HTTPS client.

use std::error::Error;
use std::io;
use std::time::Duration;

#[cfg(feature = "vault")]
use reqwest::Method;
#[cfg(feature = "vault")]
use reqwest::header::HeaderName;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response};
use rustls::crypto::ring;
use secrecy::zeroize::Zeroizing;

use crate::{Address, SecretsError};

const CONNECT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(5);
/// Bytes of an answer that is read: many signatures.
const LONGEST: usize = 64 << 10;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Who may vouch for a server.
#[derive(Debug, Clone, Copy)]
pub enum Roots<'pem> {
    /// The roots of the system.
    System,
    /// These certificates, in PEM form, and no other.
    Only(&'pem [u8]),
}

/// A client that speaks https alone: it follows no redirect, uses no proxy, repeats nothing, sends
/// no referer, keeps no connection, and gives up after 5 s. It has no `Debug`.
pub struct Https(Client);

impl Https {
    /// # Errors
    /// [`SecretsError::BadRoots`], [`SecretsError::NoTls`].
    pub fn new(roots: Roots<'_>) -> Result<Self, SecretsError> {
        // The first one stays; there is no other in this program (deny.toml).
        let _ = ring::default_provider().install_default();
        let builder = Client::builder()
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT)
            .timeout(WHOLE);
        let builder = match roots {
            Roots::System => builder,
            Roots::Only(pem) => {
                let certificates =
                    Certificate::from_pem_bundle(pem).map_err(|_| SecretsError::BadRoots)?;
                if certificates.is_empty() {
                    return Err(SecretsError::BadRoots);
                }
                builder.tls_certs_only(certificates)
            }
        };
        builder.build().map(Self).map_err(|_| SecretsError::NoTls)
    }

    /// Posts JSON, once. Any status but 2xx is an error; the answer's body is not read.
    ///
    /// # Errors
    /// [`SecretsError`], never with a part of the address or of what was answered.
    pub async fn post_json(&self, to: &Address, body: Vec<u8>) -> Result<(), SecretsError> {
        let request = self.0.post(to.as_str()).header(CONTENT_TYPE, JSON);
        let status = sent(request.body(body)).await?.status();
        if status.is_success() {
            Ok(())
        } else {
            let status = status.as_u16();
            Err(SecretsError::Answered { status })
        }
    }

    /// Posts a text, once, and reads what is answered, whatever the status is.
    ///
    /// # Errors
    /// [`SecretsError`], never with a part of the address or of what was answered.
    pub async fn post_text(&self, to: &Address, body: String) -> Result<TextAnswer, SecretsError> {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        let request = self.0.post(to.as_str()).header(CONTENT_TYPE, text);
        let (status, bytes) = read(sent(request.body(body)).await?).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretsError::NotAText)?;
        Ok(TextAnswer {
            status,
            text: text.to_owned(),
        })
    }

    /// Sends a request of any method with one sensitive header, once, and reads what is answered, whatever the
    /// status is. The body that was read is wiped when it is dropped.
    #[cfg(feature = "vault")]
    pub(crate) async fn call(
        &self,
        method: Method,
        to: &Address,
        secret: Option<(HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), SecretsError> {
        let mut request = self.0.request(method, to.as_str());
        if let Some((name, value)) = secret {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, JSON).body(body);
        }
        read(sent(request).await?).await
    }
}

async fn sent(request: RequestBuilder) -> Result<Response, SecretsError> {
    request.send().await.map_err(|error| cause_of(&error))
}

/// The status and the body, which may not be longer than [`LONGEST`].
async fn read(mut answer: Response) -> Result<(u16, Zeroizing<Vec<u8>>), SecretsError> {
    let status = answer.status().as_u16();
    // It never grows: a vector that moves would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    while let Some(part) = answer.chunk().await.map_err(|error| cause_of(&error))? {
        if part.len() > LONGEST.saturating_sub(bytes.len()) {
            return Err(SecretsError::NotAText);
        }
        bytes.extend_from_slice(&part);
    }
    Ok((status, bytes))
}

/// The status and the text of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextAnswer {
    /// Status of HTTP.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// The code of an error of the library; its text and its sources end here.
fn cause_of(error: &reqwest::Error) -> SecretsError {
    if is_of_certificate(error) {
        SecretsError::Untrusted
    } else if error.is_timeout() {
        let within_s = WHOLE.as_secs();
        SecretsError::TimedOut { within_s }
    } else if error.is_connect() {
        SecretsError::Unreachable
    } else {
        SecretsError::Cut
    }
}

fn is_of_certificate(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // An I/O error that wraps another one does not give it as its source.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if wrapped.is_some_and(|inner| is_of_certificate(inner)) {
            return true;
        }
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        next = error.source();
    }
    false
}
