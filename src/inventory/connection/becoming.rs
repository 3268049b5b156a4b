//! Whom to become on a host, and by what: Ansible's `become`.

use super::ConnectionFlags;
use super::lookup::Lookup;
use super::table;
use super::wrong::Reading;
use crate::inventory::configuration::{Given, Provenance};
use crate::inventory::elevation::{Elevation, ElevationMethod};
use crate::inventory::secret::Secret;

/// Whom to become on a host, as it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Becoming {
    /// Whether anybody at all.
    pub is_wanted: Given<bool>,
    /// By what.
    pub method: Given<String>,
    /// Whom.
    pub user: Given<String>,
    /// The program of the method.
    pub program: Given<String>,
    /// Its arguments.
    pub flags: Given<String>,
    /// The password that it may ask for.
    pub password: Option<Given<Secret>>,
}

impl Default for Becoming {
    fn default() -> Self {
        Self {
            is_wanted: Given::default_of(false),
            method: Given::default_of("sudo".to_owned()),
            user: Given::default_of("root".to_owned()),
            program: Given::default_of(table::SUDO.default_program.to_owned()),
            flags: Given::default_of(table::SUDO.default_flags.to_owned()),
            password: None,
        }
    }
}

impl Becoming {
    /// What the host is to be told, or why it cannot be.
    pub fn elevation(&self) -> Result<Elevation, String> {
        let name = &self.method.value;
        let method = ElevationMethod::from_name(name).ok_or_else(|| {
            format!("become method '{name}' is not supported (sudo, su); use --become-method or run as root")
        })?;
        let set = |given: &Given<String>| {
            let is_set = given.provenance != Provenance::Default;
            is_set.then(|| given.value.clone())
        };
        Ok(Elevation {
            method,
            user: self.user.value.clone(),
            program: set(&self.program),
            flags: set(&self.flags),
            password: self.password.as_ref().map(|given| given.value.clone()),
        })
    }
}

/// What was set, or what is wrong with it. The method decides which names count; one that is not known is treated as sudo
/// here and refused where somebody is to be become.
pub(super) fn read(lookup: &Lookup<'_>, flags: &ConnectionFlags, reading: &mut Reading) -> Becoming {
    let mut becoming = Becoming::default();
    let flag = flags.become_user.map(|wanted| flags.given(wanted, "--become"));
    reading.replace("become", &mut becoming.is_wanted, lookup.switch(&table::BECOME, flag, true));
    let method = flags.become_method.clone().map(|method| flags.given(method, "--become-method"));
    reading.replace("become_method", &mut becoming.method, lookup.text(&table::BECOME_METHOD, method));
    let names = match ElevationMethod::from_name(&becoming.method.value) {
        Some(ElevationMethod::Su) => table::SU,
        Some(ElevationMethod::Sudo) | None => table::SUDO,
    };
    becoming.program = Given::default_of(names.default_program.to_owned());
    becoming.flags = Given::default_of(names.default_flags.to_owned());
    let user = flags.become_as.clone().map(|user| flags.given(user, "--become-user"));
    // Nobody is whom sudo and su take where nobody is named, as with Ansible.
    let somebody = |given: Given<String>| given.map(|user| if user.is_empty() { "root".to_owned() } else { user });
    let user = lookup.text(&names.user, user).map(|found| found.map(somebody));
    reading.replace("become_user", &mut becoming.user, user);
    reading.replace("become_exe", &mut becoming.program, lookup.text(&names.program, None));
    reading.replace("become_flags", &mut becoming.flags, lookup.text(&names.flags, None));
    let password = lookup.secret(&names.password, flags.become_password.clone());
    reading.set("become_password", &mut becoming.password, password);
    becoming
}
