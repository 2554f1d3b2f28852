//! The names in a file's tokens, joined where `::` or the braces of a `use` join them.
//! Tokens keep comments and string literals apart from code. Tokens inside a macro or an
//! attribute are read like all others.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path as written in the code, such as `super::Block` or `println`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The modules with braces around it, from the outermost on.
    pub(crate) inside: Vec<String>,
    /// Its names. The last is `*` if everything is imported.
    pub(crate) path: Vec<String>,
}

/// All paths in these tokens.
pub(crate) fn paths(tokens: TokenStream) -> Vec<Use> {
    let mut found = Vec::new();
    Walk { prefix: &[], inside: &[], found: &mut found }.all(tokens);
    found
}

/// The modules from the root to the target of a path in the module `here`, if the path begins
/// with `crate`, `self` or `super`.
pub(crate) fn absolute(here: &[String], path: &[String]) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    match path {
        [first, _, ..] if first == "crate" => Some(path.to_vec()),
        [first, rest @ ..] if first == "self" && !rest.is_empty() => {
            // As in `self::super::Block`.
            absolute(here, rest).or_else(|| Some([here, rest].concat()))
        }
        _ if supers > 0 && supers < path.len() => {
            let above = &here[..here.len().checked_sub(supers)?];
            Some([above, &path[supers..]].concat())
        }
        _ => None,
    }
}

/// A walk over the tokens of a file, or between two braces.
struct Walk<'a> {
    /// The path before the braces: `crate::block` for `use crate::block::{`.
    prefix: &'a [String],
    inside: &'a [String],
    found: &'a mut Vec<Use>,
}

impl Walk<'_> {
    fn all(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        while !rest.is_empty() {
            rest = self.next(rest);
        }
    }

    /// Takes what comes first, and returns the tokens after it.
    fn next<'t>(&mut self, tokens: &'t [TokenTree]) -> &'t [TokenTree] {
        match tokens {
            [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), rest @ ..]
                if word == "mod" && body.delimiter() == Delimiter::Brace =>
            {
                self.module(name.to_string(), body);
                rest
            }
            [TokenTree::Ident(word), TokenTree::Ident(name), rest @ ..] if word == "as" => {
                // The new name in `use a as b` counts as a path by itself.
                self.keep(vec![name.to_string()]);
                rest
            }
            [TokenTree::Ident(_), ..] => self.path(self.prefix.to_vec(), tokens),
            [TokenTree::Punct(star), rest @ ..]
                if star.as_char() == '*' && !self.prefix.is_empty() =>
            {
                self.keep([self.prefix, &["*".to_owned()]].concat());
                rest
            }
            [TokenTree::Group(group), rest @ ..] => {
                self.group(&[], group);
                rest
            }
            [_, rest @ ..] => rest,
            [] => tokens,
        }
    }

    /// Takes a path to its end; the next token is a name.
    fn path<'t>(&mut self, mut path: Vec<String>, mut tokens: &'t [TokenTree]) -> &'t [TokenTree] {
        loop {
            match tokens {
                [TokenTree::Ident(name), rest @ ..] => {
                    path.push(name.to_string());
                    tokens = rest;
                }
                [TokenTree::Group(group), rest @ ..] if group.delimiter() == Delimiter::Brace => {
                    self.group(&path, group);
                    return rest;
                }
                [TokenTree::Punct(star), rest @ ..] if star.as_char() == '*' => {
                    path.push("*".to_owned());
                    tokens = rest;
                }
                _ => {}
            }
            match after_colons(tokens) {
                Some(rest) => tokens = rest,
                None => {
                    self.keep(path);
                    return tokens;
                }
            }
        }
    }

    fn group(&mut self, prefix: &[String], group: &Group) {
        Walk { prefix, inside: self.inside, found: self.found }.all(group.stream());
    }

    fn module(&mut self, name: String, body: &Group) {
        let inside = [self.inside, &[name]].concat();
        Walk { prefix: &[], inside: &inside, found: self.found }.all(body.stream());
    }

    fn keep(&mut self, path: Vec<String>) {
        self.found.push(Use { inside: self.inside.to_vec(), path });
    }
}

/// The tokens after `::`, if they begin with it.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(first), TokenTree::Punct(second), rest @ ..]
            if first.as_char() == ':' && second.as_char() == ':' =>
        {
            Some(rest)
        }
        _ => None,
    }
}
