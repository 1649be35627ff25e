//! The cases over a ledger in a directory.
#![expect(clippy::expect_used, reason = "a test may stop")]

use std::fs;
use std::time::Duration;

use ios012_conformance::{Place, conformance, takeover};
use ios012_core::PortfolioId;
use ios012_lineage::store::FileStore;
use tempfile::TempDir;

struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }
}

impl Place for Directory {
    type Store = FileStore;

    const LEASED: bool = false;

    fn store(&self, portfolio_id: PortfolioId) -> FileStore {
        FileStore::new(&self.0.path().join("ledger"), portfolio_id)
    }

    /// Below a file there is no directory, not even for root.
    fn unwritable(&self, portfolio_id: PortfolioId) -> FileStore {
        let file = self.0.path().join("file");
        fs::write(&file, "").expect("a file");
        FileStore::new(&file.join("ledger"), portfolio_id)
    }

    /// There is none; any time will do.
    fn outlive_lease(&self) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

conformance!(Directory::new());
takeover!(Directory::new());
