//! The contracts, seen from outside.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod history;
#[cfg(test)]
mod instruments;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod set;
#[cfg(test)]
mod signatures;
