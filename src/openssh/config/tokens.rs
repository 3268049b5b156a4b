//! `%h` and its like, `${VARIABLE}` and `~` in values.

use sha1::{Digest, Sha1};

use super::evaluate::{Outside, User};

/// What the tokens of a host stand for.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    /// `%h`: the name that is connected to.
    pub(super) host: String,
    /// `%n`: the name that was asked for.
    pub(super) original: String,
    /// `%k`: the name under which its key is known.
    pub(super) key_name: String,
    /// `%p`.
    pub(super) port: u16,
    /// `%r`: the login name there.
    pub(super) remote_user: String,
    /// `%j`: the jump hosts.
    pub(super) jump: String,
}

/// Tokens that most keywords take.
pub(super) const MOST: &str = "CLdhijklnpru";
/// Tokens that `ProxyCommand` and `ProxyJump` take.
pub(super) const PROXY: &str = "hnpr";

impl Tokens {
    fn value(&self, token: char, user: &User) -> Option<String> {
        Some(match token {
            'C' => self.hash(user),
            'L' => user.machine.split('.').next().unwrap_or_default().to_owned(),
            'd' => user.home.clone(),
            'h' => self.host.clone(),
            'i' => user.id.to_string(),
            'j' => self.jump.clone(),
            'k' => self.key_name.clone(),
            'l' => user.machine.clone(),
            'n' => self.original.clone(),
            'p' => self.port.to_string(),
            'r' => self.remote_user.clone(),
            'u' => user.name.clone(),
            _ => return None,
        })
    }

    /// `%C`: a hash of `%l%h%p%r`.
    fn hash(&self, user: &User) -> String {
        let text = format!("{}{}{}{}", user.machine, self.host, self.port, self.remote_user);
        base16ct::lower::encode_string(&Sha1::digest(text))
    }

    /// Replaces the tokens among `taken`; another one is an error.
    pub(super) fn replace(&self, text: &str, taken: &str, user: &User) -> Result<String, String> {
        let mut out = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter == '%' {
                out.push_str(&self.token(letters.next(), taken, user, text)?);
            } else {
                out.push(letter);
            }
        }
        Ok(out)
    }

    fn token(&self, letter: Option<char>, taken: &str, user: &User, text: &str) -> Result<String, String> {
        match letter {
            Some('%') => Ok("%".to_owned()),
            Some(letter) => taken
                .contains(letter)
                .then(|| self.value(letter, user))
                .flatten()
                .ok_or_else(|| format!("%{letter} means nothing in {text}")),
            None => Err(format!("nothing follows the last % of {text}")),
        }
    }

    /// A path with `~`, tokens and `${VARIABLE}` replaced, in the order of OpenSSH.
    pub(super) fn path(&self, text: &str, user: &User, outside: &dyn Outside) -> Result<String, String> {
        let text = at_home(text, user, outside)?;
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['%', '$']) {
            let (before, behind) = rest.split_at(at);
            out.push_str(before);
            if let Some(named) = behind.strip_prefix("${") {
                let (name, after) = named.split_once('}').ok_or_else(|| format!("${{ is not closed in {text}"))?;
                out.push_str(&outside.variable(name).ok_or_else(|| format!("{name} is not set in the environment"))?);
                rest = after;
            } else if let Some(after) = behind.strip_prefix('%') {
                let mut letters = after.chars();
                out.push_str(&self.token(letters.next(), MOST, user, &text)?);
                rest = letters.as_str();
            } else {
                out.push('$');
                rest = behind.get(1..).unwrap_or_default();
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// A path with its leading `~` or `~user` replaced.
fn at_home(text: &str, user: &User, outside: &dyn Outside) -> Result<String, String> {
    let Some(behind) = text.strip_prefix('~') else { return Ok(text.to_owned()) };
    let (name, path) = behind.split_once('/').unwrap_or((behind, ""));
    let home = if name.is_empty() {
        user.home.clone()
    } else {
        outside.home_of(name).ok_or_else(|| format!("{text}: there is no user {name}"))?
    };
    let slash = if home.ends_with('/') { "" } else { "/" };
    Ok(format!("{home}{slash}{}", path.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Outside for Nothing {
        fn variable(&self, name: &str) -> Option<String> {
            (name == "HOME").then(|| "/home/me".to_owned())
        }

        fn home_of(&self, user: &str) -> Option<String> {
            (user == "root").then(|| "/root".to_owned())
        }

        fn resolves(&mut self, _name: &str) -> Result<bool, String> {
            Ok(false)
        }

        fn run(&mut self, _command: &str) -> Result<bool, String> {
            Ok(false)
        }
    }

    #[test]
    fn paths_have_home_tokens_and_variables() {
        let user = User { name: "me".into(), id: 1_000, home: "/home/me".into(), machine: "desk.example".into() };
        let tokens = Tokens {
            host: "web.example".into(),
            original: "web".into(),
            key_name: "alias".into(),
            port: 2222,
            remote_user: "ops".into(),
            jump: String::new(),
        };
        let check = |text: &str, expected: Result<&str, &str>| {
            let path = tokens.path(text, &user, &Nothing);
            assert_eq!(path.as_deref().map_err(String::as_str), expected, "{text}");
        };
        check("~/.ssh/%h-%p", Ok("/home/me/.ssh/web.example-2222"));
        check("~root//x", Ok("/root/x"));
        check("~", Ok("/home/me/"));
        check("${HOME}/$x/%%", Ok("/home/me/$x/%"));
        check("%d %u %i %L %l %n %k %r", Ok("/home/me me 1000 desk desk.example web alias ops"));
        check("%z", Err("%z means nothing in %z"));
        check("a%", Err("nothing follows the last % of a%"));
        check("${NO}", Err("NO is not set in the environment"));
        check("${HOME", Err("${ is not closed in ${HOME"));
        check("~nobody/x", Err("~nobody/x: there is no user nobody"));
        assert_eq!(tokens.replace("nc %h %p", PROXY, &user).as_deref(), Ok("nc web.example 2222"));
        assert!(tokens.replace("%d", PROXY, &user).is_err());
    }
}
