//! What a walk through a tree meets, and by which way.

use std::fmt::{self, Debug, Display};

use super::Tree;

/// One thing met on a walk through a tree.
pub enum Node<'a, L> {
    /// A leaf.
    Leaf(&'a L),
    /// The length of a `Vec`; its items follow.
    Count(usize),
    /// The variant of an `Option` or another enum; its fields follow.
    Variant(&'a str),
    /// A static field.
    Static(&'a dyn Debug),
}

impl<'a, L> Node<'a, L> {
    pub(super) fn structure(&self) -> Option<Branching<'a>> {
        match self {
            Node::Count(count) => Some(Branching::Count(*count)),
            Node::Variant(name) => Some(Branching::Variant(name)),
            Node::Leaf(_) | Node::Static(_) => None,
        }
    }
}

/// The parts in which two trees of one type can differ in their structure.
#[derive(PartialEq)]
pub(super) enum Branching<'a> {
    Count(usize),
    Variant(&'a str),
}

impl Display for Branching<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Branching::Count(1) => f.write_str("1 item"),
            Branching::Count(count) => write!(f, "{count} items"),
            Branching::Variant(name) => f.write_str(name),
        }
    }
}

pub(super) fn structure(tree: &impl Tree) -> Vec<Branching<'_>> {
    let mut parts = Vec::new();
    tree.walk(&Path::ROOT, &mut |_, part| parts.extend(part.structure()));
    parts
}

/// The way from the root of a tree to a part of it; prints as `layers.0.weight`.
///
/// A list that lives on the stack of the walk: nothing is allocated for a name that nobody reads.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl Path<'_> {
    /// The empty path.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Field("") };

    /// One step on, to a field.
    pub fn field<'b>(&'b self, name: &'b str) -> Path<'b> {
        Path { parent: Some(self), step: Step::Field(name) }
    }

    /// One step on, to an item.
    pub fn index(&self, index: usize) -> Path<'_> {
        Path { parent: Some(self), step: Step::Index(index) }
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else { return Ok(()) };
        if parent.parent.is_some() {
            write!(f, "{parent}.")?;
        }
        match self.step {
            Step::Field(name) => f.write_str(name),
            Step::Index(index) => write!(f, "{index}"),
        }
    }
}

/// A path in a sentence, where an empty one needs a word.
pub(super) struct Where<'a>(pub(super) &'a str);

impl Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the root") } else { write!(f, "{:?}", self.0) }
    }
}
