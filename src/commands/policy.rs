//! The limits as they were typed, turned into the policy that hosts are judged by.

use super::error::CommandError;
use crate::audit::figure;
use crate::audit::{Limits, Policy, ReferenceChoice};
use crate::cli::PolicyArgs;

/// Makes the policy; `samples` is how many exchanges each host should have.
pub fn policy(args: &PolicyArgs, samples: usize) -> Result<Policy, CommandError> {
    let of_profiles = Policy::of_profiles(args.profile.clone());
    let given =
        |limits: Limits| Limits { warn: args.warn.unwrap_or(limits.warn), crit: args.crit.unwrap_or(limits.crit) };
    let Limits { warn, crit } = given(Limits { warn: of_profiles.warn, crit: of_profiles.crit });
    if crit < warn {
        let (warn, crit) = (figure::limit(warn), figure::limit(crit));
        return Err(CommandError::usage(format!("`--crit` ({crit}) is below `--warn` ({warn})"))
            .hint("critical begins where a warning ends, or beyond: give both, as in `--warn 20ms --crit 50ms`"));
    }
    // Limits of one's own are for a system that the profiles do not know, unless one was named too.
    let is_own = args.profile.is_empty() && (args.warn.is_some() || args.crit.is_some());
    Ok(Policy {
        warn,
        crit,
        relative: of_profiles.relative.map(given),
        profiles: if is_own { Vec::new() } else { of_profiles.profiles },
        tokens: args.jwt.clone(),
        reference: reference(&args.reference)?,
        samples,
    })
}

/// What offsets are relative to: one clock, or several time servers together.
fn reference(named: &[ReferenceChoice]) -> Result<ReferenceChoice, CommandError> {
    if let [] | [_] = named {
        return Ok(named.first().cloned().unwrap_or(ReferenceChoice::Automatic));
    }
    let mut servers = Vec::new();
    for choice in named {
        let ReferenceChoice::Ntp(more) = choice else {
            let name = choice.label();
            return Err(CommandError::usage(format!("`--reference {name}` cannot be joined with another one")).hint(
                "only time servers are asked together: `--reference ntp:A --reference ntp:B --reference ntp:C`",
            ));
        };
        for server in more {
            if servers.contains(server) {
                return Err(CommandError::usage(format!("`--reference ntp:{server}` is given twice"))
                    .hint("each server has one vote"));
            }
            servers.push(server.clone());
        }
    }
    Ok(ReferenceChoice::Ntp(servers))
}
