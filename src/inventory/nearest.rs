//! The name that was probably meant.

/// The name nearest to `wanted`, if any is near: at most a third of its characters differ; two that changed places are one.
pub fn name<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let length = wanted.chars().count();
    let allowed = (length / 3).clamp(1, 3);
    // Names of a much different length are not looked at: this keeps a large inventory cheap.
    let near = names.filter(|name| name.chars().count().abs_diff(length) <= allowed);
    let measured = near.map(|name| (strsim::osa_distance(&wanted, &name.to_lowercase()), name));
    measured.filter(|(distance, _)| *distance <= allowed).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["ghosts", "web", "database", "auth-1"];
        let check = |wanted: &str, expected: Option<&str>| assert_eq!(name(wanted, names.into_iter()), expected);
        check("ghost", Some("ghosts"));
        check("wbe", Some("web"));
        check("databsae", Some("database"));
        check("bew", None);
        check("wb", Some("web"));
        check("datebase", Some("database"));
        check("auth1", Some("auth-1"));
        check("zzz", None);
    }
}
