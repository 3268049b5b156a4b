//! The plan as a file, `clockaudit.plan/1`: what the files become and what they must still be, nothing that was measured and no
//! secret.

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};

use super::{Check, Follows, Installation, Plan, PlannedHost, RefusedHost};
use crate::fix::files::PlannedFile;
use crate::fix::forecast::StepPolicy;
use crate::fix::remote::{Digest, PackageManager};

/// The name and major version of the format.
pub const SCHEMA: &str = "clockaudit.plan/1";

/// Why a stored plan cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The text is no JSON object with a `schema`.
    #[error("not a plan of clockaudit: {0}")]
    NotAPlan(String),
    /// A plan of another major version.
    #[error("the plan is of format `{0}`, this clockaudit reads `{SCHEMA}`: plan again")]
    UnknownMajor(String),
    /// A plan of the right version with something wrong in it.
    #[error("the plan is damaged: {0}; plan again")]
    Damaged(String),
}

/// The only part of a plan that every version shares.
#[derive(Deserialize)]
struct Envelope {
    schema: String,
}

/// A plan as it is stored.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredPlan {
    /// Always `clockaudit.plan/1`.
    schema: String,
    /// What was asked for, in words.
    change: String,
    /// Which clocks may be stepped: `forward`, `any` or `never`.
    step: String,
    /// The hosts that are changed, and those where all is as it should be.
    hosts: Vec<StoredHost>,
    /// The hosts that are left alone.
    refused: Vec<StoredRefusal>,
    /// What files become, by the SHA-256 of it; many hosts may become the same.
    contents: BTreeMap<String, StoredContent>,
}

/// What is done to one host.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredHost {
    /// Its name in the inventory.
    name: String,
    /// The file that its chronyd is started with.
    configuration: String,
    /// The service that is restarted.
    service: String,
    /// The version of its chronyd; null where chrony is yet to be installed.
    version: Option<String>,
    /// What is installed and stopped first; null where chronyd is there, and alone.
    installs: Option<StoredInstallation>,
    /// The files that change.
    files: Vec<StoredFile>,
    /// What its chronyd is to follow.
    follows: StoredFollows,
    /// Whether steps are left out until the clock is right.
    without_steps: bool,
    /// What was looked into, and is in order.
    checks: Vec<String>,
    /// What there is to know.
    warnings: Vec<String>,
}

/// How chronyd comes to keep the clock of a host.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredInstallation {
    /// What installs chrony: `apt-get`, `dnf`, `yum`, `zypper` or `apk`; null where it is there.
    manager: Option<String>,
    /// The version that is installed; null where that is not told beforehand.
    version: Option<String>,
    /// The services of other timekeepers, which are stopped and not started at boot any more.
    replaces: Vec<String>,
    /// The packages that go for chrony.
    removes: Vec<String>,
}

/// One file that changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredFile {
    /// Where it is.
    path: String,
    /// The SHA-256 that it must still have; null where there is no such file as long as chrony is not installed.
    was_sha256: Option<String>,
    /// The SHA-256 of what it becomes.
    becomes_sha256: String,
    /// The SHA-256 of what it is while the clock is slewed; null where that is what it becomes.
    meanwhile_sha256: Option<String>,
}

/// What chronyd is to follow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredFollows {
    /// One of these; empty where anything will do.
    sources: Vec<String>,
    /// The stratum of its own clock, where it follows that; else null.
    own_clock_stratum: Option<u8>,
}

/// A host that is left alone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredRefusal {
    /// Its name in the inventory.
    name: String,
    /// The name of the reason.
    reason: String,
    /// The reason in words.
    message: String,
}

/// The bytes of a file: one of the two is there.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StoredContent {
    /// The bytes, where they are UTF-8.
    text: Option<String>,
    /// The bytes in base64, where they are not.
    base64: Option<String>,
}

