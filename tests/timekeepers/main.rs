//! Timekeepers' texts: what real programs printed, chronyc from 1.31 to 4.8 and its peers in every state, is read and judged
//! as it was meant (`tests/data/timekeepers`), and nothing that is printed makes a reader panic.
#[cfg(test)]
mod captures;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod verdicts;
