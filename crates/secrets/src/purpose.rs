//! What a key may be used for, as a type: a key from a weaker source does not fit where a live one is
//! asked for.

use std::marker::PhantomData;

use reqwest::header::HeaderValue;

use crate::{Scheme, Secret, SecretsError, Signature, Signer};

/// What a key may be used for: [`Paper`] or [`Live`], and nothing else.
pub trait Purpose: sealed::Sealed + Send + Sync + 'static {}

/// Paper trading and development.
#[derive(Debug, Clone, Copy)]
pub enum Paper {}

/// Trading at a venue.
#[derive(Debug, Clone, Copy)]
pub enum Live {}

impl Purpose for Paper {}
impl Purpose for Live {}

mod sealed {
    #[expect(unnameable_types, reason = "so that there is no third purpose")]
    pub trait Sealed {}
    impl Sealed for super::Paper {}
    impl Sealed for super::Live {}
}

/// What a venue knows its customer by: a name that goes into a header, and a key that signs. It has no
/// `Debug`, `Display`, `Clone`, `Serialize`, `PartialEq` or `Deref`.
///
/// A key from the environment is for paper alone:
///
/// ```compile_fail,E0308
/// use ios012_secrets::{Credential, Environment, Live, Scheme, SecretsError};
/// fn live(environment: &Environment) -> Result<Credential<Live>, SecretsError> {
///     environment.credential("KEY", "SECRET", Scheme::HmacSha256)
/// }
/// ```
pub struct Credential<P> {
    name: Secret,
    signer: Signer,
    purpose: PhantomData<P>,
}

impl<P: Purpose> Credential<P> {
    pub(crate) fn new(name: Secret, secret: &Secret, scheme: Scheme) -> Result<Self, SecretsError> {
        let signer = Signer::new(secret, scheme)?;
        Ok(Self {
            name,
            signer,
            purpose: PhantomData,
        })
    }

    /// The name for a header, marked sensitive.
    ///
    /// # Errors
    /// None: a secret always is a header's value.
    pub fn name_header(&self) -> Result<HeaderValue, SecretsError> {
        self.name.header_value()
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.signer.sign(message)
    }
}
