//! Real hosts: OpenSSH and dropbear servers, login shells of every kind, real chronyd, each host with a clock of its own.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod becoming;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod delays;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod references;
#[cfg(test)]
mod rungs;
#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(test)]
mod timekeepers;
#[cfg(test)]
mod typed;
#[cfg(test)]
mod vault_children;
#[cfg(test)]
mod web_servers;
