//! Why a value cannot be rendered, as the end of a sentence that begins with the name of its variable.

use core::time::Duration;

use crate::inventory::vault::VaultError;

/// What of a template only Ansible has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A lookup plugin.
    Lookup,
    /// A filter.
    Filter,
    /// A test.
    Test,
    /// A method of one of Python's types.
    Method,
    /// A function.
    Function,
}

impl Missing {
    fn named(self, name: &str) -> String {
        match self {
            Self::Lookup => format!("lookup('{name}')"),
            Self::Filter => format!("the filter '{name}'"),
            Self::Test => format!("the test '{name}'"),
            Self::Method => format!("the method '{name}'"),
            Self::Function => format!("the function '{name}'"),
        }
    }
}

/// Why a value cannot be rendered. Its text goes on after the variable's name, and never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be parsed.
    #[error("is no valid template: {0}")]
    Syntax(String),
    /// A name in it stands for nothing.
    #[error("refers to '{name}', which is not defined{}", near.as_ref().map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
    Undefined {
        /// The name, or the expression.
        name: String,
        /// The name that was probably meant.
        near: Option<String>,
    },
    /// It needs its own value.
    #[error("refers to itself ({})", chain.join(" -> "))]
    Cycle {
        /// The variables on the way, the first one again at the end.
        chain: Vec<String>,
    },
    /// It would take more work than any setting of a connection should.
    #[error("takes too much work to render ({0})")]
    TooMuch(&'static str),
    /// All templates of the inventory together have taken the work that they may.
    #[error(
        "is not rendered: the templates of this inventory took more than {most} steps of work, the last of them for {name} of \
         {host}; make that value cheaper, or pass it with -e"
    )]
    Exhausted {
        /// The steps that they may take.
        most: u64,
        /// The variable at which they became too many.
        name: String,
        /// Its host.
        host: String,
    },
    /// The run has no time left.
    #[error("could not be worked out before the {} s of `--deadline` were over", whole.as_secs_f64())]
    TooLate {
        /// How long the run may take.
        whole: Duration,
    },
    /// It needs what only Ansible has.
    #[error("uses {}, which only Ansible can run; pass its value with -e, or pass --inventory-via-ansible", missing.named(name))]
    OnlyAnsible {
        /// What it is.
        missing: Missing,
        /// Its name.
        name: String,
    },
    /// It is `omit`, which stands for no value.
    #[error("is omit, which only an argument of a task can be")]
    Omitted,
    /// It is encrypted, or needs what is.
    #[error("cannot be decrypted: {0}. {remedy}", remedy = .0.remedy())]
    Vault(#[from] VaultError),
    /// A file that it reads cannot be read.
    #[error("reads the file '{path}', which {why}")]
    File {
        /// The file as the template names it.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// An operation failed.
    #[error("cannot be rendered: {0}")]
    Failed(String),
}

impl TemplateError {
    /// The same of a template that is a file of its own, which Ansible does not fill in.
    pub fn of_file(&self) -> String {
        match self {
            Self::Syntax(why) => format!("cannot be read: {why}"),
            Self::OnlyAnsible { missing, name } => {
                format!("uses {}, which clockaudit does not have", missing.named(name))
            }
            other => other.to_string(),
        }
    }
}
