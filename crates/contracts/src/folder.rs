//! A scenario folder on disk: which files it must, may and may not hold (docs/scenario.md).

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use crate::history::TABLES;
use crate::reader::LARGEST;
use crate::{
    Constraints, ContractsError, DocumentKind, KeyRegistry, Mandate, Market, Place, Refusal,
    RefusalCode, Regimes, Registry, Scenario, Standing,
};

/// A scenario folder with the documents of one cycle.
#[derive(Debug, Clone)]
pub struct SingleCycle {
    /// The documents that hold for many cycles.
    pub standing: Arc<Standing>,
    /// IoS-003, if the folder has it.
    pub regimes: Option<Arc<Regimes>>,
    /// IoS-004.
    pub mandate: Mandate,
    /// The market snapshot.
    pub market: Market,
}

impl SingleCycle {
    /// Reads and checks only the documents that hold for many cycles.
    ///
    /// # Errors
    /// A document that is not acceptable, or a file that cannot be read.
    pub fn standing(folder: &Path) -> Result<Arc<Standing>, ContractsError> {
        read_standing(folder).map(Arc::new)
    }

    /// Reads and checks what a breaker action needs of a folder: everything but a mandate.
    /// [`crate::CycleInput::check_action`] does the rest.
    ///
    /// # Errors
    /// A document that is not acceptable, or a file that cannot be read.
    pub fn snapshot(folder: &Path) -> Result<(Arc<Standing>, Market), ContractsError> {
        let standing = read_standing(folder)?;
        let market = required(folder, DocumentKind::Market, Market::parse)?;
        Ok((Arc::new(standing), market))
    }

    /// Reads and checks the documents of a folder, each by itself, and the standing ones against
    /// each other. [`crate::CycleInput::check`] does the rest, once the books are known.
    ///
    /// # Errors
    /// A document that is not acceptable, or a file that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ContractsError> {
        refuse_files(folder, &TABLES.map(|name| (name, DocumentKind::Market)))?;
        let standing = Arc::new(read_standing(folder)?);
        Ok(Self {
            standing,
            regimes: optional(folder, DocumentKind::Regimes, Regimes::parse)?.map(Arc::new),
            mandate: required(folder, DocumentKind::Mandate, Mandate::parse)?,
            market: required(folder, DocumentKind::Market, Market::parse)?,
        })
    }
}

/// The documents that every folder holds.
pub(crate) fn read_standing(folder: &Path) -> Result<Standing, ContractsError> {
    let scenario = required(folder, DocumentKind::Scenario, Scenario::parse)?;
    let registry = required(folder, DocumentKind::Registry, Registry::parse)?;
    let constraints = required(folder, DocumentKind::Constraints, Constraints::parse)?;
    let keys = optional(folder, DocumentKind::Keys, KeyRegistry::parse)?;
    let standing = Standing::check(scenario, Arc::new(registry), Arc::new(constraints), keys)?;
    Ok(standing)
}

/// Each kind of document has one source (ADR-013): a folder holds a single cycle or a history.
pub(crate) fn refuse_files(
    folder: &Path,
    files: &[(&'static str, DocumentKind)],
) -> Result<(), ContractsError> {
    for (name, kind) in files {
        let path = folder.join(name);
        let exists = path
            .try_exists()
            .map_err(|source| ContractsError::Io { path, source })?;
        if exists {
            let refusal = Refusal::new(RefusalCode::TwoSources, *kind, name, Place::Whole);
            return Err(refusal
                .rule("a folder holds one cycle (mandate.json, market.json, regimes.json) or a history (CSV), not both (ADR-013)")
                .into());
        }
    }
    Ok(())
}

/// Opens a table that must be there.
pub(crate) fn open_table(
    folder: &Path,
    name: &'static str,
    kind: DocumentKind,
) -> Result<File, ContractsError> {
    open_optional(folder, name)?.ok_or_else(|| missing_file(name, kind))
}

/// Opens a file, if it is there.
pub(crate) fn open_optional(
    folder: &Path,
    name: &'static str,
) -> Result<Option<File>, ContractsError> {
    let path = folder.join(name);
    match File::open(&path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ContractsError::Io { path, source }),
    }
}

type Parse<T> = fn(&str, &[u8]) -> Result<T, Refusal>;

fn required<T>(folder: &Path, kind: DocumentKind, parse: Parse<T>) -> Result<T, ContractsError> {
    optional(folder, kind, parse)?.ok_or_else(|| missing_file(kind.file_name(), kind))
}

fn optional<T>(
    folder: &Path,
    kind: DocumentKind,
    parse: Parse<T>,
) -> Result<Option<T>, ContractsError> {
    let name = kind.file_name();
    let Some(file) = open_optional(folder, name)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    // One byte more than is allowed, so that the parser sees that the file is too large.
    let longest = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    file.take(longest)
        .read_to_end(&mut bytes)
        .map_err(|source| ContractsError::Io {
            path: folder.join(name),
            source,
        })?;
    Ok(Some(parse(name, &bytes)?))
}

fn missing_file(name: &str, kind: DocumentKind) -> ContractsError {
    Refusal::new(RefusalCode::MissingFile, kind, name, Place::Whole).into()
}
