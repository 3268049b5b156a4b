//! Rule 1 for time servers: UTC by a strict majority of those that were named.

use super::{Basis, Evidence, Reference};
use crate::audit::policy::ReferenceChoice;
use crate::clock::Interval;
use crate::clock::pairs::Standing;
use crate::clock::reference::{Unusable, ntp_server, ntp_servers};

/// A time server that was named and is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtedServer {
    /// Its name, as it was typed.
    pub name: String,
    /// Why it is not believed.
    pub doubt: Doubt,
}

/// Why a time server is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It said nothing that can be used.
    Unusable(Unusable),
    /// The majority contradicts it: its clock minus UTC lies here.
    Contradicted(Interval),
    /// No majority of the servers agrees.
    NoMajority,
}

impl Evidence<'_> {
    /// The reference by the servers that were named, and those that are not believed; nothing where none was named.
    pub(super) fn by_servers(&self, choice: &ReferenceChoice) -> (Option<Reference>, Vec<DoubtedServer>) {
        let ReferenceChoice::Ntp(named) = choice else { return (None, Vec::new()) };
        let (mut usable, mut doubted) = (Vec::new(), Vec::new());
        for name in named.iter().map(ToString::to_string) {
            let answered = self.seen.time_servers.iter().find(|server| server.name == name);
            let exchanges = answered.map_or(&[][..], |server| &server.exchanges);
            match ntp_server(exchanges, self.epoch, self.config.rho) {
                Ok(utc) => usable.push((name, utc)),
                Err(why) => doubted.push(DoubtedServer { name, doubt: Doubt::Unusable(why) }),
            }
        }
        let found = ntp_servers(&usable.iter().map(|(_, utc)| *utc).collect::<Vec<_>>());
        let of = usable.len();
        let mut agreeing = Vec::new();
        for (place, (name, claimed)) in usable.into_iter().enumerate() {
            if !found.contradicting.contains(&place) {
                agreeing.push(name);
                continue;
            }
            let doubt = match found.utc {
                Some(utc) => Doubt::Contradicted(claimed.minus(utc)),
                None => Doubt::NoMajority,
            };
            doubted.push(DoubtedServer { name, doubt });
        }
        let reference = found.utc.map(|utc| {
            let standing = Standing { bounds: utc, estimate: utc.midpoint() };
            self.reference(Basis::Ntp { agreeing, of }, Some(standing))
        });
        (reference, doubted)
    }
}
