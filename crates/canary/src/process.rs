//! What the kernel shows of another process.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::FileExt as _;

use crate::pattern::Patterns;
use crate::report::Source;
use crate::scan::{Scanner, number};
use crate::{CanaryError, Channel, Report};

/// The kernel's own regions, which a process can read and nobody else: they hold clocks.
const KERNEL_REGIONS: [&str; 3] = ["[vvar]", "[vvar_vclock]", "[vsyscall]"];

const PIECE: usize = 1 << 18;

/// The memory of another process. What is open stays so when the process forbids to open it.
#[derive(Debug)]
pub struct ProcessMemory {
    pid: u32,
    maps: File,
    memory: File,
}

impl ProcessMemory {
    /// Opens the memory of a process that runs. It ends with the program that the process runs now: after an `exec` it
    /// must be opened again.
    ///
    /// # Errors
    /// If it is the own process, or may not be read.
    pub fn open(pid: u32) -> Result<Self, CanaryError> {
        if pid == std::process::id() {
            return Err(CanaryError::OwnProcess);
        }
        Ok(Self {
            pid,
            maps: open(pid, "maps")?,
            memory: open(pid, "mem")?,
        })
    }

    /// The regions as they are now.
    fn regions(&self) -> Result<Vec<Region>, CanaryError> {
        let mut text = Vec::new();
        let mut maps = &self.maps;
        let read = maps.rewind().and_then(|()| maps.read_to_end(&mut text));
        read.map_err(|error| unreadable(self.pid, "maps", error))?;
        let text = String::from_utf8_lossy(&text);
        let regions: Option<Vec<Region>> = text.lines().map(Region::parse).collect();
        match regions {
            None => Err(CanaryError::Map { pid: self.pid }),
            Some(regions) if regions.is_empty() => Err(CanaryError::Ended { pid: self.pid }),
            Some(regions) => Ok(regions),
        }
    }

    fn read(&self, scanner: &mut Scanner<'_>, region: &Region) -> Result<(), CanaryError> {
        let mut piece = vec![0; PIECE];
        let mut address = region.start;
        while address < region.end {
            let left = usize::try_from(region.end - address).unwrap_or(PIECE);
            let wanted = piece.get_mut(..left.min(PIECE)).unwrap_or_default();
            let read = self.memory.read_at(wanted, address);
            let read = read.map_err(|error| CanaryError::Region {
                pid: self.pid,
                region: region.label(),
                address,
                error,
            })?;
            if read == 0 {
                return Err(CanaryError::Ended { pid: self.pid });
            }
            scanner.feed(wanted.get(..read).unwrap_or_default());
            address += number(read);
        }
        Ok(())
    }
}

/// Regions that touch are one stream: a value may lie across their border.
pub(crate) fn search(
    patterns: &Patterns,
    report: &mut Report,
    name: &str,
    memory: &ProcessMemory,
) -> Result<(), CanaryError> {
    let regions = memory.regions()?;
    let mut scanner = Scanner::new(patterns);
    let mut excepted = 0;
    let mut outputs = 0;
    for region in &regions {
        if !region.is_readable || KERNEL_REGIONS.contains(&region.name.as_str()) {
            excepted += 1;
            continue;
        }
        if scanner.position() != region.start {
            scanner.jump(region.start);
        }
        memory.read(&mut scanner, region)?;
        outputs += 1;
    }
    let source = Source {
        excepted,
        ..Source::many(name, Channel::Memory, outputs, scanner.bytes())
    };
    report.searched(Channel::Memory, source);
    report.hits(scanner.into_hits(), |address| {
        let region = regions
            .iter()
            .find(|region| (region.start..region.end).contains(&address));
        let label = region.map(Region::label).unwrap_or_default();
        format!("{name}: {label}")
    });
    Ok(())
}

/// The environment; it may be empty.
pub(crate) fn environment(pid: u32) -> Result<Vec<u8>, CanaryError> {
    environment_in(pid, open(pid, "environ")?)
}

fn environment_in(pid: u32, mut file: File) -> Result<Vec<u8>, CanaryError> {
    let mut environment = Vec::new();
    let read = file.read_to_end(&mut environment);
    read.map_err(|error| unreadable(pid, "environ", error))?;
    if environment.is_empty() {
        // That of a process which has ended meanwhile is empty too, and so are its arguments.
        command_line(pid)?;
    }
    Ok(environment)
}

