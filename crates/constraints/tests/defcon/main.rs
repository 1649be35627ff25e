//! DEFCON: what each level permits, who may loosen it, and every bounded trace of the machine.

mod model;
mod permits;
mod steps;
mod traces;
