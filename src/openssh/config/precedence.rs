//! The order of what several said of a host before any file of `ssh_config` is read; the first of each setting wins.

use super::directive::Given;
use super::keyword::Keyword;

/// A setting, and whether the flags of OpenSSH's own kind leave it the first word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The setting.
    pub given: Given,
    /// Whether it counts more than those flags: the inventory says it of the host, or a flag of its own does.
    pub outweighs_flags: bool,
}

/// Puts flags before everything but what outweighs them. Among themselves both keep their order, so that all is as with Ansible
/// where there are no such flags.
pub fn in_order(said: &[Said], flags: Vec<Given>) -> Vec<Given> {
    let is_outweighed = |flag: &Given| {
        said.iter().any(|said| said.outweighs_flags && is_same_setting(said.given.keyword, flag.keyword))
    };
    let (behind, before): (Vec<Given>, Vec<Given>) = flags.into_iter().partition(is_outweighed);
    // An option that replaces what was said before it is about what stands beside it.
    let is_replaced = |said: &Said| {
        said.given.replaces && before.iter().any(|flag| is_same_setting(said.given.keyword, flag.keyword))
    };
    let said: Vec<Given> = said.iter().filter(|said| !is_replaced(said)).map(|said| said.given.clone()).collect();
    before.into_iter().chain(said).chain(behind).collect()
}

/// Whether the first of two shuts out the other: a command and jump hosts are two ways of one connection.
fn is_same_setting(one: Keyword, other: Keyword) -> bool {
    let is_proxy = |keyword| matches!(keyword, Keyword::ProxyCommand | Keyword::ProxyJump);
    one == other || is_proxy(one) && is_proxy(other)
}

#[cfg(test)]
mod tests {
    use super::super::arguments;
    use super::*;

    #[test]
    fn flags_stand_between_the_inventory_and_everything_else() {
        let said = |words: &str, outweighs_flags: bool| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let given = arguments::read(&words, "here").expect("options").given;
            given.into_iter().map(move |given| Said { given, outweighs_flags }).collect::<Vec<_>>()
        };
        let check = |of_files: &str, of_inventory: &str, flags: &str, expected: &str| {
            let all: Vec<Said> = said(of_files, false).into_iter().chain(said(of_inventory, true)).collect();
            let ordered = in_order(&all, said(flags, false).into_iter().map(|said| said.given).collect());
            let texts = ordered.iter().map(|given| format!("{}={}", given.keyword.name(), given.words.join(" ")));
            assert_eq!(texts.collect::<Vec<_>>().join(" "), expected, "{of_files} | {of_inventory} | {flags}");
        };
        check("-p 1", "-l a", "-oPort=2", "Port=2 Port=1 User=a");
        check("-p 1", "-p 3", "-oPort=2", "Port=1 Port=3 Port=2");
        check("-J gate", "-l a", "-oProxyCommand=x", "ProxyCommand=x ProxyJump=gate User=a");
        check("-l b", "-J gate", "-oProxyCommand=x", "User=b ProxyJump=gate ProxyCommand=x");
        check("-4", "-l a", "-6", "AddressFamily=inet6 User=a");
        check("-l b", "-4", "-6", "User=b AddressFamily=inet AddressFamily=inet6");
    }
}
