//! Core files: where they are, and whether they are whole.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::CanaryError;

const PATTERN: &str = "/proc/sys/kernel/core_pattern";
const USES_PID: &str = "/proc/sys/kernel/core_uses_pid";

/// The first bytes of an ELF file of 64 bits, little-endian.
const MAGIC: &[u8] = b"\x7fELF\x02\x01";
/// `e_type` of a core file.
const CORE: u64 = 4;
/// More segments than this are counted elsewhere in the file.
const MANY_SEGMENTS: u64 = 0xffff;
/// `p_type` of a part of the memory.
const LOAD: u64 = 1;

/// Where the kernel puts the core file of a process which ran in `folder`, after core(5). Whether it is there is for
/// the caller to see: its limit may be zero.
///
/// # Errors
/// If the kernel gives core files to a program, or names them by more than the process.
pub fn core_file_of(pid: u32, folder: &Path) -> Result<PathBuf, CanaryError> {
    let pattern = setting(PATTERN)?;
    let uses_pid = setting(USES_PID)? != "0";
    file_of(&pattern, uses_pid, pid).map(|file| folder.join(file))
}

fn setting(path: &str) -> Result<String, CanaryError> {
    let text = fs::read_to_string(path).map_err(|error| CanaryError::Unreadable {
        what: path.to_owned(),
        error,
    })?;
    Ok(text.trim_end_matches('\n').to_owned())
}

fn file_of(pattern: &str, uses_pid: bool, pid: u32) -> Result<PathBuf, CanaryError> {
    let pattern_owned = || pattern.to_owned();
    if pattern.starts_with('|') {
        let pattern = pattern_owned();
        return Err(CanaryError::CorePiped { pattern });
    }
    let unclear = || CanaryError::CorePattern {
        pattern: pattern_owned(),
    };
    let pid = pid.to_string();
    let mut file = String::new();
    let mut has_pid = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            file.push(character);
            continue;
        }
        match characters.next() {
            Some('p') => {
                file.push_str(&pid);
                has_pid = true;
            }
            Some('%') => file.push('%'),
            _ => return Err(unclear()),
        }
    }
    // A socket of the kernel begins with @.
    if file.is_empty() || file.starts_with('@') {
        return Err(unclear());
    }
    if uses_pid && !has_pid {
        file.push('.');
        file.push_str(&pid);
    }
    Ok(PathBuf::from(file))
}

/// Refuses what is no core file, and one that ends too early, as at a limit or on a full disk.
pub(crate) fn check(name: &str, file: &File) -> Result<(), CanaryError> {
    let not_a_core = || CanaryError::NotACore {
        what: name.to_owned(),
    };
    let header: [u8; 64] = read(file, 0).ok_or_else(not_a_core)?;
    let segments = field::<2>(&header, 56);
    if !header.starts_with(MAGIC) || field::<2>(&header, 16) != CORE || segments == MANY_SEGMENTS {
        return Err(not_a_core());
    }
    let (first, size) = (field::<8>(&header, 32), field::<2>(&header, 54));
    let mut wanted = 0;
    for segment in 0..segments {
        let at = first.checked_add(segment * size).ok_or_else(not_a_core)?;
        let segment: [u8; 56] = read(file, at).ok_or_else(not_a_core)?;
        if field::<4>(&segment, 0) == LOAD {
            let end = field::<8>(&segment, 8).checked_add(field::<8>(&segment, 32));
            wanted = wanted.max(end.ok_or_else(not_a_core)?);
        }
    }
    let length = file.metadata().map(|metadata| metadata.len());
    let length = length.map_err(|error| CanaryError::Unreadable {
        what: name.to_owned(),
        error,
    })?;
    if wanted == 0 {
        return Err(not_a_core());
    }
    if length < wanted {
        return Err(CanaryError::CoreTruncated {
            what: name.to_owned(),
            length,
            wanted,
        });
    }
    Ok(())
}

fn read<const LENGTH: usize>(file: &File, at: u64) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(bytes)
}

/// A little-endian number of so many bytes.
fn field<const BYTES: usize>(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..at + BYTES).unwrap_or_default();
    field
        .iter()
        .rev()
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of core(5), "Naming of core dump files" and "Piping core dumps to a program".
    #[test]
    fn the_name_is_told_as_the_kernel_makes_it() {
        let named = |pattern, uses_pid| file_of(pattern, uses_pid, 7).unwrap();
        assert_eq!(named("core", false), Path::new("core"));
        assert_eq!(named("core", true), Path::new("core.7"));
        assert_eq!(named("/var/cores/c-%p", true), Path::new("/var/cores/c-7"));
        assert_eq!(named("100%%.%p", false), Path::new("100%.7"));
        for unclear in ["core.%e", "core%", "@@/run/socket", ""] {
            let refused = file_of(unclear, false, 7);
            assert!(
                matches!(refused, Err(CanaryError::CorePattern { .. })),
                "{unclear}"
            );
        }
        let piped = file_of("|/usr/lib/systemd/systemd-coredump %P", false, 7);
        let remedy = piped.unwrap_err().to_string();
        assert!(
            remedy.ends_with("as root: sysctl -w kernel.core_pattern=core"),
            "{remedy}"
        );
    }
}
