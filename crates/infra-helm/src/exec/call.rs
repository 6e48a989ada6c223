//! Calls: counting arguments, fitting them to the parameters' types, and the built-in short circuits.

use super::{
    Failure, Session,
    chain::Chain,
    evaluate::{Operand, Spot, State},
};
use crate::{
    template::{Node, NodeKind},
    value::{IntegerKind, MapKind, Parameter, Signature, Value},
};

type Outcome = Result<Operand, Failure>;
type Body<'a> = dyn Fn(&mut Session, &[Value]) -> Result<Value, Failure> + 'a;

impl<'t> State<'_, 't> {
    pub(super) fn function(
        &mut self,
        dot: &Operand,
        name: &[u8],
        spot: Spot<'t>,
        arguments: &'t [Node],
        last: Option<Operand>,
    ) -> Outcome {
        let Some(function) = crate::function::find(name) else {
            let shown = crate::format::quote(name, '"', false);
            return self.fail(format!("{shown} is not a defined function"));
        };
        self.call(dot, &function.body, function.signature, name, spot, arguments, last)
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn call(
        &mut self,
        dot: &Operand,
        body: &Body<'_>,
        signature: Signature,
        name: &[u8],
        spot: Spot<'t>,
        arguments: &'t [Node],
        last: Option<Operand>,
    ) -> Outcome {
        let shown = String::from_utf8_lossy(name).into_owned();
        let count = arguments.len() + usize::from(last.is_some());
        let fixed = signature.fixed;
        if signature.variadic.is_some() && count < fixed.len() {
            return self.fail(format!(
                "wrong number of args for {shown}: want at least {} got {}",
                fixed.len(),
                arguments.len()
            ));
        }
        if signature.variadic.is_none() && count != fixed.len() {
            return self.fail(format!(
                "wrong number of args for {shown}: want {} got {count}",
                fixed.len()
            ));
        }
        let parameter = |index: usize| {
            fixed.get(index).copied().or(signature.variadic).unwrap_or(Parameter::Any)
        };
        if matches!(name, b"and" | b"or") {
            return self.short_circuit(dot, name == b"or", arguments, last);
        }
        let mut values = Vec::with_capacity(count);
        for (index, argument) in arguments.iter().enumerate() {
            values.push(self.argument(dot, parameter(index), argument)?.value);
        }
        if let Some(last) = last {
            values.push(self.fit(last, parameter(count - 1))?.value);
        }
        self.session.step()?;
        match body(self.session, &values) {
            Ok(value) => {
                // What a function makes costs, whichever function it is.
                if let Value::String(text) | Value::Bytes(text) = &value {
                    self.session.spend(text.len())?;
                }
                Ok(Operand { value, interface: signature.returns_interface })
            }
            Err(Failure::Message(message)) => {
                self.spot = Some(spot);
                let text = self.placed(format!("error calling {shown}: {message}"));
                Err(Failure::Chain(Box::new(Chain::around_plain(text, &message))))
            }
            Err(Failure::Chain(inner)) => {
                self.spot = Some(spot);
                let text = self.placed(format!("error calling {shown}: {}", inner.text));
                Err(Failure::Chain(Box::new(Chain::around(text, *inner))))
            }
            Err(failure) => Err(failure),
        }
    }

    fn short_circuit(
        &mut self,
        dot: &Operand,
        until: bool,
        arguments: &'t [Node],
        last: Option<Operand>,
    ) -> Outcome {
        let mut value = Operand::plain(Value::Nil);
        for argument in arguments {
            value = self.argument(dot, Parameter::Reflect, argument)?;
            if value.value.truth() == until {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// An argument of any type: what a chain's base is.
    pub(super) fn bare_argument(&mut self, dot: &Operand, node: &'t Node) -> Outcome {
        if matches!(node.kind, NodeKind::Nil) {
            return self.fail("indirection through explicit nil");
        }
        self.argument(dot, Parameter::Any, node)
    }

    pub(super) fn argument(&mut self, dot: &Operand, wanted: Parameter, node: &'t Node) -> Outcome {
        self.spot = Some(Spot::Node(node));
        let value = match &node.kind {
            NodeKind::Dot => dot.clone(),
            NodeKind::Nil => {
                if wanted.can_be_nil() {
                    return self.fit(Operand::plain(Value::Nil), wanted);
                }
                return self.fail(format!("cannot assign nil to {}", wanted.type_name()));
            }
            NodeKind::Field(fields) => self.fields(dot, dot.clone(), node, fields, &[], None)?,
            NodeKind::Variable(parts) => self.variable(dot, node, parts, &[], None)?,
            NodeKind::Pipe(pipe) => {
                stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.pipeline(dot, pipe))?
            }
            NodeKind::Identifier(name) => self.function(dot, name, Spot::Node(node), &[], None)?,
            NodeKind::Chain { .. } => self.chain(dot, node, &[], None)?,
            _ => return self.literal(wanted, node),
        };
        self.fit(value, wanted)
    }

    fn literal(&mut self, wanted: Parameter, node: &'t Node) -> Outcome {
        let shown = String::from_utf8_lossy(&node.show()).into_owned();
        let value = match (wanted, &node.kind) {
            (Parameter::Any | Parameter::Reflect, NodeKind::Number(number)) => {
                return self.constant(number);
            }
            (Parameter::Any | Parameter::Reflect | Parameter::Bool, NodeKind::Bool(value)) => {
                Value::Bool(*value)
            }
            (
                Parameter::Any | Parameter::Reflect | Parameter::String,
                NodeKind::String { value, .. },
            ) => Value::String(value.clone()),
            (Parameter::Bool, _) => return self.fail(format!("expected bool; found {shown}")),
            (Parameter::String, _) => return self.fail(format!("expected string; found {shown}")),
            (Parameter::Int, NodeKind::Number(number)) => {
                let kind = IntegerKind::Int;
                match number.integer {
                    Some(value) => Value::Integer(kind, value),
                    None => return self.fail(format!("expected integer; found {shown}")),
                }
            }
            (Parameter::Int, _) => {
                return self.fail(format!("expected integer; found {shown}"));
            }
            (Parameter::Float64, NodeKind::Number(number)) if number.float.is_some() => {
                Value::Float(number.float.unwrap_or_default())
            }
            (Parameter::Float64, _) => return self.fail(format!("expected float; found {shown}")),
            _ => {
                let name = wanted.type_name();
                return self.fail(format!("can't handle {shown} for arg of type {name}"));
            }
        };
        Ok(Operand::plain(value))
    }

    /// Go's `validateType`.
    pub(super) fn fit(&mut self, value: Operand, wanted: Parameter) -> Outcome {
        if value.value.is_nil() && !value.interface {
            if !wanted.can_be_nil() {
                return self.fail(format!("invalid value; expected {}", wanted.type_name()));
            }
            return Ok(Operand::plain(match wanted {
                Parameter::Map => Value::Map(crate::value::Map::new(MapKind::Any)),
                Parameter::List => Value::list(Vec::new()),
                _ => Value::Nil,
            }));
        }
        if assignable(&value.value, wanted) {
            return Ok(value);
        }
        let found = if value.interface && value.value.is_nil() {
            "interface {}".to_owned()
        } else {
            value.value.type_name().to_owned()
        };
        self.fail(format!("wrong type for value; expected {}; got {found}", wanted.type_name()))
    }
}

fn assignable(value: &Value, wanted: Parameter) -> bool {
    match wanted {
        Parameter::Any | Parameter::Reflect => true,
        Parameter::String => matches!(value, Value::String(_)),
        Parameter::Bool => matches!(value, Value::Bool(_)),
        Parameter::Int => matches!(value, Value::Integer(IntegerKind::Int, _)),
        Parameter::Float64 => matches!(value, Value::Float(_)),
        Parameter::Map => matches!(value, Value::Map(map) if map.kind.is_interface()),
        Parameter::List => matches!(value, Value::List(list) if list.kind.is_interface()),
        Parameter::Named(name) => value.type_name() == name,
    }
}
