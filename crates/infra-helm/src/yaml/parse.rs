//! The parser: the tokens of the first document to a tree of nodes.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    scan::Scanner,
    token::{Fault, Mark, ScalarStyle, TokenKind},
};

/// A node of a document.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) tag: Vec<u8>,
    pub(super) kind: NodeKind,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    /// The text, and whether its type is found from it.
    Scalar(Vec<u8>, bool),
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<(Rc<Node>, Rc<Node>)>),
    /// A finished anchor's node; nothing when the anchor contains this alias.
    Alias(Vec<u8>, Option<Rc<Node>>),
}

type Outcome<T> = Result<T, Fault>;

/// How a document begins.
enum Start {
    None,
    Implicit,
    Explicit,
}

struct Parser {
    scanner: Scanner,
    anchors: BTreeMap<Vec<u8>, Option<Rc<Node>>>,
    handles: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The first document's root; nothing when the text holds none.
pub(super) fn parse(text: &[u8]) -> Outcome<Option<Rc<Node>>> {
    let mut parser =
        Parser { scanner: Scanner::new(text)?, anchors: BTreeMap::new(), handles: BTreeMap::new() };
    let start = parser.document_start()?;
    let ends = [TokenKind::DocumentStart, TokenKind::DocumentEnd, TokenKind::StreamEnd];
    let root = match start {
        Start::None => return Ok(None),
        Start::Explicit if parser.is(&ends)? => empty(),
        _ => parser.node(true, false)?,
    };
    // What follows the root is looked at once, and faults there are the document's.
    parser.scanner.peek()?;
    Ok(Some(root))
}

fn empty() -> Rc<Node> {
    Rc::new(Node { tag: Vec::new(), kind: NodeKind::Scalar(Vec::new(), true) })
}

impl Parser {
    fn is(&mut self, kinds: &[TokenKind]) -> Outcome<bool> {
        let kind = &self.scanner.peek()?.kind;
        Ok(kinds.contains(kind))
    }

    fn take(&mut self) -> Outcome<Mark> {
        self.scanner.next().map(|token| token.mark)
    }

    fn fault<T>(&mut self, context: Mark, problem: &str) -> Outcome<T> {
        let at = self.scanner.peek()?.mark;
        Err(Fault::parser(context, at, problem))
    }

    fn document_start(&mut self) -> Outcome<Start> {
        let mut directives = false;
        loop {
            let token = self.scanner.peek()?.clone();
            match token.kind {
                TokenKind::VersionDirective => {}
                TokenKind::TagDirective(handle, prefix) => {
                    if self.handles.insert(handle, prefix).is_some() {
                        return self.fault(token.mark, "found duplicate %TAG directive");
                    }
                }
                TokenKind::DocumentStart => {
                    self.take()?;
                    return Ok(Start::Explicit);
                }
                TokenKind::StreamEnd if !directives => return Ok(Start::None),
                _ if directives => {
                    return self.fault(Mark::default(), "did not find expected <document start>");
                }
                _ => return Ok(Start::Implicit),
            }
            directives = true;
            self.take()?;
        }
    }

    fn tag(&mut self, handle: &[u8], suffix: Vec<u8>, mark: Mark) -> Outcome<Vec<u8>> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let prefix = match (self.handles.get(handle), handle) {
            (Some(prefix), _) => prefix.clone(),
            (None, b"!") => b"!".to_vec(),
            (None, b"!!") => b"tag:yaml.org,2002:".to_vec(),
            _ => return Err(Fault::parser(mark, mark, "found undefined tag handle")),
        };
        Ok([prefix, suffix].concat())
    }

