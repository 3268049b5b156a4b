//! What is to be done: what was asked for, and what that means for one host.

use std::sync::Arc;

use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::nearest;
use crate::inventory::value::Value;
use crate::timekeeper::chrony::configuration::{Preset, Wanted};

use super::refusal::Refusal;

/// The variable that names time servers for a host or group: a list, or names with commas between.
pub const SERVERS_VARIABLE: &str = "clockaudit_ntp_servers";
/// The variable that names a preset.
pub const PRESET_VARIABLE: &str = "clockaudit_preset";

/// A template of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The file that it is from, as it was named.
    pub file: Arc<str>,
    /// Its text.
    pub text: String,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `--ntp-server`: these time servers, the first preferred.
    Servers(Vec<String>),
    /// `--pool`: the servers behind a name.
    Pool(String),
    /// `--preset`: the sources of a vendor.
    Preset(Preset),
    /// `--conf`: a whole file, by this template.
    Whole(Template),
    /// `--internal`: one host serves its own clock, the others follow it.
    Internal {
        /// Its name in the inventory.
        host: String,
        /// The address or name by which the others reach it.
        address: String,
        /// The networks of the others, as `10.0.0.0/8`.
        networks: Vec<String>,
    },
    /// `--makestep`: correct the clock now, change no file.
    MakeStep,
}

impl Change {
    /// What was asked for, as it is typed; the text of a template is not told.
    pub fn words(&self) -> String {
        match self {
            Self::Servers(names) => format!("--ntp-server {}", names.join(",")),
            Self::Pool(name) => format!("--pool {name}"),
            Self::Preset(preset) => format!("--preset {}", preset.name()),
            Self::Whole(_) => "--conf".to_owned(),
            Self::Internal { host, .. } => format!("--internal {host}"),
            Self::MakeStep => "--makestep".to_owned(),
        }
    }
}

/// What was asked for where it is the inventory that says it.
pub const BY_VARIABLES: &str = "clockaudit_ntp_servers and clockaudit_preset of the inventory";

/// What is to be done on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mending {
    /// Its files are edited.
    Edit(Wanted),
    /// Its main file becomes this.
    Whole(Vec<u8>),
    /// Its clock is stepped by what is left to correct.
    StepNow,
}

/// What a template became for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// Whether a password, or anything that was encrypted, was needed for it.
    pub is_secret: bool,
}

/// What a host's inventory has to say; the edge looks it up.
pub trait Variables {
    /// The value of a variable, rendered; `None` where it is not set; what is wrong with it where it cannot be rendered.
    fn variable(&self, name: &str) -> Option<Result<Value, String>>;

    /// Fills in a template; what is wrong with it where it cannot be.
    fn fill(&self, template: &Template) -> Result<Filled, Box<Diagnostic>>;
}

/// What is to be done on a host: what was asked for on the command line, else what its variables say.
pub fn mending(change: Option<&Change>, host: &str, variables: &impl Variables) -> Result<Mending, Refusal> {
    let edited = |wanted: Result<Wanted, _>| match wanted {
        Ok(wanted) => Ok(Mending::Edit(wanted)),
        Err(why) => Err(Refusal::BadVariable { name: "the change that was asked for".to_owned(), why: bad(&why) }),
    };
    match change {
        Some(Change::Servers(names)) => edited(Wanted::servers(names)),
        Some(Change::Pool(name)) => edited(Wanted::pool(name)),
        Some(Change::Preset(preset)) => Ok(Mending::Edit(Wanted::preset(*preset))),
        Some(Change::Internal { host: server, networks, .. }) if server == host => edited(Wanted::own_clock(networks)),
        Some(Change::Internal { address, .. }) => edited(Wanted::client_of(address)),
        Some(Change::Whole(template)) => whole(template, variables),
        Some(Change::MakeStep) => Ok(Mending::StepNow),
        None => by_variables(variables),
    }
}

fn bad(why: &impl ToString) -> String {
    why.to_string()
}

/// The whole file. Templates lose the line end at their end, which a file of configuration needs.
fn whole(template: &Template, variables: &impl Variables) -> Result<Mending, Refusal> {
    let Filled { mut text, is_secret } = variables.fill(template).map_err(Refusal::Template)?;
    if is_secret {
        return Err(Refusal::SecretTemplate);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Mending::Whole(text.into_bytes()))
}

