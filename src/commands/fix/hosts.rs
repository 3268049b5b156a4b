//! The hosts that are to be changed: selected from an inventory, reached as a scan reaches them, and what it says of each.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::sync::Arc;

use indexmap::IndexSet;

use crate::audit::Policy;
use crate::cli::{ConnectionArgs, PolicyArgs, SelectionArgs};
use crate::commands::error::CommandError;
use crate::commands::inventory;
use crate::commands::measure::hidden;
use crate::commands::plan::{Measurement, flags};
use crate::commands::policy::{asked_by_inventory, policy, with_own_asks};
use crate::commands::scan::{provenance, ready};
use crate::commands::secrets;
use crate::commands::ssh_settings::SshSettings;
use crate::files::TimeLeft;
use crate::files::inventory::{LoadSettings, Loaded};
use crate::fix::canary::deepest_groups;
use crate::fix::change::{self, Filled, Template};
use crate::fix::draft::Intent;
use crate::fix::{Change, Mending, Plan, Refusal, RefusedHost};
use crate::inventory::connection::{self, ConnectionFlags};
use crate::inventory::diagnostics::{Diagnostic, Span};
use crate::inventory::model::{HostId, Inventory, Variables};
use crate::inventory::target::Target;
use crate::inventory::template::{Rendered, Renderer, TemplateError};
use crate::inventory::value::Value;
use crate::report::Provenance;
use crate::report::escape::visible;
use crate::terminal::Terminal;

/// What is said where a template names what is not there.
const NAMES: &str = "Its names are the variables of the host in the inventory; `-e NAME=VALUE` sets one";

/// How hosts are reached and measured.
#[derive(Debug)]
pub struct Access {
    /// What the command line says about connections, for the inventory to overrule.
    pub flags: ConnectionFlags,
    /// What is left for the run.
    pub time: TimeLeft,
    /// What `ssh` would be told.
    pub ssh: SshSettings,
    /// How hosts are measured.
    pub measurement: Measurement,
    /// The limits.
    pub policy: Policy,
}

/// The hosts that were selected.
#[derive(Debug)]
pub struct Selected {
    /// The inventory that they are from.
    pub loaded: Loaded,
    /// How each is reached.
    pub targets: Vec<Target>,
    /// Where they come from.
    pub provenance: Provenance,
}

impl Access {
    /// The access that was typed; the limits are those where nothing is asked, as long as the inventory asks nothing.
    pub fn new(args: &ConnectionArgs, time: TimeLeft, terminal: &Terminal) -> Result<Self, CommandError> {
        let policy = policy(&PolicyArgs::default(), Policy::DEFAULT_SAMPLES)?;
        Ok(Self {
            flags: ConnectionFlags { needs_root: true, ..flags(args) },
            ssh: SshSettings::new(args, &time, terminal)?,
            time,
            measurement: Measurement::new(args, &policy),
            policy,
        })
    }

    /// Reads the inventory, selects hosts, and finds out how they are reached. Passwords are asked for unless hosts are only listed.
    pub fn select(
        &mut self,
        selection: &SelectionArgs,
        connection: &ConnectionArgs,
        only_lists: bool,
        terminal: &Terminal,
    ) -> Result<Selected, CommandError> {
        let settings = LoadSettings::within(self.time.clone());
        let loaded = inventory::open(selection, &settings, terminal)?;
        let hosts = inventory::select(selection, &loaded, &settings, terminal)?;
        if !only_lists {
            secrets::passwords(connection, &loaded.configuration, &mut self.flags, &self.time, terminal)?;
        }
        let prepared = connection::targets(&loaded.renderer, &hosts, &self.flags, &loaded.configuration);
        let asks = asked_by_inventory(&loaded.renderer, &hosts)?;
        self.policy = with_own_asks(self.policy.clone(), &PolicyArgs::default(), &asks)?;
        let (mut targets, not_audited) = ready(prepared, &self.policy, terminal)?;
        if !only_lists {
            self.ssh.apply(&mut targets, &mut self.measurement.connection, terminal)?;
            secrets::unlock(&targets, &mut self.measurement.connection, &self.time, terminal)?;
            self.measurement.wait_for(&targets);
            self.measurement.sampling = Measurement::sampling(&self.policy, &targets);
        }
        let provenance = provenance(&loaded, &selection.limit, &targets, not_audited);
        Ok(Selected { loaded, targets, provenance })
    }
}