/// The arguments, of which there is at least one.
pub(crate) fn command_line(pid: u32) -> Result<Vec<u8>, CanaryError> {
    let arguments = read(pid, "cmdline")?;
    if arguments.is_empty() {
        return Err(CanaryError::Ended { pid });
    }
    Ok(arguments)
}

/// A line of `/proc/PID/maps`.
#[derive(Debug)]
struct Region {
    start: u64,
    end: u64,
    is_readable: bool,
    name: String,
}

impl Region {
    /// `start-end perms offset device inode name`, addresses in hexadecimal.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let is_readable = fields.next()?.starts_with('r');
        Some(Self {
            start: u64::from_str_radix(start, 16).ok()?,
            end: u64::from_str_radix(end, 16).ok()?,
            is_readable,
            name: fields.nth(3).unwrap_or_default().to_owned(),
        })
    }

    /// The name that the kernel gave; no path, which could hold anything.
    fn label(&self) -> String {
        match self.name.as_str() {
            "" => "[anonymous]".to_owned(),
            name if name.starts_with('[') => name.to_owned(),
            _ => "[file]".to_owned(),
        }
    }
}

fn open(pid: u32, file: &str) -> Result<File, CanaryError> {
    File::open(format!("/proc/{pid}/{file}")).map_err(|error| unreadable(pid, file, error))
}

fn read(pid: u32, file: &str) -> Result<Vec<u8>, CanaryError> {
    fs::read(format!("/proc/{pid}/{file}")).map_err(|error| unreadable(pid, file, error))
}

fn unreadable(pid: u32, file: &str, error: std::io::Error) -> CanaryError {
    CanaryError::Unreadable {
        what: format!("/proc/{pid}/{file}"),
        error,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::Command;

    use super::*;
    use crate::Canaries;
    use crate::Search;

    /// The lines are those of proc(5), with addresses of a 64-bit process.
    #[test]
    fn a_map_is_read_as_the_manual_says() {
        let line = "00e03000-00e24000 rw-p 00000000 00:00 0           [heap]";
        let region = Region::parse(line).unwrap();
        assert_eq!((region.start, region.end), (0xe0_3000, 0xe2_4000));
        assert!(region.is_readable);
        assert_eq!(
            (region.name.as_str(), region.label().as_str()),
            ("[heap]", "[heap]")
        );
        let line = "35b1800000-35b1820000 r-xp 00000000 08:02 135522  /usr/lib64/ld-2.15.so";
        assert_eq!(Region::parse(line).unwrap().label(), "[file]");
        let line = "35b1a21000-35b1a22000 ---p 00000000 00:00 0";
        let region = Region::parse(line).unwrap();
        assert!(!region.is_readable);
        assert_eq!(region.label(), "[anonymous]");
        assert!(Region::parse("no map").is_none());
    }

    /// A child whose map promises a page that it does not have, here the first one.
    #[test]
    fn a_region_that_cannot_be_read_is_an_error() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut memory = ProcessMemory::open(child.id()).unwrap();
        let canaries = Canaries::new().unwrap();
        let search = Search::new(&canaries).unwrap();
        let mut maps = tempfile::tempfile().unwrap();
        let mut searched_with = |name: &str| {
            maps.set_len(0).unwrap();
            maps.rewind().unwrap();
            writeln!(maps, "00001000-00002000 r--p 00000000 00:00 0 {name}").unwrap();
            memory.maps = maps.try_clone().unwrap();
            search.empty().memory("memory", &memory)
        };
        let unreadable = searched_with("[stack]");
        let excepted = KERNEL_REGIONS.map(&mut searched_with);
        let environment = open(child.id(), "environ").unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let after_the_end = searched_with("[stack]");
        assert!(matches!(after_the_end, Err(CanaryError::Ended { .. })));
        assert!(environment_in(child.id(), environment).is_err());
        assert!(matches!(
            unreadable,
            Err(CanaryError::Region {
                address: 0x1000,
                ..
            })
        ));
        assert!(excepted.iter().all(Result::is_ok));
    }
}
