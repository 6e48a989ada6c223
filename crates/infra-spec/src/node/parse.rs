//! From the bytes of one file to a tree. Strict: UTF-8, one document, string keys, no key twice, bounded size.
//!
//! The parser's events are used rather than its tree, because only they show a key that stands twice.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr::{Scalar, ScalarStyle};
use saphyr_parser::{Event, Parser, Span, Tag};

use super::tree::{Entry, Map, Node, NodeValue, cut};
use crate::error::{Code, Problems};
use crate::source::{Location, SourceText};

/// The largest file, in bytes.
const LARGEST_FILE: usize = 1 << 20;
/// The deepest nesting of maps and lists.
const DEEPEST: usize = 64;
/// The most values of a file, those that aliases repeat included.
const MOST_NODES: usize = 100_000;

/// Parses one file. What is wrong goes to `problems`; `None` when there is no usable tree.
pub(crate) fn parse(
    path: &str,
    order: usize,
    content: &[u8],
    problems: &mut Problems,
) -> Option<Node> {
    let text = decode(path, order, content, problems)?;
    let source = SourceText::new(path, order, &text);
    let mut builder = Builder::new(&source, problems);
    builder.run(&text);
    let (root, failed) = (builder.root.take(), builder.failed);
    if failed {
        return None;
    }
    match root {
        Some(node) if node.is_null() => empty(&source, problems),
        None => empty(&source, problems),
        root => root,
    }
}

fn empty(source: &Arc<SourceText>, problems: &mut Problems) -> Option<Node> {
    let start = Location::new(source, 1, 1, 1);
    problems.push(start.error(Code::EmptyFile, "the file says nothing"));
    None
}

