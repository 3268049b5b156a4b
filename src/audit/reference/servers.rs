//! Rule 1 for time servers: UTC by a strict majority of those that were named.

use super::{Basis, Evidence, Reference};
use crate::audit::policy::ReferenceChoice;
use crate::audit::server_name::TimeProtocol;
use crate::clock::Interval;
use crate::clock::pairs::Standing;
use crate::clock::reference::{NtpServers, Unusable, http_date, http_dates, ntp_server, ntp_servers};

/// A time server that was named and is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtedServer {
    /// Its name, as it was typed.
    pub name: String,
    /// Why it is not believed.
    pub doubt: Doubt,
}

/// Why a time server is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// It said nothing that can be used.
    Unusable(Unusable),
    /// It could not be asked, or answered nothing that tells the time; with what went wrong.
    Failed(String),
    /// The majority contradicts it: its clock minus UTC lies here.
    Contradicted(Interval),
    /// No majority of the servers agrees.
    NoMajority,
}

impl Doubt {
    /// Whether it did not answer at all.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Unusable(Unusable::Silent))
    }

    /// Whether it told a time, which is not believed for what the others say.
    pub fn told_a_time(&self) -> bool {
        matches!(self, Self::Contradicted(_) | Self::NoMajority)
    }
}

impl Evidence<'_> {
    /// The reference by the servers that were named, and those that are not believed; nothing where none was named.
    pub(super) fn by_servers(&self, choice: &ReferenceChoice) -> (Option<Reference>, Vec<DoubtedServer>) {
        type Together = fn(&[Interval]) -> NtpServers;
        let (named, together): (_, Together) = match choice {
            ReferenceChoice::Ntp(named) => (named, ntp_servers),
            ReferenceChoice::Https(named) => (named, http_dates),
            _ => return (None, Vec::new()),
        };
        let (mut usable, mut doubted) = (Vec::new(), Vec::new());
        for server in named {
            let name = server.to_string();
            match self.utc_by(server.protocol, &name) {
                Ok(utc) => usable.push((name, utc)),
                Err(doubt) => doubted.push(DoubtedServer { name, doubt }),
            }
        }
        let found = together(&usable.iter().map(|(_, utc)| *utc).collect::<Vec<_>>());
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
            let basis = match choice {
                ReferenceChoice::Https(_) => Basis::Https { agreeing, of },
                _ => Basis::Ntp { agreeing, of },
            };
            self.reference(basis, Some(standing))
        });
        (reference, doubted)
    }

    /// Where UTC minus the axis lies by one server.
    fn utc_by(&self, protocol: TimeProtocol, name: &str) -> Result<Interval, Doubt> {
        match protocol {
            TimeProtocol::Ntp => {
                let answered = self.seen.time_servers.iter().find(|server| server.name == name);
                let exchanges = answered.map_or(&[][..], |server| &server.exchanges);
                ntp_server(exchanges, self.epoch, self.config.rho).map_err(Doubt::Unusable)
            }
            TimeProtocol::Https => {
                let asked = self.seen.web_servers.iter().find(|server| server.name == name);
                let exchanges = asked.map_or(&[][..], |server| &server.exchanges);
                let failure = asked.and_then(|server| server.failure.clone());
                http_date(exchanges, self.epoch, self.config)
                    .map_err(|why| failure.map_or(Doubt::Unusable(why), Doubt::Failed))
            }
        }
    }
}
