//! Hosts that a scan selected and did not audit, in its trace.

use serde::{Deserialize, Serialize};

/// A selected host that is not audited by its nature: Windows, network gear, a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotAudited {
    /// Its name in the inventory.
    pub name: String,
    /// The groups it is in, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What its inventory says that it is reached by: `winrm`.
    #[serde(default)]
    pub by: String,
    /// Why it is not audited.
    #[serde(default)]
    pub reason: String,
}
