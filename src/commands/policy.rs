//! The limits as they were typed and as the inventory has them, turned into the policy that hosts are judged by.

use super::error::CommandError;
use crate::audit::figure;
use crate::audit::{HostPolicy, Limits, Policy, Profile, ReferenceChoice, ServerName, TimeProtocol};
use crate::cli::PolicyArgs;
use crate::cli::values::parse_duration;
use crate::clock::Nanos;
use crate::inventory::model::{HostId, Inventory, Variables};
use crate::inventory::value::Value;
use crate::report::escape::visible;

/// The inventory variables that say what is asked of a host.
const PROFILE: &str = "clockaudit_profile";
const WARN: &str = "clockaudit_warn";
const CRIT: &str = "clockaudit_crit";
/// Two web servers that differ accuse each other.
const LEAST_WEB_SERVERS: usize = 3;

/// Makes the policy; `samples` is how many exchanges each host should have.
pub fn policy(args: &PolicyArgs, samples: usize) -> Result<Policy, CommandError> {
    let HostPolicy { warn, crit, profiles, relative } =
        limits(args.profile.clone(), args.warn, args.crit).map_err(|why| {
            CommandError::usage(why)
                .hint("critical begins where a warning ends, or beyond: give both, as in `--warn 20ms --crit 50ms`")
        })?;
    Ok(Policy {
        warn,
        crit,
        relative,
        profiles,
        hosts: std::collections::BTreeMap::new(),
        tokens: args.jwt.clone(),
        reference: reference(&args.reference)?,
        samples,
    })
}

/// What offsets are relative to: one clock, or several time servers together.
fn reference(named: &[ReferenceChoice]) -> Result<ReferenceChoice, CommandError> {
    match named {
        [] => return Ok(ReferenceChoice::Automatic),
        [ReferenceChoice::Https(_)] => return Err(too_few()),
        [one] => return Ok(one.clone()),
        _ => {}
    }
    let mut servers: Vec<ServerName> = Vec::new();
    for choice in named {
        let name = choice.label();
        let (ReferenceChoice::Ntp(more) | ReferenceChoice::Https(more)) = choice else {
            return Err(CommandError::usage(format!("`--reference {name}` cannot be joined with another one")).hint(
                "only time servers are asked together: `--reference ntp:A --reference ntp:B --reference ntp:C`",
            ));
        };
        for server in more {
            if servers.first().is_some_and(|first| first.protocol != server.protocol) {
                return Err(CommandError::usage("`--reference` names servers of `ntp:` and of `https:`")
                    .hint("a web server's `Date` is a thousand times coarser than NTP: name servers of one kind"));
            }
            if servers.contains(server) {
                return Err(CommandError::usage(format!("`--reference {name}` is given twice"))
                    .hint("each server has one vote"));
            }
            servers.push(server.clone());
        }
    }
    match servers.first().map(|server| server.protocol) {
        Some(TimeProtocol::Https) if servers.len() < LEAST_WEB_SERVERS => Err(too_few()),
        Some(TimeProtocol::Https) => Ok(ReferenceChoice::Https(servers)),
        Some(TimeProtocol::Ntp) | None => Ok(ReferenceChoice::Ntp(servers)),
    }
}

fn too_few() -> CommandError {
    CommandError::usage("`--reference https:` needs three servers at least, so that one that is wrong is found out")
        .hint("nobody vouches for a web server's clock: `--reference https:A --reference https:B --reference https:C`")
}

/// The policy, with what the inventory asks of single hosts and groups; a flag wins over the variable of the same meaning.
pub fn with_inventory(
    policy: Policy,
    args: &PolicyArgs,
    inventory: &Inventory,
    hosts: &[HostId],
) -> Result<Policy, CommandError> {
    let mut policy = policy;
    let mut resolver = inventory.resolver();
    for id in hosts {
        let Some(host) = inventory.host(*id) else { continue };
        let own = of_host(args, &resolver.variables(*id))
            .map_err(|why| CommandError::bad_input(format!("{}: {why}", visible(&host.name))))?;
        if let Some(own) = own {
            policy.hosts.insert(host.name.clone(), own);
        }
    }
    Ok(policy)
}

/// What the variables of a host ask; nothing where flags say everything, or the variables nothing.
fn of_host(args: &PolicyArgs, variables: &Variables) -> Result<Option<HostPolicy>, String> {
    let profiles = if args.profile.is_empty() { profiles(variables)? } else { None };
    let warn = if args.warn.is_none() { length(variables, WARN)? } else { None };
    let crit = if args.crit.is_none() { length(variables, CRIT)? } else { None };
    if profiles.is_none() && warn.is_none() && crit.is_none() {
        return Ok(None);
    }
    limits(profiles.unwrap_or_else(|| args.profile.clone()), warn.or(args.warn), crit.or(args.crit)).map(Some)
}

