//! Lists of algorithms as OpenSSH writes them: names, or a change of the built-in list.

use super::pattern::matches;

/// Whether a list allows an algorithm; `is_built_in` is the answer of the built-in list. A list of names replaces that one, `+`
/// and `^` in front of it add to it, `-` takes away from it; an empty list changes nothing.
pub fn is_allowed(list: &[String], name: &str, is_built_in: bool) -> bool {
    let Some(first) = list.first() else { return is_built_in };
    let mode = first.chars().next().filter(|mode| ['+', '-', '^'].contains(mode));
    let is_named =
        list.iter().any(|pattern| matches(pattern.trim_start_matches(['+', '-', '^']).as_bytes(), name.as_bytes()));
    match mode {
        Some('+' | '^') => is_built_in || is_named,
        Some(_) => is_built_in && !is_named,
        None => is_named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_replace_add_and_take_away() {
        let check = |list: &str, name: &str, is_built_in: bool, expected: bool| {
            let names: Vec<String> = list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            assert_eq!(is_allowed(&names, name, is_built_in), expected, "{list} {name}");
        };
        check("", "ssh-ed25519", true, true);
        check("", "ssh-rsa", false, false);
        check("+ssh-rsa", "ssh-rsa", false, true);
        check("+ssh-rsa", "ssh-ed25519", true, true);
        check("^rsa-sha2-256,ssh-rsa", "ssh-rsa", false, true);
        check("-rsa-*", "rsa-sha2-512", true, false);
        check("-rsa-*", "ssh-ed25519", true, true);
        check("rsa-sha2-256", "rsa-sha2-256", true, true);
        check("rsa-sha2-256", "rsa-sha2-512", true, false);
    }
}
