//! Walking the tree: text, actions, conditions, loops, nested templates.

use std::rc::Rc;

use super::{
    Failure, Session, Template,
    evaluate::{Operand, Spot, State},
};
use crate::{
    format::display,
    template::{Branch, List, Node, NodeKind},
    value::{IntegerKind, Value},
};

pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

/// Runs a template's tree into the session's output.
pub(super) fn run(
    session: &mut Session,
    template: &Rc<Template>,
    dot: Operand,
) -> Result<(), Failure> {
    let mut state = State {
        session,
        template,
        spot: None,
        variables: vec![(Rc::from(&b"$"[..]), dot.clone())],
    };
    state.walk(&dot, &template.list).map(|_| ())
}

impl<'t> State<'_, 't> {
    fn walk(&mut self, dot: &Operand, list: &'t List) -> Result<Flow, Failure> {
        for node in &list.nodes {
            match self.walk_node(dot, node)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn walk_node(&mut self, dot: &Operand, node: &'t Node) -> Result<Flow, Failure> {
        self.session.step()?;
        self.spot = Some(Spot::Node(node));
        match &node.kind {
            NodeKind::Text(text) => self.session.write(text)?,
            NodeKind::Action(pipe) => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.spot = Some(Spot::Node(node));
                    self.print(&value)?;
                }
            }
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
            NodeKind::If(branch) => return self.branch(dot, branch, false),
            NodeKind::With(branch) => return self.branch(dot, branch, true),
            NodeKind::Range(branch) => return self.range(dot, branch),
            NodeKind::Template { name, pipe } => {
                let Some(template) = self.session.set.get(name).cloned() else {
                    let shown = crate::format::quote(name, '"', false);
                    return self.fail(format!("template {shown} not defined"));
                };
                let inner = match pipe {
                    Some(pipe) => self.pipeline(dot, pipe)?,
                    None => Operand::plain(Value::Nil),
                };
                self.session.nested(|session| run(session, &template, inner))?;
            }
            _ => return self.fail("unknown node"),
        }
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Operand) -> Result<(), Failure> {
        match &value.value {
            Value::Nil => self.session.write(b"<no value>"),
            Value::String(text) => self.session.write(text),
            Value::Object(object) => self.session.write(&object.printed().unwrap_or_else(|| {
                let shown = display(&value.value);
                // Templates follow pointers before they print.
                shown.strip_prefix(b"&").map_or(shown.clone(), <[u8]>::to_vec)
            })),
            other => self.session.write(&display(other)),
        }
    }

    fn branch(&mut self, dot: &Operand, branch: &'t Branch, with: bool) -> Result<Flow, Failure> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let inside = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || {
            if value.value.truth() {
                self.walk(if with { &value } else { dot }, &branch.list)
            } else if let Some(list) = &branch.otherwise {
                self.walk(dot, list)
            } else {
                Ok(Flow::Next)
            }
        });
        self.variables.truncate(mark);
        inside
    }

    fn range(&mut self, dot: &Operand, branch: &'t Branch) -> Result<Flow, Failure> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let inner = self.variables.len();
        let mut looped = false;
        match value.value {
            Value::Integer(kind, count) if kind != IntegerKind::Duration => {
                if branch.pipe.variables.len() > 1 {
                    return self
                        .fail(format!("can't use {count} to iterate over more than one variable"));
                }
                for index in 0..count {
                    looped = true;
                    let item = Operand::plain(Value::Integer(kind, index));
                    if self.iteration(branch, inner, item.clone(), item)? {
                        break;
                    }
                }
            }
            Value::List(list) => {
                let interface = list.kind.is_interface();
                for (index, item) in list.items.iter().enumerate() {
                    looped = true;
                    let index = Operand::plain(Value::int(i64::try_from(index).unwrap_or(0)));
                    let item = Operand { value: item.clone(), interface };
                    if self.iteration(branch, inner, index, item)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                let interface = map.kind.is_interface();
                for (key, item) in map.snapshot() {
                    looped = true;
                    let item = Operand { value: item, interface };
                    if self.iteration(branch, inner, Operand::plain(Value::String(key)), item)? {
                        break;
                    }
                }
            }
            Value::Object(object) if object.entries().is_some() => {
                for (key, item) in object.entries().unwrap_or_default() {
                    looped = true;
                    if self.iteration(branch, inner, Operand::plain(key), Operand::plain(item))? {
                        break;
                    }
                }
            }
            Value::Nil => {}
            Value::Bytes(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    looped = true;
                    let index = Operand::plain(Value::int(i64::try_from(index).unwrap_or(0)));
                    let item = Value::Integer(IntegerKind::Uint8, i64::from(*byte));
                    if self.iteration(branch, inner, index, Operand::plain(item))? {
                        break;
                    }
                }
            }
            other => {
                let shown = String::from_utf8_lossy(&display(&other)).into_owned();
                return self.fail(format!("range can't iterate over {shown}"));
            }
        }
        let mut flow = Flow::Next;
        if !looped && let Some(list) = &branch.otherwise {
            flow = self.walk(dot, list)?;
        }
        self.variables.truncate(mark);
        Ok(flow)
    }

    /// One round; whether the loop ends here.
    fn iteration(
        &mut self,
        branch: &'t Branch,
        mark: usize,
        index: Operand,
        item: Operand,
    ) -> Result<bool, Failure> {
        self.session.step()?;
        let names = &branch.pipe.variables;
        if branch.pipe.assigns {
            match names.as_slice() {
                [only] => self.assign(only, item.clone())?,
                [first, second] => {
                    self.assign(first, index)?;
                    self.assign(second, item.clone())?;
                }
                _ => {}
            }
        } else {
            if names.len() > 1 {
                self.variables[mark - 2].1 = index;
            }
            if !names.is_empty() {
                self.variables[mark - 1].1 = item.clone();
            }
        }
        let flow =
            stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.walk(&item, &branch.list))?;
        self.variables.truncate(mark);
        Ok(matches!(flow, Flow::Break))
    }
}