/// The limits of these profiles, or the given ones.
fn limits(named: Vec<Profile>, warn: Option<Nanos>, crit: Option<Nanos>) -> Result<HostPolicy, String> {
    // Limits of one's own are for a system that the profiles do not know, unless one was named too.
    let is_own = named.is_empty() && (warn.is_some() || crit.is_some());
    let of_profiles = Policy::of_profiles(named);
    let given = |limits: Limits| Limits { warn: warn.unwrap_or(limits.warn), crit: crit.unwrap_or(limits.crit) };
    let Limits { warn, crit } = given(Limits { warn: of_profiles.warn, crit: of_profiles.crit });
    if crit < warn {
        let (warn, crit) = (figure::limit(warn), figure::limit(crit));
        return Err(format!("`--crit` ({crit}) is below `--warn` ({warn})"));
    }
    Ok(HostPolicy {
        warn,
        crit,
        relative: of_profiles.relative.map(given),
        profiles: if is_own { Vec::new() } else { of_profiles.profiles },
    })
}

/// `ceph`, `ceph,jwt` or a list of names.
fn profiles(variables: &Variables) -> Result<Option<Vec<Profile>>, String> {
    let texts: Vec<String> = match variables.get(PROFILE).map(|variable| &variable.value) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::List(items)) => items.iter().filter_map(Value::scalar_text).collect(),
        Some(value) => value.scalar_text().into_iter().collect(),
    };
    let named = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let known = |name: &str| {
        Profile::from_label(name).ok_or_else(|| {
            let all: Vec<&str> = Profile::ALL.iter().map(|profile| profile.label()).collect();
            format!("{PROFILE}: there is no profile `{name}`, only {}", all.join(", "))
        })
    };
    let found: Vec<Profile> = named.map(known).collect::<Result<_, _>>()?;
    if found.is_empty() { Err(format!("{PROFILE} names no profile")) } else { Ok(Some(found)) }
}

/// `20ms`.
fn length(variables: &Variables, name: &str) -> Result<Option<Nanos>, String> {
    match variables.get(name).map(|variable| &variable.value) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let text = value.scalar_text().unwrap_or_default();
            parse_duration(&text).map(Some).map_err(|why| format!("{name}: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::FailOn;
    use crate::inventory::model::Variable;

    /// Limits in milliseconds, and the systems that they are for.
    type Asked<'asked> = (i64, i64, &'asked [Profile]);

    #[test]
    fn a_flag_wins_over_a_variable_and_a_variable_over_the_default() {
        let args = |profile: &[Profile], warn: Option<i64>| PolicyArgs {
            profile: profile.to_vec(),
            warn: warn.map(Nanos::from_millis),
            crit: None,
            reference: Vec::new(),
            jwt: Vec::new(),
            fail_on: FailOn::Down,
        };
        let check = |args: PolicyArgs, set: &[(&str, &str)], expected: Result<Option<Asked<'_>>, &str>| {
            let variable = |value: &str| Variable { value: Value::Text(value.to_owned()), origin: None };
            let variables = set.iter().map(|(name, value)| ((*name).to_owned(), variable(value))).collect();
            let found = of_host(&args, &variables);
            let expected = expected.map(|own| {
                own.map(|(warn, crit, profiles)| {
                    (Nanos::from_millis(warn), Nanos::from_millis(crit), profiles.to_vec())
                })
            });
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(found.map(|own| (own.warn, own.crit, own.profiles)), expected, "{set:?}");
                }
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{set:?}: {found:?}, expected {expected:?}"),
            }
        };
        check(args(&[], None), &[], Ok(None));
        check(args(&[], None), &[(PROFILE, "ceph")], Ok(Some((25, 50, &[Profile::Ceph]))));
        check(args(&[], None), &[(PROFILE, "etcd, ceph")], Ok(Some((25, 50, &[Profile::Ceph, Profile::Etcd]))));
        check(args(&[Profile::Etcd], None), &[(PROFILE, "ceph")], Ok(None));
        check(args(&[], None), &[(WARN, "1ms"), (CRIT, "2ms")], Ok(Some((1, 2, &[]))));
        check(args(&[], Some(7)), &[(PROFILE, "ceph"), (WARN, "1ms")], Ok(Some((7, 50, &[Profile::Ceph]))));
        check(args(&[Profile::Etcd], None), &[(CRIT, "2s")], Ok(Some((500, 2_000, &[Profile::Etcd]))));
        check(args(&[], None), &[(PROFILE, "cheph")], Err("no profile `cheph`"));
        check(args(&[], None), &[(WARN, "soon")], Err(WARN));
        check(args(&[], None), &[(CRIT, "1ms")], Err("below"));
    }
}