impl Selected {
    /// What is to be done on each host.
    ///
    /// # Errors
    ///
    /// Where nothing was asked for, neither by a flag nor by the inventory for any of them.
    pub fn intents(
        &self,
        change: Option<&Change>,
        stored: Option<&Plan>,
    ) -> Result<Vec<Result<Intent, Refusal>>, CommandError> {
        if let Some(plan) = stored {
            let planned = |target: &Target| {
                let host = plan.hosts.iter().find(|host| host.name == target.name).ok_or(Refusal::NotSelected)?;
                Ok(Intent::Apply(Box::new(host.clone())))
            };
            return Ok(self.targets.iter().map(planned).collect());
        }
        let intents: Vec<_> =
            self.targets.iter().map(|target| self.mending(target, change).map(Intent::Mend)).collect();
        if intents.iter().all(|intent| *intent == Err(Refusal::NoSource)) {
            return Err(CommandError::usage("nothing says which time servers the hosts are to follow")
                .hint("name one: `clockaudit fix inventory.ini --ntp-server 169.254.169.123 --check --diff`")
                .hint("or a vendor's: `--preset aws`, or the servers behind a name: `--pool pool.ntp.org`")
                .hint("or set `clockaudit_ntp_servers` or `clockaudit_preset` for hosts or groups of the inventory"));
        }
        Ok(intents)
    }

    /// What is wrong with a template that no host can be given a file by: then there is nothing to be done, nor to be measured.
    pub fn check_template(&self, intents: &[Result<Intent, Refusal>], terminal: &Terminal) -> Result<(), CommandError> {
        let wrong = |intent: &Result<Intent, Refusal>| match intent {
            Err(Refusal::Template(diagnostic)) => Some(Diagnostic::clone(diagnostic)),
            _ => None,
        };
        let Some(all) =
            intents.iter().map(wrong).collect::<Option<IndexSet<Diagnostic>>>().filter(|all| !all.is_empty())
        else {
            return Ok(());
        };
        terminal.diagnose(&Vec::from_iter(all));
        Err(CommandError::bad_input("the template can be filled in for no host"))
    }

    /// Leaves out the hosts that a plan says nothing of, and tells which of the plan are not to be changed, and why.
    pub fn keep_planned(&mut self, plan: &Plan) -> Result<Vec<RefusedHost>, CommandError> {
        let is_planned = |target: &Target| plan.hosts.iter().any(|host| host.name == target.name);
        let targets = std::mem::take(&mut self.targets).into_iter();
        let places = std::mem::take(&mut self.provenance.places);
        let kept = targets.zip(places).filter(|(target, _)| is_planned(target));
        (self.targets, self.provenance.places) = kept.unzip();
        if self.targets.is_empty() {
            return Err(CommandError::no_hosts("none of the hosts of the plan is among the selected ones"));
        }
        let is_selected = |name: &str| self.targets.iter().any(|target| target.name == name);
        let missing = plan.hosts.iter().filter(|host| !is_selected(&host.name));
        let missing = missing.map(|host| RefusedHost::new(host.name.clone(), &Refusal::NotSelected));
        Ok(missing.chain(plan.refused.iter().cloned()).collect())
    }

    /// The change that has all hosts follow one of them: where the others reach it, and which networks they are in.
    ///
    /// # Errors
    ///
    /// Where it is not among the hosts, is alone, or the network of another one cannot be told.
    pub fn internal(&self, server: &str) -> Result<Change, CommandError> {
        if server.is_empty() {
            return Err(CommandError::usage("`--internal` names no host"));
        }
        let names = || self.targets.iter().map(|target| target.name.as_str());
        let Some(target) = self.targets.iter().find(|target| target.name == server) else {
            let message = format!("`--internal {}` is not among the selected hosts", visible(server));
            return Err(CommandError::usage(message).did_you_mean(server, names()));
        };
        let mut networks = BTreeSet::new();
        for client in self.targets.iter().filter(|client| client.name != server) {
            let unknown = |why: String| {
                let told = |text: &str| visible(&hidden(client).masked(text));
                let (address, why) = (told(&client.address), told(&why));
                CommandError::usage(format!("`{address}` is not known to be in any network: {why}"))
                    .hint(format!("give {} its address as `ansible_host`", visible(&client.name)))
            };
            let address = address_of(&client.address).map_err(unknown)?;
            networks.insert(network(address));
        }
        if networks.is_empty() {
            return Err(CommandError::usage("`--internal` needs other hosts beside the one that they follow"));
        }
        let (host, address) = (server.to_owned(), target.address.clone());
        Ok(Change::Internal { host, address, networks: networks.into_iter().collect() })
    }

