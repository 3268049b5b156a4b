//! The grammar of `ast.literal_eval`: tokens in, a value out.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::Refusal;
use super::numbers::{Number, complex_text};
use super::tokens::{self, Token};
use crate::inventory::float_text;
use crate::inventory::value::Value;

/// Deeper nesting is no literal; Python's own limit is of this order.
const MAX_DEPTH: usize = 200;

/// Parses a whole text as one literal.
pub(super) fn parse(text: &str) -> Result<Value, Refusal> {
    if text.contains('\0') {
        return Err(Refusal::NotALiteral);
    }
    let tokens = tokens::split(text)?;
    let mut parser = Parser { tokens, at: 0, unhashable: false };
    let parsed = parser.top()?;
    // A syntax error anywhere makes the whole thing text; only a well-formed literal can be unhashable.
    if parser.at < parser.tokens.len() {
        return Err(Refusal::NotALiteral);
    }
    if parser.unhashable { Err(Refusal::Unhashable) } else { Ok(parsed.value) }
}

/// A value, and whether Python can hash it.
struct Parsed {
    value: Value,
    /// What Python compares hashable values by (`1 == 1.0 == True`); `None` = not hashable.
    identity: Option<String>,
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    unhashable: bool,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn require(&mut self, sign: char) -> Result<(), Refusal> {
        if self.take(sign) { Ok(()) } else { Err(Refusal::NotALiteral) }
    }

    /// One value, or a tuple without parentheses.
    fn top(&mut self) -> Result<Parsed, Refusal> {
        let first = self.item(0)?;
        if self.peek() != Some(&Token::Sign(',')) {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take(',') && self.peek().is_some() {
            items.push(self.item(0)?);
        }
        Ok(tuple(items))
    }

    fn item(&mut self, depth: usize) -> Result<Parsed, Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::NotALiteral);
        }
        let token = self.peek().cloned().ok_or(Refusal::NotALiteral)?;
        match token {
            Token::Number(_) | Token::Sign('+' | '-') => self.number(),
            Token::Text { .. } => self.text(),
            Token::Name(name) => self.name(&name),
            Token::Ellipsis => {
                self.at += 1;
                Ok(Parsed { value: Value::from("..."), identity: Some("...".to_owned()) })
            }
            Token::Sign('(') => self.parenthesised(depth),
            Token::Sign('[') => {
                self.at += 1;
                let items = self.items_until(']', depth)?;
                let values = items.into_iter().map(|item| item.value).collect();
                Ok(Parsed { value: Value::List(values), identity: None })
            }
            Token::Sign('{') => self.braces(depth),
            Token::Sign(_) => Err(Refusal::NotALiteral),
        }
    }

    /// A number with an optional sign, or the sum of a number and an imaginary one.
    fn number(&mut self) -> Result<Parsed, Refusal> {
        let (negative, first) = self.signed()?;
        let is_sum = matches!(self.peek(), Some(Token::Sign('+' | '-')));
        if !is_sum || matches!(first, Number::Imaginary(_)) {
            return Ok(signed_value(negative, first));
        }
        let minus = self.peek() == Some(&Token::Sign('-'));
        self.at += 1;
        let Some(Token::Number(Number::Imaginary(imaginary))) = self.peek().cloned() else {
            return Err(Refusal::NotALiteral);
        };
        self.at += 1;
        let magnitude = match &first {
            Number::Integer(digits) => digits.parse().unwrap_or(f64::INFINITY),
            Number::Float(value) | Number::Imaginary(value) => *value,
        };
        let real = if negative { -magnitude } else { magnitude };
        let text = complex_text(Some(real), if minus { -imaginary } else { imaginary });
        Ok(Parsed { identity: Some(text.clone()), value: Value::Text(text) })
    }

    fn signed(&mut self) -> Result<(bool, Number), Refusal> {
        let negative = self.take('-');
        if !negative {
            self.take('+');
        }
        match self.peek().cloned() {
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok((negative, number))
            }
            _ => Err(Refusal::NotALiteral),
        }
    }

    /// Adjacent strings join; bytes and text do not mix.
    fn text(&mut self) -> Result<Parsed, Refusal> {
        let mut joined = String::new();
        let mut kind = None;
        while let Some(Token::Text { text, bytes }) = self.peek() {
            if kind.is_some_and(|kind| kind != *bytes) {
                return Err(Refusal::NotALiteral);
            }
            kind = Some(*bytes);
            joined.push_str(text);
            self.at += 1;
        }
        let mark = if kind == Some(true) { 'b' } else { 't' };
        Ok(Parsed { identity: Some(format!("{mark}{joined}")), value: Value::Text(joined) })
    }

    fn name(&mut self, name: &str) -> Result<Parsed, Refusal> {
        self.at += 1;
        match name {
            "True" => Ok(Parsed { value: Value::Bool(true), identity: Some("n1".to_owned()) }),
            "False" => Ok(Parsed { value: Value::Bool(false), identity: Some("n0".to_owned()) }),
            "None" => Ok(Parsed { value: Value::Null, identity: Some("None".to_owned()) }),
            "set" => {
                self.require('(')?;
                self.require(')')?;
                Ok(Parsed { value: Value::List(Vec::new()), identity: None })
            }
            _ => Err(Refusal::NotALiteral),
        }
    }

    fn parenthesised(&mut self, depth: usize) -> Result<Parsed, Refusal> {
        self.at += 1;
        if self.take(')') {
            return Ok(tuple(Vec::new()));
        }
        let first = self.item(depth + 1)?;
        if self.take(')') {
            return Ok(first);
        }
        self.require(',')?;
        let mut items = vec![first];
        items.extend(self.items_until(')', depth)?);
        Ok(tuple(items))
    }

    /// Items up to the closing sign, which is taken too; a trailing comma is fine.
    fn items_until(&mut self, closing: char, depth: usize) -> Result<Vec<Parsed>, Refusal> {
        let mut items = Vec::new();
        while !self.take(closing) {
            items.push(self.item(depth + 1)?);
            if !self.take(',') {
                self.require(closing)?;
                break;
            }
        }
        Ok(items)
    }

    fn braces(&mut self, depth: usize) -> Result<Parsed, Refusal> {
        self.at += 1;
        if self.take('}') {
            return Ok(Parsed { value: Value::Mapping(IndexMap::new()), identity: None });
        }
        let first = self.item(depth + 1)?;
        if self.peek() == Some(&Token::Sign(':')) { self.mapping(first, depth) } else { self.set(first, depth) }
    }

    fn mapping(&mut self, first: Parsed, depth: usize) -> Result<Parsed, Refusal> {
        // Python keeps the first of equal keys and the last of their values.
        let mut entries: IndexMap<String, (String, Value)> = IndexMap::new();
        let mut key = first;
        loop {
            self.require(':')?;
            let item = self.item(depth + 1)?;
            match key.identity {
                None => self.unhashable = true,
                Some(identity) => {
                    let name = key_text(&key.value);
                    entries.entry(identity).or_insert((name, Value::Null)).1 = item.value;
                }
            }
            if !self.take(',') {
                self.require('}')?;
                break;
            }
            if self.take('}') {
                break;
            }
            key = self.item(depth + 1)?;
        }
        Ok(Parsed { value: Value::Mapping(entries.into_values().collect()), identity: None })
    }

    fn set(&mut self, first: Parsed, depth: usize) -> Result<Parsed, Refusal> {
        let mut items = vec![first];
        if !self.take('}') {
            self.require(',')?;
            items.extend(self.items_until('}', depth)?);
        }
        let mut seen = HashSet::new();
        let mut members = Vec::new();
        for item in items {
            match item.identity {
                None => self.unhashable = true,
                Some(identity) => {
                    if seen.insert(identity) {
                        members.push(item.value);
                    }
                }
            }
        }
        Ok(Parsed { value: Value::List(members), identity: None })
    }
}

