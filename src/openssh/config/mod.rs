//! `ssh_config`: what OpenSSH's client would do for a host, by the rules of `ssh_config(5)`.
//!
//! Files are read once ([`Reader`]) into directives; for each host they are gone through in order, behind what was said on
//! command lines ([`arguments`]), and the first value of a setting wins. Reading files and running the commands of `Match exec`
//! is the callers' part.

pub mod algorithms;
pub mod arguments;
mod criteria;
mod directive;
mod evaluate;
mod host_config;
mod jump;
mod keyword;
mod names;
pub mod precedence;
mod read;
mod tokens;
mod told;
mod value;
mod words;

pub use algorithms::assembled;
pub use directive::{Given, Origin, SshConfig};
pub use evaluate::{Outside, Request, User};
pub use host_config::{Agent, Family, HostConfig, Proxy, Setting, UnknownHostKey};
pub use jump::{Hop, destination};
pub use keyword::Keyword;
pub use read::{Files, Found, Reader};
pub use told::Told;
