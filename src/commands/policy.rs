//! The limits as they were typed, turned into the policy that hosts are judged by.

use super::error::CommandError;
use crate::audit::figure;
use crate::audit::{Policy, ReferenceChoice};
use crate::cli::PolicyArgs;

/// Makes the policy; `samples` is how many exchanges each host should have.
pub fn policy(args: &PolicyArgs, samples: usize) -> Result<Policy, CommandError> {
    if args.crit < args.warn {
        let (warn, crit) = (figure::limit(args.warn), figure::limit(args.crit));
        return Err(CommandError::usage(format!("`--crit` ({crit}) is below `--warn` ({warn})"))
            .hint("critical begins where a warning ends, or beyond: give both, as in `--warn 20ms --crit 50ms`"));
    }
    Ok(Policy {
        warn: args.warn,
        crit: args.crit,
        reference: args.reference.clone().unwrap_or(ReferenceChoice::Automatic),
        samples,
    })
}
