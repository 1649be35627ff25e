//! `ios012 secrets`: what needs the feature `vault`.

use crate::args::{CheckArgs, SecretsCommand};
use crate::exit::Exit;

pub(crate) fn secrets(command: &SecretsCommand, json: bool) -> anyhow::Result<Exit> {
    match command {
        SecretsCommand::Check(args) => check(args, json),
    }
}

#[cfg(not(feature = "vault"))]
fn check(_: &CheckArgs, _: bool) -> anyhow::Result<Exit> {
    let message = "this ios012 was built without Vault; build it with `cargo build --release --package ios012-cli \
                   --features vault`";
    Err(crate::exit::Failure::new(Exit::Usage, message))
}

#[cfg(feature = "vault")]
use with::check;

#[cfg(feature = "vault")]
mod with {
    use std::path::Path;

    use anyhow::Context as _;
    use ios012_core::UtcTime;
    use ios012_lineage::canonical::ObjectWriter;
    use ios012_secrets::{
        Health, Https, Keeper, KeySettings, Keyring, Live, Roots, SecretsError, Vault,
        VaultSettings, Verdict,
    };

    use super::{CheckArgs, Exit};
    use crate::clock;
    use crate::exit::Failure;
    use crate::output::{print, print_json};

    /// A key, and what is to be said of it.
    struct Found {
        name: String,
        state: Result<Age, SecretsError>,
    }

    struct Age {
        version: u64,
        created: UtcTime,
        issued_at: Option<UtcTime>,
        verdict: Verdict,
    }

    pub(super) fn check(args: &CheckArgs, json: bool) -> anyhow::Result<Exit> {
        let settings = read(&args.settings)?;
        let folder = args.settings.parent().unwrap_or(Path::new(""));
        let settings = VaultSettings::parse(&settings)?.within(folder);
        let pem = settings.ca_file.as_deref().map(read).transpose()?;
        let roots = pem
            .as_deref()
            .map_or(Roots::System, |pem| Roots::Only(pem.as_bytes()));
        let vault = Vault::new(settings, Https::new(roots)?)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime")?;
        runtime.block_on(examine(vault, json))
    }

    fn read(path: &Path) -> anyhow::Result<String> {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    }

    async fn examine(vault: Vault, json: bool) -> anyhow::Result<Exit> {
        let address = vault.settings().address.clone();
        match vault.health().await.with_context(|| address.clone())? {
            Health::Active | Health::Standby => {}
            Health::Sealed => return Err(SecretsError::Sealed.into()),
            Health::NotInitialised | Health::Secondary => {
                let message = format!(
                    "{address} serves nobody: it is not initialised, or the secondary of another"
                );
                return Err(Failure::new(Exit::Io, message));
            }
        }
        let now = clock::now();
        let keeper = Keeper::begin(vault, now).await.context("the login")?;
        let mut found = Vec::new();
        for key in keeper.vault().settings().keys.clone() {
            let state = age_of(&keeper, &key, now).await;
            found.push(Found {
                name: key.name,
                state,
            });
        }
        let lease = keeper.lease();
        keeper.end().await.context("ending the token")?;
        if json {
            as_json(&found);
        } else {
            let ends = if lease.is_renewable() {
                "renewable"
            } else {
                "not renewable"
            };
            print(&format!("Vault      {address} serves"));
            print(&format!(
                "token      granted until {}, {ends}; ended",
                lease.ends_at()
            ));
            found.iter().for_each(in_words);
        }
        let is_good = |found: &Found| found.state.as_ref().is_ok_and(|age| may_trade(age.verdict));
        Ok(if found.iter().all(is_good) {
            Exit::Executed
        } else {
            Exit::Refused
        })
    }

    async fn age_of(keeper: &Keeper, key: &KeySettings, now: UtcTime) -> Result<Age, SecretsError> {
        let stored = keeper.read(key).await?;
        let (version, created, issued_at) =
            (stored.version(), stored.created(), stored.issued_at()?);
        let verdict = key.policy.term_of(&stored, now)?.verdict(now);
        if may_trade(verdict) {
            // Whether the scheme takes the key; what would sign is dropped at once.
            drop(Keyring::<Live>::first(stored, key.scheme, key.policy, now)?);
        }
        Ok(Age {
            version,
            created,
            issued_at,
            verdict,
        })
    }

    fn may_trade(verdict: Verdict) -> bool {
        matches!(verdict, Verdict::Young { .. } | Verdict::Due { .. })
    }

    fn in_words(found: &Found) {
        let name = &found.name;
        match &found.state {
            Err(error) => print(&format!("{name:<10} refused: {error}")),
            Ok(age) => {
                let issued = age.issued_at.map_or_else(
                    || "not documented".to_owned(),
                    |time| format!("issued {time}"),
                );
                let state = match age.verdict {
                    Verdict::Young { age_s, left_s } => {
                        format!("{age_s} s old, good for {left_s} s")
                    }
                    Verdict::Due { age_s, left_s } => {
                        format!("{age_s} s old, a new one is due within {left_s} s")
                    }
                    Verdict::TooOld { age_s, max_age_s } => {
                        SecretsError::KeyTooOld { age_s, max_age_s }.to_string()
                    }
                    Verdict::FromFuture => SecretsError::KeyFromFuture.to_string(),
                };
                let (version, created) = (age.version, age.created);
                print(&format!(
                    "{name:<10} version {version}, written {created}, {issued}: {state}"
                ));
            }
        }
    }

    fn as_json(found: &[Found]) {
        print_json(|object| {
            object.member("keys").array(|keys| {
                for key in found {
                    keys.element().object(|object| key_as_json(object, key));
                }
            });
        });
    }

    fn key_as_json(object: &mut ObjectWriter<'_>, key: &Found) {
        match &key.state {
            Err(error) => {
                object.member("name").string(&key.name);
                object.member("refused").display(error);
            }
            Ok(age) => {
                let (state, age_s) = match age.verdict {
                    Verdict::Young { age_s, .. } => ("young", age_s),
                    Verdict::Due { age_s, .. } => ("due", age_s),
                    Verdict::TooOld { age_s, .. } => ("too_old", age_s),
                    Verdict::FromFuture => ("from_future", 0),
                };
                object.member("age_s").display(age_s);
                object.member("created").display(age.created);
                object.member("name").string(&key.name);
                object.member("state").display(state);
                object.member("version").display(age.version);
            }
        }
    }
}
