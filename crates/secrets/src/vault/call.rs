//! One request to Vault, by the project's own client.

use reqwest::header::HeaderName;
use rustify::Endpoint;
use secrecy::zeroize::Zeroizing;

use super::Vault;
use crate::{Secret, SecretsError};

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");

/// The status and the body of an answer, whose memory is wiped when it is dropped.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// What a status means that is no success.
    pub(super) fn error(&self) -> SecretsError {
        match self.status {
            300..=399 => SecretsError::Redirected,
            403 => SecretsError::Denied,
            404 => SecretsError::NoKey,
            503 => SecretsError::Sealed,
            status => SecretsError::Answered { status },
        }
    }
}

impl Vault {
    /// Sends a request, once, and gives the body of a success.
    pub(super) async fn ask(
        &self,
        request: &impl Endpoint,
        token: Option<&Secret>,
    ) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let answer = self.send(request, token).await?;
        if matches!(answer.status, 200 | 204) {
            Ok(answer.body)
        } else {
            Err(answer.error())
        }
    }

    /// Sends a request, once, and gives whatever is answered.
    pub(super) async fn send(
        &self,
        request: &impl Endpoint,
        token: Option<&Secret>,
    ) -> Result<Answer, SecretsError> {
        let path = request.path();
        // Some of the library's paths begin with a tab or a slash.
        let parts = path.trim().split('/').filter(|part| !part.is_empty());
        let mut address = self.address.below("v1")?;
        for part in parts {
            address = address.below(part)?;
        }
        let body = request.body().map_err(|_| SecretsError::NotFromVault)?;
        let header = match token {
            Some(token) => Some((TOKEN, token.header_value()?)),
            None => None,
        };
        let method = request.method().into();
        let answered = self
            .https
            .call(method, &address, header, body.unwrap_or_default());
        let (status, body) = answered.await?;
        Ok(Answer { status, body })
    }
}
