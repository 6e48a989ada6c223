//! The tree of a parsed template.

use std::rc::Rc;

/// A node with its byte offset in the template's text.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) kind: NodeKind,
}

/// A sequence of nodes.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) nodes: Vec<Node>,
}

/// The parts of `if`, `with` and `range`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Rc<Pipe>,
    pub(crate) list: List,
    pub(crate) otherwise: Option<List>,
}

/// A pipeline with the variables it sets.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) at: usize,
    pub(crate) assigns: bool,
    /// Names with their `$`.
    pub(crate) variables: Vec<Rc<[u8]>>,
    pub(crate) commands: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) at: usize,
    pub(crate) arguments: Vec<Node>,
}

/// A constant number and what it can stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) integer: Option<i64>,
    pub(crate) unsigned: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: bool,
    /// A character constant, which is a rune unless a type asks otherwise.
    pub(crate) rune: bool,
    pub(crate) text: Rc<[u8]>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum NodeKind {
    Text(Rc<[u8]>),
    Action(Rc<Pipe>),
    Break,
    Continue,
    If(Branch),
    With(Branch),
    Range(Branch),
    Template {
        name: Rc<[u8]>,
        pipe: Option<Rc<Pipe>>,
    },
    /// Argument nodes from here on.
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    String {
        value: Rc<[u8]>,
        quoted: Rc<[u8]>,
    },
    Identifier(Rc<[u8]>),
    Field(Vec<Rc<[u8]>>),
    /// The variable with its `$`, then fields.
    Variable(Vec<Rc<[u8]>>),
    Chain {
        node: Box<Node>,
        fields: Vec<Rc<[u8]>>,
    },
    Pipe(Rc<Pipe>),
}