fn by_variables(variables: &impl Variables) -> Result<Mending, Refusal> {
    let refused = |name: &str, why: String| Refusal::BadVariable { name: name.to_owned(), why };
    let read = |name: &str| variables.variable(name).transpose().map_err(|why| refused(name, why));
    let of_servers = read(SERVERS_VARIABLE)?;
    let of_preset = read(PRESET_VARIABLE)?;
    match (of_servers, of_preset) {
        (None | Some(Value::Null), None | Some(Value::Null)) => Err(Refusal::NoSource),
        (Some(servers), None | Some(Value::Null)) => {
            let names = names(&servers).map_err(|why| refused(SERVERS_VARIABLE, why))?;
            Wanted::servers(&names).map(Mending::Edit).map_err(|why| refused(SERVERS_VARIABLE, bad(&why)))
        }
        (None | Some(Value::Null), Some(preset)) => {
            let text = preset.scalar_text().unwrap_or_default();
            let known: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
            let near = nearest::name(&text, known.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let why = || format!("`{text}` is no preset, expected one of {}{near}", known.join(", "));
            let preset = Preset::named(&text).ok_or_else(|| refused(PRESET_VARIABLE, why()))?;
            Ok(Mending::Edit(Wanted::preset(preset)))
        }
        (Some(_), Some(_)) => {
            let why = format!("{PRESET_VARIABLE} is set as well, and only one of them can say what the host follows");
            Err(refused(SERVERS_VARIABLE, why))
        }
    }
}

/// The names of a list, or of a text with commas between.
fn names(value: &Value) -> Result<Vec<String>, String> {
    let no_name = |value: &Value| format!("`{value}` is no name of a time server");
    match value {
        Value::List(items) => items.iter().map(|item| item.scalar_text().ok_or_else(|| no_name(item))).collect(),
        scalar => {
            let text = scalar.scalar_text().ok_or_else(|| no_name(scalar))?;
            Ok(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Said(&'static [(&'static str, &'static str)]);

    impl Variables for Said {
        fn variable(&self, name: &str) -> Option<Result<Value, String>> {
            let (_, text) = self.0.iter().find(|(known, _)| *known == name)?;
            Some(match *text {
                "broken" => Err("`a` is undefined".to_owned()),
                "list" => Ok(Value::List(vec!["ntp1.example".into(), "ntp2.example".into()])),
                "map" => Ok(Value::Mapping(indexmap::IndexMap::new())),
                text => Ok(text.into()),
            })
        }

        fn fill(&self, template: &Template) -> Result<Filled, Box<Diagnostic>> {
            let text = &template.text;
            Ok(Filled { text: text.replace("NAME", "a.example"), is_secret: text.contains("SECRET") })
        }
    }

    #[test]
    fn what_was_asked_for_counts_before_what_variables_say() {
        let said = Said(&[(SERVERS_VARIABLE, "list")]);
        let check = |change: Option<&Change>, host: &str, expected: &[&str]| {
            let Ok(Mending::Edit(wanted)) = mending(change, host, &said) else { panic!("{change:?}") };
            assert_eq!(wanted.sources, expected, "{change:?}");
        };
        let internal = Change::Internal {
            host: "n".to_owned(),
            address: "10.0.0.1".to_owned(),
            networks: vec!["10.0.0.0/8".to_owned()],
        };
        check(None, "a", &["server ntp1.example prefer iburst", "server ntp2.example iburst"]);
        check(Some(&Change::Servers(vec!["b".to_owned()])), "a", &["server b prefer iburst"]);
        check(Some(&Change::Pool("p".to_owned())), "a", &["pool p iburst"]);
        check(Some(&internal), "a", &["server 10.0.0.1 iburst"]);
        check(Some(&internal), "n", &[]);
        assert_eq!(mending(Some(&Change::MakeStep), "a", &said), Ok(Mending::StepNow));
    }

    #[test]
    fn variables_that_make_no_sense_refuse_their_host() {
        let check = |said: &'static [(&str, &str)], part: &str| {
            let found = mending(None, "a", &Said(said)).expect_err("refused").to_string();
            assert!(found.contains(part), "{found}");
        };
        check(&[], "clockaudit_ntp_servers");
        check(&[(SERVERS_VARIABLE, "broken")], "`a` is undefined");
        check(&[(SERVERS_VARIABLE, "map")], "no name of a time server");
        check(&[(SERVERS_VARIABLE, "a; rm")], "no name or address");
        check(&[(SERVERS_VARIABLE, ",")], "no time server is named");
        check(&[(PRESET_VARIABLE, "amazon")], "expected one of aws, gcp");
        check(&[(PRESET_VARIABLE, "asw")], "; did you mean `aws`?");
        check(&[(SERVERS_VARIABLE, "a,b,a")], "`a` is named twice");
        check(&[(SERVERS_VARIABLE, "a"), (PRESET_VARIABLE, "aws")], "is set as well");
    }

    #[test]
    fn a_template_becomes_a_whole_file_with_an_end() {
        let whole = |text: &str| {
            let template = Template { file: "c.j2".into(), text: text.to_owned() };
            mending(Some(&Change::Whole(template)), "a", &Said(&[]))
        };
        assert_eq!(whole("server NAME"), Ok(Mending::Whole(b"server a.example\n".to_vec())));
        assert_eq!(whole("server NAME\n"), Ok(Mending::Whole(b"server a.example\n".to_vec())));
        assert_eq!(whole("SECRET"), Err(Refusal::SecretTemplate));
    }
}
