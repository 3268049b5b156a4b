//! The limits as they were typed and as the inventory has them, turned into the policy that hosts are judged by.

mod explained;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::CommandError;
use crate::audit::figure;
use crate::audit::{HostPolicy, Limits, Policy, Profile, ReferenceChoice, ServerName, TimeProtocol};
use crate::cli::PolicyArgs;
use crate::cli::values::parse_duration;
use crate::clock::Nanos;
use crate::fix::change::{PRESET_VARIABLE, SERVERS_VARIABLE};
use crate::inventory::configuration::Place;
use crate::inventory::model::{HostId, Inventory, Variable, Variables};
use crate::inventory::nearest;
use crate::inventory::template::{Renderer, TemplateError};
use crate::inventory::value::Value;
use crate::probe::trace::{Asked, FleetAsked, Trace};
use crate::report::escape::visible;

pub use explained::{explained, wrong_for_all};

/// The inventory variables that say what is asked of a host.
const PROFILE: &str = "clockaudit_profile";
const WARN: &str = "clockaudit_warn";
const CRIT: &str = "clockaudit_crit";
/// The variables of an inventory that are clockaudit's own.
pub const OWN_VARIABLES: [&str; 5] = [PROFILE, WARN, CRIT, SERVERS_VARIABLE, PRESET_VARIABLE];
/// The long names of the flags that say the same of all hosts.
const LIMITS: [&str; 3] = ["profile", "warn", "crit"];
/// Two web servers that differ accuse each other.
const LEAST_WEB_SERVERS: usize = 3;

/// What is said of a value that may not be told.
const NO_PROFILE: &str = "no name of a profile";
const NO_DURATION: &str = "no duration, such as 20ms";

/// What to do about a critical limit that is below the one to warn at.
const ORDER: &str = "critical begins where a warning ends, or beyond: give both, as in `--warn 20ms --crit 50ms`";

/// Makes the policy; `samples` is how many exchanges each host should have.
pub fn policy(args: &PolicyArgs, samples: usize) -> Result<Policy, CommandError> {
    let HostPolicy { warn, crit, profiles, relative } =
        limits(args.profile.clone(), flag("--warn", args.warn), flag("--crit", args.crit))
            .map_err(|why| CommandError::usage(why).hint(ORDER))?;
    Ok(Policy {
        warn,
        crit,
        relative,
        profiles,
        hosts: BTreeMap::new(),
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

/// What is asked of single hosts, by their names.
pub type OwnAsks = BTreeMap<String, OwnAsk>;

/// What is asked of one host, before flags win over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAsk {
    profiles: Option<Vec<Profile>>,
    warn: Option<Given>,
    crit: Option<Given>,
}

/// A limit and who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    limit: Nanos,
    /// `--warn`, `clockaudit_warn`.
    by: &'static str,
    /// Where that is set, `hosts.ini:4`; `None` for a flag.
    place: Option<String>,
}

impl Given {
    fn words(&self) -> String {
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(", {place}"));
        format!("`{}` ({}{place})", self.by, figure::limit(self.limit))
    }
}

fn flag(by: &'static str, limit: Option<Nanos>) -> Option<Given> {
    limit.map(|limit| Given { limit, by, place: None })
}

impl OwnAsk {
    /// The same as a trace keeps it.
    pub fn recorded(&self) -> Asked {
        let limit = |given: &Option<Given>| given.as_ref().map(|given| given.limit);
        let labels = self.profiles.iter().flatten().map(|profile| profile.label().to_owned());
        Asked { profiles: labels.collect(), warn: limit(&self.warn), crit: limit(&self.crit) }
    }
}

/// What the inventory asks of single hosts and groups, expressions rendered.
pub fn asked_by_inventory(renderer: &Renderer, hosts: &[HostId]) -> Result<OwnAsks, CommandError> {
    let inventory = renderer.inventory();
    let mut resolver = inventory.resolver();
    let mut asks = OwnAsks::new();
    for id in hosts {
        let Some(host) = inventory.host(*id) else { continue };
        let variables = Arc::new(resolver.variables(*id));
        let set = |name: &'static str| set(renderer, *id, &variables, name);
        let own = own_ask(set).map_err(|why| of_host(&host.name, &why))?;
        if own != OwnAsk::default() {
            asks.insert(host.name.clone(), own);
        }
    }
    Ok(asks)
}

