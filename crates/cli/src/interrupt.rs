//! Ctrl-C: the first asks for the end after the running cycle, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;

/// Whether the end has been asked for.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen, on a thread of its own.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        // Listening begins here and not on the thread, so that no signal is missed.
        let signals = {
            let _entered = runtime.enter();
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?
        };
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                let mut signals = signals;
                runtime.block_on(async {
                    while signals.recv().await.is_some() {
                        if seen.swap(true, Ordering::SeqCst) {
                            std::process::exit(Exit::Interrupted.code().into());
                        }
                    }
                });
            })?;
        Ok(Self(flag))
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
