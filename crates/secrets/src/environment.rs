//! Keys from the environment, for paper trading and development.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;

use secrecy::zeroize::{Zeroize as _, Zeroizing};

use crate::{Credential, Paper, Scheme, Secret, SecretsError, hardening};

/// What variables of the environment held. Their bytes in this process are wiped; whoever started it still
/// has them. It has no `Debug`, and gives credentials for [`Paper`] alone.
pub struct Environment(BTreeMap<&'static str, Secret>);

impl Environment {
    /// Takes variables out of the environment: they are empty afterwards, and so is their place in
    /// `/proc/self/environ`. To be called first in `main`, before a thread is started; what it gives goes into
    /// [`harden`](crate::harden), after which it would be refused.
    ///
    /// # Errors
    /// [`SecretsError::AlreadyHardened`], [`SecretsError::ThreadsRun`], [`SecretsError::NoProc`], [`SecretsError::NotInEnvironment`],
    /// [`SecretsError::TwiceInEnvironment`], [`SecretsError::NotASecret`], [`SecretsError::NotWiped`]. Whatever was found
    /// is wiped, also if another is missing.
    pub fn take(names: &[&'static str]) -> Result<Self, SecretsError> {
        let mut area = Area::open()?;
        let taken: Vec<_> = names.iter().map(|name| area.take(name)).collect();
        let mut secrets = BTreeMap::new();
        for (name, value) in names.iter().zip(taken) {
            if !is_empty(name) {
                return Err(SecretsError::NotWiped);
            }
            secrets.insert(*name, Secret::from_bytes(&value?)?);
        }
        Ok(Self(secrets))
    }

    /// The credential whose parts two variables held.
    ///
    /// # Errors
    /// [`SecretsError::NotInEnvironment`], [`SecretsError::SigningKeyForm`].
    pub fn credential(
        &self,
        name: &'static str,
        secret: &'static str,
        scheme: Scheme,
    ) -> Result<Credential<Paper>, SecretsError> {
        let held = |name| {
            self.0
                .get(name)
                .ok_or(SecretsError::NotInEnvironment { name })
        };
        let name = Secret::new(held(name)?.as_str())?;
        Credential::new(name, held(secret)?, scheme)
    }
}

/// The bytes that the kernel put the environment in when the process began.
///
/// They are changed through the kernel's file of this process's memory: the project forbids `unsafe`, and
/// removing a variable would leave its bytes. No other thread runs that could read them meanwhile.
struct Area {
    memory: File,
    start: u64,
    bytes: Zeroizing<Vec<u8>>,
}

impl Area {
    fn open() -> Result<Self, SecretsError> {
        if !hardening::is_dumpable() {
            return Err(SecretsError::AlreadyHardened);
        }
        let status = fs::read_to_string("/proc/self/status").map_err(|_| SecretsError::NoProc)?;
        let threads = status
            .lines()
            .find_map(|line| line.strip_prefix("Threads:"));
        if threads.map(str::trim) != Some("1") {
            return Err(SecretsError::ThreadsRun);
        }
        let stat = fs::read_to_string("/proc/self/stat").map_err(|_| SecretsError::NoProc)?;
        let (start, end) = bounds(&stat).ok_or(SecretsError::NoProc)?;
        let length = end
            .checked_sub(start)
            .and_then(|it| usize::try_from(it).ok());
        let mut bytes = Zeroizing::new(vec![0; length.ok_or(SecretsError::NoProc)?]);
        let memory = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/proc/self/mem");
        let memory = memory.map_err(|_| SecretsError::NoProc)?;
        let read = memory.read_exact_at(&mut bytes, start);
        read.map_err(|_| SecretsError::NoProc)?;
        Ok(Self {
            memory,
            start,
            bytes,
        })
    }

    /// The value of a variable, which is wiped here and in the process.
    fn take(&mut self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let mut found = Vec::new();
        let mut at = self.start;
        for entry in self.bytes.split_mut(|byte| *byte == 0) {
            let next = after(at, entry.len() + 1)?;
            let value = value_of(entry, name);
            if let Some(value) = value {
                let place = after(at, name.len() + 1)?;
                found.push(Zeroizing::new(value.to_vec()));
                value.zeroize();
                let wiped = self.memory.write_all_at(value, place);
                wiped.map_err(|_| SecretsError::NotWiped)?;
            }
            at = next;
        }
        match (found.pop(), found.pop()) {
            (Some(value), None) => Ok(value),
            (Some(_), Some(_)) => Err(SecretsError::TwiceInEnvironment { name }),
            (None, _) => Err(SecretsError::NotInEnvironment { name }),
        }
    }
}

fn value_of<'entry>(entry: &'entry mut [u8], name: &str) -> Option<&'entry mut [u8]> {
    let (head, value) = entry.split_at_mut_checked(name.len() + 1)?;
    let is_named = head.strip_suffix(b"=") == Some(name.as_bytes());
    is_named.then_some(value)
}

fn after(at: u64, length: usize) -> Result<u64, SecretsError> {
    let length = u64::try_from(length).map_err(|_| SecretsError::NoProc)?;
    at.checked_add(length).ok_or(SecretsError::NoProc)
}

/// Where the environment begins and ends: `env_start` and `env_end`, fields 50 and 51 of `proc_pid_stat(5)`.
fn bounds(stat: &str) -> Option<(u64, u64)> {
    // The second field, a program's name in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace().skip(47);
    let (start, end) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (start > 0 && end > start).then_some((start, end))
}

/// Whether the standard library finds no value any more. One that was set while the program ran is not in
/// the kernel's bytes, and stays.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing is read from it but that it is gone"
)]
fn is_empty(name: &str) -> bool {
    std::env::var_os(name).is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_fields_50_and_51() {
        let fields: Vec<String> = (3..=52).map(|number| number.to_string()).collect();
        let stat = format!("1 (a) b) {}", fields.join(" "));
        assert_eq!(bounds(&stat), Some((50, 51)));
        assert_eq!(bounds("1 (a) S 3"), None);
        assert_eq!(bounds(""), None);
    }

    #[test]
    fn a_name_must_be_the_whole_name() {
        let value = |entry: &str| {
            let mut bytes = entry.as_bytes().to_vec();
            value_of(&mut bytes, "KEY").map(|value| value.to_vec())
        };
        assert_eq!(value("KEY=a=b"), Some(b"a=b".to_vec()));
        assert_eq!(value("KEY="), Some(Vec::new()));
        for entry in ["KEYS=a", "MY_KEY=a", "KEY", "KE=KEY=a", ""] {
            assert_eq!(value(entry), None, "{entry}");
        }
    }
}