/// A variable that asks something of a host.
struct Set {
    value: Value,
    /// Where it is set, `hosts.ini:4`.
    place: Option<String>,
    /// Whether it was encrypted, or made of what was.
    is_secret: bool,
}

/// A variable of a host, expressions rendered; null counts as not set.
fn set(renderer: &Renderer, host: HostId, variables: &Arc<Variables>, name: &str) -> Result<Option<Set>, String> {
    let Some(variable) = variables.get(name) else { return Ok(None) };
    let place = place(renderer.inventory(), variable).map(|place| format!("{}:{}", place.file, place.line));
    match renderer.render_with(host, Some(variables), name, &variable.value) {
        Ok(found) if found.value == Value::Null => Ok(None),
        Ok(found) => Ok(Some(Set { value: found.value, place, is_secret: found.is_secret })),
        // The run ends at its deadline before any host is reached, and none is judged.
        Err(TemplateError::TooLate { .. }) => Ok(None),
        Err(error) => Err(match place {
            Some(place) => format!("`{name}` ({place}) {error}"),
            None => format!("`{name}` {error}"),
        }),
    }
}

fn place(inventory: &Inventory, variable: &Variable) -> Option<Place> {
    let origin = variable.origin?;
    Some(Place { file: Arc::clone(&inventory.source(origin.source)?.name), line: origin.line })
}

/// What the inventory of a recorded scan asked.
pub fn asked_in_trace(trace: &Trace) -> Result<OwnAsks, CommandError> {
    let mut asks = OwnAsks::new();
    for (observation, host) in trace.seen.observations.iter().zip(&trace.hosts) {
        let Asked { profiles, warn, crit } = &host.asked;
        let named = profiles.iter().map(|name| known_profile(name)).collect::<Result<Vec<Profile>, _>>();
        let named = named.map_err(|why| of_host(&observation.host, &format!("`{PROFILE}`: {why}")))?;
        let own = OwnAsk {
            profiles: Some(named).filter(|named| !named.is_empty()),
            warn: flag(WARN, *warn),
            crit: flag(CRIT, *crit),
        };
        if own != OwnAsk::default() {
            asks.insert(observation.host.clone(), own);
        }
    }
    Ok(asks)
}

/// What the limits among the flags ask of all hosts, as a trace keeps it.
pub fn asked_by_flags(args: &PolicyArgs) -> FleetAsked {
    let profiles = args.profile.iter().map(|profile| profile.label().to_owned()).collect();
    let from_files = LIMITS.into_iter().filter(|long| args.from_files.contains(*long)).map(str::to_owned);
    FleetAsked { asked: Asked { profiles, warn: args.warn, crit: args.crit }, from_files: from_files.collect() }
}

/// The flags that a recorded scan is judged by: those that are given, and of those about limits the scan's own where none of
/// them is typed.
pub fn as_recorded(args: &PolicyArgs, trace: &Trace) -> Result<PolicyArgs, CommandError> {
    let is_typed = |long: &str, is_set: bool| is_set && !args.from_files.contains(long);
    let is_any_typed = is_typed("profile", !args.profile.is_empty())
        || is_typed("warn", args.warn.is_some())
        || is_typed("crit", args.crit.is_some());
    let Some(FleetAsked { asked, from_files }) = trace.asked.as_ref().filter(|_| !is_any_typed) else {
        return Ok(args.clone());
    };
    let profile = asked.profiles.iter().map(|name| known_profile(name)).collect::<Result<Vec<Profile>, _>>();
    let profile = profile.map_err(|why| CommandError::bad_input(format!("`profiles` of the run: {why}")))?;
    let others = args.from_files.iter().filter(|long| !LIMITS.contains(&long.as_str()));
    let from_files = others.chain(from_files).cloned().collect();
    Ok(PolicyArgs { profile, warn: asked.warn, crit: asked.crit, from_files, ..args.clone() })
}