    fn node(&mut self, block: bool, indentless: bool) -> Outcome<Rc<Node>> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node_here(block, indentless))
    }

    fn node_here(&mut self, block: bool, indentless: bool) -> Outcome<Rc<Node>> {
        let first = self.scanner.peek()?.clone();
        if let TokenKind::Alias(name) = first.kind {
            self.take()?;
            let Some(node) = self.anchors.get(&name) else {
                let shown = String::from_utf8_lossy(&name).into_owned();
                return Err(Fault::plain(&format!("unknown anchor '{shown}' referenced")));
            };
            let kind = NodeKind::Alias(name, node.clone());
            return Ok(Rc::new(Node { tag: Vec::new(), kind }));
        }
        let (mut anchor, mut tag) = (None, None);
        loop {
            let token = self.scanner.peek()?.clone();
            match token.kind {
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(name),
                TokenKind::Tag(handle, suffix) if tag.is_none() => {
                    tag = Some(self.tag(&handle, suffix, token.mark)?);
                }
                _ => break,
            }
            self.take()?;
        }
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), None);
        }
        let tagged = tag.is_some() || anchor.is_some();
        let kind = self.content(block, indentless, tag.as_deref(), tagged, first.mark)?;
        let tag = tag.filter(|tag| tag != b"!").unwrap_or_default();
        let node = Rc::new(Node { tag, kind });
        if let Some(name) = anchor {
            self.anchors.insert(name, Some(node.clone()));
        }
        Ok(node)
    }

    fn content(
        &mut self,
        block: bool,
        indentless: bool,
        tag: Option<&[u8]>,
        tagged: bool,
        start: Mark,
    ) -> Outcome<NodeKind> {
        let token = self.scanner.peek()?.clone();
        match token.kind {
            TokenKind::BlockEntry if indentless => self.indentless_sequence(),
            TokenKind::Scalar(text, style) => {
                self.take()?;
                let implicit = tag.is_none() && style == ScalarStyle::Plain || tag == Some(b"!");
                Ok(NodeKind::Scalar(text, implicit))
            }
            TokenKind::FlowSequenceStart => self.flow_sequence(),
            TokenKind::FlowMappingStart => self.flow_mapping(),
            TokenKind::BlockSequenceStart if block => self.block_sequence(),
            TokenKind::BlockMappingStart if block => self.block_mapping(),
            _ if tagged => Ok(NodeKind::Scalar(Vec::new(), tag.is_none())),
            _ => self.fault(start, "did not find expected node content"),
        }
    }

    fn block_sequence(&mut self) -> Outcome<NodeKind> {
        let start = self.take()?;
        let mut items = Vec::new();
        loop {
            if self.is(&[TokenKind::BlockEntry])? {
                self.take()?;
                let nothing = self.is(&[TokenKind::BlockEntry, TokenKind::BlockEnd])?;
                items.push(if nothing { empty() } else { self.node(true, false)? });
            } else if self.is(&[TokenKind::BlockEnd])? {
                self.take()?;
                return Ok(NodeKind::Sequence(items));
            } else {
                return self.fault(start, "did not find expected '-' indicator");
            }
        }
    }

    fn indentless_sequence(&mut self) -> Outcome<NodeKind> {
        let mut items = Vec::new();
        while self.is(&[TokenKind::BlockEntry])? {
            self.take()?;
            let nothing = self.is(&[
                TokenKind::BlockEntry,
                TokenKind::Key,
                TokenKind::Value,
                TokenKind::BlockEnd,
            ])?;
            items.push(if nothing { empty() } else { self.node(true, false)? });
        }
        Ok(NodeKind::Sequence(items))
    }

    fn block_mapping(&mut self) -> Outcome<NodeKind> {
        const NEXT: &[TokenKind] = &[TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd];
        let start = self.take()?;
        let mut entries = Vec::new();
        loop {
            if self.is(&[TokenKind::Key])? {
                self.take()?;
                let key = if self.is(NEXT)? { empty() } else { self.node(true, true)? };
                let value = if self.is(&[TokenKind::Value])? {
                    self.take()?;
                    if self.is(NEXT)? { empty() } else { self.node(true, true)? }
                } else {
                    empty()
                };
                entries.push((key, value));
            } else if self.is(&[TokenKind::BlockEnd])? {
                self.take()?;
                return Ok(NodeKind::Mapping(entries));
            } else {
                return self.fault(start, "did not find expected key");
            }
        }
    }

    fn flow_sequence(&mut self) -> Outcome<NodeKind> {
        let start = self.take()?;
        let mut items = Vec::new();
        while !self.is(&[TokenKind::FlowSequenceEnd])? {
            if !items.is_empty() {
                if !self.is(&[TokenKind::FlowEntry])? {
                    return self.fault(start, "did not find expected ',' or ']'");
                }
                self.take()?;
                if self.is(&[TokenKind::FlowSequenceEnd])? {
                    break;
                }
            }
            if self.is(&[TokenKind::Key])? {
                self.take()?;
                let pair = self.flow_pair()?;
                let kind = NodeKind::Mapping(vec![pair]);
                items.push(Rc::new(Node { tag: Vec::new(), kind }));
            } else {
                items.push(self.node(false, false)?);
            }
        }
        self.take()?;
        Ok(NodeKind::Sequence(items))
    }

    /// A pair inside a flow sequence.
    fn flow_pair(&mut self) -> Outcome<(Rc<Node>, Rc<Node>)> {
        let ends = [TokenKind::Value, TokenKind::FlowEntry, TokenKind::FlowSequenceEnd];
        let key = if self.is(&ends)? { empty() } else { self.node(false, false)? };
        if self.is(&[TokenKind::Value])? {
            self.take()?;
            if !self.is(&[TokenKind::FlowEntry, TokenKind::FlowSequenceEnd])? {
                return Ok((key, self.node(false, false)?));
            }
        }
        Ok((key, empty()))
    }

    fn flow_mapping(&mut self) -> Outcome<NodeKind> {
        let start = self.take()?;
        let mut entries = Vec::new();
        while !self.is(&[TokenKind::FlowMappingEnd])? {
            if !entries.is_empty() {
                if !self.is(&[TokenKind::FlowEntry])? {
                    return self.fault(start, "did not find expected ',' or '}'");
                }
                self.take()?;
                if self.is(&[TokenKind::FlowMappingEnd])? {
                    break;
                }
            }
            if self.is(&[TokenKind::Key])? {
                self.take()?;
                let ends = [TokenKind::Value, TokenKind::FlowEntry, TokenKind::FlowMappingEnd];
                let key = if self.is(&ends)? { empty() } else { self.node(false, false)? };
                let mut value = empty();
                if self.is(&[TokenKind::Value])? {
                    self.take()?;
                    if !self.is(&[TokenKind::FlowEntry, TokenKind::FlowMappingEnd])? {
                        value = self.node(false, false)?;
                    }
                }
                entries.push((key, value));
            } else {
                entries.push((self.node(false, false)?, empty()));
            }
        }
        self.take()?;
        Ok(NodeKind::Mapping(entries))
    }
}

/// Deep trees are freed by a loop.
impl Drop for Node {
    fn drop(&mut self) {
        let mut pending: Vec<Rc<Node>> = Vec::new();
        take_children(self, &mut pending);
        while let Some(node) = pending.pop() {
            if let Some(mut node) = Rc::into_inner(node) {
                take_children(&mut node, &mut pending);
            }
        }
    }
}

fn take_children(node: &mut Node, pending: &mut Vec<Rc<Node>>) {
    match std::mem::replace(&mut node.kind, NodeKind::Scalar(Vec::new(), false)) {
        NodeKind::Scalar(..) => {}
        NodeKind::Sequence(items) => pending.extend(items),
        NodeKind::Mapping(entries) => {
            pending.extend(entries.into_iter().flat_map(|(key, value)| [key, value]));
        }
        NodeKind::Alias(_, node) => pending.extend(node),
    }
}
