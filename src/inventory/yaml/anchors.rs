//! What anchors name, and how much the aliases to it may amount to.

use std::collections::HashMap;
use std::rc::Rc;

use super::node::{Form, Node, Place};
use super::{Fault, MAX_ALIASED_VALUES, MAX_DEPTH};

/// A finished value, and how large it is with its aliases written out.
#[derive(Debug, Clone)]
pub(super) struct Sized {
    pub(super) node: Node,
    /// Values in it, itself included.
    pub(super) values: usize,
    /// Levels of lists and mappings; 0 for a scalar.
    pub(super) height: usize,
}

#[derive(Debug)]
struct Named {
    form: Rc<Form>,
    values: usize,
    height: usize,
}

/// The anchors of a document so far.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    named: HashMap<usize, Named>,
    spent: usize,
}

impl Anchors {
    /// Remembers a value under an anchor (0 = none) and gives it back, shared.
    pub(super) fn name(&mut self, anchor: usize, value: Sized) -> Sized {
        if anchor == 0 {
            return value;
        }
        let Sized { node, values, height } = value;
        let place = node.place;
        let form = node.into_form();
        self.named.insert(anchor, Named { form: Rc::clone(&form), values, height });
        Sized { node: Node::shared(place, form), values, height }
    }

    /// What an alias at a place, below `depth` lists and mappings, stands for.
    pub(super) fn resolve(&mut self, anchor: usize, place: Place, depth: usize) -> Result<Sized, Fault> {
        let Some(named) = self.named.get(&anchor) else {
            return Err(Fault::new(place, "this alias stands inside the value that it names"));
        };
        if depth + named.height > MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.spent = self.spent.saturating_add(named.values);
        if self.spent > MAX_ALIASED_VALUES {
            let message =
                format!("the aliases up to here stand for more than {MAX_ALIASED_VALUES} values; that is refused");
            return Err(Fault::new(place, message).with_hint("Write fewer aliases to values that hold aliases"));
        }
        let node = Node::shared(place, Rc::clone(&named.form));
        Ok(Sized { node, values: named.values, height: named.height })
    }
}

pub(super) fn too_deep(place: Place) -> Fault {
    Fault::new(place, format!("values may be nested {MAX_DEPTH} deep, this is deeper"))
}