/// The policy, with what is asked of single hosts; a flag wins over what means the same.
pub fn with_own_asks(policy: Policy, args: &PolicyArgs, asks: &OwnAsks) -> Result<Policy, CommandError> {
    let mut policy = policy;
    for (host, ask) in asks {
        let own = judged_by(args, ask).map_err(|why| of_host(host, &why).hint(ORDER))?;
        policy.hosts.extend(own.map(|own| (host.clone(), own)));
    }
    Ok(policy)
}

/// What is wrong where the policy names a host or a group that is not among `hosts`, each of them with its groups; `of` tells
/// which hosts these are.
pub fn unknown_name(policy: &Policy, hosts: &[(&str, &[String])], of: &str) -> Option<CommandError> {
    let names = || hosts.iter().map(|(name, _)| *name);
    let groups = || hosts.iter().flat_map(|(_, groups)| groups.iter().map(String::as_str));
    let reference = || format!("the reference `{}` is not among {of}", visible(&policy.reference.label()));
    match &policy.reference {
        ReferenceChoice::Host(name) if !names().any(|known| known == name) => {
            return Some(CommandError::usage(reference()).did_you_mean(name, names()));
        }
        ReferenceChoice::Group(name) if !groups().any(|known| known == name) => {
            return Some(CommandError::usage(reference()).did_you_mean(name, groups()));
        }
        _ => {}
    }
    let mut asked = policy.tokens.iter().flat_map(|tokens| [&tokens.issuers, &tokens.verifiers]);
    let group = asked.find(|group| !groups().any(|known| known == *group))?;
    let message = format!("`--jwt`: none of {of} is in the group `{}`", visible(group));
    Some(CommandError::usage(message).did_you_mean(group, groups()))
}

fn of_host(host: &str, why: &str) -> CommandError {
    CommandError::bad_input(format!("{}: {why}", visible(host)))
}

/// What a host is judged by; nothing of its own where flags say everything.
fn judged_by(args: &PolicyArgs, ask: &OwnAsk) -> Result<Option<HostPolicy>, String> {
    // What a file says is there, and yet the variable wins.
    let is_open = |long: &str, is_unset: bool| is_unset || args.from_files.contains(long);
    let profiles = ask.profiles.clone().filter(|_| is_open("profile", args.profile.is_empty()));
    let warn = ask.warn.clone().filter(|_| is_open("warn", args.warn.is_none()));
    let crit = ask.crit.clone().filter(|_| is_open("crit", args.crit.is_none()));
    if profiles.is_none() && warn.is_none() && crit.is_none() {
        return Ok(None);
    }
    let profiles = profiles.unwrap_or_else(|| args.profile.clone());
    limits(profiles, warn.or(flag("--warn", args.warn)), crit.or(flag("--crit", args.crit))).map(Some)
}

/// The limits of these profiles, or the given ones.
fn limits(named: Vec<Profile>, warn: Option<Given>, crit: Option<Given>) -> Result<HostPolicy, String> {
    // Limits of one's own are for a system that the profiles do not know, unless one was named too.
    let is_own = named.is_empty() && (warn.is_some() || crit.is_some());
    let of_profiles = Policy::of_profiles(named);
    let given = |limits: Limits| Limits {
        warn: warn.as_ref().map_or(limits.warn, |given| given.limit),
        crit: crit.as_ref().map_or(limits.crit, |given| given.limit),
    };
    let Limits { warn: to_warn, crit: critical } = given(Limits { warn: of_profiles.warn, crit: of_profiles.crit });
    if critical < to_warn {
        let systems: Vec<&str> = of_profiles.profiles.iter().map(|profile| profile.label()).collect();
        let by_profile =
            |what: &str, limit: Nanos| format!("the limit of {} {what} ({})", systems.join("+"), figure::limit(limit));
        let crit = crit.map_or_else(|| by_profile("where it breaks", critical), |given| given.words());
        let warn = warn.map_or_else(|| by_profile("to warn at", to_warn), |given| given.words());
        return Err(format!("{crit} is below {warn}"));
    }
    Ok(HostPolicy {
        warn: to_warn,
        crit: critical,
        relative: of_profiles.relative.map(given),
        profiles: if is_own { Vec::new() } else { of_profiles.profiles },
    })
}

