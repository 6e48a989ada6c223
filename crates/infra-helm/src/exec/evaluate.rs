//! Evaluating pipelines, commands, fields and variables.

use std::rc::Rc;

use super::{Failure, Session, Template, chain::Chain};
use crate::{
    template::{Command, Node, NodeKind, Number, Pipe},
    value::{Text, Value},
};

/// A value and whether it is seen through an interface, as a map's elements are.
///
/// A nil interface and an untyped nil are told apart by it: fields of the first are errors, of the second empty.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    pub(crate) interface: bool,
}

impl Operand {
    pub(crate) fn plain(value: Value) -> Self {
        Self { value, interface: false }
    }

    pub(super) fn type_name(&self) -> String {
        if self.interface { "interface {}".to_owned() } else { self.value.type_name().to_owned() }
    }
}

/// Where evaluation is, for error texts.
#[derive(Clone, Copy)]
pub(super) enum Spot<'t> {
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
}

pub(super) struct State<'s, 't> {
    pub(super) session: &'s mut Session,
    pub(super) template: &'t Rc<Template>,
    pub(super) spot: Option<Spot<'t>>,
    pub(super) variables: Vec<(Text, Operand)>,
}

type Outcome = Result<Operand, Failure>;

impl<'t> State<'_, 't> {
    /// An error with Go's location chain.
    pub(super) fn fail<T>(&self, message: impl std::fmt::Display) -> Result<T, Failure> {
        Err(Failure::Chain(Box::new(Chain::new(self.placed(message)))))
    }

    /// A message with its template, line, column and expression.
    pub(super) fn placed(&self, message: impl std::fmt::Display) -> String {
        let name = String::from_utf8_lossy(&self.template.name);
        let Some(spot) = self.spot else {
            return format!("template: {name}: {message}");
        };
        let (at, shown) = match spot {
            Spot::Node(node) => (node.at, node.show()),
            Spot::Pipe(pipe) => (pipe.at, pipe.show()),
            Spot::Command(command) => (command.at, command.show()),
        };
        let before = &self.template.source[..at.min(self.template.source.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = match before.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => before.len() - newline - 1,
            None => before.len(),
        };
        let shown = String::from_utf8_lossy(&shown);
        let file = String::from_utf8_lossy(&self.template.file);
        let quoted = crate::format::quote(&self.template.name, '"', false);
        format!("template: {file}:{line}:{column}: executing {quoted} at <{shown}>: {message}")
    }

    pub(super) fn assign(&mut self, name: &[u8], value: Operand) -> Result<(), Failure> {
        match self.variables.iter_mut().rev().find(|(own, _)| &**own == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {}", String::from_utf8_lossy(name))),
        }
    }

    pub(super) fn pipeline(&mut self, dot: &Operand, pipe: &'t Pipe) -> Outcome {
        self.spot = Some(Spot::Pipe(pipe));
        let mut value: Option<Operand> = None;
        for command in &pipe.commands {
            let mut outcome = self.command(dot, command, value.take())?;
            outcome.interface = false;
            value = Some(outcome);
        }
        let value = value.unwrap_or(Operand::plain(Value::Nil));
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(&mut self, dot: &Operand, command: &'t Command, last: Option<Operand>) -> Outcome {
        self.session.step()?;
        let Some((first, arguments)) = command.arguments.split_first() else {
            return self.fail("empty command");
        };
        match &first.kind {
            NodeKind::Field(fields) => {
                self.spot = Some(Spot::Node(first));
                return self.fields(dot, dot.clone(), first, fields, arguments, last);
            }
            NodeKind::Chain { .. } => return self.chain(dot, first, arguments, last),
            NodeKind::Identifier(name) => {
                self.spot = Some(Spot::Node(first));
                return self.function(dot, name, Spot::Command(command), arguments, last);
            }
            NodeKind::Pipe(pipe) => {
                self.no_arguments(first, arguments, last.as_ref())?;
                return stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || {
                    self.pipeline(dot, pipe)
                });
            }
            NodeKind::Variable(parts) => return self.variable(dot, first, parts, arguments, last),
            _ => {}
        }
        self.spot = Some(Spot::Node(first));
        self.no_arguments(first, arguments, last.as_ref())?;
        match &first.kind {
            NodeKind::Bool(value) => Ok(Operand::plain(Value::Bool(*value))),
            NodeKind::Dot => Ok(dot.clone()),
            NodeKind::Nil => self.fail("nil is not a command"),
            NodeKind::Number(number) => self.constant(number),
            NodeKind::String { value, .. } => Ok(Operand::plain(Value::String(value.clone()))),
            _ => self.fail("can't evaluate command"),
        }
    }

    fn no_arguments(
        &mut self,
        node: &'t Node,
        arguments: &[Node],
        last: Option<&Operand>,
    ) -> Result<(), Failure> {
        if arguments.is_empty() && last.is_none() {
            return Ok(());
        }
        let shown = node.show();
        self.fail(format!(
            "can't give argument to non-function {}",
            String::from_utf8_lossy(&shown)
        ))
    }

    pub(super) fn constant(&mut self, number: &Number) -> Outcome {
        let text = String::from_utf8_lossy(&number.text).into_owned();
        let hexadecimal =
            text.len() > 2 && text.starts_with('0') && text[1..].starts_with(['x', 'X']);
        let whole_hexadecimal = hexadecimal && !text.contains(['p', 'P']);
        let looks_float =
            !number.rune && !whole_hexadecimal && text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.integer) {
            (Some(float), _) if looks_float => Ok(Operand::plain(Value::Float(float))),
            (_, Some(integer)) => Ok(Operand::plain(Value::int(integer))),
            _ if number.unsigned.is_some() => self.fail(format!("{text} overflows int")),
            _ => self.fail(format!("complex constant {text} is not supported; use a real number")),
        }
    }

    pub(super) fn variable(
        &mut self,
        dot: &Operand,
        node: &'t Node,
        parts: &'t [Text],
        arguments: &'t [Node],
        last: Option<Operand>,
    ) -> Outcome {
        self.spot = Some(Spot::Node(node));
        let Some((name, fields)) = parts.split_first() else {
            return self.fail("undefined variable");
        };
        let found = self.variables.iter().rev().find(|(own, _)| own == name);
        let Some((_, value)) = found else {
            return self.fail(format!("undefined variable: {}", String::from_utf8_lossy(name)));
        };
        let value = value.clone();
        if fields.is_empty() {
            self.no_arguments(node, arguments, last.as_ref())?;
            return Ok(value);
        }
        self.fields(dot, value, node, fields, arguments, last)
    }

    pub(super) fn chain(
        &mut self,
        dot: &Operand,
        node: &'t Node,
        arguments: &'t [Node],
        last: Option<Operand>,
    ) -> Outcome {
        self.spot = Some(Spot::Node(node));
        let NodeKind::Chain { node: inner, fields } = &node.kind else {
            return self.fail("not a chain");
        };
        let value = self.bare_argument(dot, inner)?;
        self.fields(dot, value, node, fields, arguments, last)
    }

    pub(super) fn fields(
        &mut self,
        dot: &Operand,
        mut receiver: Operand,
        node: &'t Node,
        fields: &'t [Text],
        arguments: &'t [Node],
        mut last: Option<Operand>,
    ) -> Outcome {
        for (index, name) in fields.iter().enumerate() {
            receiver = if index + 1 == fields.len() {
                self.field(dot, name, node, arguments, last.take(), receiver)?
            } else {
                self.field(dot, name, node, &[], None, receiver)?
            };
        }
        Ok(receiver)
    }

    fn field(
        &mut self,
        dot: &Operand,
        name: &Text,
        node: &'t Node,
        arguments: &'t [Node],
        last: Option<Operand>,
        receiver: Operand,
    ) -> Outcome {
        let shown = String::from_utf8_lossy(name).into_owned();
        let has_arguments = !arguments.is_empty() || last.is_some();
        match &receiver.value {
            Value::Nil if receiver.interface => {
                self.fail(format!("nil pointer evaluating interface {{}}.{shown}"))
            }
            Value::Nil => Ok(receiver),
            Value::Map(map) => {
                if has_arguments {
                    return self.fail(format!("{shown} is not a method but has arguments"));
                }
                let interface = map.kind.is_interface();
                let value = match map.get(name) {
                    Some(value) => value,
                    None if interface => Value::Nil,
                    None => Value::string(""),
                };
                Ok(Operand { value, interface })
            }
            Value::Object(object) => {
                let object = object.clone();
                if let Some(signature) = object.method(name) {
                    let body = |_: &mut Session, values: &[Value]| {
                        object.call(name, values).map_err(Failure::Message)
                    };
                    return self.call(
                        dot,
                        &body,
                        signature,
                        name,
                        Spot::Node(node),
                        arguments,
                        last,
                    );
                }
                match object.field(name) {
                    Some(_) if has_arguments => self
                        .fail(format!("{shown} has arguments but cannot be invoked as function")),
                    Some(value) => Ok(Operand::plain(value)),
                    None => self.fail(format!(
                        "can't evaluate field {shown} in type {}",
                        receiver.type_name()
                    )),
                }
            }
            _ => {
                self.fail(format!("can't evaluate field {shown} in type {}", receiver.type_name()))
            }
        }
    }
}