    fn mending(&self, target: &Target, change: Option<&Change>) -> Result<Mending, Refusal> {
        let inventory = &self.loaded.inventory;
        let Some(host) = host_of(inventory, target) else {
            return Err(Refusal::NotSurveyed("it is not in the inventory".to_owned()));
        };
        let variables = Arc::new(inventory.variables(host));
        let said = Said { renderer: &self.loaded.renderer, host, variables };
        change::mending(change, &target.name, &said)
    }

    /// The deepest groups of a host.
    pub fn deepest_groups(&self, target: &Target) -> Vec<String> {
        let inventory = &self.loaded.inventory;
        host_of(inventory, target).map_or_else(Vec::new, |host| deepest_groups(inventory, host))
    }

    /// The inventories, so that they are found from another folder too.
    pub fn sources(&self) -> Vec<String> {
        let found = |source: &String| std::fs::canonicalize(source).ok().map(|path| path.display().to_string());
        // What is no file is a list of hosts, or standard input.
        self.provenance.sources.iter().map(|source| found(source).unwrap_or_else(|| source.clone())).collect()
    }
}

/// The first address of a host, as this machine knows it.
fn address_of(name: &str) -> Result<IpAddr, String> {
    let mut found = (name, 0).to_socket_addrs().map_err(|error| error.to_string())?;
    found.next().map(|address| address.ip().to_canonical()).ok_or_else(|| "it has no address".to_owned())
}

/// The network that an address is in, as `allow` has it: of the sizes that networks of one segment usually have.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [one, two, three, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(one, two, three, 0))
        }
        IpAddr::V6(address) => {
            let [one, two, three, four, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(one, two, three, four, 0, 0, 0, 0))
        }
    }
}

fn host_of(inventory: &Inventory, target: &Target) -> Option<HostId> {
    inventory.host_named(&target.name).or_else(|| inventory.localhost(&target.name))
}

/// What the inventory says of one host.
struct Said<'inventory> {
    renderer: &'inventory Renderer,
    host: HostId,
    variables: Arc<Variables>,
}

impl Said<'_> {
    fn rendered(&self, name: &str, value: &Value) -> Result<Rendered, String> {
        self.renderer.render_with(self.host, Some(&self.variables), name, value).map_err(|error| error.to_string())
    }
}

impl change::Variables for Said<'_> {
    fn variable(&self, name: &str) -> Option<Result<Value, String>> {
        let set = self.variables.get(name)?;
        let rendered = self.rendered(name, &set.value).and_then(|rendered| {
            // It would stand in the plan, in the journal and in a file that everybody there can read.
            let secret = "it rests on a secret, which a plan and a configuration must not show";
            if rendered.is_secret { Err(secret.to_owned()) } else { Ok(rendered.value) }
        });
        Some(rendered)
    }

    fn fill(&self, template: &Template) -> Result<Filled, Box<Diagnostic>> {
        let wrong = |why: &str| Diagnostic::error(format!("the template {why}")).in_file(&template.file);
        let unfilled = |(error, span): (TemplateError, Option<Span>)| {
            let told = wrong(&error.of_file());
            let told = if let Some(span) = span { told.at(span) } else { told };
            let is_undefined = matches!(error, TemplateError::Undefined { .. });
            Box::new(if is_undefined { told.with_hint(NAMES) } else { told })
        };
        let filled = self.renderer.fill(self.host, &self.variables, "the template", &template.text);
        let Rendered { value, is_secret, .. } = filled.map_err(unfilled)?;
        let text = value.scalar_text().ok_or_else(|| wrong("makes a list or a mapping, and no text"))?;
        Ok(Filled { text, is_secret })
    }
}
