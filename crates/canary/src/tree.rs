//! A folder, all the way down.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use crate::pattern::Patterns;
use crate::report::Source;
use crate::scan::{CHUNK, Scanner};
use crate::{CanaryError, Channel, Report};

struct Walk<'search> {
    patterns: &'search Patterns,
    report: &'search mut Report,
    name: &'search str,
    root: &'search Path,
    outputs: usize,
    bytes: u64,
    excepted: u64,
}

pub(crate) fn search(
    patterns: &Patterns,
    report: &mut Report,
    name: &str,
    root: &Path,
) -> Result<(), CanaryError> {
    let mut walk = Walk {
        patterns,
        report,
        name,
        root,
        outputs: 0,
        bytes: 0,
        excepted: 0,
    };
    let root_type = fs::symlink_metadata(root).map_err(|error| walk.unreadable("", error))?;
    if !root_type.is_dir() {
        return Err(CanaryError::WrongType {
            what: name.to_owned(),
            wanted: "folder",
        });
    }
    let searched = walk.folder(root);
    let source = Source {
        excepted: walk.excepted,
        ..Source::many(name, Channel::File, walk.outputs, walk.bytes)
    };
    report.searched(Channel::File, source);
    searched
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) -> Result<(), CanaryError> {
        let shown = self.shown(folder);
        let paths = entries(folder).map_err(|error| self.unreadable(&shown, error))?;
        for path in paths {
            self.entry(&path)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path) -> Result<(), CanaryError> {
        let shown = self.shown(path);
        let named = path.file_name().unwrap_or_default().as_bytes();
        self.search_bytes(&format!("{}: name of {shown}", self.name), named);
        let unreadable = |walk: &Self, error| walk.unreadable(&shown, error);
        let metadata = fs::symlink_metadata(path).map_err(|error| unreadable(self, error))?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            self.folder(path)
        } else if kind.is_symlink() {
            let target = fs::read_link(path).map_err(|error| unreadable(self, error))?;
            let bytes = target.as_os_str().as_bytes();
            self.search_bytes(&format!("{}: link {shown}", self.name), bytes);
            Ok(())
        } else if kind.is_socket() || kind.is_fifo() {
            self.excepted += 1;
            Ok(())
        } else if kind.is_file() {
            self.file(path, &shown)
        } else {
            Err(CanaryError::WrongType {
                what: format!("{}: {shown}", self.name),
                wanted: "file",
            })
        }
    }

    fn file(&mut self, path: &Path, shown: &str) -> Result<(), CanaryError> {
        let mut file = File::open(path).map_err(|error| self.unreadable(shown, error))?;
        let mut scanner = Scanner::new(self.patterns);
        let read = scanner.read(&mut file, CHUNK);
        self.outputs += 1;
        self.bytes += scanner.bytes();
        let source = format!("{}: {shown}", self.name);
        self.report.hits(scanner.into_hits(), |_| source.clone());
        read.map_err(|error| self.unreadable(shown, error))
    }

    fn search_bytes(&mut self, source: &str, bytes: &[u8]) {
        let mut scanner = Scanner::new(self.patterns);
        scanner.feed(bytes);
        self.bytes += scanner.bytes();
        self.report.hits(scanner.into_hits(), |_| source.to_owned());
    }

    /// The path below the folder; without those of its names that hold a canary, since a report must not.
    fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(self.root).unwrap_or(path);
        let shown = below.iter().map(|part| {
            let is_clean = self.patterns.find(part.as_bytes()).next().is_none();
            let text = part.to_string_lossy();
            if is_clean {
                text.into_owned()
            } else {
                "[a canary]".to_owned()
            }
        });
        shown.collect::<Vec<_>>().join("/")
    }

    fn unreadable(&self, shown: &str, error: io::Error) -> CanaryError {
        CanaryError::Unreadable {
            what: format!("{}: {shown}", self.name),
            error,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the names are sorted")]
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Canaries;

    /// It opens, and its first page is never there.
    #[test]
    fn a_file_that_opens_and_cannot_be_read_is_an_error() {
        let canaries = Canaries::new().unwrap();
        let patterns = Patterns::new(&canaries).unwrap();
        let mut walk = Walk {
            report: &mut Report::new(&canaries, &patterns),
            patterns: &patterns,
            name: "state",
            root: Path::new("/proc/self"),
            outputs: 0,
            bytes: 0,
            excepted: 0,
        };
        let searched = walk.entry(Path::new("/proc/self/mem"));
        assert!(
            matches!(searched, Err(CanaryError::Unreadable { what, .. }) if what == "state: mem")
        );
    }
}
