//! What the code of a file names: every path written out, whatever `use` lists, `super` and renamings spell it.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What one file names, its unit tests left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Paths from the root: `crate::clock::Nanos` and `super` paths as `crate, clock, Nanos`, others as they stand.
    pub(crate) paths: Vec<Vec<String>>,
    /// Macros that are called, by the last segment of their path.
    pub(crate) macros: Vec<String>,
}

impl Names {
    /// What the text of a file in the module of that path names; `None` where it is no Rust.
    pub(crate) fn of(module: &[&str], text: &str) -> Option<Self> {
        let tokens: TokenStream = text.parse().ok()?;
        let mut names = Self::default();
        let mut module = module.iter().map(|part| (*part).to_owned()).collect();
        names.walk(tokens, &[], &mut module);
        Some(names)
    }

    fn walk(&mut self, tokens: TokenStream, prefix: &[String], module: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = if let Some(after) = without_test_item(rest) {
                after
            } else if let [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), after @ ..] = rest
                && *word == "mod"
            {
                module.push(name.to_string());
                self.walk(body.stream(), &[], module);
                module.pop();
                after
            } else {
                match first {
                    TokenTree::Ident(_) => self.path(rest, prefix, module),
                    TokenTree::Group(group) => {
                        self.walk(group.stream(), &[], module);
                        after
                    }
                    TokenTree::Punct(punct) if punct.as_char() == '*' && !prefix.is_empty() => {
                        self.keep(prefix, "*", module);
                        after
                    }
                    TokenTree::Punct(_) | TokenTree::Literal(_) => after,
                }
            };
        }
    }

    /// Takes one path; gives back what follows it.
    fn path<'t>(&mut self, tokens: &'t [TokenTree], prefix: &[String], module: &mut Vec<String>) -> &'t [TokenTree] {
        let mut path = prefix.to_vec();
        let mut rest = tokens;
        while let Some((TokenTree::Ident(segment), after)) = rest.split_first() {
            path.push(segment.to_string().trim_start_matches("r#").to_owned());
            rest = after;
            let Some(after) = after_colons(rest) else { break };
            rest = after;
            match after.split_first() {
                Some((TokenTree::Group(list), after)) if list.delimiter() == Delimiter::Brace => {
                    self.walk(list.stream(), &path, module);
                    return after;
                }
                Some((TokenTree::Punct(star), after)) if star.as_char() == '*' => {
                    self.keep(&path, "*", module);
                    return after;
                }
                _ => {}
            }
        }
        match rest.split_first() {
            Some((TokenTree::Punct(mark), _)) if mark.as_char() == '!' => self.macros.extend(path.last().cloned()),
            Some((TokenTree::Ident(word), after)) if *word == "as" => {
                self.keep(&path, "as", module);
                rest = after.get(1..).unwrap_or_default();
            }
            _ => self.keep(&path, "", module),
        }
        rest
    }

    /// Keeps a path written from the root; `end` is `*` or `as` where all below it becomes reachable by other names.
    fn keep(&mut self, path: &[String], end: &str, module: &[String]) {
        let mut segments = path.iter().map(String::as_str).filter(|segment| *segment != "self").peekable();
        let mut found: Vec<String> = Vec::new();
        if segments.peek() == Some(&"super") {
            let mut above = module.to_vec();
            while segments.next_if_eq(&"super").is_some() {
                above.pop();
            }
            found.push("crate".to_owned());
            found.extend(above);
        }
        found.extend(segments.map(str::to_owned));
        if !end.is_empty() {
            found.push(end.to_owned());
        }
        self.paths.push(found);
    }
}

/// What follows `::`.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(one), TokenTree::Punct(two), rest @ ..] if one.as_char() == ':' && two.as_char() == ':' => {
            Some(rest)
        }
        _ => None,
    }
}

/// What follows an item that is compiled for unit tests alone, where one begins here.
fn without_test_item(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), rest @ ..] = tokens else { return None };
    if hash.as_char() != '#' || attribute.stream().to_string().replace(' ', "") != "cfg(test)" {
        return None;
    }
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => [';', ','].contains(&punct.as_char()),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    let end = rest.iter().position(ends).map_or(rest.len(), |end| end + 1);
    rest.get(end..)
}
