//! The keys of one Vault, kept good together: the token, and each key's rotation.

use std::sync::Arc;

use ios012_core::UtcTime;

use super::{Keeper, KeySettings, TokenStanding};
use crate::rotation::{Keyring, Standing};
use crate::{Credential, Purpose, SecretsError};

/// All keys that the settings name. It has no `Debug`.
pub struct Keys<P> {
    keeper: Keeper,
    rings: Vec<(KeySettings, Arc<Keyring<P>>)>,
}

/// What an operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The key's name in the settings; none if it is about the token.
    pub key: Option<String>,
    /// What is the matter.
    pub about: SecretsError,
}

/// What became of looking after the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tended {
    /// What may be done with all of them: the worst of each.
    pub standing: Standing,
    /// What was found on the way, in the order of the settings.
    pub notices: Vec<Notice>,
    /// Names of the keys that took the place of another.
    pub rotated: Vec<String>,
}

impl<P: Purpose> Keys<P> {
    /// Reads each key, holds it against its policy and tries it at its venue.
    ///
    /// # Errors
    /// Those of [`super::Vault::read`], [`Keyring::first`] and `probe`, with the key's name: a program that begins needs
    /// all of its keys.
    pub async fn begin(
        keeper: Keeper,
        now: UtcTime,
        probe: impl AsyncFn(&KeySettings, &Credential<P>) -> Result<(), SecretsError>,
    ) -> Result<Self, Notice> {
        let mut rings = Vec::new();
        for settings in keeper.vault().settings().keys.clone() {
            let begun = async {
                let stored = keeper.read(&settings).await?;
                let first = Keyring::first(stored, settings.scheme, settings.policy, now)?;
                let probed = first.probe(async |key: &Credential<P>| probe(&settings, key).await);
                Ok(Arc::new(Keyring::new(probed.await?)))
            };
            let ring = begun.await.map_err(|about| Notice {
                key: Some(settings.name.clone()),
                about,
            })?;
            rings.push((settings, ring));
        }
        Ok(Self { keeper, rings })
    }

    /// The keyring of a name in the settings.
    pub fn ring(&self, name: &str) -> Option<Arc<Keyring<P>>> {
        let mut rings = self.rings.iter();
        let found = rings.find(|(settings, _)| settings.name == name);
        found.map(|(_, ring)| Arc::clone(ring))
    }

    /// The token's keeper.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Renews the token, takes new keys over, drops old ones, and says what may be done. To be called every few
    /// seconds. A new key that is refused leaves the one in use in its place.
    pub async fn tend(
        &mut self,
        now: UtcTime,
        probe: impl AsyncFn(&KeySettings, &Credential<P>) -> Result<(), SecretsError>,
    ) -> Tended {
        let mut tended = Tended {
            standing: Standing::Trading,
            notices: Vec::new(),
            rotated: Vec::new(),
        };
        match self.keeper.tend(now).await {
            TokenStanding::Good => {}
            TokenStanding::DeliveryDue { left_s } => {
                let about = SecretsError::DeliveryDue { left_s };
                tended.notices.push(Notice { key: None, about });
            }
            TokenStanding::NotRenewed { error, .. } => {
                let about = error;
                tended.notices.push(Notice { key: None, about });
            }
            TokenStanding::Lost(about) => {
                tended.standing = Standing::CancelOnly(about);
                tended.notices.push(Notice { key: None, about });
            }
        }
        let has_token = tended.standing == Standing::Trading;
        for (settings, ring) in &self.rings {
            if has_token {
                match rotate(&self.keeper, settings, ring, now, &probe).await {
                    Ok(true) => tended.rotated.push(settings.name.clone()),
                    Ok(false) => {}
                    Err(about) => tended.notices.push(Notice {
                        key: Some(settings.name.clone()),
                        about,
                    }),
                }
            }
            tended.standing = worse(tended.standing, ring.tend(now));
        }
        tended
    }

    /// Ends the token at the server.
    ///
    /// # Errors
    /// Those of [`Keeper::end`].
    pub async fn end(self) -> Result<(), SecretsError> {
        self.keeper.end().await
    }
}

/// Takes a new version over, if there is one.
async fn rotate<P: Purpose>(
    keeper: &Keeper,
    settings: &KeySettings,
    ring: &Keyring<P>,
    now: UtcTime,
    probe: &impl AsyncFn(&KeySettings, &Credential<P>) -> Result<(), SecretsError>,
) -> Result<bool, SecretsError> {
    let stored = keeper.read(settings).await?;
    let Some(next) = ring.consider(stored, now)? else {
        return Ok(false);
    };
    let probed = next.probe(async |key: &Credential<P>| probe(settings, key).await);
    ring.adopt(probed.await?, now)?;
    Ok(true)
}

fn worse(one: Standing, other: Standing) -> Standing {
    match (one, other) {
        (Standing::CancelOnly(_), _) | (_, Standing::Trading) => one,
        (Standing::RotationDue { left_s: first }, Standing::RotationDue { left_s: second }) => {
            let left_s = first.min(second);
            Standing::RotationDue { left_s }
        }
        (_, other) => other,
    }
}
