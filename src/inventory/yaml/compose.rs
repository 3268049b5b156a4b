//! The events of the YAML parser put together to one tree.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, options};

use super::anchors::{Anchors, Sized, too_deep};
use super::mappings::Mapping;
use super::node::{Form, Key, Node, Place};
use super::repeated::Repeated;
use super::tags::{self, Meaning};
use super::{DuplicateKeys, Fault, MAX_DEPTH};
use crate::inventory::value::Value;

/// A document, and the keys that stand twice in it.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) root: Node,
    pub(super) repeated: Vec<Repeated>,
}

/// The one document of a text; null if there is none. Counts the values that are put together, those that aliases stand for too.
pub(super) fn document(text: &str, duplicates: DuplicateKeys, values: &mut usize) -> Result<Composed, Fault> {
    let options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut composer = Composer {
        text,
        duplicates,
        open: Vec::new(),
        anchors: Anchors::default(),
        root: None,
        repeated: Vec::new(),
        documents: 0,
        values,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| composer.syntax(&error))?;
        composer.event(event, &span)?;
    }
    let null = || Node::new(Place::default(), Form::Scalar(Value::Null));
    Ok(Composed { root: composer.root.unwrap_or_else(null), repeated: composer.repeated })
}

/// What the next value of an open mapping is.
#[derive(Debug)]
enum Next {
    Key,
    /// The value of this key.
    Of(Key),
    /// What `<<` merges.
    Merge,
}

/// A list or mapping that is not closed yet.
#[derive(Debug)]
struct Open {
    place: Place,
    anchor: usize,
    meaning: Meaning,
    values: usize,
    height: usize,
    content: Content,
}

#[derive(Debug)]
enum Content {
    List(Vec<Node>),
    Mapping(Mapping, Next),
}

impl Open {
    /// The key that the next value belongs to; `None` = none that is text.
    fn key(&self) -> Option<&str> {
        match &self.content {
            Content::Mapping(_, Next::Of(key)) => key.as_text(),
            Content::Mapping(_, Next::Key | Next::Merge) | Content::List(_) => None,
        }
    }
}

struct Composer<'t> {
    text: &'t str,
    values: &'t mut usize,
    duplicates: DuplicateKeys,
    open: Vec<Open>,
    anchors: Anchors,
    root: Option<Node>,
    repeated: Vec<Repeated>,
    documents: usize,
}

