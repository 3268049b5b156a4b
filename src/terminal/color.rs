//! Colour or not: every flag and variable that has a say, and their order, in one place.

/// What the `--color` flag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coloring {
    /// The environment and the stream decide.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether a stream takes colour. The flag wins; then what forbids (`NO_COLOR`, `ANSIBLE_NOCOLOR`), then what forces
/// (`CLICOLOR_FORCE`, `ANSIBLE_FORCE_COLOR`), then what the stream is.
pub(super) fn is_wanted(flag: Coloring, variable: &dyn Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let is_true = |name: &str| {
        variable(name)
            .is_some_and(|value| matches!(value.to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t"))
    };
    match flag {
        Coloring::Always => true,
        Coloring::Never => false,
        Coloring::Auto if is_set("NO_COLOR") || is_true("ANSIBLE_NOCOLOR") => false,
        Coloring::Auto if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") => true,
        Coloring::Auto if is_true("ANSIBLE_FORCE_COLOR") => true,
        Coloring::Auto if variable("TERM").as_deref() == Some("dumb") => false,
        Coloring::Auto if variable("CLICOLOR").as_deref() == Some("0") => false,
        Coloring::Auto => is_terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_then_what_forbids_then_what_forces_then_the_stream() {
        let check = |flag: Coloring, variables: &[(&str, &str)], is_terminal: bool, expected: bool| {
            let find =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(is_wanted(flag, &find, is_terminal), expected, "{flag:?} {variables:?} {is_terminal}");
        };
        check(Coloring::Auto, &[], true, true);
        check(Coloring::Auto, &[], false, false);
        check(Coloring::Always, &[("NO_COLOR", "1")], false, true);
        check(Coloring::Never, &[("CLICOLOR_FORCE", "1")], true, false);
        check(Coloring::Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, false);
        check(Coloring::Auto, &[("NO_COLOR", "")], true, true);
        check(Coloring::Auto, &[("CLICOLOR_FORCE", "1")], false, true);
        check(Coloring::Auto, &[("CLICOLOR_FORCE", "0")], false, false);
        check(Coloring::Auto, &[("ANSIBLE_NOCOLOR", "True")], true, false);
        check(Coloring::Auto, &[("ANSIBLE_FORCE_COLOR", "true")], false, true);
        check(Coloring::Auto, &[("ANSIBLE_FORCE_COLOR", "false")], false, false);
        check(Coloring::Auto, &[("TERM", "dumb")], true, false);
        check(Coloring::Auto, &[("CLICOLOR", "0")], true, false);
    }
}