/// Writes a plan, one value a line, with a line end.
///
/// # Errors
///
/// Where a value cannot be written as JSON: a defect of the program.
pub fn write(plan: &Plan) -> Result<String, serde_json::Error> {
    let mut contents = BTreeMap::new();
    let hosts = plan.hosts.iter().map(|host| stored_host(host, &mut contents)).collect();
    let refused = plan.refused.iter().cloned();
    let stored = StoredPlan {
        schema: SCHEMA.to_owned(),
        change: plan.change.clone(),
        step: plan.step.name().to_owned(),
        hosts,
        refused: refused.map(|RefusedHost { name, reason, message }| StoredRefusal { name, reason, message }).collect(),
        contents,
    };
    let mut text = serde_json::to_string_pretty(&stored)?;
    text.push('\n');
    Ok(text)
}

/// Reads a stored plan; fields that a later minor version added are passed over.
///
/// # Errors
///
/// Why it cannot be used.
pub fn read(text: &str) -> Result<Plan, PlanError> {
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| PlanError::NotAPlan(error.to_string()))?;
    if envelope.schema != SCHEMA {
        return Err(PlanError::UnknownMajor(envelope.schema));
    }
    let stored: StoredPlan = serde_json::from_str(text).map_err(|error| PlanError::Damaged(error.to_string()))?;
    let step = StepPolicy::named(&stored.step);
    let step = step.ok_or_else(|| PlanError::Damaged(format!("`{}` is no policy of steps", stored.step)))?;
    let mut contents = BTreeMap::new();
    for (name, content) in &stored.contents {
        contents.insert(name.as_str(), content_of(name, content)?);
    }
    let hosts = stored.hosts.iter().map(|host| loaded_host(host, &contents)).collect::<Result<_, _>>()?;
    let refused = stored.refused.into_iter();
    Ok(Plan {
        change: stored.change,
        step,
        hosts,
        refused: refused.map(|StoredRefusal { name, reason, message }| RefusedHost { name, reason, message }).collect(),
    })
}

/// The JSON Schema of a plan, as `docs/plan-schema.json` holds it.
///
/// # Errors
///
/// Where it cannot be written as JSON: a defect of the program.
pub fn schema() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&schema_for!(StoredPlan))?;
    text.push('\n');
    Ok(text)
}

fn stored_host(host: &PlannedHost, contents: &mut BTreeMap<String, StoredContent>) -> StoredHost {
    let mut keep = |bytes: &[u8]| {
        let digest = Digest::of(bytes).to_string();
        contents.entry(digest.clone()).or_insert_with(|| stored_content(bytes));
        digest
    };
    let file = |file: &PlannedFile| StoredFile {
        path: file.path.clone(),
        was_sha256: file.was.map(|digest| digest.to_string()),
        becomes_sha256: keep(&file.becomes),
        meanwhile_sha256: file.meanwhile.as_deref().map(&mut keep),
    };
    let (sources, own_clock_stratum) = match &host.follows {
        Follows::Sources(sources) => (sources.clone(), None),
        Follows::Anything => (Vec::new(), None),
        Follows::OwnClock(stratum) => (Vec::new(), Some(*stratum)),
    };
    let installs = host.installs.clone();
    StoredHost {
        name: host.name.clone(),
        configuration: host.configuration.clone(),
        service: host.service.clone(),
        version: host.version.clone(),
        installs: installs.map(|Installation { manager, version, replaces, removes }| StoredInstallation {
            manager: manager.map(|manager| manager.label().to_owned()),
            version,
            replaces,
            removes,
        }),
        files: host.files.iter().map(file).collect(),
        follows: StoredFollows { sources, own_clock_stratum },
        without_steps: host.without_steps,
        checks: host.checks.iter().map(|check| check.label().to_owned()).collect(),
        warnings: host.warnings.clone(),
    }
}

fn stored_content(bytes: &[u8]) -> StoredContent {
    use base64::Engine as _;
    if let Ok(text) = std::str::from_utf8(bytes) {
        StoredContent { text: Some(text.to_owned()), base64: None }
    } else {
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        StoredContent { text: None, base64: Some(base64) }
    }
}

/// The bytes of a content, which must be those that its name tells.
fn content_of(name: &str, content: &StoredContent) -> Result<Vec<u8>, PlanError> {
    use base64::Engine as _;
    let damaged = || PlanError::Damaged(format!("the content {name} is not what its SHA-256 says"));
    let bytes = match (&content.text, &content.base64) {
        (Some(text), None) => text.clone().into_bytes(),
        (None, Some(text)) => base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| damaged())?,
        _ => return Err(damaged()),
    };
    (Digest::of(&bytes).to_string() == name).then_some(bytes).ok_or_else(damaged)
}