fn decode(path: &str, order: usize, content: &[u8], problems: &mut Problems) -> Option<String> {
    if content.len() > LARGEST_FILE {
        let source = SourceText::new(path, order, "");
        let summary =
            format!("the file has {} bytes; at most {LARGEST_FILE} are read", content.len());
        problems.push(Location::new(&source, 1, 1, 1).error(Code::TooLarge, summary));
        return None;
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    match std::str::from_utf8(content) {
        Ok(text) => Some(text.to_owned()),
        Err(error) => {
            let lossy = String::from_utf8_lossy(content);
            let source = SourceText::new(path, order, &lossy);
            let valid = String::from_utf8_lossy(&content[..error.valid_up_to()]);
            let line = valid.matches('\n').count() + 1;
            let column = valid.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
            let location = Location::new(&source, line, column, 1);
            problems.push(location.error(Code::Encoding, "the file is not UTF-8 from here on"));
            None
        }
    }
}

/// A map or list whose end has not come yet.
enum Open {
    List {
        at: Location,
        anchor: usize,
        items: Vec<Node>,
    },
    Map {
        at: Location,
        anchor: usize,
        entries: Vec<Entry>,
        seen: HashMap<String, Location>,
        key: Option<Key>,
    },
}

/// A key whose value has not come yet; `text` is `None` when the key is no string.
struct Key {
    text: Option<String>,
    at: Location,
}

/// A node that aliases may repeat.
#[derive(Clone)]
struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

struct Builder<'a> {
    source: &'a Arc<SourceText>,
    problems: &'a mut Problems,
    stack: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
    failed: bool,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<SourceText>, problems: &'a mut Problems) -> Self {
        Self {
            source,
            problems,
            stack: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            documents: 0,
            root: None,
            failed: false,
        }
    }

    fn run(&mut self, text: &str) {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => self.event(event, span),
                Err(error) => {
                    let marker = error.marker();
                    let at = Location::new(self.source, marker.line().max(1), marker.col() + 1, 1);
                    self.syntax(&at, error.info(), text);
                    return;
                }
            }
            if self.failed {
                return;
            }
        }
    }

    fn syntax(&mut self, at: &Location, info: &str, text: &str) {
        self.failed = true;
        let mut error = at.error(Code::Syntax, format!("this is no YAML: {info}"));
        let tabbed = text.lines().position(|line| {
            line.chars().take_while(|character| character.is_whitespace()).any(|c| c == '\t')
        });
        if let Some(line) = tabbed.filter(|line| *line < at.line()) {
            error = error.with_note(format!(
                "line {} is indented with a tab, which YAML forbids: use spaces",
                line + 1
            ));
        }
        self.problems.push(error);
    }

    fn location(&self, span: Span) -> Location {
        let length = if span.start.line() == span.end.line() {
            span.end.col().saturating_sub(span.start.col())
        } else {
            usize::MAX
        };
        Location::new(self.source, span.start.line().max(1), span.start.col() + 1, length)
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let at = self.location(span);
                    self.fail(
                        at.error(Code::SeveralDocuments, "a second YAML document begins here"),
                    );
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let at = self.location(span);
                self.refuse_tag(tag.as_deref(), &at);
                let node = self.scalar(&text, style, tag.as_deref(), at);
                self.finish(node, anchor, 1);
            }
            Event::SequenceStart(anchor, tag) => {
                let at = self.opening(span);
                self.refuse_tag(tag.as_deref(), &at);
                self.open(Open::List { at, anchor, items: Vec::new() });
            }
            Event::MappingStart(anchor, tag) => {
                let at = self.opening(span);
                self.refuse_tag(tag.as_deref(), &at);
                self.open(Open::Map {
                    at,
                    anchor,
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let at = self.location(span);
                self.alias(anchor, &at);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }

    /// Tags of other programs (`!Ref`, `!vault`) would silently mean nothing.
    fn refuse_tag(&mut self, tag: Option<&Tag>, at: &Location) {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema() && !tag.suffix.is_empty())
        else {
            return;
        };
        let summary = format!("the tag `{}` means nothing here", cut(&tag.to_string()));
        let error = at.error(Code::Syntax, summary);
        self.problems.push(error.with_next_step(
            "remove the tag; for values from elsewhere write `${env:NAME}` or `${file:path}`",
        ));
    }

    /// Where a map or list begins: one character, because its end says nothing to a reader.
    fn opening(&self, span: Span) -> Location {
        Location::new(self.source, span.start.line().max(1), span.start.col() + 1, 1)
    }

    fn fail(&mut self, error: crate::error::SpecError) {
        self.failed = true;
        self.problems.push(error);
    }

    fn too_many(&mut self, at: &Location) {
        let summary = format!("more than {MOST_NODES} values, repeated ones included");
        self.fail(at.error(Code::TooLarge, summary));
    }

    fn open(&mut self, open: Open) {
        if self.stack.len() >= DEEPEST {
            let (Open::List { at, .. } | Open::Map { at, .. }) = &open;
            let summary = format!("nested deeper than {DEEPEST} levels");
            return self.fail(at.error(Code::TooLarge, summary));
        }
        self.stack.push(open);
    }

    fn close(&mut self) {
        match self.stack.pop() {
            Some(Open::List { at, anchor, items }) => {
                let size = 1 + items.len();
                self.finish(Node::new(at, NodeValue::List(items)), anchor, size);
            }
            Some(Open::Map { at, anchor, entries, .. }) => {
                let size = 1 + entries.len();
                // A block map is reported at its first key, where it visibly begins.
                let at = entries.first().map_or(at.clone(), |entry| {
                    if at.line() == entry.key_location.line()
                        && at.column() < entry.key_location.column()
                    {
                        at
                    } else {
                        entry.key_location.clone()
                    }
                });
                self.finish(Node::new(at, NodeValue::Map(Map { entries })), anchor, size);
            }
            None => {}
        }
    }

    fn alias(&mut self, anchor: usize, at: &Location) {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return self.fail(at.error(Code::Syntax, "an alias to an anchor that is not complete"));
        };
        if self.stack.len() + anchored.depth > DEEPEST {
            let summary = format!("this alias nests deeper than {DEEPEST} levels");
            return self.fail(at.error(Code::TooLarge, summary));
        }
        if self.nodes.saturating_add(anchored.size) > MOST_NODES {
            return self.too_many(at);
        }
        let Anchored { node, size, .. } = anchored.clone();
        self.finish(node, 0, size);
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Location) -> Node {
        let tag_cow = tag.map(std::borrow::Cow::Borrowed);
        let parsed = Scalar::parse_from_cow_and_metadata(text.into(), style, tag_cow.as_ref());
        let value = match parsed {
            Some(Scalar::Null) => NodeValue::Null,
            Some(Scalar::Boolean(value)) => NodeValue::Boolean(value),
            Some(Scalar::Integer(value)) => NodeValue::Integer(value),
            Some(Scalar::FloatingPoint(value)) => NodeValue::Float(value.0, text.to_owned()),
            Some(Scalar::String(text)) => NodeValue::String(text.into_owned()),
            None => {
                let summary = format!("`{}` does not fit its tag", cut(text));
                self.problems.push(at.error(Code::WrongType, summary));
                NodeValue::String(text.to_owned())
            }
        };
        let mut node = Node::new(at, value);
        node.plain = style == ScalarStyle::Plain;
        node
    }

    /// A node is complete: it becomes a key, a value, an item or the root.
    fn finish(&mut self, node: Node, anchor: usize, size: usize) {
        self.nodes = self.nodes.saturating_add(size);
        let (total, depth) = if anchor > 0 { measure(&node) } else { (0, 0) };
        // What an anchor keeps counts as well: nested anchors multiply.
        self.nodes = self.nodes.saturating_add(total);
        if self.nodes > MOST_NODES {
            return self.too_many(&node.location);
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), size: total, depth });
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, seen, key, .. }) => match key.take() {
                None => {
                    let (text, problem) = key_text(&node);
                    *key = Some(Key { text, at: node.location });
                    self.problems.extend(problem);
                }
                Some(Key { text: None, .. }) => {}
                Some(Key { text: Some(text), at }) => {
                    if let Some(first) = seen.get(&text) {
                        let error = at
                            .error(
                                Code::DuplicateKey,
                                format!("the key `{}` stands twice", cut(&text)),
                            )
                            .with_note(format!("the first one: {first}"));
                        self.problems.push(error);
                    } else {
                        seen.insert(text.clone(), at.clone());
                        entries.push(Entry { key: text, key_location: at, node });
                    }
                }
            },
        }
    }
}

fn key_text(node: &Node) -> (Option<String>, Option<crate::error::SpecError>) {
    match &node.value {
        NodeValue::String(text) => (Some(text.clone()), None),
        _ => {
            let summary = format!("a key must be a string, not {}", node.describe());
            let error = node
                .location
                .error(Code::WrongType, summary)
                .with_next_step("put the key in quotes");
            (None, Some(error))
        }
    }
}

/// How many values a tree holds, and how deep maps and lists nest in it.
fn measure(node: &Node) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match &node.value {
        NodeValue::List(list) => list.iter().map(measure).collect(),
        NodeValue::Map(map) => map.iter().map(|entry| measure(&entry.node)).collect(),
        _ => return (1, 0),
    };
    let deepest = children.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    (1 + children.iter().map(|(size, _)| size).sum::<usize>(), 1 + deepest)
}