impl Composer<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fault> {
        let place = place(span);
        *self.values += 1;
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Fault::new(place, "a second document begins here; one is expected")
                        .with_hint("Put it into a file of its own, or remove the ---"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = tags::meaning(tag.as_deref(), place)?;
                // The parser writes a value that is not there as `~`.
                let text = if span.is_empty() && text == "~" { "" } else { text.as_ref() };
                self.scalar(text, style == ScalarStyle::Plain, meaning, anchor, place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                let meaning = tags::meaning(tag.as_deref(), place)?;
                self.begin(place, anchor, meaning, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                let meaning = tags::meaning(tag.as_deref(), place)?;
                self.begin(place, anchor, meaning, Content::Mapping(Mapping::default(), Next::Key))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let value = self.anchors.resolve(anchor, place, self.open.len())?;
                *self.values = self.values.saturating_add(value.values);
                self.put(value)
            }
            Event::UnresolvedAlias(name) => {
                let fault = Fault::new(place, format!("nothing is named `{name}` before this"));
                Err(fault.with_hint("A text that begins with * needs quotes"))
            }
            // Ends of documents and of the stream; everything that makes a value is above.
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        is_plain: bool,
        meaning: Meaning,
        anchor: usize,
        place: Place,
    ) -> Result<(), Fault> {
        let untagged = is_plain && meaning == Meaning::Untagged;
        if untagged && let Some(Open { content: Content::Mapping(_, next @ Next::Key), .. }) = self.open.last_mut() {
            match text {
                "<<" => {
                    *next = Next::Merge;
                    return Ok(());
                }
                // As a key it is text.
                "=" => {
                    *next = Next::Of(Key { place, value: Value::from(text) });
                    return Ok(());
                }
                _ => {}
            }
        }
        let meaning = if self.is_inside_unsafe() && meaning == Meaning::Untagged {
            match tags::scalar(meaning, text, is_plain, place)? {
                Value::Text(_) => Meaning::Unsafe,
                _ => meaning,
            }
        } else {
            meaning
        };
        let value = tags::scalar(meaning, text, is_plain, place)?;
        let node = Node::new(place, Form::Scalar(value));
        let named = self.anchors.name(anchor, Sized { node, values: 1, height: 0 });
        self.put(named)
    }

    /// Whether the values read now are below a list or mapping with the tag `!unsafe`, and are no keys.
    fn is_inside_unsafe(&self) -> bool {
        let is_key = matches!(self.open.last(), Some(Open { content: Content::Mapping(_, Next::Key), .. }));
        !is_key && self.open.iter().any(|open| open.meaning == Meaning::Unsafe)
    }

    fn begin(&mut self, place: Place, anchor: usize, meaning: Meaning, content: Content) -> Result<(), Fault> {
        tags::check_container(meaning, matches!(content, Content::List(_)), place)?;
        if let Some(Open { content: Content::Mapping(_, Next::Key), .. }) = self.open.last() {
            return Err(self.unfit_key(place, if matches!(content, Content::List(_)) { "a list" } else { "a mapping" }));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.open.push(Open { place, anchor, meaning, values: 1, height: 0, content });
        Ok(())
    }

    fn unfit_key(&self, place: Place, what: &str) -> Fault {
        let fault = Fault::new(place, format!("{what} cannot be a key"));
        // `key: {{ name }}` is a mapping in a mapping.
        let line = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        let is_template = line.contains("{{") && line.contains("}}");
        if is_template { fault.with_hint("Quote a value that begins with a template: \"{{ ... }}\"") } else { fault }
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { place, anchor, values, height, content, .. }) = self.open.pop() else { return Ok(()) };
        let form = match content {
            Content::List(items) => Form::List(items),
            Content::Mapping(mapping, _) => mapping.finish(),
        };
        let named = self.anchors.name(anchor, Sized { node: Node::new(place, form), values, height: height + 1 });
        self.put(named)
    }

    /// Puts a finished value where it belongs.
    fn put(&mut self, value: Sized) -> Result<(), Fault> {
        let Sized { node, values, height } = value;
        if let Some(Open { content: Content::Mapping(_, Next::Key), .. }) = self.open.last()
            && !matches!(node.form(), Form::Scalar(_))
        {
            return Err(self.unfit_key(node.place, node.kind()));
        }
        let Some((open, around)) = self.open.split_last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.values = open.values.saturating_add(values);
        open.height = open.height.max(height);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Mapping(mapping, next) => match std::mem::replace(next, Next::Key) {
                Next::Merge => mapping.merge(node)?,
                Next::Of(key) => {
                    if let Some(again) = mapping.insert(key, node, self.duplicates)? {
                        self.repeated.push(Repeated::new(&again, around.iter().map(Open::key)));
                    }
                }
                Next::Key => {
                    if let Form::Scalar(value) = node.form() {
                        *next = Next::Of(Key { place: node.place, value: value.clone() });
                    }
                }
            },
        }
        Ok(())
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let place = Place { line: error.marker().line(), column: error.marker().col() + 1, length: 1 };
        let fault = Fault::new(place, error.info());
        let line = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        let indent = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
        if indent.contains('\t') {
            return fault.with_hint("YAML is indented with blanks, never with tabs");
        }
        fault
    }
}

fn place(span: &Span) -> Place {
    let (start, end) = (span.start, span.end);
    let length = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { usize::MAX };
    Place { line: start.line(), column: start.col() + 1, length }
}