fn loaded_installation(stored: &StoredInstallation) -> Result<Installation, PlanError> {
    let manager = |name: &String| {
        let known = PackageManager::parse(name).filter(|manager| manager.is_used());
        known.ok_or_else(|| PlanError::Damaged(format!("`{name}` installs no chrony")))
    };
    Ok(Installation {
        manager: stored.manager.as_ref().map(manager).transpose()?,
        version: stored.version.clone(),
        replaces: stored.replaces.clone(),
        removes: stored.removes.clone(),
    })
}

fn loaded_host(host: &StoredHost, contents: &BTreeMap<&str, Vec<u8>>) -> Result<PlannedHost, PlanError> {
    let content = |name: &str| {
        let missing = || PlanError::Damaged(format!("the content {name} is missing"));
        contents.get(name).cloned().ok_or_else(missing)
    };
    let file = |file: &StoredFile| {
        let digest =
            |text: &String| Digest::parse(text).ok_or_else(|| PlanError::Damaged(format!("`{text}` is no SHA-256")));
        Ok(PlannedFile {
            path: file.path.clone(),
            was: file.was_sha256.as_ref().map(digest).transpose()?,
            becomes: content(&file.becomes_sha256)?,
            meanwhile: file.meanwhile_sha256.as_deref().map(content).transpose()?,
        })
    };
    let check = |label: &String| {
        let known = Check::ALL.into_iter().find(|check| check.label() == label);
        known.ok_or_else(|| PlanError::Damaged(format!("`{label}` is no check")))
    };
    let follows = match (host.follows.own_clock_stratum, host.follows.sources.as_slice()) {
        (Some(stratum), _) => Follows::OwnClock(stratum),
        (None, []) => Follows::Anything,
        (None, sources) => Follows::Sources(sources.to_vec()),
    };
    let installs = host.installs.as_ref().map(loaded_installation).transpose()?;
    Ok(PlannedHost {
        name: host.name.clone(),
        configuration: host.configuration.clone(),
        service: host.service.clone(),
        version: host.version.clone(),
        installs,
        files: host.files.iter().map(file).collect::<Result<_, _>>()?,
        follows,
        without_steps: host.without_steps,
        checks: host.checks.iter().map(check).collect::<Result<_, _>>()?,
        warnings: host.warnings.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[test]
    fn a_plan_survives_being_stored() {
        let plan = plan();
        let text = write(&plan).expect("a plan");
        assert_eq!(read(&text), Ok(plan));
        // What many hosts become is stored once.
        assert_eq!(text.matches("server b\\n").count(), 1, "{text}");
        assert!(!text.contains("offset"), "{text}");
    }

    #[test]
    fn a_plan_that_was_touched_is_refused_in_words() {
        let text = write(&plan()).expect("a plan");
        let check = |text: &str, expected: &str| {
            let message = read(text).expect_err("refused").to_string();
            assert!(message.contains(expected), "{message}");
        };
        check("", "not a plan");
        check("{}", "not a plan");
        check(r#"{"schema": "clockaudit.report/1"}"#, "of format `clockaudit.report/1`");
        check(r#"{"schema": "clockaudit.plan/1"}"#, "damaged: missing field");
        check(&text.replace("server b\\n", "server evil\\n"), "is not what its SHA-256 says");
        let digest = Digest::of(b"server b\n").to_string();
        check(&text.replace(&format!("\"{digest}\": {{"), &format!("\"{}\": {{", digest.replace('1', "2"))), "SHA-256");
        check(&text.replace("\"forward\"", "\"sideways\""), "no policy of steps");
        check(&text.replace("\"sets_clock\"", "\"luck\""), "no check");
    }

    #[test]
    fn the_schema_is_the_documented_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan-schema.json");
        assert_eq!(schema().expect("a schema"), std::fs::read_to_string(path).expect("a schema"));
    }
}
