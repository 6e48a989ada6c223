//! The template language: lexer, tree and parser after Go's `text/template/parse`.
//!
//! What Go refuses is refused with Go's words and line; nodes print as Go prints them, since error texts show them.

mod lex;
mod literal;
mod node;
mod parse;
mod show;

pub(crate) use literal::integer as parse_integer;
pub(crate) use node::{Branch, Command, List, Node, NodeKind, Number, Pipe};
pub(crate) use parse::{is_empty_tree, parse};
