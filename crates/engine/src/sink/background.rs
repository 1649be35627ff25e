use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use ios012_lineage::ledger::{DocumentKind, LedgerWriter};
use ios012_lineage::{Batch, Chain, Hash, LineageError};

use super::LedgerSink;
use crate::EngineError;

/// Keeps a ledger in files on a thread of its own, and makes it durable after a number of cycles,
/// at a rotation and at the end.
///
/// For a broker that lives and dies with the process: nothing outside can know more than the
/// ledger, so an order needs not wait for its intent to be on disk. At most two batches are in
/// memory. The bytes do not depend on the thread's timing: one thread makes them, one writes them.
#[derive(Debug)]
pub struct BackgroundSink {
    cycles: u32,
    unkept_cycles: u32,
    documents: Vec<KeptDocument>,
    last_of_kind: Vec<(DocumentKind, Hash)>,
    to_writer: Option<SyncSender<Work>>,
    written: Receiver<Batch>,
    writer: Option<JoinHandle<Result<(), LineageError>>>,
}

#[derive(Debug)]
struct KeptDocument {
    kind: DocumentKind,
    hash: Hash,
    canonical: String,
}

/// The cycles between two syncs.
#[derive(Debug)]
struct Work {
    documents: Vec<KeptDocument>,
    lines: Batch,
}

impl BackgroundSink {
    /// Keeps records with this writer, and syncs after `cycles` cycles.
    ///
    /// # Errors
    /// [`EngineError::Thread`] if no thread can be started.
    pub fn new(writer: LedgerWriter, cycles: u32) -> Result<Self, EngineError> {
        let (to_writer, work) = sync_channel::<Work>(0);
        let (from_writer, written) = channel();
        let thread = std::thread::Builder::new().name("ledger".to_owned());
        let thread = thread.spawn(move || write_all(writer, work.into_iter(), &from_writer));
        Ok(Self {
            cycles,
            unkept_cycles: 0,
            documents: Vec::new(),
            last_of_kind: Vec::new(),
            to_writer: Some(to_writer),
            written,
            writer: Some(thread.map_err(EngineError::Thread)?),
        })
    }

    fn keep(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.unkept_cycles = 0;
        let work = Work {
            documents: std::mem::take(&mut self.documents),
            lines: chain.take_batch(),
        };
        let sent = self
            .to_writer
            .as_ref()
            .is_some_and(|writer| writer.send(work).is_ok());
        if let Ok(batch) = self.written.try_recv() {
            chain.reuse(batch);
        }
        // A writer that takes no more work has failed, and says so when it is joined.
        if sent { Ok(()) } else { self.join() }
    }

    fn join(&mut self) -> Result<(), EngineError> {
        self.to_writer = None;
        match self.writer.take().map(JoinHandle::join) {
            Some(Ok(written)) => Ok(written?),
            Some(Err(_)) | None => Err(LineageError::Poisoned.into()),
        }
    }
}

impl LedgerSink for BackgroundSink {
    fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical: &str,
    ) -> Result<(), EngineError> {
        match self.last_of_kind.iter_mut().find(|(last, _)| *last == kind) {
            Some((_, last)) if *last == hash => return Ok(()),
            Some((_, last)) => *last = hash,
            None => self.last_of_kind.push((kind, hash)),
        }
        self.documents.push(KeptDocument {
            kind,
            hash,
            canonical: canonical.to_owned(),
        });
        Ok(())
    }

    fn records(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.unkept_cycles += 1;
        if self.unkept_cycles < self.cycles {
            Ok(())
        } else {
            self.keep(chain)
        }
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.keep(chain)?;
        self.join()
    }
}

/// Ends at the first error; the chain's side then finds nobody to take its work.
fn write_all(
    mut writer: LedgerWriter,
    work: impl Iterator<Item = Work>,
    written: &Sender<Batch>,
) -> Result<(), LineageError> {
    for Work { documents, lines } in work {
        for document in documents {
            writer.write_document(document.kind, document.hash, &document.canonical)?;
        }
        writer.append_batch(&lines)?;
        writer.sync()?;
        // A chain that has ended wants no memory back.
        let _ = written.send(lines);
    }
    Ok(())
}