fn tuple(items: Vec<Parsed>) -> Parsed {
    let identity = items.iter().map(|item| item.identity.as_deref().map(|text| format!("{}:{text}", text.len())));
    let identity = identity.collect::<Option<String>>().map(|joined| format!("({joined})"));
    Parsed { value: Value::List(items.into_iter().map(|item| item.value).collect()), identity }
}

fn signed_value(negative: bool, number: Number) -> Parsed {
    match number {
        Number::Integer(digits) if negative && digits != "0" => integer(format!("-{digits}")),
        Number::Integer(digits) => integer(digits),
        Number::Float(value) => {
            let value = if negative { -value } else { value };
            let text = float_text::python(value);
            let whole = text.strip_suffix(".0").map(|whole| if whole == "-0" { "0" } else { whole });
            Parsed { identity: Some(format!("n{}", whole.unwrap_or(&text))), value: Value::Float(value) }
        }
        Number::Imaginary(value) => {
            // Python negates both parts: -3j is (-0-3j).
            let text = if negative { complex_text(Some(-0.0), -value) } else { complex_text(None, value) };
            Parsed { identity: Some(text.clone()), value: Value::Text(text) }
        }
    }
}

fn integer(digits: String) -> Parsed {
    Parsed { identity: Some(format!("n{digits}")), value: Value::Integer(digits) }
}

/// A key as JSON writes it.
fn key_text(key: &Value) -> String {
    match key {
        Value::Null => "null".to_owned(),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        Value::Float(value) => float_text::json(*value),
        other => other.to_string(),
    }
}