/// What the variables of a host ask; `set` gives one of them.
fn own_ask(set: impl Fn(&'static str) -> Result<Option<Set>, String>) -> Result<OwnAsk, String> {
    // An error tells the value, which may be nothing to tell.
    let said = |name: &str, set: &Set, why: &str, expected: &str| {
        let place = set.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
        let why = if set.is_secret { format!("what is encrypted there is {expected}") } else { why.to_owned() };
        format!("`{name}`{place}: {why}")
    };
    let given = |by: &'static str| {
        let given = |set: Set| {
            let limit = length(&set.value).map_err(|why| said(by, &set, &why, NO_DURATION))?;
            Ok::<Given, String>(Given { limit, by, place: set.place })
        };
        set(by)?.map(given).transpose()
    };
    let named = |set: Set| profiles(&set.value).map_err(|why| said(PROFILE, &set, &why, NO_PROFILE));
    let profiles = set(PROFILE)?.map(named).transpose()?;
    Ok(OwnAsk { profiles, warn: given(WARN)?, crit: given(CRIT)? })
}

/// `20ms`.
fn length(value: &Value) -> Result<Nanos, String> {
    let text = value.scalar_text().ok_or_else(|| format!("a duration is expected here, not `{value}`"))?;
    parse_duration(&text)
}

/// `ceph`, `ceph,jwt` or a list of such names.
fn profiles(value: &Value) -> Result<Vec<Profile>, String> {
    let name = |value: &Value| {
        value.scalar_text().ok_or_else(|| format!("names of profiles are expected here, not `{value}`"))
    };
    let texts: Vec<String> = match value {
        Value::List(items) => items.iter().map(name).collect::<Result<_, _>>()?,
        value => vec![name(value)?],
    };
    let named = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let found: Vec<Profile> = named.map(known_profile).collect::<Result<_, _>>()?;
    if found.is_empty() { Err("no profile is named".to_owned()) } else { Ok(found) }
}

fn known_profile(name: &str) -> Result<Profile, String> {
    Profile::from_label(name).ok_or_else(|| {
        let all: Vec<&str> = Profile::ALL.iter().map(|profile| profile.label()).collect();
        let near = nearest::name(name, all.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        format!("there is no profile `{name}`; {near}known are {}", all.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::FailOn;

    /// Limits in milliseconds, and the systems that they are for.
    type Judged<'asked> = (i64, i64, &'asked [Profile]);

    #[test]
    fn a_flag_wins_over_a_variable_and_a_variable_over_the_default() {
        let args = |profile: &[Profile], warn: Option<i64>| PolicyArgs {
            profile: profile.to_vec(),
            warn: warn.map(Nanos::from_millis),
            crit: None,
            reference: Vec::new(),
            jwt: Vec::new(),
            fail_on: FailOn::Down,
            from_files: std::collections::BTreeSet::new(),
        };
        let check = |args: PolicyArgs, set: &[(&str, &str)], expected: Result<Option<Judged<'_>>, &str>| {
            let variable = |name: &'static str| {
                let found = set.iter().find(|(set, _)| *set == name);
                let place = || Some("hosts.ini:4".to_owned());
                Ok(found.map(|(_, value)| Set { value: Value::from(*value), place: place(), is_secret: false }))
            };
            let asked = own_ask(variable);
            let found = asked.and_then(|ask| judged_by(&args, &ask));
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
        let below = "`clockaudit_crit` (1 ms, hosts.ini:4) is below the limit of jwt to warn at (50 ms)";
        check(args(&[], None), &[(CRIT, "1ms")], Err(below));
        check(args(&[], Some(7)), &[(CRIT, "1ms")], Err("is below `--warn` (7 ms)"));
    }

    #[test]
    fn what_names_no_profile_is_refused_and_never_dropped() {
        let check = |value: Value, expected: Result<&[Profile], &str>| match (profiles(&value), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{value}: {found:?}, expected {expected:?}"),
        };
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        check(list(&["ceph", "jwt,etcd"]), Ok(&[Profile::Ceph, Profile::Jwt, Profile::Etcd]));
        check(Value::List(vec![Value::from("jwt"), list(&["ceph"])]), Err("not `[\"ceph\"]`"));
        check(Value::Mapping(indexmap::IndexMap::default()), Err("not `{}`"));
        check(list(&[]), Err("no profile is named"));
        check(Value::from(" , "), Err("no profile is named"));
    }
}
