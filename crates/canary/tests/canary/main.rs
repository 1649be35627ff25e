//! The harness against encoders that are not its own, and against real files and processes.

mod encodings;
mod files;
mod judgement;
mod processes;
mod windows;
