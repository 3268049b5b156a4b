//! Selected hosts that are not audited, as they are stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A selected host that is not audited, by its nature: Windows, network gear, a container. That is no failure of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotAudited {
    /// Its name in the inventory.
    pub name: String,
    /// The groups it is in, sorted.
    #[serde(default)]
    pub groups: Vec<String>,
    /// What its inventory says that it is reached by, or the shell where that is what is not supported: `winrm`,
    /// `community.docker.docker`, `powershell`.
    pub by: String,
    /// Why it is not audited, and what to do instead where there is something.
    pub reason: String,
}
