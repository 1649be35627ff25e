//! Ctrl-C and SIGTERM: the first asks for the end after the running cycle, the second ends at once.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use tokio::signal::unix::{SignalKind, signal};

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
        let (mut interrupts, mut ends) = {
            let _entered = runtime.enter();
            (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            )
        };
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let mut next = async || {
                        poll_fn(|context| {
                            let asked = interrupts.poll_recv(context).is_ready();
                            if asked || ends.poll_recv(context).is_ready() {
                                Poll::Ready(())
                            } else {
                                Poll::Pending
                            }
                        })
                        .await;
                    };
                    loop {
                        next().await;
                        if seen.swap(true, Ordering::SeqCst) {
                            std::process::exit(Exit::Interrupted.code().into());
                        }
                    }
                });
            })?;
        Ok(Self(flag))
    }

    /// Whether it was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
