//! A thread of its own for the connection: the driver is asynchronous, its callers block, and some of
//! them do so inside a runtime, where no other may be entered.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Runtime};

use crate::PostgresError;

type Job<State> = Box<dyn FnOnce(&Runtime, &mut State) + Send>;

/// Carries out jobs, one after another, on one thread with a runtime.
#[derive(Debug)]
pub(crate) struct Worker<State> {
    jobs: Option<Sender<Job<State>>>,
    thread: Option<JoinHandle<()>>,
}

impl<State: Send + 'static> Worker<State> {
    pub(crate) fn start(state: State) -> Result<Self, PostgresError> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|_| PostgresError::Thread)?;
        let (jobs, taken) = channel();
        let thread = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || work(&runtime, state, &taken))
            .map_err(|_| PostgresError::Thread)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Waits for the outcome of a job.
    pub(crate) fn ask<Outcome: Send + 'static>(
        &self,
        job: impl FnOnce(&Runtime, &mut State) -> Outcome + Send + 'static,
    ) -> Result<Outcome, PostgresError> {
        let (outcome, done) = channel();
        let job = Box::new(move |runtime: &Runtime, state: &mut State| {
            // Whoever asked waits for it.
            let _ = outcome.send(job(runtime, state));
        });
        let jobs = self.jobs.as_ref().ok_or(PostgresError::Thread)?;
        jobs.send(job).map_err(|_| PostgresError::Thread)?;
        done.recv().map_err(|_| PostgresError::Thread)
    }
}

impl<State> Drop for Worker<State> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It ends when there are no more jobs; a panic of it was told to whoever asked.
            let _ = thread.join();
        }
    }
}

fn work<State>(runtime: &Runtime, mut state: State, jobs: &Receiver<Job<State>>) {
    for job in jobs {
        job(runtime, &mut state);
    }
}
